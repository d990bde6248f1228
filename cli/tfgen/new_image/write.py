"""Writes files that are not there yet, and nothing else: whole files only, whatever happens."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfgen.new_image.model import NewFile
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.sync.write import BESIDE

#: What file systems say that have no hard links, or no more of them.
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def write_new(root: Path, files: Sequence[NewFile]) -> None:
    """Writes all files, the first last: that is the template, which must not be there without what it names.

    Raises TfgenError, and RefusedError where something is there by now; then nothing that it has written stays.
    """
    beside: list[tuple[Path, Path]] = []
    done: list[Path] = []
    folders: set[Path] = set()
    try:
        for file in (*files[1:], *files[:1]):
            target = root / file.path
            folders |= {folder for folder in (target.parent, *target.parent.parents) if not folder.exists()}
            target.parent.mkdir(parents=True, exist_ok=True)
            staged = target.parent / f"{BESIDE}{os.urandom(8).hex()}"
            beside.append((staged, target))
            _stage(staged, file)
        for staged, target in beside:
            _place(staged, target, done)
    except BaseException as error:
        for path in done:
            path.unlink(missing_ok=True)
        _remove(path for path, _ in beside)
        for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise _said(root, error) from None
        raise
    _remove(path for path, _ in beside)


def _stage(path: Path, file: NewFile) -> None:
    mode = 0o777 if file.is_program else 0o666
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as opened:
        opened.write(file.data)
        opened.flush()
        os.fsync(opened.fileno())


def _place(staged: Path, target: Path, done: list[Path]) -> None:
    """Gives a whole file its name, unless something has it. Raises OSError."""
    try:
        os.link(staged, target)  # does not replace, as a rename would
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))  # the name is ours from here on
        done.append(target)
        staged.replace(target)
    else:
        done.append(target)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _said(root: Path, error: OSError) -> TfgenError:
    name = error.filename2 or error.filename or root
    path = Path(os.fsdecode(name))
    path = path.parent if path.name.startswith(BESIDE) else path
    where = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    if isinstance(error, FileExistsError):
        return RefusedError("already exists", where=where, fix="use another name, or remove it")
    fix = "make the folder writable, or free some space"
    return TfgenError(f"cannot be written: {error.strerror or error}", where=where, fix=fix)
