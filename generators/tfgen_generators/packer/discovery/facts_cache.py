"""Facts of files that were read before, by their content: so that a second run parses nothing.

One file, safe to delete, written atomically. Facts are kept by the SHA-256 of a file's bytes and by the version of
the readers; a file's digest is taken from its size, times and inode only if it is older than the cache itself, since
a younger one may have changed within one tick of the clock (git calls such files racy).
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.packer.discovery.outcome import Outcome, read_file
from tfgen_generators.packer.discovery.read_ahead import read_ahead
from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.stamps import TICK, WORTHWHILE, Stamp, kept_stamps, read_kept, readers_version, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfgen_generators.packer.model import Format


class _Stored(msgspec.Struct, kw_only=True):
    version: str
    #: When the look began, by the clock of time.time_ns().
    started: int = 0
    #: The inode of the file itself: one that came with a pull request, or a copy, is not believed.
    inode: int = 0
    stamps: dict[str, tuple[Stamp, str]]
    outcomes: dict[str, Outcome]


class FactsCache:
    """Reads candidates, from memory where it can: what it has read itself, and what the file has, if there is one.

    With `details`, every outcome has those: they cost as much as the rest, and `sync` needs hardly any.
    """

    def __init__(self, file: Path | None = None, *, details: bool = False) -> None:
        self._file = file
        self._details = details
        self._old = _Stored(version="", stamps={}, outcomes={})
        self._written = 0
        self._new = _Stored(
            version=readers_version(("hcl", "packer")) if file else "", started=time.time_ns(), stamps={}, outcomes={}
        )
        self._ahead: dict[str, Outcome] = {}
        self._seen: set[str] = set()
        self._changed = 0
        self._read_again = 0  # with those that are as they were, but younger than the cache
        #: Whether the file has other bytes than were written.
        self.damaged = False
        if file is not None:
            self._load(file)

    def read_ahead(self, root: Path, files: Iterable[tuple[str, Format]]) -> None:
        """Reads those of `files` that nothing is known of, if they are many; `read` then finds them."""
        new = [(f"{root}/{path}", form) for path, form in files if not self._has_seen(f"{root}/{path}", path)]
        self._ahead = read_ahead(new, details=self._details)

    def _has_seen(self, file: str, path: str) -> bool:
        return file in self._seen or path in self._old.stamps

    def read(self, root: Path, path: str, form: Format, *, details: bool = False) -> Outcome:
        """What stands at `path`. Raises OSError."""
        details = details or self._details
        file = f"{root}/{path}"
        self._seen.add(file)
        if self._file is None:
            found = self._outcome(read_bytes(file), form, details=details)
            self._new.outcomes[f"{form}:{found.digest}"] = found
            return found
        status = os.stat(file)  # noqa: PTH116 as below
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        known = self._old.stamps.get(path)
        old = known is not None and known[0] == stamp and max(stamp[1], stamp[2]) + TICK < self._written
        outcome = self._known(f"{form}:{known[1]}", details=details) if old and known else None
        if outcome is None:
            outcome = self._outcome(read_bytes(file), form, details=details)
            self._read_again += 1
            kept = self._old.outcomes.get(f"{form}:{outcome.digest}")
            self._changed += known != (stamp, outcome.digest) or kept is not outcome
        self._new.stamps[path] = (stamp, outcome.digest)
        self._new.outcomes[f"{form}:{outcome.digest}"] = outcome
        return outcome

    def said_by(self, data: bytes, form: Format) -> Outcome:
        """What a file with these bytes says, wherever it stands."""
        return self._outcome(data, form, details=self._details)

    def _known(self, key: str, *, details: bool) -> Outcome | None:
        for outcomes in (self._new.outcomes, self._old.outcomes, self._ahead):
            outcome = outcomes.get(key)
            if outcome is not None and (outcome.details or not details or outcome.status in ("other", "broken")):
                return outcome
        return None

    def _outcome(self, data: bytes, form: Format, *, details: bool) -> Outcome:
        digest = hashlib.sha256(data).hexdigest()
        return self._known(f"{form}:{digest}", details=details) or read_file(data, form, digest, details=details)

    @property
    def digests(self) -> dict[str, tuple[Stamp, str]]:
        """Stamps and digests of the files that were read."""
        return self._new.stamps

    @property
    def is_due(self) -> bool:
        """Whether there is something worth keeping."""
        gone = len(self._old.stamps) > len(self._new.stamps)
        return bool(self._file) and (
            self._read_again >= WORTHWHILE or (self._written > 0 and (self._changed > 0 or gone))
        )

    def save(self) -> None:
        """Keeps what was read for the next run. A cache that cannot be written is no error."""
        if self._file is None or not self.is_due:
            return
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
