"""A template's files as trees of nodes: every value with the bytes where it stands. One tree for all three formats."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias

from tfgen_generators.packer.syntax.values import Value

BOM = b"\xef\xbb\xbf"
_SHORT = 1 << 14

Key: TypeAlias = "str | int"


class File:
    """The bytes of one file; `line` of an offset is 1-based."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path, self.data = path, data

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(rb"\n", self.data))]

    def line(self, offset: int) -> int:
        if len(self.data) < _SHORT:  # where few are asked for, to count is sooner done than an index
            return self.data.count(b"\n", 0, offset) + 1
        return bisect_right(self._starts, offset)

    @property
    def newline(self) -> str:
        """How its lines end."""
        return "\r\n" if b"\r\n" in self.data else "\n"


class Node:
    """A value, block or object: the bytes from `start` to `end` of `file`, those of its key, and what is inside.

    In HCL, blocks of one kind inside a body are a list under that kind, each with its `labels`.
    """

    __slots__ = ("end", "file", "key", "kids", "labels", "scalar", "start")

    def __init__(self, file: File, start: int, end: int, scalar: Value = None) -> None:
        self.file, self.start, self.end, self.scalar = file, start, end, scalar
        self.key: tuple[int, int] = (start, start)
        self.kids: dict[Key, Node] | None = None
        self.labels: tuple[str, ...] = ()

    @property
    def line(self) -> int:
        """The line of its key, or of itself."""
        return self.file.line(self.key[0])

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def is_list(self) -> bool:
        return self.kids is not None and isinstance(self.scalar, list)

    def value(self) -> Value:
        """The value as it is written; objects are dicts."""
        if self.kids is None:
            return self.scalar
        if self.is_list:
            return [kid.value() for kid in self.kids.values()]
        return {str(key): kid.value() for key, kid in self.kids.items()}

    def find(self, key: Key, *below: Key) -> Node | None:
        """The node behind these keys."""
        found = self.kids.get(key) if self.kids else None
        return found.find(*below) if below and found is not None else found

    def get(self, *keys: Key) -> Value:
        """The value behind these keys, None where there is none."""
        found = self.find(*keys)
        return found.value() if found is not None else None

    def near(self, *keys: Key) -> Node:
        """The deepest node on the way to these keys."""
        found = self
        for key in keys:
            inner = (found.kids or {}).get(key)
            if inner is None:
                break
            found = inner
        return found

    def tables(self, key: str) -> Iterator[Node]:
        """The objects (or blocks) under `key`: one, or those of a list."""
        found = self.find(key)
        if found is None or found.kids is None:
            return
        yield from (kid for kid in found.kids.values() if kid.kids is not None) if found.is_list else (found,)

    def walk(self) -> Iterator[tuple[tuple[Key, ...], Node]]:
        """Every node below this one that has nothing inside, with the keys that lead to it."""
        pending: list[tuple[tuple[Key, ...], Node]] = [
            ((key,), kid) for key, kid in reversed((self.kids or {}).items())
        ]
        while pending:
            keys, node = pending.pop()
            if node.kids is None:
                yield keys, node
            else:
                pending += [((*keys, key), kid) for key, kid in reversed(node.kids.items())]

    def overlaid(self, other: Node) -> Node:
        """The object with the members of another one over its own."""
        merged = Node(other.file, other.start, other.end)
        merged.key, merged.labels = other.key, other.labels
        merged.kids = {**(self.kids or {}), **(other.kids or {})}
        return merged
