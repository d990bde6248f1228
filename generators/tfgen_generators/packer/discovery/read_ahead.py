"""Reading many new files on two cores: half of them in a forked process that hands its outcomes back.

Only for the first look at a large repository; whatever goes wrong, the files are read as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Sequence

import msgspec

from tfgen_generators.packer.discovery.outcome import Outcome, read_file
from tfgen_generators.packer.model import Format
from tfgen_generators.trees.files import read_bytes

#: Fewer files than this are read sooner than a process is made.
WORTHWHILE = 150

#: Outcomes by format and digest, as FactsCache keeps them.
Outcomes = dict[str, Outcome]


def read_ahead(files: Sequence[tuple[str, Format]], *, details: bool) -> Outcomes:
    """Outcomes of `files` (paths that can be opened, and their formats); of none where it would not pay."""
    if len(files) < WORTHWHILE or not _has_two_cores() or threading.active_count() > 1:
        return {}
    # What reads each format is imported once, for both processes.
    first = {form: path for path, form in files}
    begun = _read([(path, form) for form, path in first.items()], details=details)
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return {}
    if child == 0:
        _work(files[1::2], writing, details=details)
    os.close(writing)
    with os.fdopen(reading, "rb") as handed_back:
        try:
            outcomes = begun | _read(files[::2], details=details)
            with contextlib.suppress(msgspec.DecodeError):
                outcomes |= msgspec.msgpack.decode(handed_back.read(), type=Outcomes)
        finally:
            handed_back.close()  # a child that still writes ends then
            os.waitpid(child, 0)
    return outcomes


def _has_two_cores() -> bool:
    affinity = getattr(os, "sched_getaffinity", None)
    return hasattr(os, "fork") and (len(affinity(0)) if affinity else os.cpu_count() or 1) > 1


def _work(files: Sequence[tuple[str, Format]], writing: int, *, details: bool) -> None:
    """The child: never returns, flushes nothing of the parent's."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode(_read(files, details=details)))
    finally:
        os._exit(0)


def _read(files: Sequence[tuple[str, Format]], *, details: bool) -> Outcomes:
    found: Outcomes = {}
    for path, form in files:
        with contextlib.suppress(OSError):
            data = read_bytes(path)
            digest = hashlib.sha256(data).hexdigest()
            found[f"{form}:{digest}"] = read_file(data, form, digest, details=details)
    return found
