"""All images in one diagram: what they start from, and what they share.

Images that start from the same, are made of the same playbooks and roles, and from which no other image starts, stand
on one card: so sixty of them stay readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tfgen.drawing.diagram import Arrow, Card, Diagram, Kind
from tfgen.drawing.origins import Origins
from tfgen.drawing.units import UnitNames
from tfgen.phrases import counted

if TYPE_CHECKING:
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.graph import Graph, ImageNode

DASHED = "Dashed line: the name is computed, so it may be another image."


def estate_diagram(graph: Graph, ancestry: Ancestry, title: str) -> Diagram:
    """The diagram of all images of `graph`."""
    units = UnitNames(graph)
    images = {image.name: image for image in graph.images}
    origins = Origins(ancestry)
    families = _families(images, ancestry, origins, units)
    card_of = {name: f"image {members[0]}" for members in families.values() for name in members}
    cards = [_card(members, images, ancestry, units) for members in families.values()]
    arrows: dict[tuple[str, str], Arrow] = {}
    for members in families.values():
        target = card_of[members[0]]
        for arrow in (*origins.arrows(members[0], target), *_from_parents(members[0], ancestry, card_of)):
            arrows.setdefault((arrow.source, arrow.target), arrow)
    used = {source for source, _ in arrows}
    return Diagram(
        title=title,
        description=_description(len(images), ancestry),
        cards=(*(card for card in origins.cards() if card.id in used), *cards),
        arrows=tuple(arrows.values()),
        notes=tuple(_notes(units, ancestry, arrows.values())),
    )


def _families(
    images: Mapping[str, ImageNode], ancestry: Ancestry, origins: Origins, units: UnitNames
) -> dict[object, list[str]]:
    """Names by what they have in common, parents before children; an image from which others start is alone."""
    has_children = {parent.name for found in ancestry.parents.values() for parent in found}
    families: dict[object, list[str]] = {}
    for name in ancestry.ordered(images):
        parents = tuple((parent.name, parent.edge.widened) for parent in ancestry.parents.get(name, ()))
        common = (parents, origins.of(name), units.lines(images[name]), name in ancestry.itself, images[name].problem)
        families.setdefault(name if name in has_children else common, []).append(name)
    return families


def _card(members: list[str], images: Mapping[str, ImageNode], ancestry: Ancestry, units: UnitNames) -> Card:
    first = images[members[0]]
    kind: Kind = "broken" if first.problem else "image"
    lines = list(units.lines(first))
    if first.name in ancestry.itself:
        lines.append("built from its own previous version")
    if first.problem:
        lines.append("cannot be read")
    alone = len(members) == 1
    return Card(
        id=f"image {first.name}",
        kind=kind,
        title=first.name if alone else counted(len(members), "image"),
        members=() if alone else tuple(members),
        lines=tuple(lines),
    )


def _from_parents(name: str, ancestry: Ancestry, card_of: Mapping[str, str]) -> Iterable[Arrow]:
    for parent in ancestry.parents.get(name, ()):
        if parent.name in card_of and card_of[parent.name] != card_of[name]:
            label = parent.edge.label.partition(": ")[2]
            yield Arrow(source=card_of[parent.name], target=card_of[name], label=label, dashed=parent.edge.widened)


def _description(images: int, ancestry: Ancestry) -> str:
    edges = sum(bool(found) for found in ancestry.parents.values())
    return f"{counted(images, 'image')}, {edges or 'none'} built from another image."


def _notes(units: UnitNames, ancestry: Ancestry, arrows: Iterable[Arrow]) -> Iterable[str]:
    if units.common:
        yield f"All images: {'; '.join(units.common)}."
    for cycle in ancestry.cycles:
        yield f"These images depend on each other: {', '.join(cycle)}."
    if any(arrow.dashed for arrow in arrows):
        yield DASHED
