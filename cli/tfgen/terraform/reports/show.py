"""`terraform show -json` of a saved plan, read as it comes: it holds every value, the secret ones too.

Only addresses and the names of attributes are taken out of it. Terraform starts the providers for this, so it is
asked only when the events of the plan do not say enough.
"""

from __future__ import annotations

import re
from typing import Any

_ITEM = "resource_changes.item"
_PLAIN = re.compile(r"[A-Za-z_][\w-]*")


class ForcedAttributes:
    """Reads pieces of the document; `found` maps an address to the attributes that force its replacement."""

    def __init__(self) -> None:
        import ijson

        self.found: dict[str, tuple[str, ...]] = {}
        self._items: Any = ijson.sendable_list()
        self._parser: Any = ijson.items_coro(self._items, _ITEM)
        self._failed = False

    def feed(self, piece: bytes) -> None:
        """Takes the next piece; what is no such document gives nothing."""
        import ijson

        if self._failed:
            return
        try:
            self._parser.send(piece)
        except (ijson.JSONError, StopIteration, UnicodeDecodeError):
            self._failed = True
        for item in self._items:
            paths = (item.get("change") or {}).get("replace_paths") or []
            if paths:
                self.found[str(item.get("address"))] = tuple(dict.fromkeys(map(_written, paths)))
        del self._items[:]


def _written(path: list[object]) -> str:
    """`["a", 0, "b"]` as Terraform writes it: `a[0].b`."""
    text = ""
    for step in path:
        if isinstance(step, str) and _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{step}]" if not isinstance(step, str) else f'["{step}"]'
    return text
