"""The plan of what adopt would write, from the user's state, which is only read: nothing may be destroyed.

It is made in a copy of the repository, so that nothing is written before it is known.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.console import note, one_line
from tfgen_generators.errors import InterruptedRunError, RefusedError, TfgenError
from tfgen_generators.packer.discovery.discover import SKIPPED_FOLDERS

if TYPE_CHECKING:
    from tfgen.adopt.request import AdoptRequest
    from tfgen.terraform.reports.plan import PlanSummary
    from tfgen.workspace import Workspace

_SHOWN = 10
_PROVIDERS = "providers"


def prove(workspace: Workspace, files: Mapping[str, bytes | None], request: AdoptRequest) -> str:
    """What the plan says, "" where Terraform made none (said on stderr). Raises RefusedError where it destroys."""
    from tfgen.workspace import private_folder

    try:
        with private_folder(workspace.make_state_dir(), "adopt-") as folder:
            summary = _planned(workspace, files, folder, request)
    except (InterruptedRunError, RefusedError):
        raise
    except (TfgenError, OSError) as error:
        note(one_line(f"warning: no plan could be made: {error}"), style="yellow")
        return ""
    _require_kept(summary)
    return f"proven by a plan: {_counts(summary)}"


def _planned(
    workspace: Workspace, files: Mapping[str, bytes | None], folder: Path, request: AdoptRequest
) -> PlanSummary:
    from tfgen.plan.make import plan_copy

    copy = folder / "tree"
    shutil.copytree(workspace.root, copy, symlinks=True, ignore=shutil.ignore_patterns(*SKIPPED_FOLDERS))
    for path, data in files.items():
        target = copy / path
        if data is None:
            target.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    env = {name: value for name, value in os.environ.items() if name != "TF_DATA_DIR"}
    _copy_data(workspace, copy / workspace.settings.terraform_dir)
    placed = replace(workspace, root=copy, original=workspace.root, scratch=folder)
    program = request.terraform
    if program and os.sep in program:
        program = str(Path(program).absolute())
    return plan_copy(
        placed, folder / "plan", program, env, lambda path: Path(os.path.normpath(workspace.terraform_dir / path))
    )


def _copy_data(workspace: Workspace, folder: Path) -> None:
    """What init has made, so that backend, workspace and modules are the user's; providers are large, and only read."""
    from tfgen.terraform.init import data_dir

    data = data_dir(workspace.terraform_dir, os.environ)
    if not data.is_dir():
        return
    new = folder / ".terraform"
    shutil.copytree(data, new, symlinks=True, ignore=shutil.ignore_patterns(_PROVIDERS))
    if (data / _PROVIDERS).is_dir():
        shutil.copytree(data / _PROVIDERS, new / _PROVIDERS, symlinks=True, copy_function=_linked)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _require_kept(summary: PlanSummary) -> None:
    """Raises RefusedError with what would be destroyed, by what, and what keeps it."""
    gone = [
        (image.name, one) for image in summary.images for one in image.changes if one.action in ("delete", "replace")
    ]
    if not gone:
        return
    for name, change in gone[:_SHOWN]:
        word = "replaced" if change.action == "replace" else "destroyed"
        said = f" ({change.why})" if change.why else ""
        what = ", ".join(change.forced_by) or "what differs"
        fix = f"; give the module {what} as it is in AWS, in [templates.{name}.inputs] or [templates.{name}.names]"
        note(one_line(f"error: {change.address} would be {word}{said}{fix}"), style="red")
    raise RefusedError(
        f"the plan would destroy or replace {len(gone)} resource{'s' * (len(gone) != 1)}",
        fix="see above; nothing was written",
    )


def _counts(summary: PlanSummary) -> str:
    words = {"move": "to move", "import": "to import", "create": "to add", "update": "to change"}
    counted = {word: sum(image.count(action) for image in summary.images) for action, word in words.items()}
    return ", ".join([*(f"{number} {word}" for word, number in counted.items()), "0 to destroy"])
