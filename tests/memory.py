"""Temporary files in memory: with each test's own files on a disk, the kernel works half as much again."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

_FOLDER = Path("/dev/shm")
#: Bytes that must be free. A run holds at most a tenth at a time, if nothing fails.
_ENOUGH = 4 << 30


def use() -> None:
    """From now on, here and in all processes started; not where TMPDIR is set, nor where memory has no such room.

    What stays behind goes with this process; pytest's own folders, of tests that failed, stay.
    """
    if "TMPDIR" not in os.environ and _has_room():
        os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="tfgen-tests-", dir=_FOLDER)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_FOLDER))
        atexit.register(_remove, tempfile.tempdir, os.getpid())


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not a fork of it
        shutil.rmtree(folder, ignore_errors=True)


def _has_room() -> bool:
    try:
        found = os.statvfs(_FOLDER)
        available = re.search(r"^MemAvailable: *(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    except OSError:
        return False
    can_run = os.access(_FOLDER, os.W_OK | os.X_OK) and not found.f_flag & os.ST_NOEXEC
    return can_run and min(found.f_bavail * found.f_frsize, int(available[1]) << 10 if available else 0) >= _ENOUGH
