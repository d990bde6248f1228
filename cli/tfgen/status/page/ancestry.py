"""Which image starts from which, as a picture: columns from left to right, each image in the tone of its state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tfgen.drawing.placement import place
from tfgen.drawing.svg import curve
from tfgen.drawing.widths import shortened
from tfgen.status.model import ImageStatus
from tfgen.status.page.states import STATES, Shown, worst
from tfgen.status.page.text import name as named

_WIDEST = 1180.0
_NAME, _HEIGHT, _GAP, _PADDING, _MARGIN = 12.0, 26.0, 6.0, 8.0, 4.0
_WIDTH = 190.0
#: Images that start from the same, and from which none starts, stand in one frame when they are this many.
_FAMILY, _ROWS, _COLUMNS = 3, 8, 4


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """An image: where its text begins, and its sign and name as there is room for them."""

    x: float
    y: float
    text: str
    state: Shown


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Around a family."""

    x: float
    y: float
    width: float
    height: float


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `alone` images start from none, and none starts from them."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    frames: tuple[Frame, ...]
    lines: tuple[str, ...]
    states: tuple[Shown, ...]
    alone: int
    node_width: float = _WIDTH
    node_height: float = _HEIGHT


def picture_of(images: Sequence[ImageStatus]) -> Picture | None:
    """The picture; None when no image starts from another one."""
    states = _states(images)
    parents = _parents(images)
    families = _families(parents)
    card_of = {member: number for number, members in enumerate(families) for member in members}
    sizes = {str(number): _size(len(members)) for number, members in enumerate(families)}
    arrows = dict.fromkeys(
        (str(card_of[parent]), str(number)) for number, members in enumerate(families) for parent in parents[members[0]]
    )
    if not arrows:
        return None
    placed = place(sizes, list(arrows), _WIDEST)
    nodes: list[Node] = []
    frames: list[Frame] = []
    for number, members in enumerate(families):
        left, top = (_whole(at + _MARGIN) for at in placed.boxes[str(number)])
        if len(members) > 1:
            width, height = sizes[str(number)]
            frames.append(Frame(x=left, y=top, width=width, height=height))
        nodes += _nodes(members, left, top, states)
    return Picture(
        width=_whole(placed.width + 2 * _MARGIN),
        height=_whole(placed.height + 2 * _MARGIN),
        nodes=tuple(nodes),
        frames=tuple(frames),
        lines=tuple(curve([(_whole(x + _MARGIN), _whole(y + _MARGIN)) for x, y in route]) for route in placed.routes),
        states=tuple(state for state in STATES.values() if any(node.state is state for node in nodes)),
        alone=len(states.keys() - parents.keys()),
    )


def _states(images: Iterable[ImageStatus]) -> Mapping[str, Shown]:
    """Of an image in several regions the worst."""
    found: dict[str, list[ImageStatus]] = {}
    for image in images:
        found.setdefault(image.image, []).append(image)
    return {name: worst(one.pipeline.state for one in several) for name, several in found.items()}


def _parents(images: Iterable[ImageStatus]) -> dict[str, tuple[str, ...]]:
    """Of each image that has to do with another one, what it starts from."""
    found: dict[str, dict[str, None]] = {}
    for image in images:
        others = [parent for parent in image.parents if parent != image.image]
        if others:
            found.setdefault(image.image, {}).update(dict.fromkeys(others))
    for parent in [parent for parents in found.values() for parent in parents]:
        found.setdefault(parent, {})
    return {name: tuple(found[name]) for name in sorted(found)}


def _families(parents: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    with_children = {parent for found in parents.values() for parent in found}
    groups: dict[object, list[str]] = {}
    for name, found in parents.items():
        groups.setdefault(name if name in with_children else (found,), []).append(name)
    families: list[tuple[str, ...]] = []
    for group in groups.values():
        families += [tuple(group)] if len(group) >= _FAMILY else [(name,) for name in group]
    return families


def _grid(count: int) -> tuple[int, int]:
    """Columns and rows: down first, then to the right, then further down."""
    columns = min(_COLUMNS, math.ceil(count / _ROWS))
    return columns, math.ceil(count / columns)


def _size(count: int) -> tuple[float, float]:
    if count == 1:
        return _WIDTH, _HEIGHT
    columns, rows = _grid(count)
    return (
        columns * (_WIDTH + _GAP) - _GAP + 2 * _PADDING,
        rows * (_HEIGHT + _GAP) - _GAP + 2 * _PADDING,
    )


def _nodes(members: Sequence[str], left: float, top: float, states: Mapping[str, Shown]) -> Iterable[Node]:
    _, rows = _grid(len(members))
    inset = _PADDING if len(members) > 1 else 0.0
    for number, member in enumerate(members):
        column, row = divmod(number, rows)
        text, state = named(member), states.get(member, STATES["unknown"])
        yield Node(
            x=left + inset + column * (_WIDTH + _GAP) + 8,
            y=top + inset + row * (_HEIGHT + _GAP) + 17,
            text=f"{state.sign} {shortened(text, _WIDTH - 34, _NAME)}",
            state=state,
        )


def _whole(value: float) -> float:
    return float(round(value))
