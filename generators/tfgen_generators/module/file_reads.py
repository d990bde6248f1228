"""A file, or files, that Terraform may read by a name in an expression: from the name to a path of the repository.

Terraform cleans a path as text, then takes it from the folder in which it runs, the root module's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import msgspec

from tfgen_generators.module.values import ANCHOR, FOLDERS, STAR, UNKNOWN, is_known
from tfgen_generators.trees import globs
from tfgen_generators.trees.linked import LinkedTree, files_below

_UNITS = {UNKNOWN: globs.ANYTHING, STAR: globs.STAR, FOLDERS: globs.FOLDERS}
_SHOWN = {UNKNOWN: "*", STAR: "*", FOLDERS: "**/"}
_SIGNS = re.compile(f"([{UNKNOWN}{STAR}{FOLDERS}])")


class Read(msgspec.Struct, frozen=True):
    """`path:line` says `label`, which reads what `text` means; `with_folder`: or all that stands in that folder."""

    text: str
    path: str
    line: int
    label: str
    with_folder: bool = False


class Pattern(msgspec.Struct, frozen=True, dict=True):
    """Paths of the repository: one, or (with wildcards) all that match; `with_folder`: and all in such folders."""

    text: str
    with_folder: bool = False

    @property
    def widened(self) -> bool:
        """Whether a name is computed in a way that is not known."""
        return UNKNOWN in self.text

    @property
    def shown(self) -> str:
        """For people."""
        return _SIGNS.sub(lambda match: _SHOWN[match[1]], self.text)

    @property
    def is_anything(self) -> bool:
        """Whether nothing of the name is known."""
        return not self.text.strip(f"{UNKNOWN}/")

    @cached_property
    def _expression(self) -> re.Pattern[str] | None:
        if is_known(self.text):
            return None
        units = [_UNITS.get(piece) or re.escape(piece) for piece in _SIGNS.split(self.text) if piece]
        ending = "(?:/.*)?" if self.with_folder else ""
        return re.compile(globs.expression(units) + ending, re.DOTALL)

    def matches(self, path: str) -> bool:
        """Whether it may mean `path`."""
        if self._expression is not None:
            return self._expression.fullmatch(path) is not None
        return path == self.text or (self.with_folder and (self.text == "." or path.startswith(f"{self.text}/")))

    def may_be_below(self, folder: str) -> bool:
        """Whether it may mean something in `folder` (a submodule, of which nothing is known)."""
        fixed = _SIGNS.split(self.text, maxsplit=1)[0]
        if fixed == self.text:
            return self.matches(folder) or self.text.startswith(f"{folder}/")
        return f"{folder}/".startswith(fixed) or fixed.startswith(f"{folder}/")

    def files(self, tree: LinkedTree) -> Iterator[str]:
        """What it means in `tree`."""
        if is_known(self.text):
            kind = tree.kind(self.text)
            if kind == "file":
                yield self.text
            elif kind == "folder" and self.with_folder:
                yield from files_below(tree, self.text)
            return
        folder = _SIGNS.split(self.text, maxsplit=1)[0].rpartition("/")[0] or "."
        if tree.kind(folder) == "folder":
            yield from filter(self.matches, files_below(tree, folder))


def pattern_of(text: str, root: str, *, with_folder: bool = False) -> Pattern | None:
    """What `text` means where Terraform runs in the folder `root`; None for what is not of the repository."""
    if ANCHOR in text[1:]:
        text = UNKNOWN + text.rpartition(ANCHOR)[2].rpartition("../")[2]
    if text.startswith(ANCHOR):
        text = text[len(ANCHOR) :]
    elif text.startswith(("/", "~")) or not text or "\0" in text:
        return None
    elif not text.startswith(UNKNOWN):
        text = f"{root}/{text}"
    path = _clean(text)
    if path == ".." or path.startswith("../"):
        return None
    return Pattern(path, with_folder)


def _clean(text: str) -> str:
    """A normal path; what is behind `..` from somewhere that is not known may be anywhere."""
    parts: list[str] = []
    for part in text.replace(FOLDERS, f"{FOLDERS}/").split("/"):
        if part in ("", "."):
            continue
        if part == ".." and parts and parts[-1] != "..":
            if is_known(parts[-1]):
                parts.pop()
            else:
                parts = [UNKNOWN]
        else:
            parts.append(part)
    return "/".join(parts).replace(f"{FOLDERS}/", FOLDERS) or "."
