"""What a comment is about, by a name that no other folder of the same repository has."""

from __future__ import annotations

import os
from pathlib import Path

from tfgen.git.repository import folder_in_repository
from tfgen_generators.settings.model import FILE_NAME


def plan_name(root: Path, terraform_dir: str, target: str = "") -> str:
    """The name of the plan of the workspace `root` on a pull request: its root module's folder in the repository.

    A `target` of the user's stands in the place of `terraform_dir`.
    """
    folder = folder_in_repository(root)
    if target:
        return f"{folder}: {target}" if folder else target
    return f"{folder}/{terraform_dir}" if folder else terraform_dir


def former_names(root: Path, terraform_dir: str, target: str = "") -> tuple[str, ...]:
    """The names under which earlier versions may have commented on the same plan.

    They did not name the folder; where the repository's root has a tfgen.toml too, that one's comments have such names.
    """
    folder = folder_in_repository(root)
    depth = folder.count("/") + 1
    top = Path(os.path.realpath(root)).parents[depth - 1] if folder else None
    if top is None or (top / FILE_NAME).exists():
        return ()
    return (target or terraform_dir,)
