"""`terraform show -json` of a saved plan, read as it comes: it holds every value, the secret ones too.

Only addresses, actions and the names of attributes are taken out of it. Terraform starts the providers for this, so it
is asked only when the events of the plan do not say enough, and before the plan is applied.
"""

from __future__ import annotations

import re
from typing import Any

from tfgen.terraform.reports.plan import MOST_CHANGES, ResourceChange

_ITEM = "resource_changes.item"
_PLAIN = re.compile(r"[A-Za-z_][\w-]*")
#: Terraform's words for what it does to one resource; a combination with `delete` is a replacement.
_KNOWN = frozenset({"no-op", "create", "read", "update", "delete", "forget"})


class ShownPlan:
    """Reads pieces of the document.

    `forced` maps an address to the attributes that force its replacement; `changes` are all changes of resources;
    `is_whole`, after `end`: the document was complete, and everything in it was understood.
    """

    def __init__(self) -> None:
        import ijson

        self.forced: dict[str, tuple[str, ...]] = {}
        self.changes: list[ResourceChange] = []
        self.is_whole = False
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
            self._failed |= not self._add(item)
        del self._items[:]

    def end(self) -> None:
        """Nothing more comes."""
        import ijson

        try:
            self._parser.close()
        except (ijson.JSONError, UnicodeDecodeError):
            self._failed = True
        self.is_whole = not self._failed

    def _add(self, item: dict[str, Any]) -> bool:
        """Whether it was understood."""
        change = item.get("change") or {}
        address, actions = item.get("address"), change.get("actions")
        if not isinstance(address, str) or not isinstance(actions, list):
            return False
        if paths := change.get("replace_paths"):
            self.forced[address] = tuple(dict.fromkeys(map(_written, paths)))
        action = str(actions[0]) if len(actions) == 1 else "replace" if "delete" in actions else "forget"
        before = item.get("previous_address") or ""
        self.changes.append(
            ResourceChange(address=address, action=action, moved_from=before if before != address else "")
        )
        return bool(actions) and _KNOWN.issuperset(actions) and len(self.changes) <= MOST_CHANGES


def _written(path: list[object]) -> str:
    """`["a", 0, "b"]` as Terraform writes it: `a[0].b`."""
    text = ""
    for step in path:
        if isinstance(step, str) and _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{step}]" if not isinstance(step, str) else f'["{step}"]'
    return text
