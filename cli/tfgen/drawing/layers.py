"""Layers of a directed graph: which node stands in which column, and in what order, so that few lines cross.

Sugiyama's method: lines that go back are turned, columns by the longest way, lines that skip columns get a place in
each (a `Bend`), and the order comes from the middle of the neighbours (barycentre), sweep after sweep; the best counts.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import TypeAlias

_SWEEPS = 24

#: A node is its id; a bend is (number of the line, column).
Node: TypeAlias = str | tuple[int, int]
Line: TypeAlias = tuple[str, str]


class Layers:
    """The columns of `nodes`, whose `lines` lead to other nodes each.

    `columns` hold nodes in their order; `ways[number]` are the nodes of a line, from its source's column on.
    `turned` are the numbers of lines that go back: their ways are written from the target to the source.
    """

    def __init__(self, nodes: Sequence[str], lines: Sequence[Line]) -> None:
        self.turned = _turned(nodes, lines)
        forward = [(line[1], line[0]) if number in self.turned else line for number, line in enumerate(lines)]
        rank = _ranks(nodes, forward)
        self.ways: list[list[Node]] = []
        self.columns: list[list[Node]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
        for node in nodes:
            self.columns[rank[node]].append(node)
        for number, (source, target) in enumerate(forward):
            bends: list[Node] = [(number, column) for column in range(rank[source] + 1, rank[target])]
            for bend, column in zip(bends, range(rank[source] + 1, rank[target]), strict=True):
                self.columns[column].append(bend)
            self.ways.append([source, *bends, target])
        self._before, self._after = _neighbours(self.ways)
        self._order()

    def before(self, node: Node) -> list[Node]:
        """Neighbours in the column before."""
        return self._before.get(node, [])

    def after(self, node: Node) -> list[Node]:
        """Neighbours in the column behind."""
        return self._after.get(node, [])

    def _order(self) -> None:
        best, fewest = [list(column) for column in self.columns], self._crossings()
        for sweep in range(_SWEEPS):
            if fewest == 0:
                break
            forth = sweep % 2 == 0
            numbers = range(1, len(self.columns)) if forth else range(len(self.columns) - 2, -1, -1)
            for number in numbers:
                self._sort(number, self._before if forth else self._after, number - 1 if forth else number + 1)
            if (crossings := self._crossings()) < fewest:
                best, fewest = [list(column) for column in self.columns], crossings
        self.columns = best

    def _sort(self, number: int, neighbours: Mapping[Node, list[Node]], beside: int) -> None:
        place = {node: position for position, node in enumerate(self.columns[beside])}
        column = self.columns[number]

        def middle(item: tuple[int, Node]) -> float:
            around = neighbours.get(item[1], [])
            return sum(place[node] for node in around) / len(around) if around else float(item[0])

        self.columns[number] = [node for _, node in sorted(enumerate(column), key=middle)]

    def _crossings(self) -> int:
        total = 0
        for left, right in pairwise(self.columns):
            place = {node: position for position, node in enumerate(right)}
            seen: list[int] = []
            for node in left:
                ends = sorted(place[other] for other in self._after.get(node, ()))
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total


def _turned(nodes: Iterable[str], lines: Sequence[Line]) -> set[int]:
    """Numbers of the lines that close a circle, by a walk in depth in the order of `nodes`."""
    out: dict[str, list[tuple[int, str]]] = {}
    for number, (source, target) in enumerate(lines):
        out.setdefault(source, []).append((number, target))
    done: set[str] = set()
    turned: set[int] = set()
    for root in nodes:
        open_, path = {root}, [(root, iter(out.get(root, ())))]
        while path and root not in done:
            node, rest = path[-1]
            step = next(rest, None)
            if step is None:
                done.add(node)
                open_.discard(node)
                path.pop()
            elif step[1] in open_:
                turned.add(step[0])
            elif step[1] not in done:
                open_.add(step[1])
                path.append((step[1], iter(out.get(step[1], ()))))
    return turned


def _ranks(nodes: Sequence[str], lines: Sequence[Line]) -> dict[str, int]:
    """The column of each node: behind all that lead to it, and what nothing leads to as near as can be."""
    before: dict[str, set[str]] = {node: set() for node in nodes}
    after: dict[str, set[str]] = {node: set() for node in nodes}
    for source, target in lines:
        before[target].add(source)
        after[source].add(target)
    rank: dict[str, int] = {}
    for node in TopologicalSorter(before).static_order():
        rank[node] = max((rank[leading] + 1 for leading in before[node]), default=0)
    for node in nodes:
        if after[node] and not before[node]:
            rank[node] = min(rank[following] for following in after[node]) - 1
    return rank


def _neighbours(ways: Iterable[Sequence[Node]]) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    before: dict[Node, list[Node]] = {}
    after: dict[Node, list[Node]] = {}
    for way in ways:
        for source, target in pairwise(way):
            after.setdefault(source, []).append(target)
            before.setdefault(target, []).append(source)
    return before, after
