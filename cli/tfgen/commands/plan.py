"""`tfgen plan`: what would change in AWS, by image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen.completion import values
from tfgen.options import (
    AllowActionOption,
    AllowDestroyOption,
    LockTimeoutOption,
    TerraformOption,
    behind_dashes,
    check_duration,
    is_typed,
)
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.plan.compared.behind import Behind
    from tfgen.terraform.reports.plan import PlanSummary
    from tfgen.workspace import Workspace

EXIT_CHANGES = 2
_Format = Literal["table", "json", "markdown"]

EXAMPLES = """\b
Examples:
  tfgen plan                                       show the changes
  tfgen plan --out images.tfplan                   save the plan for tfgen apply
  tfgen plan --out images.tfplan --gate            in CI: exit 3 when a resource is destroyed
  tfgen plan --changed                             only the images that this branch changes
  tfgen plan -- -parallelism=20 -var region=eu-west-1
"""


def command(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", envvar="TFGEN_OUT", help="Save the plan to FILE (default .tfgen/tfplan)."
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
        typer.Option(
            "--gate",
            envvar="TFGEN_GATE",
            help="Exit 3 when the plan destroys or replaces something without --allow-destroy, invokes actions without "
            "--allow-action, or does not show all.",
        ),
    ] = False,
    allow_destroy: AllowDestroyOption = None,
    allow_action: AllowActionOption = None,
    changed: Annotated[
        bool,
        typer.Option("--changed", envvar="TFGEN_CHANGED", help="Plan only the images that differ from the merge base."),
    ] = False,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REF",
            envvar="TFGEN_BASE",
            autocompletion=values.refs,
            help="The target branch (default: from CI, or git's default; --untrusted requires it).",
        ),
    ] = None,
    untrusted: Annotated[
        bool,
        typer.Option(
            "--untrusted",
            envvar="TFGEN_UNTRUSTED",
            help="For an untrusted branch: plan its templates and values with the base's Terraform, name the rest.",
        ),
    ] = False,
    allow_module: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-module",
            metavar="PREFIX",
            envvar="TFGEN_ALLOW_MODULE",
            help="With --untrusted: allow module sources that begin with PREFIX. Repeatable.",
        ),
    ] = None,
    lock_timeout: LockTimeoutOption = "",
    format_: Annotated[
        _Format,
        typer.Option(
            "--format", envvar="TFGEN_FORMAT", help="Output format: a table, JSON (docs/json.md) or Markdown."
        ),
    ] = "table",
    terraform: TerraformOption = None,
) -> int:
    """Show what would change in AWS, by image, and save the plan.

    Refuses stale generated files (exit 3). Runs terraform init only when its inputs have changed. Arguments after --
    are passed to terraform plan.
    """
    from tfgen.plan.make import PlanRequest, make_plan
    from tfgen.plan.plan_file import own_plan
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
    file = out or own_plan(workspace.make_state_dir())
    summary = make_plan(workspace, file, request)
    allowed, actions = tuple(allow_destroy or ()), tuple(allow_action or ())
    shown = file if out else Path(os.path.relpath(file))
    refused, acting = _show(summary, shown, allowed, actions, format_, workspace)
    behind = _behind(workspace, refused, base) if not untrusted else None
    if summary.changed and not (gate and summary.not_planned):
        from tfgen.plan.table import show_next

        show_next(shown, refused, behind.advice() if behind and behind.explains(refused) else "", acting)
    if gate:
        from tfgen.plan.gate import renamed_images, require_all_planned, require_allowed

        require_allowed(summary, allowed, renamed_images(workspace.settings), lambda _: behind, actions=actions)
        require_all_planned(summary)
    return EXIT_CHANGES if detailed_exitcode and summary.changed else 0


def _behind(workspace: Workspace, refused: tuple[str, ...], base: str | None) -> Behind | None:
    if not refused:
        return None
    from tfgen.plan.compared.behind import find_behind

    return find_behind(workspace, refused, base)


def _require_meaning(context: typer.Context, *, compares: bool, untrusted: bool) -> None:
    """Raises UsageError for a flag on the command line that nothing would look at."""
    typed = {name for name in ("base", "allow_module") if is_typed(context, name)}
    if "base" in typed and not compares:
        raise UsageError("--base requires --changed or --untrusted", fix="add one of them, or remove --base")
    if "allow_module" in typed and not untrusted:
        raise UsageError("--allow-module requires --untrusted", fix="add --untrusted, or remove --allow-module")


def _show(
    summary: PlanSummary,
    file: Path,
    allowed: tuple[str, ...],
    actions: tuple[str, ...],
    format_: _Format,
    workspace: Workspace,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Shows the plan; gives the images that the gate refuses, for what they lose and for their actions."""
    from tfgen.plan.gate import acting_images, refused_images, renamed_images
    from tfgen.plan.table import show_not_planned, show_plan, show_plan_json, show_plan_markdown

    refused = tuple(image.name for image in refused_images(summary, allowed, renamed_images(workspace.settings)))
    acting = tuple(image.name for image in acting_images(summary, actions))
    show_not_planned(summary, data=format_ == "table")
    if format_ == "json":
        show_plan_json(summary, file, refused, acting)
    elif format_ == "markdown":
        from tfgen.hosts.target import plan_name

        show_plan_markdown(summary, plan_name(workspace.root, workspace.settings.terraform_dir), refused, acting)
    else:
        show_plan(summary)
    return refused, acting
