"""Where boxes and lines lie: columns from left to right, nothing over anything else, lines as straight as can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tfgen.drawing.layers import Layers, Line, Node

_SWEEPS = 12
_BETWEEN = 18.0
#: Between groups that no line connects.
_APART, _BELOW = 48.0, 30.0
_LANE = 10.0
_GAP, _GAP_FOR_LINE, _WIDEST_GAP = 56.0, 2.5, 110.0
_PORTS = 7.0

Size = tuple[float, float]
Point = tuple[float, float]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Boxes by id (their upper left corner), and each line as the points that it runs through, two by two:

    from the first to the second it is straight, from the second to the third it bends, and so on.
    """

    width: float
    height: float
    boxes: Mapping[str, Point]
    routes: tuple[tuple[Point, ...], ...]


def place(sizes: Mapping[str, Size], lines: Sequence[Line], widest: float) -> Placed:
    """Groups of boxes that hang together, in rows of at most `widest` where they are not wider themselves."""
    boxes: dict[str, Point] = {}
    routes: list[tuple[Point, ...]] = [()] * len(lines)
    x = y = row = width = 0.0
    for names in _together(sizes, lines):
        numbers = [number for number, line in enumerate(lines) if line[0] in names]
        part = _place_one({name: sizes[name] for name in names}, [lines[number] for number in numbers])
        if x and x + part.width > widest:
            x, y, row = 0.0, y + row + _BELOW, 0.0
        boxes |= {name: (x + left, y + top) for name, (left, top) in part.boxes.items()}
        for number, route in zip(numbers, part.routes, strict=True):
            routes[number] = tuple((x + left, y + top) for left, top in route)
        x, row = x + part.width + _APART, max(row, part.height)
        width = max(width, x - _APART)
    return Placed(width=width, height=y + row, boxes=boxes, routes=tuple(routes))


def _together(sizes: Mapping[str, Size], lines: Sequence[Line]) -> list[dict[str, None]]:
    """Names that lines connect, in the order given; the largest group first."""
    around: dict[str, list[str]] = {name: [] for name in sizes}
    for source, target in lines:
        around[source].append(target)
        around[target].append(source)
    groups: list[dict[str, None]] = []
    seen: set[str] = set()
    for name in sizes:
        pending = [name] if name not in seen else []
        found: set[str] = set(pending)
        while pending:
            for other in around[pending.pop()]:
                if other not in found:
                    found.add(other)
                    pending.append(other)
        seen |= found
        if found:
            groups.append({other: None for other in sizes if other in found} if len(found) > 1 else {name: None})
    return sorted(groups, key=lambda group: -len(group))


def _place_one(sizes: Mapping[str, Size], lines: Sequence[Line]) -> Placed:
    layers = Layers(list(sizes), lines)
    heights = {node: sizes[node][1] if isinstance(node, str) else 0.0 for column in layers.columns for node in column}
    centres = _centres(layers, heights)
    top = min((centres[node] - heights[node] / 2 for node in centres), default=0.0)
    bottom = max((centres[node] + heights[node] / 2 for node in centres), default=0.0)
    starts, ends = _columns(layers, sizes)
    boxes: dict[str, Point] = {}
    column_of: dict[Node, int] = {}
    for number, column in enumerate(layers.columns):
        for node in column:
            column_of[node] = number
            if isinstance(node, str):
                boxes[node] = (starts[number], centres[node] - heights[node] / 2 - top)
    ports = _Ports(layers, centres, heights)
    routes: list[tuple[Point, ...]] = []
    for number, way in enumerate(layers.ways):
        points: list[Point] = []
        for at, node in enumerate(way):
            start, end = starts[column_of[node]], ends[column_of[node]]
            height = centres[node] - top
            if at == 0:
                height += ports.leaving(number)
                points += [(start + sizes[str(node)][0], height), (end, height)]
            elif at == len(way) - 1:
                height += ports.arriving(number)
                points += [(start, height), (start, height)]
            else:
                points += [(start, height), (end, height)]
        routes.append(tuple(reversed(points)) if number in layers.turned else tuple(points))
    return Placed(width=ends[-1] if ends else 0.0, height=bottom - top, boxes=boxes, routes=tuple(routes))


class _Ports:
    """Lines leave and reach a box side by side, in the order of their other ends."""

    def __init__(self, layers: Layers, centres: Mapping[Node, float], heights: Mapping[Node, float]) -> None:
        self._offsets: dict[tuple[bool, int], float] = {}
        leaving: dict[Node, list[tuple[float, int]]] = {}
        arriving: dict[Node, list[tuple[float, int]]] = {}
        for number, way in enumerate(layers.ways):
            leaving.setdefault(way[0], []).append((centres[way[1]], number))
            arriving.setdefault(way[-1], []).append((centres[way[-2]], number))
        for leaves, found in ((True, leaving), (False, arriving)):
            for node, ends in found.items():
                step = min(_PORTS, heights[node] * 0.7 / len(ends))
                for position, (_, number) in enumerate(sorted(ends)):
                    self._offsets[leaves, number] = (position - (len(ends) - 1) / 2) * step

    def leaving(self, number: int) -> float:
        return self._offsets[True, number]

    def arriving(self, number: int) -> float:
        return self._offsets[False, number]


def _columns(layers: Layers, sizes: Mapping[str, Size]) -> tuple[list[float], list[float]]:
    """Where each column starts and ends; between two there is room for the lines."""
    starts: list[float] = []
    ends: list[float] = []
    x = 0.0
    for column in layers.columns:
        starts.append(x)
        x += max((sizes[node][0] for node in column if isinstance(node, str)), default=0.0)
        ends.append(x)
        lines = sum(len(layers.after(node)) for node in column)
        x += min(_WIDEST_GAP, _GAP + _GAP_FOR_LINE * lines)
    return starts, ends


def _centres(layers: Layers, heights: Mapping[Node, float]) -> dict[Node, float]:
    """The heights at which nodes stand: each near the middle of its neighbours, sweep after sweep."""
    centres: dict[Node, float] = {}
    for column in layers.columns:
        y = 0.0
        for previous, node in zip([None, *column], column, strict=False):
            y += _distance(previous, node, heights)
            centres[node] = y
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for column in layers.columns if forth else reversed(layers.columns):
            wanted = [
                _middle([centres[other] for other in around] or [centres[node]])
                for node in column
                for around in [(layers.before if forth else layers.after)(node)]
            ]
            _settle(column, wanted, heights, centres)
    return centres


def _distance(previous: Node | None, node: Node, heights: Mapping[Node, float]) -> float:
    """How far the centres of two nodes are at least apart, one below the other."""
    if previous is None:
        return 0.0
    bends = (not isinstance(previous, str)) + (not isinstance(node, str))
    return (heights[previous] + heights[node]) / 2 + (_BETWEEN if bends < 2 else _LANE)


def _middle(values: list[float]) -> float:
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _settle(
    column: Sequence[Node], wanted: Sequence[float], heights: Mapping[Node, float], centres: dict[Node, float]
) -> None:
    """Puts a column's nodes where they are wanted as far as their distances allow: least squares, by pooling."""
    offsets: list[float] = []
    for previous, node in zip([None, *column], column, strict=False):
        offsets.append((offsets[-1] if offsets else 0.0) + _distance(previous, node, heights))
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    for node, offset, base in zip(column, offsets, _spread(pools), strict=True):
        centres[node] = base + offset


def _spread(pools: Sequence[tuple[float, int]]) -> Iterator[float]:
    for total, count in pools:
        yield from [total / count] * count
