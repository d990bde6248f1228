"""`tfgen plan`: what would change in AWS, by image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import FormatOption, TerraformOption

if TYPE_CHECKING:
    from tfgen.terraform.plan import PlanSummary
    from tfgen.workspace import Workspace

EXIT_CHANGES = 2

EXAMPLES = """\b
Examples:
  tfgen plan                                       look
  tfgen plan --out images.tfplan                   keep, to apply exactly this
  tfgen plan --detailed-exitcode --format json     for a script: exit 2 on changes
"""


def command(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", envvar="TFGEN_OUT", help="Keep the plan in FILE (default .tfgen/tfplan)."
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            envvar="TFGEN_DETAILED_EXITCODE",
            help="Exit 2 when there are changes, as terraform does.",
        ),
    ] = False,
    format_: FormatOption = "table",
    terraform: TerraformOption = None,
) -> int:
    """Show what would change in AWS, by image, and keep the plan.

    Refuses stale generated files (exit 3): a plan is made from what was committed. Runs terraform init only
    when its inputs have changed.
    """
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    file = out or workspace.make_state_dir() / "tfplan"
    summary = make_plan(workspace, file, terraform)
    from tfgen.plan_view import show_next, show_plan, show_plan_json

    shown = file if out else Path(os.path.relpath(file))
    if format_ == "json":
        show_plan_json(summary, shown)
    else:
        show_plan(summary)
        if summary.changed:
            show_next(shown)
    return EXIT_CHANGES if detailed_exitcode and summary.changed else 0


def make_plan(workspace: Workspace, file: Path, terraform: str | None = None) -> PlanSummary:
    """Plans into `file`, with progress on stderr. Raises TfgenError, RefusedError when sync has work to do."""
    from tfgen.progress import make_watcher
    from tfgen.terraform.driver import Driver

    require_synced(workspace)
    return Driver(workspace, make_watcher(), terraform=terraform).plan(file)


def require_synced(workspace: Workspace) -> None:
    """Raises RefusedError when the generated files are not what sync would write, TfgenError on broken templates."""
    from tfgen.commands.sync import complain, look
    from tfgen_generators.errors import RefusedError, TemplateError

    result = look(workspace)
    complain(result)
    if result.changes.refused:
        raise RefusedError("the generated files need a decision first", fix="see above")
    if result.changes.changes:
        stale = ", ".join(f"{change.path} ({change.action})" for change in result.changes.changes[:5])
        more = len(result.changes.changes) - 5
        raise RefusedError(
            f"generated files are stale: {stale}{f' and {more} more' if more > 0 else ''}", fix="run: tfgen sync"
        )
    if result.problems:
        raise TemplateError("not every template can be read", fix="correct the errors above")
