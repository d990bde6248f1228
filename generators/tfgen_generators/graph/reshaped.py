"""Images that are made of other files than before, although none of those has changed: one hides another now."""

from __future__ import annotations

from collections.abc import Mapping

from tfgen_generators.graph.graph import Graph, ImageNode
from tfgen_generators.paths.model import Reason


def reshaped(head: Graph, base: Graph, names: Mapping[str, str]) -> dict[str, tuple[Reason, bool]]:
    """By the head's name: one file that an image is made of now (True), or was before (False), and why.

    `names` are the head's names of the base's images.
    """
    same_units = {key: key in base.units and _paths(head, key) == _paths(base, key) for key in head.units}
    found: dict[str, tuple[Reason, bool]] = {}
    for before in base.images:
        name = names.get(before.name)
        now = head.image(name) if name else None
        if name is None or now is None or _is_same(now, before, same_units):
            continue
        here, there = head.made_of(name), base.made_of(before.name)
        own = {now.template, before.template, *now.members, *before.members}
        for path in sorted((here.keys() ^ there.keys()) - own):
            found[name] = (here[path], True) if path in here else (there[path], False)
            break
    return found


def _paths(graph: Graph, unit: str) -> set[str]:
    return {*graph.units[unit].files, *graph.aliases.get(unit, ())}


def _is_same(now: ImageNode, before: ImageNode, same_units: Mapping[str, bool]) -> bool:
    keys = {reached.unit for reached in now.reached}
    return keys == {reached.unit for reached in before.reached} and all(same_units[key] for key in keys)
