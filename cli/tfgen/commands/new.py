"""`tfgen new`: the template, playbook and role of a new image, and its pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.completion import values
from tfgen.new_image.model import OsName, TemplateFormat

if TYPE_CHECKING:
    from tfgen.new_image.model import Made, Wish
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import SyncResult

EXAMPLES = """\b
Examples:
  tfgen new web                      an image on Debian
  tfgen new web --os amzn2023        on Amazon Linux 2023
  tfgen new shop --from web          on the AMIs of the image web
  tfgen new blog --like wordpress    a copy of the image wordpress, with names of its own
"""


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the new image.", show_default=False)],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="IMAGE",
            envvar="TFGEN_FROM",
            help="Start from the AMIs of this image.",
            autocompletion=values.images,
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="IMAGE",
            envvar="TFGEN_LIKE",
            help="Copy the template and playbook of this image.",
            autocompletion=values.images,
        ),
    ] = None,
    os_: Annotated[
        OsName | None,
        typer.Option("--os", envvar="TFGEN_OS", help="The system to start from (default: debian).", show_default=False),
    ] = None,
    format_: Annotated[
        TemplateFormat | None,
        typer.Option(
            "--format",
            envvar="TFGEN_TEMPLATE_FORMAT",
            help="The template's syntax (default: hcl2).",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Create a new image: its template, playbook, role and pipeline.

    The template requires IMDSv2, encrypts the volumes, writes a manifest and pins the plugins (in JSON, buildspec.yml
    pins them). It is created in packer_dir; the playbook and the role where those of other images are. Then it runs
    sync. It never overwrites a file (exit 3; nothing is written).
    """
    from tfgen.commands.sync import exit_code
    from tfgen.new_image.make import make
    from tfgen.new_image.model import Wish
    from tfgen.workspace import locked, open_workspace

    workspace = open_workspace()
    wish = Wish(name=name, parent=from_ or "", like=like or "", os=os_, format=format_)
    with locked(workspace, "sync"):
        made, result = make(open_workspace(), wish)
    _show(workspace, wish, made, result)
    return exit_code(result, check=False) or int(all(one.name != name for one in result.pipelines))


def _show(workspace: Workspace, wish: Wish, made: Made, result: SyncResult) -> None:
    from tfgen.console import note, one_line, out
    from tfgen.sync.report import render

    for file in made.files:
        out(one_line(f"created  {file.path}"), style="green")
    render(workspace, result, check=False, diff=False, format_="table")
    for line in made.notes:
        note(one_line(line))
    if all(one.name != wish.name for one in result.pipelines):
        note(one_line(f"error: {made.template}: it has no pipeline; see tfgen list"), style="red")
