"""Copies of what would otherwise be lost, in `.tfgen/backup/`: states and files that a command replaces."""

from __future__ import annotations

import os
from pathlib import Path

from tfgen.phrases import stamp
from tfgen.workspace import Workspace
from tfgen_generators.errors import TfgenError


def new_backup(workspace: Workspace, name: str) -> tuple[Path, int]:
    """An empty file `name.STAMP`, for its owner alone and never over another one, and its descriptor.

    Raises TfgenError.
    """
    folder = workspace.make_state_dir("backup")
    now = stamp()
    for number in range(1000):
        file = folder / f"{name}.{now}{f'-{number}' if number else ''}"
        try:
            return file, os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise TfgenError(f"cannot be written: {error.strerror}", where=str(file)) from None
    raise TfgenError("no free name for a copy", where=str(folder), fix="remove old copies")
