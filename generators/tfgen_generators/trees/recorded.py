"""The repository on the disk, and a record of all that was asked of it: whether it is as it was can be told later."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.stamps import TICK, is_utf8

if TYPE_CHECKING:
    from tfgen_generators.trees.linked import Entry
    from tfgen_generators.trees.store import Store

#: tfgen's own folder in the root: it comes with the record.
_OWN = ".tfgen"

FolderStamp = tuple[int, int, int]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a tree has said: digests of the listings of folders and of files ("" where it could not read), and links.

    `stamps` are those of the folders after the look, which began at `started` (time.time_ns()).
    """

    started: int
    folders: dict[str, str]
    stamps: dict[str, FolderStamp]
    links: dict[str, str]
    files: dict[str, str]


class RecordedTree(DiskTree):
    """A `DiskTree` that keeps what its primitives have said, on which everything else that it says rests."""

    def __init__(self, root: Path, stamps: Store) -> None:
        super().__init__(root, stamps)
        self._links: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._is_steady = True

    @property
    def number_read(self) -> int:
        """How many files were read so far."""
        return len(self._files)

    def target(self, path: str) -> str:
        text = super().target(path)
        self._is_steady &= self._links.setdefault(path, text) == text
        return text

    def content(self, path: str) -> bytes:
        try:
            data = super().content(path)
        except OSError:
            self._note(path, "")
            raise
        self._note(path, hashlib.sha256(data).hexdigest())
        return data

    def content_digest(self, path: str) -> str:
        try:
            digest = super().content_digest(path)
        except OSError:
            self._note(path, "")
            raise
        self._note(path, digest)
        return digest

    def _note(self, path: str, digest: str) -> None:
        self._is_steady &= self._files.setdefault(path, digest) == digest

    def record(self, started: int) -> Record | None:
        """All that was said since `started`; None where it cannot be kept, or has changed meanwhile."""
        folders = {folder: _listing(self, folder) for folder in self._listed}
        for path in tuple(self._files):
            self._note(path, self._digest_now(path))  # also for the stamps that the next run asks for
        if not self._is_steady or not all(map(is_utf8, (*folders, *self._links, *self._links.values(), *self._files))):
            return None
        stamps = {folder: stamp for folder in folders if (stamp := _stamp(f"{self.root}/{folder}"))}
        return Record(started=started, folders=folders, stamps=stamps, links=self._links, files=self._files)

    def is_as(self, record: Record) -> bool:
        """Whether this tree says what another one has said."""
        before = record.started - TICK
        for folder, listing in record.folders.items():
            stamp = record.stamps.get(folder)
            is_settled = stamp is not None and max(stamp[:2]) < before and _stamp(f"{self.root}/{folder}") == stamp
            if not is_settled and _listing(self, folder) != listing:
                return False
        return all(self.target(path) == text for path, text in record.links.items()) and all(
            self._digest_now(path) == digest for path, digest in record.files.items()
        )

    def _digest_now(self, path: str) -> str:
        try:
            return self.content_digest(path)
        except OSError:
            return ""


def _listing(tree: DiskTree, folder: str) -> str:
    """A short text that changes with the names in a folder and what they are, and when it cannot be listed."""
    entries: dict[str, Entry] = dict(tree.entries(folder))
    if folder == ".":
        entries.pop(_OWN, None)
    if folder in tree.unreadable:
        return "unreadable"
    named = "\0".join(f"{kind} {name}" for name, kind in sorted(entries.items()))
    return hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()


def _stamp(path: str) -> FolderStamp | None:
    """What changes with the names in a folder, and with who may list it; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 a thousand times
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino
