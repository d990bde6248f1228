"""Files that Git LFS keeps elsewhere: whether the work tree has what the pointer in a commit names.

git itself would start LFS's filter to compare them, and a branch's attributes choose which filter that is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from tfgen.git.blobs import blob_sizes, read_blobs

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n"
)
#: As LFS has it: a pointer is shorter.
_MOST_BYTES = 1024


def unchanged_large_files(root: Path, blobs: Mapping[str, str]) -> set[str]:
    """Those of `blobs` (path -> blob) where the blob is a pointer to what the file holds. Raises NoAnswerError."""
    sizes = blob_sizes(root, sorted(set(blobs.values())))
    pointers = dict(read_blobs(root, [blob for blob, size in sizes.items() if size < _MOST_BYTES]))
    return {path for path, blob in blobs.items() if blob in pointers and _is_pointer_to(pointers[blob], root / path)}


def _is_pointer_to(pointer: bytes, file: Path) -> bool:
    if not (named := _POINTER.fullmatch(pointer)):
        return False
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size != int(named[2]):
            return False
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == named[1].decode()
    except OSError:
        return False
