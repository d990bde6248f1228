"""The only module that writes generated files.

Everything new is first written beside its place (so a full disk, or a folder that cannot be written, is met
before anything has changed), then each file takes its place by one atomic rename, then what is gone is deleted.
A crash in between leaves whole files, old or new, and the next sync does the rest.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from tfgen_generators.changes import Change
from tfgen_generators.errors import TfgenError

_BESIDE = ".tfgen-new-"


def apply_changes(root: Path, changes: Sequence[Change]) -> None:
    """Makes `changes` true below `root`. Raises TfgenError; then nothing, or whole files only, have changed."""
    staged: list[tuple[Path, Path]] = []
    try:
        for change in changes:
            if change.action != "delete":
                target = root / change.path
                staged.append((_stage(target, change.after), target))
        for beside, target in staged:
            beside.replace(target)
        for change in changes:
            if change.action == "delete":
                (root / change.path).unlink(missing_ok=True)
    except OSError as error:
        raise TfgenError(
            f"cannot be written: {error.strerror or error}",
            where=_where(root, error),
            fix="make the folder writable (or free space) and run: tfgen sync",
        ) from None
    finally:
        for beside, _ in staged:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Deletes what a killed sync left beside its targets. Call it only while holding the lock."""
    for leftover in folder.glob(f"{_BESIDE}*"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _stage(target: Path, text: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.parent / f"{_BESIDE}{os.urandom(8).hex()}"
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = error.filename or str(beside)  # a full disk names no file
        raise
    return beside


def _where(root: Path, error: OSError) -> str:
    name = error.filename2 or error.filename
    if name is None:
        return str(root)
    path = Path(os.fsdecode(name))
    if path.name.startswith(_BESIDE):
        path = path.parent
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
