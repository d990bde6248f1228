"""When a file may be taken for the one that was read before: stamps, versions of the readers, atomic cache files."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


#: Fewer new files than this are not worth a cache of their own.
WORTHWHILE = 50
#: Nanoseconds that a file must be older than the look that the cache is of. The coarsest clocks (FAT) count 2 s.
TICK = 2_000_000_000

Stamp = tuple[int, int, int, int]


def kept_stamps(stamps: dict[str, tuple[Stamp, str]]) -> dict[str, tuple[Stamp, str]]:
    """Those of paths that can be kept."""
    return {path: found for path, found in stamps.items() if is_utf8(path)}


def replace_file(file: Path, encode: Callable[[int], bytes]) -> None:
    """Puts what `encode` gives for the inode of the new file at `file`, whole or not at all. Never fails."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as opened:
                opened.write(encode(os.fstat(opened.fileno()).st_ino))
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)


def readers_version(packages: Iterable[str]) -> str:
    """Changes with every change of the readers in `packages` (and of the grammars): their files' sizes and times."""
    seen: list[tuple[str, int, int]] = []
    here = Path(__file__).parents[1]
    for package in packages:
        for file in sorted((here / package).rglob("*.py")):
            status = file.stat()
            seen.append((file.name, status.st_size, status.st_mtime_ns))
    for name in ("tree_sitter_bash", "tree_sitter_hcl"):
        grammar = importlib.util.find_spec(name)
        if grammar and grammar.origin:
            seen.append((name, 0, Path(grammar.origin).stat().st_mtime_ns))
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def is_utf8(path: str) -> bool:
    """Whether a path can be kept: one of bytes that are no UTF-8 cannot."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
