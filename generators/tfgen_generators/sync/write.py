"""The only module that writes generated files, and tfgen.toml where a name is pinned.

Everything new is first written beside its place (so a full disk, or a folder that cannot be written, is met before
anything has changed). Then each file takes its place by one atomic rename, tfgen.toml first: from there on the next
sync comes to the same end by itself. What is gone is deleted last, when what replaces it is on the disk for good.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.sync.model import Change
from tfgen_generators.trees.files import read_bytes

#: What the names of files begin with that stand beside their places.
BESIDE = ".tfgen-new-"


class _Staged(msgspec.Struct, frozen=True, kw_only=True):
    beside: Path
    target: Path


def apply_changes(root: Path, changes: Sequence[Change]) -> None:
    """Makes `changes` true below `root`. Raises TfgenError; then nothing, or whole files only, have changed."""
    staged: list[_Staged] = []
    try:
        # tfgen.toml first: see above.
        for change in sorted(changes, key=lambda change: change.path != FILE_NAME):
            if change.action != "delete":
                staged.append(_stage(_target(root, change), change.after))
        for item in staged:
            item.beside.replace(item.target)
            if item is staged[0]:
                _sync_folder(item.target.parent)
        _sync_folders(item.target for item in staged[1:])
        deleted = [root / change.path for change in changes if change.action == "delete"]
        written = {item.target.name.lower(): item.target for item in staged}
        for file in deleted:
            if not _is_same(file, written.get(file.name.lower())):  # names that differ in case alone, on macOS
                file.unlink(missing_ok=True)
        _sync_folders(deleted)
    except OSError as error:
        raise TfgenError(
            f"cannot be written: {error.strerror or error}",
            where=_where(root, error),
            fix="make the folder writable, or free some space, and run this again",
        ) from None
    finally:
        for item in staged:
            with contextlib.suppress(OSError):
                item.beside.unlink(missing_ok=True)


def _is_same(file: Path, other: Path | None) -> bool:
    try:
        return other is not None and file.samefile(other)
    except OSError:
        return False


def through_links(root: Path, changes: Iterable[Change]) -> list[Change]:
    """The same changes, those of a file that is a link made in the file that it leads to."""
    return [_through_link(root, change) for change in changes]


def _through_link(root: Path, change: Change) -> Change:
    if change.action != "change" or change.path == FILE_NAME or not (root / change.path).is_symlink():
        return change
    target = os.path.relpath(os.path.realpath(root / change.path), os.path.realpath(root))
    return msgspec.structs.replace(change, path=Path(target).as_posix())


def remove_leftovers(*folders: Path) -> None:
    """Deletes what a killed sync left beside its targets. Call it only while holding the lock."""
    for folder in folders:
        for leftover in folder.glob(f"{BESIDE}*"):
            with contextlib.suppress(OSError):
                leftover.unlink()


def _target(root: Path, change: Change) -> Path:
    if change.path != FILE_NAME:
        return root / change.path
    target = Path(os.path.realpath(root / FILE_NAME))  # a link to it is kept
    if change.action == "create" and not os.path.lexists(target):
        return target
    if not target.stat().st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise TfgenError("is read-only, but a name must be pinned in it", where=FILE_NAME, fix="make it writable")
    if read_bytes(target) != change.before.encode():
        raise TfgenError("was changed in the meantime", where=FILE_NAME, fix="run this again")
    return target


def _stage(target: Path, text: str) -> _Staged:
    """Writes `text` beside `target`, with the permissions of what stands there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.parent / f"{BESIDE}{os.urandom(8).hex()}"
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            os.fsync(descriptor)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = error.filename or str(beside)  # a full disk names no file
        raise
    return _Staged(beside=beside, target=target)


def _sync_folders(files: Iterable[Path]) -> None:
    for folder in dict.fromkeys(file.parent for file in files):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Makes renames and deletions in `folder` outlast a power cut; some file systems cannot, and that is no error."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _where(root: Path, error: OSError) -> str:
    name = error.filename2 or error.filename
    if name is None:
        return str(root)
    path = Path(os.fsdecode(name))
    if path.name.startswith(BESIDE):
        path = path.parent
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
