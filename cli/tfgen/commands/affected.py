"""`tfgen affected`: which images a change affects, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.affected.answer import Form, Options, answer
from tfgen.completion import values

EXAMPLES = """\b
Examples:
  tfgen affected                           this branch and uncommitted changes
  tfgen affected --why                     each changed file and its dependency path to the image
  tfgen affected --base v1.4 --head v1.5   between two releases
  tfgen affected --format names | xargs -r tfgen build
"""


def command(
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REF",
            envvar="TFGEN_BASE",
            autocompletion=values.refs,
            help="The target branch (default: from CI, or git's default).",
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="REF",
            envvar="TFGEN_HEAD",
            autocompletion=values.refs,
            help="The commit to check (default: the work tree with uncommitted changes).",
        ),
    ] = None,
    why: Annotated[
        bool,
        typer.Option("--why", envvar="TFGEN_WHY", help="Show every changed file and its dependency path to the image."),
    ] = False,
    include_children: Annotated[
        bool,
        typer.Option(
            "--include-children",
            envvar="TFGEN_INCLUDE_CHILDREN",
            help="Include images that are built from an affected image.",
        ),
    ] = False,
    format_: Annotated[
        Form,
        typer.Option(
            "--format",
            envvar="TFGEN_FORMAT",
            help="Output format: a table, JSON (docs/json.md), names only, or a matrix for GitHub Actions.",
        ),
    ] = "table",
) -> int:
    """Show which images a change affects, and why.

    Compares the work tree (or --head) with the merge base of --base. Reads templates, playbooks and roles to find the
    files that each image is built from; executes nothing. Exits 0 whether or not an image is affected.
    """
    return answer(Options(base=base, head=head, why=why, include_children=include_children, form=format_))
