"""Parents before children, and who comes from whom."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping


def in_order(parents: Mapping[str, tuple[str, ...]]) -> tuple[list[str], tuple[tuple[str, ...], ...]]:
    """All names, parents before children and else by name, and the groups of names that are each other's ancestors.

    Names of a group stand together, by name.
    """
    group_of, groups = _groups(parents)
    waiting = {number: set[int]() for number in range(len(groups))}
    below: dict[int, set[int]] = {}
    for name, above in parents.items():
        for parent in above:
            if parent in group_of and group_of[parent] != group_of[name]:
                waiting[group_of[name]].add(group_of[parent])
                below.setdefault(group_of[parent], set()).add(group_of[name])
    ready = [(groups[number][0], number) for number, above in waiting.items() if not above]
    heapq.heapify(ready)
    found: list[str] = []
    while ready:
        _, number = heapq.heappop(ready)
        found += groups[number]
        for child in below.get(number, ()):
            waiting[child].discard(number)
            if not waiting[child]:
                heapq.heappush(ready, (groups[child][0], child))
    return found, tuple(sorted(tuple(group) for group in groups if len(group) > 1))


def _groups(parents: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, int], list[list[str]]]:
    """Strongly connected components: the number of each name's, and their members by name (Tarjan's algorithm)."""
    walk = _Walk(parents)
    for root in sorted(parents):
        if root not in walk.number:
            walk.start(root)
    return walk.group_of, walk.groups


class _Walk:
    """A walk in depth, without recursion: `lowest` is the first name that stands on the stack and can be reached."""

    def __init__(self, parents: Mapping[str, tuple[str, ...]]) -> None:
        self._parents = parents
        self.number: dict[str, int] = {}
        self._lowest: dict[str, int] = {}
        self._stack: list[str] = []
        self.group_of: dict[str, int] = {}
        self.groups: list[list[str]] = []

    def start(self, root: str) -> None:
        path = [(root, self._enter(root))]
        while path:
            name, rest = path[-1]
            following = next((parent for parent in rest if self._is_new(name, parent)), None)
            if following is not None:
                path.append((following, self._enter(following)))
                continue
            path.pop()
            if path:
                self._lowest[path[-1][0]] = min(self._lowest[path[-1][0]], self._lowest[name])
            if self._lowest[name] == self.number[name]:
                self._close(name)

    def _enter(self, name: str) -> Iterator[str]:
        self.number[name] = self._lowest[name] = len(self.number)
        self._stack.append(name)
        return iter(self._parents[name])

    def _is_new(self, name: str, parent: str) -> bool:
        if parent in self.number and parent not in self.group_of:
            self._lowest[name] = min(self._lowest[name], self.number[parent])
        return parent in self._parents and parent not in self.number

    def _close(self, name: str) -> None:
        members: list[str] = []
        while not members or members[-1] != name:
            members.append(self._stack.pop())
            self.group_of[members[-1]] = len(self.groups)
        self.groups.append(sorted(members))


def descendants(parents: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> dict[str, str]:
    """Every name below `names` and the parent through which it is reached: the nearest way, then by name."""
    below: dict[str, list[str]] = {}
    for name in sorted(parents):
        for parent in parents[name]:
            below.setdefault(parent, []).append(name)
    given = set(names)
    found: dict[str, str] = {}
    level = sorted(given)
    while level:
        following: list[str] = []
        for parent in level:
            for child in below.get(parent, ()):
                if child not in found and child not in given:
                    found[child] = parent
                    following.append(child)
        level = sorted(following)
    return found
