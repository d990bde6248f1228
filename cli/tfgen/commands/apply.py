"""`tfgen apply`: applies exactly a saved plan."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import (
    AllowActionOption,
    AllowDestroyOption,
    LockTimeoutOption,
    TerraformOption,
    behind_dashes,
    check_duration,
)
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.plan.make import PlanRequest
    from tfgen.workspace import Workspace

EXAMPLES = """\b
Examples:
  tfgen apply images.tfplan                     apply a saved plan
  tfgen apply images.tfplan --allow-destroy db  also if it destroys resources of db
  tfgen apply                                   plan and ask for approval (on a terminal)
"""


def command(
    context: typer.Context,
    plan_file: Annotated[
        Path | None, typer.Argument(metavar="[PLANFILE]", show_default=False, help="A plan that tfgen plan saved.")
    ] = None,
    allow_destroy: AllowDestroyOption = None,
    allow_action: AllowActionOption = None,
    lock_timeout: LockTimeoutOption = "",
    terraform: TerraformOption = None,
) -> int:
    """Apply a saved plan, or plan and ask for approval.

    Refuses (exit 3) a plan that was changed, is stale, or was made from other files or by another Terraform, and a plan
    that destroys or replaces resources of an image without --allow-destroy, or invokes its actions without
    --allow-action. PLANFILE is required when not on a terminal. Arguments after -- are passed to terraform: to apply
    with a PLANFILE, to plan without one.
    """
    if plan_file is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError(
            "apply without a plan file must ask for approval, and this is not a terminal",
            fix="run: tfgen plan --out FILE, then: tfgen apply FILE",
        )
    from tfgen.plan.make import PlanRequest
    from tfgen.workspace import open_workspace

    request = PlanRequest(
        terraform=terraform,
        lock_timeout=check_duration("--lock-timeout", lock_timeout),
        extra=behind_dashes(context),
    )
    from tfgen.plan.apply import apply_plan

    allowed, actions = tuple(allow_destroy or ()), tuple(allow_action or ())
    workspace = open_workspace()
    if plan_file is None:
        return _plan_and_ask(workspace, allowed, actions, request)
    apply_plan(workspace, plan_file, allowed, request, actions=actions)
    return 0


def _plan_and_ask(
    workspace: Workspace, allowed: tuple[str, ...], actions: tuple[str, ...], request: PlanRequest
) -> int:
    from functools import partial

    from msgspec.structs import replace

    from tfgen.console import note
    from tfgen.plan.apply import apply_plan
    from tfgen.plan.compared.behind import find_behind
    from tfgen.plan.gate import renamed_images, require_allowed
    from tfgen.plan.make import make_plan
    from tfgen.plan.manifest import manifest_path
    from tfgen.plan.table import show_plan

    folder = workspace.make_state_dir()
    _remove_leftovers(folder)
    file = folder / f"apply-{os.getpid()}.tfplan"
    try:
        summary = make_plan(workspace, file, request)
        show_plan(summary)
        if not summary.changed:
            return 0
        renamed, look = renamed_images(workspace.settings), partial(find_behind, workspace)
        require_allowed(summary, allowed, renamed, look, actions=actions)
        if not _confirmed():
            note("apply cancelled; nothing was changed")
            return 1
        apply_plan(workspace, file, allowed, replace(request, extra=()), actions=actions)
    finally:
        file.unlink(missing_ok=True)
        manifest_path(file).unlink(missing_ok=True)
    return 0


def _remove_leftovers(folder: Path) -> None:
    """Deletes the plans (they hold secrets) of runs that were killed before they could."""
    for plan in folder.glob("apply-*.tfplan*"):
        try:
            os.kill(int(plan.name.partition(".")[0].removeprefix("apply-")), 0)
        except (ValueError, ProcessLookupError):
            plan.unlink(missing_ok=True)
        except PermissionError:
            continue  # another user's run, alive


def _confirmed() -> bool:
    sys.stdout.flush()  # or the question would come before the plan where stdout is a pipe
    sys.stderr.write("\nDo you want to apply this plan? Only 'yes' will be accepted: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"
