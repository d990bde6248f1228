"""The graph itself: images, the units that they reach, and why a file is part of an image."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from tfgen_generators.paths.model import Edge, MissingReference, Reached, Reason, Unit
from tfgen_generators.trees.tree import Tree

_LONGEST_WAY = 1000
#: More paths than this are worth an index.
_FEW = 30


class ImageNode(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One image: its template, and the units that it reaches, the template's own first."""

    name: str
    template: str
    members: tuple[str, ...]
    reached: tuple[Reached, ...]
    #: Why everything counts: the template cannot be read.
    problem: str = ""
    #: That of one of several images of its template, else "".
    source: str = ""

    @property
    def identity(self) -> str:
        """The template's."""
        return self.source or self.template


class Graph:
    """What every image is made of. `units` are all units that an image reaches, by key."""

    def __init__(
        self,
        images: Sequence[ImageNode],
        units: Mapping[str, Unit],
        missing_references: Sequence[MissingReference] = (),
        unused_roles: Sequence[str] = (),
        aliases: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.images = tuple(images)
        self.units = units
        self.missing_references = tuple(missing_references)
        self.unused_roles = tuple(unused_roles)
        #: Unit -> other paths of its files (links, what is behind them) -> the path that the unit has.
        self.aliases = aliases or {}
        self._by_name = {image.name: image for image in self.images}
        self._reached: dict[str, dict[str, Reached]] = {}

    def image(self, name: str) -> ImageNode | None:
        """The image of that name."""
        return self._by_name.get(name)

    def made_of(self, name: str) -> dict[str, Reason]:
        """Every file that the image `name` is made of, and why. Raises KeyError."""
        image = self._by_name[name]
        found: dict[str, Reason] = {}
        for reached in image.reached:
            for other, path in self._names(reached.unit):
                reason = self._reason(image, reached.unit, path, other)
                if other not in found or _vagueness(reason) < _vagueness(found[other]):
                    found[other] = reason
        return found

    def touched(self, paths: Collection[str]) -> dict[str, tuple[Reason, ...]]:
        """The images that are made of one of `paths`, by name, and why; a path may be a folder (a submodule)."""
        found: dict[str, dict[str, Reason]] = {}
        holders = list(self._by_index(paths) if len(paths) > _FEW else self._by_search(paths))
        users = self._users({unit for _, unit, _ in holders})
        for path, unit, own in holders:
            for image in users[unit]:
                reasons = found.setdefault(image.name, {})
                reason = self._reason(image, unit, own, path)
                if path not in reasons or _vagueness(reason) < _vagueness(reasons[path]):
                    reasons[path] = reason
        return {image.name: tuple(found[image.name].values()) for image in self.images if image.name in found}

    def _by_search(self, paths: Collection[str]) -> Iterator[tuple[str, str, str]]:
        """Path, unit that holds it (or something in it), and the unit's own path for that."""
        for path in sorted(paths):
            missing = True
            for unit in self.units:
                own = path if path in self.units[unit].files else self.aliases.get(unit, {}).get(path)
                if own is not None:
                    missing = False
                    yield path, unit, own
            if missing:
                below = f"{path}/"
                for unit in self.units:
                    for name, own in self._names(unit):
                        if name.startswith(below):
                            yield path, unit, own

    def _by_index(self, paths: Collection[str]) -> Iterator[tuple[str, str, str]]:
        index: dict[str, list[tuple[str, str]]] = {}
        for unit in self.units:
            for name, own in self._names(unit):
                index.setdefault(name, []).append((unit, own))
        names = sorted(index)
        for path in sorted(paths):
            at = bisect_left(names, f"{path}/")
            while at < len(names) and names[at].startswith(f"{path}/"):
                yield from ((path, unit, own) for unit, own in index[names[at]])
                at += 1
            yield from ((path, unit, own) for unit, own in index.get(path, ()))

    def _names(self, unit: str) -> Iterator[tuple[str, str]]:
        """Every path of a unit's files, also through links, with the unit's own path for it."""
        yield from ((path, path) for path in self.units[unit].files)
        yield from self.aliases.get(unit, {}).items()

    def _users(self, units: Collection[str]) -> dict[str, list[ImageNode]]:
        """The images that reach each of `units`."""
        found: dict[str, dict[str, ImageNode]] = {unit: {} for unit in units}
        for image in self.images:
            for reached in image.reached:
                if reached.unit in found:
                    found[reached.unit][image.name] = image
        return {unit: list(images.values()) for unit, images in found.items()}

    def _reason(self, image: ImageNode, unit: str, own: str, path: str) -> Reason:
        """The way from `path` (in `unit` under the name `own`) back to the template."""
        edges: list[Edge] = [] if own == path else [Edge(path=own, label="link")]
        ways = self._ways(image)
        at: str | None = unit
        while at is not None and len(edges) < _LONGEST_WAY:
            edges += self._inside(at, own)
            reached = ways.get(at)
            if reached is None:
                break
            if reached.edge.path:
                edges.append(reached.edge)
            own, at = reached.edge.path, reached.by
        return Reason(path=path, edges=tuple(edges))

    def _inside(self, unit: str, path: str) -> Iterator[Edge]:
        """The edges within a unit from `path` to what the unit begins with."""
        files, seen = self.units[unit].files, {path}
        edge = files.get(path)
        while edge is not None and edge.path:
            yield edge
            if edge.path in seen:
                return
            seen.add(edge.path)
            edge = files.get(edge.path)

    def _ways(self, image: ImageNode) -> dict[str, Reached]:
        if image.name not in self._reached:
            ways: dict[str, Reached] = {}
            for reached in image.reached:
                ways.setdefault(reached.unit, reached)
            self._reached[image.name] = ways
        return self._reached[image.name]


def _vagueness(reason: Reason) -> tuple[bool, int]:
    """What is said for sure comes before what is computed, and a short way before a long one."""
    return any(edge.widened for edge in reason.edges), len(reason.edges)


def aliases_of(units: Mapping[str, Unit], tree: Tree) -> dict[str, dict[str, str]]:
    """`Graph.aliases` of units as they are in `tree`."""
    found: dict[str, dict[str, str]] = {}
    for key, unit in units.items():
        for path in unit.files:
            for other in tree.links(path):
                found.setdefault(key, {}).setdefault(other, path)
    return found
