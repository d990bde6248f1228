"""`sync --check` without looking twice: whether anything that the last clean look saw has changed since.

After a look that found nothing to do, the size, times and inode of everything that it depended on are kept: templates,
their folders, tfgen.toml, ignore files, generated files, the module, and tfgen's own code. If all of it is the same, so
is the answer. A file that was changed within a second of the look is not trusted: then nothing is kept.

This module is imported before anything else, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
import time
from stat import S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE_NAME = "unchanged"
_SETTINGS = "tfgen.toml"
_FORMAT = "tfgen 1"
#: Nanoseconds by which everything must be older than the look.
_SETTLED = 1_000_000_000
_END = "\0"
_LARGEST = 200_000_000
#: What a message is made of.
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789, "


def recall() -> str:
    """The message of the last clean look at the repository around the current folder, "" when it may not hold.

    Whatever is odd is no answer: the file may have come with a pull request. It cannot foretell the inode and the times
    that a check-out gives to tfgen.toml, without whose record nothing is believed.
    """
    try:
        return _recall()
    except Exception:  # noqa: BLE001 the app then looks, and says what is wrong
        return ""


def _recall() -> str:
    root = _root(os.getcwd())
    path = f"{root}/.tfgen/cache/{FILE_NAME}"
    found = os.stat(path)
    if not S_ISREG(found.st_mode) or found.st_size > _LARGEST:
        return ""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        header, message, *records = file.read().split(_END)
    if header != _header() or records.pop() != "end" or message.strip(_LETTERS):
        return ""
    if not any(record.partition(" ")[2] == _SETTINGS for record in records):
        return ""
    for record in records:
        stamp, _, path = record.partition(" ")
        if _stamp(path if os.path.isabs(path) else f"{root}/{path}") != stamp:
            return ""
    return message


def keep(root: str, message: str, seen: Iterable[str], started: int) -> None:
    """Keeps a clean look that began at `started` (time.time_ns()); `seen` are paths, there or not, below `root` or not.

    Raises OSError.
    """
    records: list[str] = []
    for path in sorted({*seen, *_own_code()}):
        full = path if os.path.isabs(path) else f"{root}/{path}"
        if _END in path or not _is_settled(full, started):
            return
        records.append(f"{_stamp(full)} {path}")
    file = f"{root}/.tfgen/cache/{FILE_NAME}"
    beside = f"{file}.{os.getpid()}"
    try:
        with open(beside, "w", encoding="utf-8", errors="surrogateescape") as opened:
            opened.write(_END.join([_header(), message, *records, "end"]))
        os.replace(beside, file)
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def now() -> int:
    """The time to give to `keep`, taken before the look."""
    return time.time_ns()


def _header() -> str:
    return f"{_FORMAT} {sys.version}"


def _root(folder: str) -> str:
    """As workspace.find_root: the nearest folder upwards with a tfgen.toml or a .git."""
    current = folder
    while not (os.path.isfile(f"{current}/{_SETTINGS}") or os.path.exists(f"{current}/.git")):
        above = os.path.dirname(current)
        if above == current:
            return folder
        current = above
    return current


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return "-"
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}:{found.st_mode}"


def _is_settled(path: str, started: int) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return True
    return max(found.st_mtime_ns, found.st_ctime_ns) + _SETTLED < started


def _own_code() -> Iterator[str]:
    """Our own modules: another version looks again."""
    here = os.path.dirname(os.path.abspath(__file__))
    import tfgen_generators

    for top in (here, os.path.dirname(os.path.abspath(tfgen_generators.__file__ or here))):
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (f"{folder}/{name}" for name in files if name.endswith(".py"))
