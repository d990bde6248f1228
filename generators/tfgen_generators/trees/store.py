"""What was found out before about files, by their content: digests by stamps, and facts by digest.

One file beside that of `FactsCache`, by the same rules: safe to delete, written atomically, and a digest is
believed only of a file that is older than the look that it comes from.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from tfgen_generators.trees.files import MOST_BYTES, digest_of
from tfgen_generators.trees.stamps import TICK, WORTHWHILE, Stamp, kept_stamps, read_kept, readers_version, replace_file

#: The packages whose code decides what facts are.
_MOST_FACTS = 200_000
_READERS = ("packer", "ansible", "graph", "hcl", "module", "paths", "shell", "trees")


class _Stored(msgspec.Struct, kw_only=True):
    version: str
    started: int = 0
    inode: int = 0
    stamps: dict[str, tuple[Stamp, str]]
    facts: dict[str, bytes]


class Store:
    """Remembers for one repository. Without a file only for this run."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        version = readers_version(_READERS) if file else ""
        self._old = _Stored(version="", stamps={}, facts={})
        self._new = _Stored(version=version, started=time.time_ns(), stamps={}, facts={})
        self._written = 0
        self._taken: dict[str, tuple[Stamp, str]] = {}
        self._changed = False
        self._read_again = 0  # with those that are as they were, but younger than the cache
        #: Whether the file has other bytes than were written.
        self.damaged = False
        if file is not None:
            self._load(file)

    def take(self, digests: dict[str, tuple[Stamp, str]]) -> None:
        """Digests that somebody has just found out: they are believed as those of the last run."""
        self._taken = digests

    def digest(self, root: str, path: str) -> str:
        """SHA-256 of the file at `path`. Raises OSError."""
        file = f"{root}/{path}"
        status = os.stat(file)  # noqa: PTH116 ten thousand times: without a Path for each
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        known, age = self._old.stamps.get(path), max(stamp[1], stamp[2]) + TICK
        taken = self._taken.get(path)
        if known is not None and known[0] == stamp and age < self._written:
            digest = known[1]
        elif taken is not None and taken[0] == stamp and age < self._new.started:
            digest = taken[1]
            self._changed |= known != taken
        else:
            digest = digest_of(file, MOST_BYTES)
            self._read_again += 1
            self._changed |= known != (stamp, digest)
        self._new.stamps[path] = (stamp, digest)
        return digest

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """What is remembered under `key`, else what `make` gives."""
        found = self.find(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def find(self, key: str) -> bytes | None:
        """What is remembered under `key`."""
        found = self._new.facts.get(key)
        if found is None and (found := self._old.facts.get(key)) is not None:
            self._new.facts[key] = found
        return found

    def put(self, key: str, value: bytes) -> None:
        """Remembers `value` under `key`."""
        self._new.facts[key] = value
        self._changed = True

    def retain(self) -> None:
        """Keeps what is remembered although this run has not asked for it: it has built on what was made of that."""
        if len(self._old.facts) < _MOST_FACTS:
            self._new.facts = {**self._old.facts, **self._new.facts}
            self._new.stamps = {**self._old.stamps, **self._new.stamps}

    @property
    def is_due(self) -> bool:
        """Whether there is something new worth keeping."""
        return self._file is not None and (self._changed or self._read_again >= WORTHWHILE)

    def save(self) -> None:
        """Keeps what this run knows. A cache that cannot be written is no error."""
        if self._file is not None and self.is_due:
            replace_file(self._file, self._encoded)

    def _encoded(self, inode: int) -> bytes:
        self._new.inode = inode
        self._new.stamps = kept_stamps(self._new.stamps)
        return msgspec.msgpack.encode(self._new)

    def _load(self, file: Path) -> None:
        kept = read_kept(file)
        self.damaged = kept.damaged
        if not kept.data:
            return
        try:
            stored = msgspec.msgpack.decode(kept.data, type=_Stored)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return  # another version's
        self._written = min(kept.written, stored.started)
        if (stored.version, stored.inode) == (self._new.version, kept.inode):
            self._old = stored
