"""When a file may be taken for the one that was read before: stamps, versions of the readers, atomic cache files."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import zlib
from functools import cache
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


#: Fewer new files than this are not worth a cache of their own.
WORTHWHILE = 50
#: Nanoseconds that a file must be older than the look that the cache is of. The coarsest clocks (FAT) count 2 s.
TICK = 2_000_000_000
#: Bytes of a cache, and of the checksum before it.
_LARGEST = 1 << 30
_CHECK = 4

Stamp = tuple[int, int, int, int]


def kept_stamps(stamps: dict[str, tuple[Stamp, str]]) -> dict[str, tuple[Stamp, str]]:
    """Those of paths that can be kept."""
    return {path: found for path, found in stamps.items() if is_utf8(path)}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a cache file, its inode, and when it was written (time.time_ns()). `damaged`: they are others."""

    data: bytes = b""
    inode: int = 0
    written: int = 0
    damaged: bool = False


def read_kept(file: Path) -> Kept:
    """What `replace_file` has put at `file`; nothing for what is no file, or a link. Never fails, waits for no pipe."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            status = os.fstat(descriptor)
            if not S_ISREG(status.st_mode) or status.st_size > _LARGEST:
                return Kept()
            data = opened.read()
    except OSError:
        return Kept()
    if data[:_CHECK] != _checksum(data[_CHECK:]):
        return Kept(damaged=True)
    return Kept(data=data[_CHECK:], inode=status.st_ino, written=status.st_mtime_ns)


def replace_file(file: Path, encode: Callable[[int], bytes]) -> None:
    """Puts what `encode` gives for the inode of the new file at `file`, whole or not at all. Never fails.

    Nothing is written through a link. Before the bytes stands their checksum: wrong ones are no cache.
    """
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            with os.fdopen(descriptor, "wb") as opened:
                data = encode(os.fstat(descriptor).st_ino)
                opened.write(_checksum(data))
                opened.write(data)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECK, "big")


def readers_version(packages: Iterable[str]) -> str:
    """Changes with every change of the readers in `packages` (and of the grammars): their files' sizes and times."""
    seen = sorted(one for package in packages for one in _modules(package))
    for name in ("tree_sitter_bash", "tree_sitter_hcl"):
        grammar = importlib.util.find_spec(name)
        if grammar and grammar.origin:
            seen.append((name, 0, Path(grammar.origin).stat().st_mtime_ns))
    return hashlib.sha256(repr(seen).encode()).hexdigest()


@cache
def _modules(package: str) -> tuple[tuple[str, int, int], ...]:
    """Path, size and time of each of a package's modules."""
    found: list[tuple[str, int, int]] = []
    for folder, _, names in os.walk(Path(__file__).parents[1] / package):  # half of the time of Path.rglob
        for path in (f"{folder}/{name}" for name in names if name.endswith(".py")):
            status = os.stat(path)  # noqa: PTH116 no Path for each of them
            found.append((path, status.st_size, status.st_mtime_ns))
    return tuple(found)


def is_utf8(path: str) -> bool:
    """Whether a path can be kept: one of bytes that are no UTF-8 cannot."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
