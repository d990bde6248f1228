"""`errored.tfstate`: the state that Terraform could not save: without it, nobody knows of what AWS has."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from tfgen.state.backup import new_backup
from tfgen.workspace import Workspace
from tfgen_generators.errors import RefusedError, TfgenError

NAME = "errored.tfstate"


def unsaved_state(workspace: Workspace) -> Path | None:
    """The file, when Terraform has left one."""
    file = workspace.terraform_dir / NAME
    return file if os.path.lexists(file) else None


def require_none(workspace: Workspace) -> None:
    """Raises RefusedError when one lies there: the next failure would overwrite it."""
    if unsaved_state(workspace) is not None:
        raise RefusedError(
            "an earlier apply could not save its state, which is only in this file; another apply would lose it",
            where=_shown(workspace),
            fix=f"{_way_out(workspace)}, then delete that file",
        )


def warning(workspace: Workspace) -> str:
    """What a plan says of it; "" when there is none."""
    if unsaved_state(workspace) is None:
        return ""
    return (
        f"{_shown(workspace)}: an earlier apply could not save its state, so this plan does not know what it created; "
        f"{_way_out(workspace)}"
    )


def keep(workspace: Workspace) -> str:
    """Copies it into `.tfgen/backup/` and says where all of it lies; "" when there is none."""
    file = unsaved_state(workspace)
    if file is None:
        return ""
    try:
        backup, descriptor = new_backup(workspace, NAME)
        with os.fdopen(descriptor, "wb") as target, file.open("rb") as source:
            shutil.copyfileobj(source, target)
    except (OSError, TfgenError) as error:
        copied = f"copying it failed: {error}"
    else:
        copied = f"copy: {os.path.relpath(backup)}"
    return f"the state could not be saved and is in {_shown(workspace)} ({copied}); {_way_out(workspace)}"


def _shown(workspace: Workspace) -> str:
    return os.path.relpath(workspace.terraform_dir / NAME)


def _way_out(workspace: Workspace) -> str:
    folder = shlex.quote(os.path.relpath(workspace.terraform_dir))
    return f"run: terraform -chdir={folder} state push {NAME}"
