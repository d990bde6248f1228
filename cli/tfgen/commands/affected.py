"""`tfgen affected`: which images a change touches, and why."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tfgen.console import note, one_line

_Format = Literal["table", "json", "names", "matrix"]

EXAMPLES = """\b
Examples:
  tfgen affected                           this branch, and what is not committed yet
  tfgen affected --why                     each file, and how it comes into the image
  tfgen affected --base v1.4 --head v1.5   what a release rebuilds
  tfgen affected --format names | xargs -r tfgen build
"""


def command(
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="REF", envvar="TFGEN_BASE", help="What the branch goes into (default: CI's or git's own)."
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="REF",
            envvar="TFGEN_HEAD",
            help="The commit to look at (default: the work tree, with what is not committed).",
        ),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", envvar="TFGEN_WHY", help="Show every file that differs, and the way to the image.")
    ] = False,
    include_children: Annotated[
        bool,
        typer.Option(
            "--include-children",
            envvar="TFGEN_INCLUDE_CHILDREN",
            help="Also the images that start from an affected one.",
        ),
    ] = False,
    format_: Annotated[
        _Format,
        typer.Option(
            "--format",
            envvar="TFGEN_FORMAT",
            help="A table, JSON (see docs/json.md), names alone, or GitHub's matrix.",
        ),
    ] = "table",
) -> int:
    """Show which images a change touches, and why.

    Compares the work tree (or --head) with the commit where it left --base, and reads templates, playbooks and roles
    to know what each image is made of. Nothing is executed. Exit 0 whether or not an image is affected.
    """
    from tfgen.affected.find import find_affected
    from tfgen.affected.view import show, warn
    from tfgen.workspace import open_workspace

    found = find_affected(
        open_workspace(need_settings=False), base=base or None, head=head or None, include_children=include_children
    )
    warn(found)
    if not found.changed and not found.everything:
        note(one_line(f"nothing differs between {found.base.name} and the {found.head.name}"))
    show(found, format_, why=why)
    return 0
