"""What the ancestry is: parents, what else an image starts from, order and descendants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal

import msgspec

from tfgen_generators.ancestry.order import descendants, in_order
from tfgen_generators.paths.model import Edge

#: Of what an image starts: images of this repository; itself alone, as it was; others' public images; a fixed id; an
#: image of our own account that no template builds; another account's; what cannot be known without AWS.
Status = Literal["built", "itself", "public", "id", "unbuilt", "account", "unknown"]


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """An image that another one starts from: `edge` is the setting that says so, in the child's template.

    `edge.widened`: a piece of a name or a tag is not known, so that it may be another one.
    """

    name: str
    edge: Edge


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that says what an image starts from, and what that is.

    `label` is the setting and what it looks for, `nearest` the image that was probably meant where nobody builds it.
    """

    image: str
    path: str
    label: str
    status: Status
    owners: str = ""
    nearest: str = ""


class Ancestry(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Which image starts from which, by name. An image that starts from its own former version is in `itself`."""

    parents: Mapping[str, tuple[Parent, ...]]
    origins: Mapping[str, tuple[Origin, ...]]
    itself: frozenset[str] = frozenset()

    @property
    def unresolved(self) -> tuple[Origin, ...]:
        """Our own account's images that no template builds, by the image that needs them."""
        return tuple(origin for found in self.origins.values() for origin in found if origin.status == "unbuilt")

    @cached_property
    def _plain(self) -> Mapping[str, tuple[str, ...]]:
        return {name: tuple(parent.name for parent in parents) for name, parents in self.parents.items()}

    @cached_property
    def _layout(self) -> tuple[dict[str, int], tuple[tuple[str, ...], ...]]:
        order, cycles = in_order(self._plain)
        return {name: number for number, name in enumerate(order)}, cycles

    @property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Images that start from each other, each group by name; one that starts from itself is none."""
        return self._layout[1]

    def ordered(self, names: Iterable[str]) -> list[str]:
        """`names`, parents before children, also where an image between them is not among them; cycles by name."""
        place = self._layout[0]
        return sorted(set(names), key=lambda name: (place.get(name, -1), name))

    def children(self, names: Iterable[str]) -> dict[str, str]:
        """Every image that starts from one of `names`, directly or not, and the image it comes through (its parent)."""
        return descendants(self._plain, names)
