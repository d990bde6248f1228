"""What stands in `.tfgen/` and no tfgen has made: whoever made a branch could have tfgen read or write elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Literal

from tfgen.console import note, one_line

Kind = Literal["file", "folder", "symlink", "special file"]

NAME = ".tfgen"
_FILE: frozenset[Kind] = frozenset({"file"})
_FOLDER: frozenset[Kind] = frozenset({"folder"})
_EITHER = _FILE | _FOLDER
#: The folders in it, and what stands in them.
_FOLDERS: dict[str, frozenset[Kind]] = {
    "backup": _EITHER,
    "build": _FOLDER,
    "build-numbers": _FILE,
    "cache": _FILE,
    "log": _FILE,
    "prune": _FILE,
}
#: The folder in `cache/`, and how the names of the files beside all these folders end.
_TOOLS = "tools"
_FILES = (".lock", ".gitignore", "tfplan", "tfplan.json")


def clean(folder: Path) -> None:
    """Throws away what is foreign in the folder `.tfgen/`, and says so; what cannot be removed stays.

    Links, pipes, files in the place of folders and the other way round. Nothing of it is opened.
    """
    for path, kind in list(_foreign(folder)):
        discard(path, f"is a {kind}")


def discard(path: Path, why: str) -> None:
    """Removes what stands at `path` in `.tfgen/`, with a note; a link itself, never what it leads to."""
    import shutil

    end = ": removed"
    try:
        if kind_of(path) == "folder":
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        end = f", and cannot be removed: {error.strerror}"
    note(one_line(f"warning: {_shown(path)} {why}{end}"), style="yellow")


def kind_of(path: Path) -> Kind | None:
    """What stands at `path` itself; None for nothing."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return None
    if S_ISREG(mode):
        return "file"
    return "folder" if S_ISDIR(mode) else "symlink" if S_ISLNK(mode) else "special file"


def _foreign(folder: Path) -> Iterator[tuple[Path, Kind]]:
    whole = kind_of(folder)
    if whole not in (None, "folder"):
        yield folder, whole
    for entry, kind in _entries(folder) if whole == "folder" else ():
        if kind not in _allowed(entry.name):
            yield Path(entry.path), kind
        elif entry.name in _FOLDERS:
            yield from _wrong(entry.path, _FOLDERS[entry.name])


def _wrong(folder: str, allowed: frozenset[Kind]) -> Iterator[tuple[Path, Kind]]:
    for entry, kind in _entries(folder):
        if kind not in allowed and (entry.name, kind) != (_TOOLS, "folder"):
            yield Path(entry.path), kind


def _allowed(name: str) -> frozenset[Kind]:
    return _FOLDER if name in _FOLDERS else _FILE if name.endswith(_FILES) else _EITHER


def _entries(folder: Path | str) -> Iterator[tuple[os.DirEntry[str], Kind]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield entry, "file"
                elif entry.is_dir(follow_symlinks=False):
                    yield entry, "folder"
                else:
                    yield entry, "symlink" if entry.is_symlink() else "special file"
    except OSError:
        return


def _shown(path: Path) -> str:
    """`path` from the folder around `.tfgen/`."""
    parts = path.parts
    return "/".join(parts[len(parts) - 1 - parts[::-1].index(NAME) :])
