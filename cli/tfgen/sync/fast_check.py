"""`sync --check` and `plan` without looking twice: whether anything that the last clean look saw has changed since.

After a look that found nothing to do, the size, times and inode of everything that it depended on are kept: templates,
their folders, tfgen.toml, ignore files, generated files, the module, and tfgen's own code. If all of it is the same, so
is the answer. A file that was changed within a second of the look is not trusted: then nothing is kept. Of a path that
ends in `/` only the names of the generated files in it count: Terraform writes its own beside them.

This module is imported before anything else, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
import time
from stat import S_ISDIR, S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE_NAME = "unchanged"
_SETTINGS = "tfgen.toml"
_FORMAT = "tfgen 2"
#: Nanoseconds by which everything must be older than the look.
_SETTLED = 1_000_000_000
_END = "\0"
_LARGEST = 200_000_000
_GENERATED = ".gen.tf"
#: What a message is made of.
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789, "


def recall() -> str:
    """The message of the last clean look at the repository around the current folder, "" when it may not hold.

    Whatever is odd is no answer: the file may have come with a pull request. It cannot foretell the inode and the times
    that a check-out gives to tfgen.toml, without whose record nothing is believed.
    """
    try:
        return _recall(_root(os.getcwd()))[0]
    except Exception:  # noqa: BLE001 the app then looks, and says what is wrong
        return ""


def recall_sources(root: str) -> list[str]:
    """The files that sync read at the last clean look at `root`, relative to it; none when that may not hold."""
    try:
        return _recall(root)[1]
    except Exception:  # noqa: BLE001 as above
        return []


def _recall(root: str) -> tuple[str, list[str]]:
    nothing: tuple[str, list[str]] = ("", [])
    if not all(S_ISDIR(os.lstat(folder).st_mode) for folder in (f"{root}/.tfgen", f"{root}/.tfgen/cache")):
        return nothing
    opened = os.open(f"{root}/.tfgen/cache/{FILE_NAME}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(opened, encoding="utf-8", errors="surrogateescape") as file:
        found = os.fstat(opened)
        if not S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return nothing
        header, message, number, *rest = file.read().split(_END)
    if header != _header() or rest.pop() != "end" or message.strip(_LETTERS):
        return nothing
    sources, records = rest[: int(number)], rest[int(number) :]
    if not any(record.partition(" ")[2] == _SETTINGS for record in records):
        return nothing
    for record in records:
        stamp, _, path = record.partition(" ")
        if _stamp(path if os.path.isabs(path) else f"{root}/{path}") != stamp:
            return nothing
    return message, sources


def keep(root: str, message: str, sources: Iterable[str], seen: Iterable[str], started: int) -> None:
    """Keeps a clean look that began at `started` (time.time_ns()); `seen` are paths, there or not, below `root` or not.

    `sources` are the files that sync reads. Raises OSError.
    """
    records: list[str] = []
    files = sorted(sources)
    if any(_END in path for path in files):
        return
    for path in sorted({*seen, *_own_code()}):
        full = path if os.path.isabs(path) else f"{root}/{path}"
        if _END in path or not _is_settled(full, started):
            return
        records.append(f"{_stamp(full)} {path}")
    file = f"{root}/.tfgen/cache/{FILE_NAME}"
    beside = f"{file}.{os.getpid()}"
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as opened:
            opened.write(_END.join([_header(), message, str(len(files)), *files, *records, "end"]))
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
    if path.endswith("/"):
        return "/".join(name.replace(" ", "//") for name in generated_in(path))
    try:
        found = os.stat(path)
    except OSError:
        return "-"
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}:{found.st_mode}"


def generated_in(folder: str) -> list[str]:
    """The names of the generated files in `folder`, sorted; none where there is no such folder."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(_GENERATED))
    except OSError:
        return []


def _is_settled(path: str, started: int) -> bool:
    if path.endswith("/"):
        return True  # a file that came or went during the look has a time of its own, or is not as it was found
    try:
        found = os.stat(path)
    except OSError:
        return True
    return max(found.st_mtime_ns, found.st_ctime_ns) + _SETTLED < started


def _own_code() -> Iterator[str]:
    """Our own modules: another version looks again."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    import tfgen_generators

    for top in (here, os.path.dirname(os.path.abspath(tfgen_generators.__file__ or here))):
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (f"{folder}/{name}" for name in files if name.endswith(".py"))
