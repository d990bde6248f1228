"""Reading the files of a repository: regular ones alone, and no more of them than is sensible.

Whoever may change a repository may put a device, a pipe or a file of any size where a template is looked for. What is
not read is an OSError, as is a file without the right to read it.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Of a file that is parsed, in bytes; the largest of those that people write has some hundred kilobytes.
MOST_BYTES = 16 << 20
#: Of a file that is only copied or compared.
MOST_COPIED = 1 << 30
_PIECE = 1 << 20


class NotAFileError(OSError):
    """A device, a pipe or a socket stands there."""


def read_bytes(file: Path | str, most: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file of at most `most` bytes. Raises OSError; never waits for a writer."""
    descriptor, size = _open(file)
    try:
        if size > most:
            raise too_large(file, most)
        found = os.read(descriptor, size + 1)
        if len(found) == size and size:  # nearly always: without a second look for the end
            return found
        pieces, total = [found], len(found)
        while found and total <= most:  # it grows, or is one of those that the kernel makes
            found = os.read(descriptor, _PIECE)
            pieces.append(found)
            total += len(found)
        if total > most:
            raise too_large(file, most)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def read_text(file: Path | str) -> str:
    """The same as text, every line ending in LF; bytes that are no UTF-8 are U+FFFD. Raises OSError."""
    return read_bytes(file).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def digest_of(file: Path | str, most: int | None = None) -> str:
    """SHA-256 (hex) of a regular file, of any size unless `most` is given. Raises OSError."""
    with opened(file) as descriptor, os.fdopen(descriptor, "rb", buffering=0, closefd=False) as stream:
        if most is not None and os.fstat(descriptor).st_size > most:
            raise too_large(file, most)
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def opened(file: Path | str) -> Iterator[int]:
    """A descriptor of a regular file, through links. Raises OSError."""
    descriptor, _ = _open(file)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(file: Path | str) -> tuple[int, int]:
    """The descriptor of a regular file, which the caller closes, and its size. Raises OSError."""
    # O_NONBLOCK: a pipe that nobody writes to would keep us for ever.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        if not S_ISREG(status.st_mode):
            raise NotAFileError(errno.EINVAL, "not a regular file", str(file))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def too_large(file: Path | str, most: int = MOST_BYTES) -> OSError:
    """What a file of more than `most` bytes is."""
    return OSError(errno.EFBIG, f"larger than {most >> 20} MB; not read", str(file))
