"""`tfgen graph`: a picture of the images, their parents and the files they are built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen.completion import values
from tfgen.console import note, one_line, out, out_json
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.drawing.diagram import Diagram
    from tfgen.workspace import Workspace
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.graph import Graph, ImageNode

#: More names than that are no help.
_LISTED = 20

_Format = Literal["mermaid", "dot", "json", "svg"]

EXAMPLES = """\b
Examples:
  tfgen graph --format svg > images.svg            all images
  tfgen graph wordpress --format svg > web.svg     one image and the files it is built from
  tfgen graph --format dot | dot -Tpng > images.png
"""


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="An image (default: all images).", show_default=False, autocompletion=values.images
        ),
    ] = None,
    format_: Annotated[
        _Format,
        typer.Option(
            "--format", envvar="TFGEN_FORMAT", help="Output format: Mermaid, DOT, JSON (docs/json.md) or SVG."
        ),
    ] = "mermaid",
) -> int:
    """Draw the images, their parents and the files they consist of.

    Without NAME: all images, grouped by common parents, playbooks and roles. With NAME: that image, its parents and
    children, and every file that it is built from.
    """
    from tfgen.drawing.read import look
    from tfgen.workspace import open_workspace

    workspace = open_workspace(need_settings=False)
    graph, ancestry = look(workspace)
    chosen = _chosen(graph, name) if name else None
    if format_ == "json":
        from tfgen.drawing.document import as_document

        out_json(as_document(graph, ancestry, chosen, workspace.settings.publish))
    else:
        _draw(_diagram(workspace, graph, ancestry, chosen), format_)
    return _complain(graph, ancestry, chosen)


def _chosen(graph: Graph, name: str) -> ImageNode:
    image = graph.image(name)
    if image is None:
        from tfgen_generators.nearest import did_you_mean

        hint = did_you_mean(name, [image.name for image in graph.images])
        long = len(graph.images) > _LISTED and not hint.startswith("did you mean")
        fix = "to see all names, run: tfgen list" if long or not hint else hint
        raise UsageError(f"image {name!r} not found", fix=fix)
    return image


def _diagram(workspace: Workspace, graph: Graph, ancestry: Ancestry, chosen: ImageNode | None) -> Diagram:
    from tfgen.drawing.estate import estate_diagram
    from tfgen.drawing.image import image_diagram
    from tfgen.drawing.origins import with_channels, with_channels_of

    if chosen is not None:
        diagram = image_diagram(graph, ancestry, chosen, f"{chosen.name}: files it is built from")
        return with_channels_of(diagram, workspace.settings.publish, chosen.name)
    title = workspace.settings.source_repository or workspace.root.name
    diagram = estate_diagram(graph, ancestry, f"{title}: images and their parents")
    return with_channels(diagram, workspace.settings.publish)


def _draw(diagram: Diagram, format_: str) -> None:
    if format_ == "svg":
        from tfgen.drawing.svg import as_svg

        out(as_svg(diagram).rstrip("\n"))
    elif format_ == "dot":
        from tfgen.drawing.dot import as_dot

        out(as_dot(diagram).rstrip("\n"))
    else:
        from tfgen.drawing.mermaid import as_mermaid

        text, problem = as_mermaid(diagram)
        out(text.rstrip("\n"))
        if problem:
            note(f"warning: {problem}; use --format svg, or name one image", style="yellow")


def _complain(graph: Graph, ancestry: Ancestry, chosen: ImageNode | None) -> int:
    """Says what the picture cannot: 1 when an image's template cannot be read."""
    if not graph.images:
        note("no images: no Packer template found")
    images = graph.images if chosen is None else (chosen,)
    names = {image.name for image in images}
    for origin in ancestry.unresolved:
        if origin.image in names:
            hint = f"; did you mean {origin.nearest}?" if origin.nearest else ""
            note(
                one_line(f"warning: {origin.path}: {origin.label}: no template builds this image{hint}"), style="yellow"
            )
    for cycle in ancestry.cycles:
        if names & set(cycle):
            note(one_line(f"warning: these images depend on each other: {', '.join(cycle)}"), style="yellow")
    broken = [image for image in images if image.problem]
    for image in broken:
        note(one_line(f"error: {image.problem}"), style="red")
    return 1 if broken else 0
