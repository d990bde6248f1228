"""`tfgen apply`: applies exactly a saved plan."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import AllowDestroyOption, LockTimeoutOption, TerraformOption, behind_dashes, check_duration
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.plan.make import PlanRequest
    from tfgen.workspace import Workspace

EXAMPLES = """\b
Examples:
  tfgen apply images.tfplan                     exactly what was reviewed
  tfgen apply images.tfplan --allow-destroy db  although it destroys something of db
  tfgen apply                                   plan, show, ask (on a terminal)
"""


def command(
    context: typer.Context,
    plan_file: Annotated[
        Path | None, typer.Argument(metavar="[PLANFILE]", show_default=False, help="A plan that tfgen plan has kept.")
    ] = None,
    allow_destroy: AllowDestroyOption = None,
    lock_timeout: LockTimeoutOption = "",
    terraform: TerraformOption = None,
) -> int:
    """Apply exactly the saved plan; without one: plan, show, ask.

    Refuses (exit 3) a plan that was altered, made from other files or by another Terraform, or overtaken by a newer
    state, and one that destroys or replaces what --allow-destroy does not name. Not on a terminal there is nobody
    to ask, so a PLANFILE is needed there. What stands behind -- goes to terraform as it is: to apply with a
    PLANFILE, to plan without one.
    """
    if plan_file is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError(
            "apply without a plan asks before it changes anything, and this is no terminal",
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

    allowed = tuple(allow_destroy or ())
    workspace = open_workspace()
    if plan_file is None:
        return _plan_and_ask(workspace, allowed, request)
    apply_plan(workspace, plan_file, allowed, request)
    return 0


def _plan_and_ask(workspace: Workspace, allowed: tuple[str, ...], request: PlanRequest) -> int:
    from msgspec.structs import replace

    from tfgen.console import note
    from tfgen.plan.apply import apply_plan
    from tfgen.plan.gate import require_allowed
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
        require_allowed(summary, allowed)
        if not _confirmed():
            note("apply cancelled; nothing has changed")
            return 1
        apply_plan(workspace, file, allowed, replace(request, extra=()))
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
