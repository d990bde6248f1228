"""What `tfgen init` prints: files on stdout, the rest on stderr."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tfgen.console import note, one_line, out, out_diff
from tfgen.init.existing import Call
from tfgen.init.planned import Planned
from tfgen.init.shipped import MODULES
from tfgen_generators.sync.model import Change

_DONE = {"create": "created", "change": "changed", "delete": "deleted"}
_MISSING = {"create": "missing", "change": "change", "delete": "delete"}
_STYLES = {"create": "green", "change": "yellow", "delete": "red"}
_SHOWN = (".toml", ".gitignore")


def show(planned: Planned, *, done: bool, diff: bool = False) -> None:
    """One line a file; `diff` shows the text of small ones, too."""
    for action, path in _together(planned.changes):
        out(one_line(f"{(_DONE if done else _MISSING)[action].ljust(7)}  {path}"), style=_STYLES[action])
    for path in planned.kept:
        note(one_line(f"kept     {path}"))
    for text in planned.notes:
        note(one_line(f"note: {text}"), style="yellow")
    if diff:
        out_diff("".join(change.diff() for change in planned.changes if change.path.endswith(_SHOWN)))


def _together(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """Action and path; the files of a module are one."""
    modules = Counter(_module(change.path) for change in changes)
    for change in changes:
        module = _module(change.path)
        if not module:
            yield change.action, change.path
        elif number := modules.pop(module, 0):
            yield change.action, f"{module}/ ({number} file{'s' * (number > 1)})"


def _module(path: str) -> str:
    found = re.match(rf"(?:.*/)?modules/(?:{'|'.join(MODULES)})(?=/)", path)
    return found[0] if found else ""


def hand_written(calls: Sequence[Call]) -> None:
    """Pipelines that are there already, which sync would make a second time."""
    for call in calls:
        note(one_line(f"{call.path}:{call.line}: the pipeline {call.label} is written by hand"), style="yellow")
    note("to take them over, run: tfgen adopt")
