"""`tfgen graph`: a picture of the images, their parents and what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

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
  tfgen graph wordpress --format svg > web.svg     one, and every file that it is made of
  tfgen graph --format dot | dot -Tpng > images.png
"""


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One image (all, when left out).", show_default=False),
    ] = None,
    format_: Annotated[
        _Format,
        typer.Option("--format", envvar="TFGEN_FORMAT", help="Mermaid, DOT, JSON (see docs/json.md) or SVG."),
    ] = "mermaid",
) -> int:
    """Draw the images, what they start from, and what they are made of.

    Without NAME: all images; those that start from the same and share playbooks and roles stand together. With NAME:
    that image, its parents and children, and every file that it is made of.
    """
    from tfgen.drawing.read import look
    from tfgen.workspace import open_workspace

    workspace = open_workspace(need_settings=False)
    graph, ancestry = look(workspace)
    chosen = _chosen(graph, name) if name else None
    if format_ == "json":
        from tfgen.drawing.document import as_document

        out_json(as_document(graph, ancestry, chosen))
    else:
        _draw(_diagram(workspace, graph, ancestry, chosen), format_)
    return _complain(graph, ancestry, chosen)


def _chosen(graph: Graph, name: str) -> ImageNode:
    image = graph.image(name)
    if image is None:
        from tfgen_generators.nearest import did_you_mean

        hint = did_you_mean(name, [image.name for image in graph.images])
        long = len(graph.images) > _LISTED and not hint.startswith("did you mean")
        fix = "see what there is with: tfgen list" if long or not hint else hint
        raise UsageError(f"there is no image {name!r}", fix=fix)
    return image


def _diagram(workspace: Workspace, graph: Graph, ancestry: Ancestry, chosen: ImageNode | None) -> Diagram:
    from tfgen.drawing.estate import estate_diagram
    from tfgen.drawing.image import image_diagram

    if chosen is not None:
        return image_diagram(graph, ancestry, chosen, f"{chosen.name}: what it is made of")
    title = workspace.settings.source_repository or workspace.root.name
    return estate_diagram(graph, ancestry, f"{title}: images and what they start from")


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
            note(f"warning: {problem}; take --format svg, or one image by its name", style="yellow")


def _complain(graph: Graph, ancestry: Ancestry, chosen: ImageNode | None) -> int:
    """Says what the picture cannot: 1 when an image's template cannot be read."""
    if not graph.images:
        note("no images: there is no Packer template")
    images = graph.images if chosen is None else (chosen,)
    names = {image.name for image in images}
    for origin in ancestry.unresolved:
        if origin.image in names:
            hint = f"; did you mean {origin.nearest}?" if origin.nearest else ""
            note(
                one_line(f"warning: {origin.path}: {origin.label}: no template builds that image{hint}"), style="yellow"
            )
    for cycle in ancestry.cycles:
        if names & set(cycle):
            note(one_line(f"warning: these start from each other: {', '.join(cycle)}"), style="yellow")
    broken = [image for image in images if image.problem]
    for image in broken:
        note(one_line(f"error: {image.problem}"), style="red")
    return 1 if broken else 0
