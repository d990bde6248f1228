"""`tfgen plan`: what would change in AWS, by image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen.options import AllowDestroyOption, LockTimeoutOption, TerraformOption, behind_dashes, check_duration
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.terraform.reports.plan import PlanSummary

EXIT_CHANGES = 2
_Format = Literal["table", "json", "markdown"]

EXAMPLES = """\b
Examples:
  tfgen plan                                       look
  tfgen plan --out images.tfplan                   keep, to apply exactly this
  tfgen plan --out images.tfplan --gate            in CI: exit 3 when something is destroyed
  tfgen plan --changed                             only the images that this branch changes
  tfgen plan -- -parallelism=20 -var region=eu-west-1
"""


def command(
    context: typer.Context,
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
    gate: Annotated[
        bool,
        typer.Option("--gate", envvar="TFGEN_GATE", help="Exit 3 when something is destroyed that is not allowed."),
    ] = False,
    allow_destroy: AllowDestroyOption = None,
    changed: Annotated[
        bool,
        typer.Option("--changed", envvar="TFGEN_CHANGED", help="Plan only the images that differ from the merge base."),
    ] = False,
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="REF", envvar="TFGEN_BASE", help="What the branch goes into (default: CI's or git's own)."
        ),
    ] = None,
    untrusted: Annotated[
        bool,
        typer.Option(
            "--untrusted",
            envvar="TFGEN_UNTRUSTED",
            help="The branch is somebody else's: refuse all but templates and tfgen.toml.",
        ),
    ] = False,
    allow_module: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-module",
            metavar="PREFIX",
            envvar="TFGEN_ALLOW_MODULE",
            help="With --untrusted: module sources that begin with PREFIX are all right.",
        ),
    ] = None,
    lock_timeout: LockTimeoutOption = "",
    format_: Annotated[
        _Format,
        typer.Option("--format", envvar="TFGEN_FORMAT", help="For people, for programs (docs/json.md), for a page."),
    ] = "table",
    terraform: TerraformOption = None,
) -> int:
    """Show what would change in AWS, by image, and keep the plan.

    Refuses stale generated files (exit 3): a plan is made from what was committed. Runs terraform init only
    when its inputs have changed. What stands behind -- goes to terraform plan as it is.
    """
    from tfgen.plan.make import PlanRequest, make_plan
    from tfgen.workspace import open_workspace

    _require_meaning(context, compares=changed or untrusted, untrusted=untrusted)
    request = PlanRequest(
        terraform=terraform,
        lock_timeout=check_duration("--lock-timeout", lock_timeout),
        extra=behind_dashes(context),
        changed=changed,
        untrusted=untrusted,
        base=base,
        allowed_modules=tuple(allow_module or ()),
    )
    workspace = open_workspace()
    file = out or workspace.make_state_dir() / "tfplan"
    summary = make_plan(workspace, file, request)
    allowed = tuple(allow_destroy or ())
    _show(summary, file if out else Path(os.path.relpath(file)), allowed, format_, workspace.settings.terraform_dir)
    if gate:
        from tfgen.plan.gate import require_allowed

        require_allowed(summary, allowed)
    return EXIT_CHANGES if detailed_exitcode and summary.changed else 0


def _require_meaning(context: typer.Context, *, compares: bool, untrusted: bool) -> None:
    """Raises UsageError for a flag on the command line that nothing would look at."""
    typed = {name for name in ("base", "allow_module") if _is_typed(context, name)}
    if "base" in typed and not compares:
        raise UsageError("--base says what a branch is compared with", fix="add --changed or --untrusted")
    if "allow_module" in typed and not untrusted:
        raise UsageError("--allow-module allows what --untrusted refuses", fix="add --untrusted")


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _show(summary: PlanSummary, file: Path, allowed: tuple[str, ...], format_: _Format, target: str) -> None:
    from tfgen.plan.gate import refused_images
    from tfgen.plan.table import show_next, show_plan, show_plan_json, show_plan_markdown

    refused = tuple(image.name for image in refused_images(summary, allowed))
    if format_ == "json":
        show_plan_json(summary, file, refused)
    elif format_ == "markdown":
        show_plan_markdown(summary, target, refused)
    else:
        show_plan(summary)
    if summary.changed:
        show_next(file, refused)
