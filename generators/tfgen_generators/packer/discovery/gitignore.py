"""What `.gitignore` files leave out, by git's own rules."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import TypeAlias

from tfgen_generators.packer.discovery.ignore_patterns import IgnorePatterns
from tfgen_generators.trees.files import read_bytes

FILE_NAME = ".gitignore"

#: git itself takes 100 MB; the longest that people write have some kilobytes.
_MOST_BYTES = 1 << 20

#: Patterns, each with where the paths begin that they are for.
_Chain: TypeAlias = "tuple[tuple[int, IgnorePatterns], ...]"


class GitIgnore:
    """The ignore files of one tree. `is_tracked` is asked about a path only when a pattern would ignore it:
    what git tracks is never ignored.
    """

    def __init__(self, root: Path, is_tracked: Callable[[str], bool] = lambda _path: False) -> None:
        self._root = root
        self._is_tracked = is_tracked
        self.has_asked = False
        self._excluded: set[str] = set()  # folders that git ignores but for what it tracks there
        self._chains: dict[str, _Chain] = {}
        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
        #: Every ignore file that was looked for, with the SHA-256 (hex) of what is read of it, "" for nothing.
        self.consulted: dict[str, str] = {}
        #: Ignore files that are not read, and why: what they leave out is then a template.
        self.unreadable: dict[str, str] = {}
        self._exclude = self._read(top / ".git" / "info" / "exclude")
        # Paths below the root, as the top folder of the repository sees them.
        self._prefix = "" if top == root else f"{root.relative_to(top).as_posix()}/"
        self._above = self._read_above(top, root)

    def ignores(self, path: str, *, folder: bool = False) -> bool:
        """Whether git would not see `path` (relative to the root, with `/`); its folders were asked before."""
        excluded = self._is_excluded(path, folder=folder)
        if not excluded:
            return False
        self.has_asked = True
        if not self._is_tracked(path):
            return True
        if folder:
            self._excluded.add(path)
        return False

    def _is_excluded(self, path: str, *, folder: bool) -> bool:
        parent = path.rpartition("/")[0]
        if parent in self._excluded:
            return True
        whole = f"{self._prefix}{path}"
        for start, patterns in (*self._chain(parent), *self._above):
            found = patterns.decision(_as_bytes(whole[start:]), folder=folder)
            if found is not None:
                return found
        return bool(self._exclude and self._exclude.decision(_as_bytes(whole), folder=folder))

    def _chain(self, folder: str) -> _Chain:
        """The patterns that count in `folder`, the nearest first, each with where its paths begin."""
        if folder not in self._chains:
            above = self._chain(folder.rpartition("/")[0]) if folder else ()
            patterns = self._read(f"{self._root}/{folder}/{FILE_NAME}" if folder else f"{self._root}/{FILE_NAME}")
            start = len(self._prefix) + (len(folder) + 1 if folder else 0)
            self._chains[folder] = ((start, patterns), *above) if patterns else above
        return self._chains[folder]

    def _read_above(self, top: Path, root: Path) -> _Chain:
        """The ignore files between the top of the repository and `root`, the nearest first."""
        found: list[tuple[int, IgnorePatterns]] = []
        for folder in root.parents if top != root else ():
            if folder.is_relative_to(top) and (patterns := self._read(folder / FILE_NAME)):
                inner = folder.relative_to(top).as_posix()
                found.append((0 if inner == "." else len(inner) + 1, patterns))
        return tuple(found)

    def _read(self, file: str | Path) -> IgnorePatterns | None:
        """The patterns of one file; None when there is none."""
        data = self._bytes(file)
        self.consulted[str(file)] = "" if data is None else hashlib.sha256(data).hexdigest()
        if data is None:
            return None
        text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        return IgnorePatterns(line.removesuffix("\r") for line in text.split("\n")) or None

    def _bytes(self, file: str | Path) -> bytes | None:
        try:
            # git follows no link here either
            return read_bytes(file, _MOST_BYTES) if S_ISREG(os.lstat(file).st_mode) else None
        except OSError as error:
            if error.errno == errno.EFBIG:
                self.unreadable[os.path.relpath(file, self._root)] = error.strerror or ""
            return None

    def is_as(self, consulted: Mapping[str, str]) -> bool:
        """Whether everything that another one has consulted, in the same tree, is what it was."""
        for file in consulted:
            if file not in self.consulted:
                self._read(file)
        return {
            file: self.consulted[file] for file in consulted
        } == consulted and consulted.keys() >= self.consulted.keys()


def _as_bytes(path: str) -> str:
    """A path with a character for each byte: git's wildcards take bytes, whatever they stand for."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")
