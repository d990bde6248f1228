"""The files that commands run: scripts of a shell, and programs in other languages with what they import."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from tfgen_generators.paths.commands.programs import LONGEST, imported, texts_of
from tfgen_generators.shell.ran import SHELLS
from tfgen_generators.trees.linked import LinkedTree

_SHEBANG = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?([\w.+-]+)")
_SHELL_ENDINGS = (".sh", ".bash", ".ksh", ".zsh")
_MOST_IMPORTED = 200


def shell_text(tree: LinkedTree, path: str, *, is_shell: bool = False) -> str | None:
    """The text of a shell script; None for what is none. `is_shell`: a shell is given it."""
    data = tree.read(path)
    if is_shell and b"\0" not in data[:1024]:
        return data.decode("utf-8", "replace")
    match = _SHEBANG.match(data)
    if b"\0" in data[:1024] or (match and match[1].decode("ascii", "replace") not in SHELLS):
        return None
    if not match and "." in posixpath.basename(path).lstrip(".") and not path.endswith((*_SHELL_ENDINGS, ".env")):
        return None
    return data.decode("utf-8", "replace")


def program_texts(tree: LinkedTree, path: str) -> tuple[str, ...]:
    """What a program in another language may take for paths."""
    text = _program(tree, path)
    return texts_of(text) if text else ()


def with_imported(tree: LinkedTree, path: str, folders: Sequence[str]) -> Iterator[str]:
    """A program and the modules of the repository that it imports, and those import, looked for also in `folders`."""
    found = {path: None}
    ahead = [path]
    while ahead and len(found) < _MOST_IMPORTED:
        one = ahead.pop()
        text = _program(tree, one)
        for name in imported(text, posixpath.dirname(one) or ".", folders) if text else ():
            if name not in found and tree.kind(name) == "file":
                found[name] = None
                ahead.append(name)
    yield from found


def _program(tree: LinkedTree, path: str) -> str | None:
    """The text of a program that is no shell script."""
    if shell_text(tree, path) is not None:
        return None
    data = tree.read(path)
    return data.decode("utf-8", "replace") if b"\0" not in data[:1024] and len(data) <= LONGEST else None
