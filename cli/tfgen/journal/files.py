"""Changes of several hand-written files that happen all or not at all, and that can be undone byte for byte.

What files were and will be is written to `.tfgen/backup/adopt/` first; by one rename it becomes `pending`, and from
there on it happens: whoever is killed in between, the next tfgen in this repository completes it. Nothing is written
meanwhile: whole files that are there already take their places by renames, one right after the other, so that a kill
hardly ever finds some done and some not; new files come first and files to be removed go last, so that Terraform then
has a call twice, which it refuses, and never misses one, which it would destroy. What was done stays, for the way
back. Only tfgen.toml and Terraform's files inside the repository are ever written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from tfgen.own_folder.foreign import discard
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.outside import require_inside

_FOLDER = Path(".tfgen") / "backup" / "adopt"
_PENDING, _DONE, _NEW, _GONE = "pending", "done-", "new-", "gone-"
_BESIDE = ".tfgen-new-"
_STAGED = "staged"
_ENDINGS = (".tf", ".tofu", f"/{FILE_NAME}")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file: the SHA-256 of what it was and will be ("": not there), and its permissions.

    `stamps` are inode and time of what is kept of it: nobody who makes a commit, or a copy, can know them.
    """

    path: str
    before: str
    after: str
    mode: int = 0o644
    stamps: tuple[tuple[int, int], ...] = ()


class _Journal(msgspec.Struct, frozen=True, kw_only=True):
    """`undoes` is the name of what is taken back, and then forgotten."""

    entries: tuple[Entry, ...]
    undoes: str = ""


def change_files(root: Path, files: Mapping[str, bytes | None], *, undoes: str = "") -> None:
    """Makes each file of `files` (path -> bytes, None: not there) so. Call it only while holding the lock `sync`.

    Raises TfgenError; then nothing has changed, or the next tfgen completes it.
    """
    folder = root / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in (*folder.glob(f"{_NEW}*"), *folder.glob(f"{_GONE}*")):
            shutil.rmtree(left, ignore_errors=True)
        beside = folder / f"{_NEW}{os.urandom(8).hex()}"
        beside.mkdir()
        ordered = sorted(files.items(), key=lambda item: _turn(root, *item))
        entries = [_kept(root, beside, number, path, after) for number, (path, after) in enumerate(ordered)]
        _write(beside / "journal.json", msgspec.json.encode(_Journal(entries=tuple(entries), undoes=undoes)))
        _sync_folder(beside)
        beside.rename(folder / _PENDING)
        _sync_folder(folder)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=str(_FOLDER), fix="free some space") from None
    complete(root)


def complete(root: Path) -> bool:
    """Does what is left of a change that was begun, and says whether there was one. Raises TfgenError.

    Call it only while holding the lock `sync`.
    """
    pending = root / _FOLDER / _PENDING
    if not pending.is_dir():
        return False
    journal = _read(pending)
    if not _is_genuine(pending, journal):
        discard(pending, "was not made here by tfgen")
        return False
    steps: list[tuple[str | None, str]] = []
    for number, entry in enumerate(journal.entries):
        if _is_to_do(root, entry):
            target = Path(os.path.realpath(root / entry.path))  # a link to it is kept
            steps.append((str(_staged(pending, number, target, entry)) if entry.after else None, str(target)))
    _take_places(steps)
    for folder in {Path(target).parent for _, target in steps}:
        _sync_folder(folder)
    _settle(root, pending, journal)
    return True


def _take_places(steps: list[tuple[str | None, str]]) -> None:
    """With nothing in between: what this takes is all the time in which some are done and some are not."""
    replace, remove = os.replace, os.unlink
    for source, target in steps:
        if source is not None:
            replace(source, target)
        else:
            with contextlib.suppress(FileNotFoundError):
                remove(target)


def latest(root: Path) -> tuple[str, dict[str, bytes | None]] | None:
    """What the latest change was made from: its name, and path -> bytes. Raises RefusedError where that is no more."""
    done = sorted((root / _FOLDER).glob(f"{_DONE}*"))
    if not done:
        return None
    journal = _read(done[-1])
    if not _is_genuine(done[-1], journal):
        where = str(_FOLDER / done[-1].name)
        raise RefusedError("was not made here by tfgen, or was copied", where=where, fix="undo it by git")
    files: dict[str, bytes | None] = {}
    for number, entry in enumerate(journal.entries):
        _require_ours(root, entry.path)
        if _digest(root / entry.path) != entry.after:
            raise RefusedError("was changed since tfgen adopt wrote it", where=entry.path, fix="undo that by git")
        files[entry.path] = read_bytes(done[-1] / f"{number}.before") if entry.before else None
    return done[-1].name, files


