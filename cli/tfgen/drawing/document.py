"""The graph as JSON: docs/json.md describes it, docs/graph.schema.json defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.drawing.units import path_of

if TYPE_CHECKING:
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.graph import Graph, ImageNode
    from tfgen_generators.paths.model import Edge, Unit
    from tfgen_generators.settings.publish.tables import Publish


def as_document(
    graph: Graph, ancestry: Ancestry, chosen: ImageNode | None = None, publish: Publish | None = None
) -> dict[str, object]:
    """All images, parents before children, and the units that they are made of; or one image and its units alone.

    With `publish` each image has its channels, too.
    """
    images = {image.name: image for image in graph.images}
    names = ancestry.ordered(images) if chosen is None else [chosen.name]
    keys = dict.fromkeys(reached.unit for name in names for reached in images[name].reached)
    return {
        "images": [{**_image(images[name], ancestry), **_channels(name, publish)} for name in names],
        "units": [_unit(graph.units[key]) for key in keys],
        "cycles": [list(cycle) for cycle in ancestry.cycles],
    }


def _image(image: ImageNode, ancestry: Ancestry) -> dict[str, object]:
    below = ancestry.children([image.name])
    return {
        "name": image.name,
        "template": image.template,
        "problem": image.problem,
        "parents": [{"image": parent.name, **_edge(parent.edge)} for parent in ancestry.parents.get(image.name, ())],
        "starts_from": [
            {"label": found.label, "status": found.status, "owners": found.owners, "nearest": found.nearest}
            for found in ancestry.origins.get(image.name, ())
        ],
        "from_itself": image.name in ancestry.itself,
        "children": sorted(name for name, parent in below.items() if parent == image.name),
        "units": [{"unit": found.unit, "by": found.by, **_edge(found.edge)} for found in image.reached],
    }


def _channels(name: str, publish: Publish | None) -> dict[str, object]:
    if publish is None or not publish.is_on:
        return {}
    channels = [{"channel": each, "parameter": publish.parameter_name(name, each)} for each in publish.channels]
    return {"channels": channels}


def _unit(unit: Unit) -> dict[str, object]:
    return {
        "unit": unit.key,
        "kind": unit.key.partition(" ")[0],
        "path": path_of(unit.key),
        "files": [{"file": path, **_edge(edge)} for path, edge in sorted(unit.files.items())],
    }


def _edge(edge: Edge) -> dict[str, object]:
    return {"path": edge.path, "line": edge.line, "label": edge.label, "widened": edge.widened}
