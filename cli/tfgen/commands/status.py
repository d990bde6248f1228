"""`tfgen status`: the state of every image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen.completion import values
from tfgen.options import IamPolicyOption
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.status.collect import Options
    from tfgen.status.show.answer import Shown

Form = Literal["table", "json", "html"]

EXAMPLES = """\b
Examples:
  tfgen status                                  every image: its AMI, its age, what it is behind, its pipeline
  tfgen status wordpress                        one image at length
  tfgen status --check --max-age 30d --behind   exit 2 and name the images that are too old or behind
  tfgen status --format html > status.html      one page
"""


def command(
    image: Annotated[
        str | None,
        typer.Argument(
            metavar="[IMAGE]", show_default=False, help="Show one image at length.", autocompletion=values.images
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_STATUS_REGION",
            help="AWS region (default: [status] of tfgen.toml, AWS_REGION, or the profile's). Repeatable.",
        ),
    ] = None,
    drift: Annotated[
        bool,
        typer.Option(
            "--drift",
            envvar="TFGEN_STATUS_DRIFT",
            help="Compare every field of pipelines, roles, rules and buckets too; takes more calls for each image.",
        ),
    ] = False,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            envvar="TFGEN_STATUS_PLAN",
            help="Ask Terraform what differs between the generated files and AWS: a plan that is not kept.",
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            envvar="TFGEN_STATUS_CHECK",
            help="Exit 2 when an image is red, or has no pipeline or no good AMI; name these images on stderr.",
        ),
    ] = False,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age",
            metavar="AGE",
            envvar="TFGEN_STATUS_MAX_AGE",
            help="With --check: also images whose AMI is older than this, for example 30d.",
        ),
    ] = None,
    max_failing: Annotated[
        int | None,
        typer.Option(
            "--max-failing",
            metavar="N",
            min=0,
            envvar="TFGEN_STATUS_MAX_FAILING",
            show_default=False,
            help="With --check: so many red images are allowed (default: 0).",
        ),
    ] = None,
    behind: Annotated[
        bool,
        typer.Option(
            "--behind",
            envvar="TFGEN_STATUS_BEHIND",
            help="With --check: also images that are behind HEAD, or of which that is unknown.",
        ),
    ] = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", envvar="TFGEN_STATUS_WATCH", help="Refresh the table on a terminal until Ctrl-C."),
    ] = False,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            envvar="TFGEN_STATUS_FROM",
            help="Show a saved report (of --format json) instead of asking AWS.",
        ),
    ] = None,
    iam_policy: IamPolicyOption = False,
    format_: Annotated[
        Form,
        typer.Option(
            "--format", envvar="TFGEN_FORMAT", help="Output format: a table, JSON (docs/json.md), or one HTML page."
        ),
    ] = "table",
) -> int:
    """Show the state of every image: its last good AMI, its pipeline, and what has changed since.

    Reads CodePipeline, CodeBuild, EC2 and git; changes nothing and stores nothing. Exits 1 when something could not be
    read, 2 when --check finds something.
    """
    from tfgen.status.collect import Options
    from tfgen.status.show.answer import Shown, show_now, show_saved
    from tfgen.status.show.check import limits

    for flag, given in (("--max-age", max_age), ("--max-failing", max_failing), ("--behind", behind)):
        if given not in (None, False) and not check:
            raise UsageError(f"{flag} requires --check", fix=f"add --check, or remove {flag}")
    shown = Shown(form=format_, limits=limits(max_age, max_failing, behind) if check else None, image=image)
    options = Options(
        regions=tuple(region or ()), images=(image,) if image else (), full=drift or image is not None, plan=plan
    )
    if iam_policy:
        return _print_policy(options)
    if watch:
        return _watch(options, shown, from_)
    if from_ is not None:
        return show_saved(from_, shown)
    return show_now(options, shown)


def _print_policy(options: Options) -> int:
    from tfgen.console import out_json
    from tfgen.status.policy import policy
    from tfgen.workspace import open_workspace

    out_json(policy(open_workspace(need_settings=False).settings, options.regions))
    return 0


def _watch(options: Options, shown: Shown, saved: str | None) -> int:
    from tfgen.status.run import find_status
    from tfgen.status.show.watch import require_terminal, watch
    from tfgen.workspace import open_workspace

    for flag, given in (("--check", shown.limits), ("--from", saved), ("--format", shown.form != "table")):
        if given:
            raise UsageError(f"--watch cannot be used with {flag}", fix="remove one of them")
    require_terminal()
    try:
        watch(lambda: find_status(open_workspace(), options, quiet=True).report)
    except KeyboardInterrupt:
        return 130
