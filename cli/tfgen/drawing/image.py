"""One image in a diagram: what it starts from, what starts from it, and all that it is made of."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tfgen.drawing.diagram import Arrow, Card, Diagram
from tfgen.drawing.estate import DASHED
from tfgen.drawing.origins import Origins
from tfgen.drawing.units import UnitNames, kind_of, path_of
from tfgen.phrases import counted

if TYPE_CHECKING:
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.graph import Graph, ImageNode
    from tfgen_generators.paths.model import Edge

_MOST_FILES = 16
_MOST_CHILDREN = 40


def image_diagram(graph: Graph, ancestry: Ancestry, image: ImageNode, title: str) -> Diagram:
    """The diagram of one image of `graph`."""
    parents = list(_parents(ancestry, image.name))
    made = _Made(graph, image)
    children = _children(ancestry, image.name)
    cards = [*(card for card, _ in parents), made.image_card(ancestry), *made.cards(), *(card for card, _ in children)]
    arrows = [*(arrow for _, arrow in parents), *made.arrows(), *(arrow for _, arrow in children)]
    files = len(graph.made_of(image.name))
    notes = [f"{image.name}: cannot be read: {image.problem}"] if image.problem else []
    notes += [DASHED.replace("another image", "another file")] if any(arrow.dashed for arrow in arrows) else []
    return Diagram(
        title=title,
        description=f"{image.name}: {counted(files, 'file')} in {counted(len(made.units), 'unit')}.",
        cards=tuple(cards),
        arrows=tuple(arrows),
        notes=tuple(notes),
    )


def _parents(ancestry: Ancestry, name: str) -> Iterator[tuple[Card, Arrow]]:
    origins = Origins(ancestry)
    for card in origins.cards(origins.of(name)):
        yield card, Arrow(source=card.id, target="chosen")
    for parent in ancestry.parents.get(name, ()):
        card = Card(id=f"image {parent.name}", kind="image", title=parent.name)
        yield card, Arrow(source=card.id, target="chosen", label=parent.edge.label, dashed=parent.edge.widened)


def _children(ancestry: Ancestry, name: str) -> list[tuple[Card, Arrow]]:
    """What starts from it directly, on one card; how many others do so through those."""
    below = ancestry.children([name])
    direct = [child for child, parent in below.items() if parent == name]
    if not direct:
        return []
    further = len(below) - len(direct)
    more = len(direct) - _MOST_CHILDREN
    lines = [f"and {more} more"] if more > 0 else []
    lines += [f"and {counted(further, 'image')} through {'it' if len(direct) == 1 else 'them'}"] if further else []
    widened = [
        parent.edge.widened for child in direct for parent in ancestry.parents.get(child, ()) if parent.name == name
    ]
    card = Card(
        id="children",
        kind="image",
        title=direct[0] if len(direct) == 1 else counted(len(direct), "image") + " built from it",
        members=() if len(direct) == 1 else tuple(direct[:_MOST_CHILDREN]),
        lines=tuple(lines),
    )
    return [(card, Arrow(source="chosen", target="children", dashed=all(widened)))]


class _Made:
    """The units of one image; the template's own is the image's card."""

    def __init__(self, graph: Graph, image: ImageNode) -> None:
        self._graph, self._image = graph, image
        self._names = UnitNames(graph)
        self.units = list(dict.fromkeys(reached.unit for reached in image.reached))
        self._own = next((reached.unit for reached in image.reached if reached.by is None), "")

    def image_card(self, ancestry: Ancestry) -> Card:
        name = self._image.name
        itself = ["built from its own previous version"] if name in ancestry.itself else []
        own = self._graph.units[self._own].files if self._own else {}
        return Card(id="chosen", kind="chosen", title=name, lines=(*itself, *_files(own, "")))

    def cards(self) -> Iterator[Card]:
        for unit in self.units:
            if unit == self._own:
                continue
            path, title = path_of(unit), self._names.title(unit)
            files = self._graph.units[unit].files
            folder = path if any(file.startswith(f"{path}/") for file in files) else ""
            lines = _files(files, folder)
            shown = [f"{folder}/"] if folder and folder not in title else []
            yield Card(id=unit, kind=kind_of(unit), title=title, lines=(*shown, *lines))

    def arrows(self) -> Iterator[Arrow]:
        """One for each unit that leads to another; it is dashed if all its names are computed."""
        found: dict[tuple[str, str], list[Edge]] = {}
        for reached in self._image.reached:
            source = "chosen" if reached.by in (None, self._own) else str(reached.by)
            if reached.unit not in (self._own, reached.by) and (source == "chosen" or source in self.units):
                found.setdefault((source, reached.unit), []).append(reached.edge)
        for (source, target), edges in found.items():
            dashed = all(edge.widened for edge in edges)
            yield Arrow(source=source, target=target, label=_said(edges[0]), dashed=dashed)


def _said(edge: Edge) -> str:
    where = f" ({posixpath.basename(edge.path)}{f':{edge.line}' if edge.line else ''})" if edge.path else ""
    return f"{edge.label}{where}"


def _files(files: Iterable[str], folder: str) -> list[str]:
    shown = [path.removeprefix(f"{folder}/") if folder else path for path in sorted(files)]
    more = len(shown) - _MOST_FILES
    return [*shown[:_MOST_FILES], *([f"and {counted(more, 'more file')}"] if more > 0 else [])]
