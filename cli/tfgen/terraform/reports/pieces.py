"""The top level of a JSON document, read as it comes: a wanted value is built, all others are passed over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

_OPENS = frozenset({"start_map", "start_array"})
_CLOSES = frozenset({"end_map", "end_array"})


class TopLevel:
    """Receives ijson's events of one object.

    `items` are the keys whose list is handed to `take` item by item, `values` those whose value is handed over whole;
    below both, values under `without` are left out. `known` are all keys that may be passed over; of others only the
    number of items is counted, in `unknown`.
    """

    def __init__(
        self,
        take: Callable[[str, Any], None],
        *,
        items: Collection[str],
        values: Collection[str],
        known: Collection[str],
        without: Collection[str],
    ) -> None:
        self.is_object = False
        self.unknown: dict[str, int] = {}
        self._take, self._items, self._values, self._known = take, items, values, known
        self._without = without
        self._depth = 0
        self._top = ""
        self._skipped: int | None = None  # the depth at which what is left out begins
        self._built: list[Any] = []
        self._keys: list[str] = []

    def send(self, event: tuple[str, Any]) -> None:
        """Takes the next event."""
        name, value = event
        opens, closes = name in _OPENS, name in _CLOSES
        self._depth -= closes
        if self._skipped is not None:
            if self._depth == self._skipped and not opens:
                self._skipped = None
        elif self._depth == 0:
            self.is_object |= name == "start_map"
            self._skipped = 0 if name == "start_array" else None
        elif name == "map_key" and self._depth == 1:
            self._begin(value)
        elif self._top in self._items or self._top in self._values:
            self._build(name, value)
        else:
            self._count(name, opens=opens, closes=closes)
        self._depth += opens

    def close(self) -> None:
        """Nothing more comes."""

    def _begin(self, key: str) -> None:
        self._top = key
        self._built, self._keys = [], []
        if key in self._known and key not in self._items and key not in self._values:
            self._skipped = 1
        elif key not in self._items and key not in self._values:
            self.unknown.setdefault(key, 0)

    def _count(self, name: str, *, opens: bool, closes: bool) -> None:
        """A list counts as its items, an object as its keys, anything else, and what is empty, as one."""
        if self._depth == 2 and (name == "map_key" or (self._is_list and not closes)):
            self.unknown[self._top] += 1
        elif self._depth == 1:
            self._is_list = name == "start_array"
            if not opens:  # a plain value, or the end
                self.unknown[self._top] = max(1, self.unknown[self._top])

    _is_list = False

    def _build(self, name: str, value: Any) -> None:
        if name == "map_key":
            if value in self._without:
                self._skipped = self._depth
            else:
                self._keys.append(value)
        elif name in _OPENS:
            if not (self._depth == 1 and self._top in self._items and name == "start_array"):
                self._built.append({} if name == "start_map" else [])
        elif name in _CLOSES:
            if self._built:
                self._put(self._built.pop())
        else:
            self._put(value)

    def _put(self, value: Any) -> None:
        if not self._built:
            self._take(self._top, value)
        elif isinstance(self._built[-1], dict):
            self._built[-1][self._keys.pop()] = value
        else:
            self._built[-1].append(value)


def mapping(value: object) -> Mapping[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """`value` where it is text, else ""."""
    return value if isinstance(value, str) else ""
