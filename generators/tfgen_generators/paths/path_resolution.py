"""From the texts of paths to what is there: relative to which folder, and everything that a text may mean."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import msgspec

from tfgen_generators.packer.evaluation.scope import ANCHOR
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.possible_values import UNKNOWN
from tfgen_generators.trees import globs
from tfgen_generators.trees.linked import LinkedTree, files_below

#: Where a name is not known at all: no image is made of these.
_NEVER = re.compile(
    r"(^|/)(readme|changelog|license|contributing)[^/]*$|\.md$|(^|/)\.(git|github|gitlab|vscode|idea|venv|terraform)"
    r"|(^|/)(node_modules|__pycache__)/",
    re.IGNORECASE,
)


class ResolvedPath(msgspec.Struct, frozen=True, kw_only=True):
    """What a text means: one path that exists, or (`widened`) all files that it may mean, named by `pattern`."""

    path: str = ""
    pattern: str = ""
    widened: bool = False


class PathResolver:
    """Finds paths in one tree; remembers what patterns match."""

    def __init__(self, tree: LinkedTree) -> None:
        self.tree = tree
        self._all: list[str] | None = None
        self._there: dict[tuple[str, str], str | None] = {}
        self._matches: dict[str, tuple[str, ...]] = {}
        self._below: dict[str, tuple[str, ...]] = {}

    def folders(self, template: Template, texts: Iterable[str]) -> list[str]:
        """The folders that a template's relative paths may mean, the one that has most of them first."""
        parent = PurePosixPath(template.path)
        around = (parent, *parent.parents) if template.kind == "directory" else parent.parents
        folders = [str(folder) for folder in reversed(list(around))]
        relative = {text for text in texts if _is_relative(text) and UNKNOWN not in text}
        scores = {folder: sum(self._at(folder, text) is not None for text in relative) for folder in folders}
        return sorted(folders, key=lambda folder: -scores[folder])

    def find(self, text: str, folders: Sequence[str], *, globs: bool = False) -> ResolvedPath | None:
        """What `text` means; None when nothing is there. What is absolute is not of the repository."""
        if UNKNOWN in text or (globs and any(sign in text for sign in "*?")):
            return self._widened(text, folders)
        if text.startswith(ANCHOR):
            found = self._at(".", text[len(ANCHOR) :])
        elif _is_relative(text):
            found = next((found for folder in folders if (found := self._at(folder, text))), None)
        else:
            found = None
        return ResolvedPath(path=found) if found else None

    def _at(self, folder: str, text: str) -> str | None:
        key = folder, text
        if key not in self._there:
            path = posixpath.normpath(posixpath.join(folder, text))
            self._there[key] = path if self.tree.kind(path) else None
        return self._there[key]

    def _widened(self, text: str, folders: Sequence[str]) -> ResolvedPath:
        text = text.replace("?", "[^/]") if UNKNOWN not in text else text
        if text.startswith(ANCHOR):
            pattern = posixpath.normpath(text[len(ANCHOR) :])
        elif text.startswith(UNKNOWN):
            pattern = text
        else:
            fixed = text.partition(UNKNOWN)[0].partition("*")[0].rpartition("/")[0]
            near = next((folder for folder in folders if self._at(folder, fixed or ".")), folders[0])
            pattern = posixpath.normpath(posixpath.join(near, text))
        while "../" in pattern:  # an unknown piece before it
            pattern = UNKNOWN + pattern.rpartition("../")[2]
        return ResolvedPath(pattern=re.sub(f"[{UNKNOWN}*]+", "*", pattern), widened=True)

    def match(self, pattern: str) -> tuple[str, ...]:
        """The files that a pattern of `find` means: `*` is any text, and a folder is everything in it."""
        if pattern not in self._matches:
            matches = glob(pattern, "(/.*)?").fullmatch
            vague = not re.search(r"[A-Za-z0-9]{2}", pattern)
            self._matches[pattern] = tuple(
                path for path in self.all_files() if matches(path) and not (vague and _NEVER.search(path))
            )
        return self._matches[pattern]

    def below(self, folder: str) -> tuple[str, ...]:
        """Every file in a folder."""
        if folder not in self._below:
            self._below[folder] = tuple(files_below(self.tree, folder))
        return self._below[folder]

    def all_files(self) -> list[str]:
        """Every file of the repository."""
        if self._all is None:
            self._all = files_below(self.tree, ".")
        return self._all


def glob(pattern: str, ending: str = "") -> re.Pattern[str]:
    """What matches a pattern, followed by the expression `ending`; `*` is any text."""
    return re.compile(globs.from_stars(pattern, "*") + ending, re.DOTALL)


def _is_relative(text: str) -> bool:
    return bool(text) and not text.startswith(("/", "~", "\0")) and "://" not in text
