"""`tfgen status`: the state of every image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen.completion import values

if TYPE_CHECKING:
    from tfgen.status.model import Report

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
            "--drift", envvar="TFGEN_STATUS_DRIFT", help="Compare roles, rules and buckets too (more calls per image)."
        ),
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
    format_: Annotated[
        Form,
        typer.Option(
            "--format", envvar="TFGEN_FORMAT", help="Output format: a table, JSON (docs/json.md), or one HTML page."
        ),
    ] = "table",
) -> int:
    """Show the state of every image: its last good AMI, its pipeline, and what has changed since.

    Reads CodePipeline, CodeBuild, EC2 and git; changes nothing and stores nothing. Exits 1 when something could not be
    read.
    """
    from tfgen.status.run import find_status, is_whole
    from tfgen.status.saved import read_report

    if from_ is not None:
        report = read_report(from_)
        _show(report, format_)
        return 0 if is_whole(report) else 1
    from tfgen.status.collect import Options
    from tfgen.sync.survey import complain
    from tfgen.workspace import open_workspace

    images = (image,) if image else ()
    options = Options(regions=tuple(region or ()), images=images, full=drift or bool(images))
    answer = find_status(open_workspace(), options)
    _show(answer.report, format_)
    complain(answer.found)
    return 0 if answer.is_whole else 1


def _show(report: Report, format_: Form) -> None:
    if format_ == "json":
        from msgspec import to_builtins

        from tfgen.console import out_json

        out_json(to_builtins(report))
    elif format_ == "html":
        import sys

        from tfgen.status.page.render import render

        sys.stdout.write(render(report))
    else:
        from tfgen.status.table import show

        show(report)