def _settle(root: Path, pending: Path, journal: _Journal) -> None:
    """Another process may have done the same meanwhile."""
    folder = root / _FOLDER
    with contextlib.suppress(FileNotFoundError):
        if journal.undoes:
            gone = folder / f"{_GONE}{os.urandom(8).hex()}"
            with contextlib.suppress(FileNotFoundError):
                (folder / PurePosixPath(journal.undoes).name).rename(gone)
            pending.rename(folder / f"{_GONE}{os.urandom(8).hex()}")
            for left in folder.glob(f"{_GONE}*"):
                shutil.rmtree(left, ignore_errors=True)
            return
        numbers = [int(one.name.removeprefix(_DONE)) for one in folder.glob(f"{_DONE}*")]
        pending.rename(folder / f"{_DONE}{max(numbers, default=0) + 1:06d}")


def _turn(root: Path, path: str, after: bytes | None) -> int:
    """New files, then those that change, then those that go."""
    return 2 if after is None else int(os.path.lexists(root / path))


def _kept(root: Path, folder: Path, number: int, path: str, after: bytes | None) -> Entry:
    _require_ours(root, path)
    target, mode, before = Path(os.path.realpath(root / path)), 0o644, ""
    if target.parent.is_dir() and not os.access(target.parent, os.W_OK):
        raise TfgenError("its folder is read-only", where=path, fix="make it writable")
    with contextlib.suppress(FileNotFoundError):
        data = read_bytes(target)
        mode = stat.S_IMODE(target.stat().st_mode)
        before = hashlib.sha256(data).hexdigest()
        _write(folder / f"{number}.before", data)
    if after is not None:
        _write(folder / f"{number}.after", after)
        _write(folder / f"{number}.{_STAGED}", after, mode)
    digest = hashlib.sha256(after).hexdigest() if after is not None else ""
    return Entry(path=path, before=before, after=digest, mode=mode, stamps=_stamps(folder, number))


def _stamps(folder: Path, number: int) -> tuple[tuple[int, int], ...]:
    found = [(folder / f"{number}.{kind}") for kind in ("before", "after")]
    return tuple((status.st_ino, status.st_ctime_ns) for status in (file.stat() for file in found if file.is_file()))


def _is_genuine(folder: Path, journal: _Journal) -> bool:
    """Whether this was written here: what comes with a branch must not have tfgen write files of this machine."""
    stamps = [_stamps(folder, number) for number in range(len(journal.entries))]
    return any(stamps) and stamps == [entry.stamps for entry in journal.entries]


def _read(folder: Path) -> _Journal:
    try:
        return msgspec.json.decode(read_bytes(folder / "journal.json"), type=_Journal)
    except (OSError, msgspec.DecodeError):
        raise TfgenError("cannot be read", where=str(_FOLDER / folder.name), fix="remove it") from None


def _require_ours(root: Path, path: str) -> None:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or ".git" in parts.parts or not f"/{path}".endswith(_ENDINGS):
        raise RefusedError("is no file that tfgen adopt writes", where=path, fix=f"remove {_FOLDER}")
    require_inside(root, path)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _is_to_do(root: Path, entry: Entry) -> bool:
    """Raises RefusedError for a file that somebody has changed in between."""
    _require_ours(root, entry.path)
    now = _digest(root / entry.path)
    if now not in (entry.before, entry.after):
        message, fix = (
            "was changed while tfgen adopt was writing",
            f"compare it with {_FOLDER / _PENDING}, and remove that",
        )
        raise RefusedError(message, where=entry.path, fix=fix)
    return now != entry.after


def _staged(pending: Path, number: int, target: Path, entry: Entry) -> Path:
    """A whole file that can take the place of `target` by a rename. Raises TfgenError."""
    staged = pending / f"{number}.{_STAGED}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if pending.stat().st_dev != target.parent.stat().st_dev:  # a link to another disk
            for left in target.parent.glob(f"{_BESIDE}*"):
                left.unlink(missing_ok=True)
            staged = target.parent / f"{_BESIDE}{os.urandom(8).hex()}"
        if _digest(staged) != entry.after:
            staged.unlink(missing_ok=True)
            _write(staged, read_bytes(pending / f"{number}.after"), entry.mode)
    except OSError as error:
        fix = "make it writable, or free some space, and run the command again: it completes what was begun"
        raise TfgenError(f"cannot be written: {error.strerror}", where=entry.path, fix=fix) from None
    return staged


def _write(path: Path, data: bytes, mode: int | None = None) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
