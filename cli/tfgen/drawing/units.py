"""Names for units: `common` for the role, `web.yml` for the playbook, where no other one is called so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tfgen.drawing.diagram import Kind

if TYPE_CHECKING:
    from tfgen_generators.graph.graph import Graph, ImageNode

#: What images share; the rest of them is their own, or of all.
_SHOWN = ("playbook", "role")
_KINDS: Mapping[str, Kind] = {"playbook": "playbook", "role": "role"}
_BEHIND = re.compile(r" \+ | \w+_from=")


def kind_of(key: str) -> Kind:
    """What a unit is."""
    return _KINDS.get(key.partition(" ")[0], "files")


def path_of(key: str) -> str:
    """The path that a unit is named after, without how it is entered (`tasks_from`) and what is loaded late."""
    return _BEHIND.split(key.partition(" ")[2])[0]


class UnitNames:
    """The playbooks and roles of a graph. `common` says which ones every image is made of, where there are several."""

    def __init__(self, graph: Graph) -> None:
        self._names = _short(key for image in graph.images for key in _keys(image))
        whole = [set(_keys(image)) for image in graph.images if not image.problem]
        self._everywhere = frozenset[str].intersection(*map(frozenset, whole)) if len(whole) > 1 else frozenset()
        self.common = self._said(sorted(self._everywhere))

    def lines(self, image: ImageNode) -> tuple[str, ...]:
        """What the image is made of that not all images are."""
        return self._said([key for key in _keys(image) if key not in self._everywhere])

    def title(self, key: str) -> str:
        """What the card of a unit is called."""
        kind, path = key.partition(" ")[0], path_of(key)
        title = f"{kind} {self._names.get(key, path)}"
        return f"{title}, found elsewhere" if " + " in key else title

    def _said(self, keys: Iterable[str]) -> tuple[str, ...]:
        found: dict[str, dict[str, None]] = {}
        for key in keys:
            found.setdefault(key.partition(" ")[0], {})[self._names[key]] = None
        return tuple(
            f"{kind}{'s' if len(found[kind]) > 1 else ''} {', '.join(sorted(found[kind]))}"
            for kind in _SHOWN
            if kind in found
        )


def _keys(image: ImageNode) -> list[str]:
    return [reached.unit for reached in image.reached if reached.unit.partition(" ")[0] in _SHOWN]


def _short(keys: Iterable[str]) -> dict[str, str]:
    """The last part of a path, or all of it where two would be called the same."""
    unique = dict.fromkeys(keys)
    called: dict[tuple[str, str], set[str]] = {}
    for key in unique:
        kind, path = key.partition(" ")[0], path_of(key)
        called.setdefault((kind, path.rpartition("/")[2]), set()).add(path)
    names: dict[str, str] = {}
    for key in unique:
        kind, path = key.partition(" ")[0], path_of(key)
        last = path.rpartition("/")[2]
        names[key] = last if len(called[kind, last]) == 1 else path
    return names
