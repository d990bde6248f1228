"""`tfgen apply`: applies exactly a saved plan."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import TerraformOption
from tfgen_generators.errors import RefusedError, TerraformError, UsageError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

EXAMPLES = """\b
Examples:
  tfgen apply images.tfplan  exactly what was reviewed
  tfgen apply                plan, show, ask (on a terminal)
"""


def command(
    plan_file: Annotated[
        Path | None, typer.Argument(metavar="[PLANFILE]", show_default=False, help="A plan that tfgen plan has kept.")
    ] = None,
    terraform: TerraformOption = None,
) -> int:
    """Apply exactly the saved plan; without one: plan, show, ask.

    Not on a terminal there is nobody to ask, so a PLANFILE is needed there (exit 3 without).
    """
    if plan_file is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError(
            "apply without a plan asks before it changes anything, and this is no terminal",
            fix="run: tfgen plan --out FILE, then: tfgen apply FILE",
        )
    from tfgen.terraform.driver import is_plan
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    if plan_file is None:
        return _plan_and_ask(workspace, terraform)
    if not plan_file.is_file():
        raise UsageError(f"there is no plan file {plan_file}", fix=f"run: tfgen plan --out {plan_file}")
    if not is_plan(plan_file):
        raise UsageError(f"{plan_file} is no saved plan", fix="run: tfgen plan --out FILE, then: tfgen apply FILE")
    apply_plan(workspace, plan_file, terraform)
    return 0


def _plan_and_ask(workspace: Workspace, terraform: str | None) -> int:
    from tfgen.commands.plan import make_plan
    from tfgen.console import note
    from tfgen.plan_view import show_plan

    folder = workspace.make_state_dir()
    _remove_leftovers(folder)
    file = folder / f"apply-{os.getpid()}.tfplan"
    try:
        summary = make_plan(workspace, file, terraform)
        show_plan(summary)
        if not summary.changed:
            return 0
        if not _confirmed():
            note("apply cancelled; nothing has changed")
            return 1
        apply_plan(workspace, file, terraform)
    finally:
        file.unlink(missing_ok=True)
    return 0


def _remove_leftovers(folder: Path) -> None:
    """Deletes the plans (they hold secrets) of runs that were killed before they could."""
    for plan in folder.glob("apply-*.tfplan"):
        try:
            os.kill(int(plan.stem.removeprefix("apply-")), 0)
        except (ValueError, ProcessLookupError):
            plan.unlink(missing_ok=True)
        except PermissionError:
            continue  # another user's run, alive


def _confirmed() -> bool:
    sys.stdout.flush()  # or the question would come before the plan where stdout is a pipe
    sys.stderr.write("\nDo you want to apply this plan? Only 'yes' will be accepted: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"


def apply_plan(workspace: Workspace, plan_file: Path, terraform: str | None = None) -> None:
    """Applies exactly `plan_file`, with progress by image on stderr and Terraform's own line on stdout."""
    from tfgen.console import out
    from tfgen.progress import make_watcher
    from tfgen.terraform.driver import Driver

    try:
        done = Driver(workspace, make_watcher(), terraform=terraform).apply(plan_file)
    except TerraformError as error:
        error.fix = error.fix or "what was applied stands; to see what is left, run: tfgen plan"
        raise
    out(done.line)
