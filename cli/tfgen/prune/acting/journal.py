"""The journal of a run, `.tfgen/prune/RUN.jsonl`: each line is on the disk before the call that it is about.

Whose line is in such a file is believed: snapshots are deleted and permissions given by it. So one that was copied
here, or came with a commit, is not taken by a run; a person may name it (`--undo PATH`).
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import TYPE_CHECKING

import msgspec

from tfgen.own_folder.foreign import kind_of
from tfgen.prune.acting.model import Begun, Call, Ended, Line, Record, RunSummary, Settled, Undone
from tfgen_generators.errors import RefusedError, TfgenError, UsageError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

FORMAT = 1
FOLDER = "prune"
_END = ".jsonl"
_PRIVATE = 0o600
_MOST = 1 << 30


def moment(time: datetime) -> str:
    """As all times in journals are written."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Journal:
    """One run's file, open for more lines."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor

    @property
    def run(self) -> str:
        return self.path.name.removesuffix(_END)

    def write(self, line: Line) -> None:
        """On the disk when this returns. Raises TfgenError: then the call must not be made."""
        try:
            _write_all(self._descriptor, msgspec.json.encode(line) + b"\n")
            os.fsync(self._descriptor)
        except OSError as error:
            fix = "free some space, and run it again"
            raise TfgenError(f"cannot be written: {error.strerror}", where=str(self.path), fix=fix) from None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def begin(folder: Path, begun: Begun) -> Journal:
    """A new journal, with its first line. Raises TfgenError."""
    path = folder / f"{begun.run}{_END}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
        os.fchmod(descriptor, _PRIVATE)
        _sync_folder(folder)
        _sync_folder(folder.parent)
    except OSError as error:
        fix = "make its folder writable, or free some space"
        raise TfgenError(f"cannot be created: {error.strerror}", where=str(path), fix=fix) from None
    journal = Journal(path, descriptor)
    journal.write(msgspec.structs.replace(begun, inode=os.fstat(descriptor).st_ino))
    return journal


def reopen(path: Path) -> Journal:
    """More lines for a journal that is there; a line that was torn is ended. Raises TfgenError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            _write_all(descriptor, b"\n")
    except OSError as error:
        raise TfgenError(f"cannot be opened: {error.strerror}", where=str(path)) from None
    return Journal(path, descriptor)


def new_name(now: datetime) -> str:
    """Sorted by name they are sorted by time."""
    return f"{now.astimezone(UTC).strftime('%Y%m%dT%H%M%SZ')}-{os.urandom(3).hex()}"


class Run:
    """A journal as it was read."""

    def __init__(self, path: Path, lines: list[Line]) -> None:
        self.path = path
        if not lines or not isinstance(lines[0], Begun):
            raise RefusedError("no journal of tfgen prune", where=str(path), fix="use another one")
        if lines[0].format != FORMAT:
            message = f"a journal of another format ({lines[0].format})"
            raise RefusedError(message, where=str(path), fix="use the tfgen that wrote it")
        self.begun = lines[0]
        self.records = {each.key: each for each in lines if isinstance(each, Record)}
        self.calls = {(each.region, each.ami): each.operation for each in lines if isinstance(each, Call)}
        self.settled = {(each.region, each.ami): each.result for each in lines if isinstance(each, Settled)}
        self.undone = {(each.region, each.ami): each for each in lines if isinstance(each, Undone)}
        self.is_ended = any(isinstance(each, Ended) for each in lines)

    @property
    def name(self) -> str:
        return self.begun.run

    @property
    def open_records(self) -> list[Record]:
        """What was begun and is not at its end, in the order in which it was begun."""
        left = self.calls.keys() - self.settled.keys() - self.undone.keys()
        return [record for key, record in self.records.items() if key in left]

    @property
    def unrecorded(self) -> list[tuple[str, str]]:
        """Region and id of AMIs that were called for and whose record cannot be read: the file was changed."""
        return [key for key in self.calls if key not in self.records]

    @property
    def touched(self) -> list[Record]:
        """What may have been changed, in the order of an undo: the last first."""
        return [record for key, record in reversed(self.records.items()) if key in self.calls]

    def summary(self) -> RunSummary:
        state = "ended" if self.is_ended and not self.open_records else "broken off"
        if self.undone and all(each.result != "not-restored" for each in self.undone.values()):
            state = "undone" if self.undone.keys() >= self.calls.keys() else state
        actions = Counter(record.action for record in self.touched)
        return RunSummary(
            run=self.name,
            at=self.begun.at,
            state=state,
            accounts=self.begun.accounts,
            amis=dict(sorted(actions.items())),
        )


def read_run(path: Path) -> Run:
    """Raises UsageError where there is none, RefusedError for what is no journal."""
    try:
        content = read_bytes(path, _MOST)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path), fix="see: tfgen prune --runs") from None
    lines: list[Line] = []
    for number, text in enumerate(content.split(b"\n"), 1):
        try:
            lines.append(msgspec.json.decode(text, type=Line))
        except (msgspec.ValidationError, UnicodeDecodeError):
            message = "no line of a journal of tfgen prune"
            raise RefusedError(message, where=f"{path}:{number}", fix="use the tfgen that wrote it") from None
        except msgspec.DecodeError:  # empty, or torn by a kill: its call was not made
            continue
    return Run(path, lines)


def own_runs(folder: Path) -> Iterator[Run]:
    """Those that tfgen wrote here, the oldest first. Raises RefusedError."""
    for path in sorted(folder.glob(f"*{_END}")):
        if is_own(path):
            yield read_run(path)


def broken_off(workspace: Workspace) -> list[str]:
    """The runs that were begun here and are not at their end; none where their folder cannot be looked at."""
    folder = workspace.state_dir / FOLDER
    if kind_of(workspace.state_dir) != "folder" or kind_of(folder) != "folder":
        return []
    return [run.name for run in own_runs(folder) if run.open_records]


def find_run(folder: Path, name: str) -> Run:
    """A run by its name, or a journal by its path. Raises UsageError, RefusedError."""
    if "/" in name or name.endswith(_END):
        return read_run(Path(name))
    path = folder / f"{name}{_END}"
    if not path.is_file():
        names = [each.name.removesuffix(_END) for each in folder.glob(f"*{_END}")]
        raise UsageError(f"run {name!r} not found", fix=did_you_mean(name, names) or "see: tfgen prune --runs")
    if not is_own(path):
        fix = f"if you trust it, name the file: tfgen prune --undo {os.path.relpath(path)}"
        raise RefusedError("was copied here, or came with a commit", where=str(path), fix=fix)
    return read_run(path)


def is_own(path: Path) -> bool:
    """Whether tfgen made this very file here: private, and with its own inode in its first line."""
    try:
        status = os.lstat(path)
        if not S_ISREG(status.st_mode) or S_IMODE(status.st_mode) != _PRIVATE or status.st_uid != os.getuid():
            return False
        first = read_bytes(path, _MOST).split(b"\n", 1)[0]
        begun = msgspec.json.decode(first, type=Begun)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return begun.inode == status.st_ino


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
