"""What `tfgen affected` does with its options; and these read without the app, which takes longer to start than this.

The app is the reference: what is not plain here is left to it, and so are TFGEN_* variables.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

from tfgen.console import note, one_line

Form = Literal["table", "json", "names", "matrix"]

_VALUES = {"--base": "base", "--head": "head", "--format": "form"}
_FLAGS = {"--why": "why", "--include-children": "include_children"}


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """As the command's options."""

    base: str | None = None
    head: str | None = None
    why: bool = False
    include_children: bool = False
    form: Form = "table"


def answer(options: Options) -> int:
    """Shows the images that a change affects; gives the exit code. Raises TfgenError."""
    from tfgen.affected.find import find_affected
    from tfgen.affected.view import show, warn
    from tfgen.workspace import open_workspace

    gc.disable()  # what is read stays: to look for garbage among it would cost a twentieth of a first look
    try:
        workspace = open_workspace(need_settings=False)
        found = find_affected(
            workspace,
            base=options.base or None,
            head=options.head or None,
            include_children=options.include_children,
        )
    finally:
        gc.freeze()  # or the first look once it is enabled is at all of it
        gc.enable()
    warn(found)
    if not found.changed and not found.everything:
        note(one_line(f"no differences between {found.base.name} and the {found.head.name}"))
    show(found, options.form, why=options.why, channels=workspace.settings.publish.channels)
    return 0


def plain_options(arguments: Sequence[str]) -> Options | None:
    """The options of a command line; None where it has anything that only the app knows."""
    found: dict[str, str | bool] = {}
    left = list(arguments)
    while left:
        word, has_value, value = left.pop(0).partition("=")
        name = _FLAGS.get(word, "") if not has_value else ""
        if name:
            value = "yes"
        elif name := _VALUES.get(word, "") if has_value or left else "":
            value = value if has_value else left.pop(0)
        if not name or name in found or not value or value.startswith("-"):
            return None
        found[name] = value if word in _VALUES else True
    if found.get("form", "table") not in get_args(Form):
        return None
    return msgspec.convert(found, Options)
