"""What `.gitignore` files leave out, by git's own rules (pathspec's reading of them)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE_NAME = ".gitignore"

_Chain: TypeAlias = "tuple[tuple[int, GitIgnoreSpec], ...]"


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
        self._exclude = _read(top / ".git" / "info" / "exclude")
        # Paths below the root, as the top folder of the repository sees them.
        self._prefix = "" if top == root else f"{root.relative_to(top).as_posix()}/"
        self._above = _above(top, root)

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
        whole = f"{self._prefix}{path}/" if folder else f"{self._prefix}{path}"
        for start, spec in (*self._chain(parent), *self._above):
            found = _decision(spec, whole[start:])
            if found is not None:
                return found
        return bool(self._exclude and _decision(self._exclude, whole))

    def _chain(self, folder: str) -> _Chain:
        """The patterns that count in `folder`, the nearest first, each with where its paths begin."""
        if folder not in self._chains:
            above = self._chain(folder.rpartition("/")[0]) if folder else ()
            spec = _read(f"{self._root}/{folder}/{FILE_NAME}" if folder else f"{self._root}/{FILE_NAME}")
            start = len(self._prefix) + (len(folder) + 1 if folder else 0)
            self._chains[folder] = ((start, spec), *above) if spec else above
        return self._chains[folder]


def _above(top: Path, root: Path) -> _Chain:
    """The ignore files between the top of the repository and `root`, the nearest first."""
    found: list[tuple[int, GitIgnoreSpec]] = []
    for folder in root.parents if top != root else ():
        if folder.is_relative_to(top) and (spec := _read(folder / FILE_NAME)):
            inner = folder.relative_to(top).as_posix()
            found.append((0 if inner == "." else len(inner) + 1, spec))
    return tuple(found)


def _decision(spec: GitIgnoreSpec, path: str) -> bool | None:
    """What the last pattern says that matches `path` itself; pathspec would also match what lies in a folder."""
    for pattern in reversed(spec.patterns):
        if pattern.include is not None and pattern.regex is not None:
            for match in pattern.regex.finditer(path):
                within = match.groupdict().get("ps_d") is not None and match.end("ps_d") < len(path)
                if not within:
                    return bool(pattern.include)
    return None


def _read(file: str | Path) -> GitIgnoreSpec | None:
    """The patterns of one file; None when there is none (then pathspec is not imported)."""
    try:
        if not S_ISREG(os.lstat(file).st_mode):  # git follows no link here either
            return None
        text = Path(file).read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return None
    return patterns(text.splitlines())


def patterns(lines: list[str]) -> GitIgnoreSpec | None:
    """Patterns in git's syntax. Lines that git would not understand are left out, as git does."""
    from pathspec import GitIgnoreSpec

    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    if not wanted:
        return None
    try:
        return GitIgnoreSpec.from_lines(wanted)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in wanted if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
