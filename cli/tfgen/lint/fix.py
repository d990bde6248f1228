"""`tfgen lint --fix`: applies the safe edits of findings to the files that they were found in."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tfgen_generators.lint.model import Edit, Finding

#: Why a file is left alone that another look may mend.
CHANGED = "not fixed: the file has changed"


def apply_edits(root: Path, findings: Iterable[Finding], read: Callable[[str], bytes]) -> tuple[int, list[str]]:
    """Applies what does not overlap: (findings that were fixed, why files were left alone).

    `read` gives a file's bytes as lint saw them: a file that has changed since, that is none of its own (a link, a
    special file) or lies outside `root` is left alone. Everything else in a file stays as it is, byte by byte.
    """
    wanted: dict[str, list[Edit]] = {}
    chosen: list[Finding] = []
    for finding in findings:
        if finding.edits and all(_fits(edit, wanted.get(edit.path, ()), read(edit.path)) for edit in finding.edits):
            chosen.append(finding)
            for edit in finding.edits:
                wanted.setdefault(edit.path, []).append(edit)
    left = {path: reason for path, edits in sorted(wanted.items()) if (reason := _write(root, path, edits, read(path)))}
    fixed = sum(not any(edit.path in left for edit in finding.edits) for finding in chosen)
    return fixed, [f"{path}: {reason}" for path, reason in left.items()]


def _fits(edit: Edit, others: Iterable[Edit], data: bytes) -> bool:
    if not 0 <= edit.start <= edit.end <= len(data):
        return False
    return all(edit.end < other.start or other.end < edit.start for other in others)


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with the edits, none of which overlap."""
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
    return data


def _write(root: Path, path: str, edits: list[Edit], seen: bytes) -> str:
    """Why the file was left alone, "" when it was changed."""
    file = root / path
    if ".git" in Path(path).parts or os.path.realpath(file) != f"{os.path.realpath(root)}/{path}":
        return "not fixed: a symlink, or outside the repository"
    try:
        with _opened(file) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return "not fixed: not a regular file"
            if _content(descriptor) != seen or file.stat().st_ino != status.st_ino:
                return CHANGED
            _replace(file, edited(seen, edits), stat.S_IMODE(status.st_mode))
    except OSError as error:
        return f"not fixed: {error.strerror}"
    return ""


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[int]:
    """The file, held against another `tfgen lint --fix`."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as opened:
        return opened.read()


def _replace(file: Path, data: bytes, mode: int) -> None:
    """Atomically: a whole file, old or new, is there at every moment."""
    handle, beside = tempfile.mkstemp(prefix=f".{file.name[:100]}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fchmod(opened.fileno(), mode)
            os.fsync(opened.fileno())
        Path(beside).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise
