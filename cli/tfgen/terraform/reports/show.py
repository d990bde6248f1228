"""`terraform show -json` of a saved plan, read as it comes: it holds every value, the secret ones too.

Only addresses, actions, reasons and the names of attributes are taken out of it. Terraform starts the providers for
this, so it is asked only when the events of the plan do not say enough, and before the plan is applied.
Sources: Terraform 1.15.5 and 1.17.0-dev, OpenTofu 1.12.6: internal/command/jsonplan.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tfgen.terraform.reports.actions import Deferred, Invocation
from tfgen.terraform.reports.pieces import TopLevel, mapping, text
from tfgen.terraform.reports.plan import BY_IDENTITY, MOST_CHANGES, ResourceChange
from tfgen.terraform.reports.unknown import Tally, unknown_keys

#: The format that is known; a higher second number only adds to it.
FORMAT = (1, 2)
_PLAIN = re.compile(r"[A-Za-z_][\w-]*")
#: Terraform's words for what it does to one resource; a combination is a replacement.
_KNOWN = frozenset({"no-op", "create", "read", "update", "delete", "forget"})
_ITEMS = frozenset(
    {"resource_changes", "action_invocations", "deferred_changes", "deferred_action_invocations", "checks"}
)
_VALUES = frozenset({"format_version", "applyable", "complete", "errored"})
#: What holds values, or says what the events have said.
_PASSED_OVER = frozenset(
    {
        *("terraform_version", "variables", "planned_values", "resource_drift", "output_changes"),
        *("prior_state", "configuration", "relevant_attributes", "timestamp", "proposed_unknown"),
    }
)
_WITHOUT = frozenset(
    {
        *("before", "after", "after_unknown", "before_sensitive", "after_sensitive", "before_identity"),
        *("after_identity", "generated_config", "config_values", "config_sensitive", "config_unknown"),
        *("identity", "problems"),
    }
)
_CHANGE_KEYS = _WITHOUT | {"actions", "replace_paths", "importing"}
_RESOURCE_KEYS = frozenset(
    {
        *("address", "previous_address", "module_address", "mode", "type", "name", "index", "index_unknown"),
        *("provider_name", "deposed", "change", "action_reason"),
    }
)


#: How much may stand before the document.
_MOST_BEFORE = 65536


def _document(said: bytes) -> int | None:
    """Where the line begins that begins the document."""
    return 0 if said.startswith(b"{") else at + 1 if (at := said.find(b"\n{")) >= 0 else None


class ShownPlan:
    """Reads pieces of the document.

    `forced` maps an address to the attributes that force its replacement; `changes` are all changes of resources,
    `actions` all that is invoked, `deferred` what is left to a later plan, `failed_checks` the checks that do not hold.
    `unknown` counts what is not understood. `is_whole`, after `end`: the document was complete, and all that the plan
    does to resources was understood.
    """

    def __init__(self) -> None:
        import ijson

        self.forced: dict[str, tuple[str, ...]] = {}
        self.changes: list[ResourceChange] = []
        self.actions: list[Invocation] = []
        self.deferred: list[Deferred] = []
        self.failed_checks: list[str] = []
        self.unknown = Tally()
        self.format = ""
        self.is_whole = self.errored = False
        self.applyable = self.complete = True
        self._top = TopLevel(self._take, items=_ITEMS, values=_VALUES, known=_PASSED_OVER, without=_WITHOUT)
        self._parser: Any = ijson.basic_parse_coro(self._top)
        self._failed = self._began = False
        self._before = b""
        self._kept = 0

    @property
    def format_numbers(self) -> tuple[int, ...]:
        """The format's version; empty where none is given, or one that is no version."""
        parts = self.format.split(".")
        return tuple(map(int, parts)) if self.format.isascii() and all(map(str.isdigit, parts)) else ()

    def feed(self, piece: bytes) -> None:
        """Takes the next piece; what is no such document gives nothing.

        Lines before the document are passed over: OpenTofu 1.12 writes some warnings to stdout.
        """
        import ijson

        if not self._began:
            self._before += piece
            if (start := _document(self._before)) is None and len(self._before) < _MOST_BEFORE:
                return
            piece, self._before, self._began = self._before[start or 0 :], b"", True
        if self._failed:
            return
        try:
            self._parser.send(piece)
        except (ijson.JSONError, StopIteration, UnicodeDecodeError):
            self._failed = True

    def end(self) -> None:
        """Nothing more comes."""
        import ijson

        try:
            if not self._began:
                self._parser.send(self._before)
            self._parser.close()
        except (ijson.JSONError, StopIteration, UnicodeDecodeError):
            self._failed = True
        for name, count in sorted(self._top.unknown.items()):
            self.unknown.add(name, count)
        self.is_whole = self._top.is_object and not self._failed

    def _take(self, key: str, value: Any) -> None:
        self._kept += 1
        if not _TAKERS[key](self, value) or self._kept > MOST_CHANGES:
            self._failed = True

    def _add_change(self, value: object) -> bool:
        change = _change(item := mapping(value))
        if change is None:
            actions = mapping(item.get("change")).get("actions")
            self.unknown.add(f"resource_changes {_joined(actions)}", planned=True)
            return False
        unknown_keys(item, _RESOURCE_KEYS, "resource_changes", self.unknown)
        details = mapping(item["change"])
        unknown_keys(details, _CHANGE_KEYS, "resource_changes.change", self.unknown)
        paths = details.get("replace_paths")
        if isinstance(paths, list) and paths:
            written = [_written(path) for path in paths if isinstance(path, list)]
            self.forced[change.address] = tuple(dict.fromkeys(written))
        self.changes.append(change)
        return True

    def _add_action(self, value: object) -> bool:
        item = mapping(value)
        if not text(item.get("address")):
            return False
        self.actions.append(_invocation(item))
        return True

    def _add_deferred(self, value: object) -> bool:
        resource = mapping(mapping(value).get("resource_change"))
        actions = mapping(resource.get("change")).get("actions")
        return self._defer("deferred_changes", value, resource, _joined(actions))

    def _add_deferred_action(self, value: object) -> bool:
        return self._defer(
            "deferred_action_invocations", value, mapping(mapping(value).get("action_invocation")), "invoke"
        )

    def _defer(self, key: str, value: object, what: Mapping[str, object], action: str) -> bool:
        """What has no address is counted: nothing of it is done by this plan."""
        if address := text(what.get("address")):
            self.deferred.append(Deferred(address=address, action=action, reason=text(mapping(value).get("reason"))))
        else:
            self.unknown.add(key)
        return True

    def _add_check(self, value: object) -> bool:
        item = mapping(value)
        if item.get("status") in ("fail", "error"):
            self.failed_checks.append(text(mapping(item.get("address")).get("to_display")) or "check")
        return True

    def _set(self, key: str, value: object) -> bool:
        if key == "format_version":
            self.format = text(value)
        else:
            setattr(self, key, value is True)
        return True


_TAKERS: dict[str, Callable[[ShownPlan, object], bool]] = {
    "resource_changes": ShownPlan._add_change,
    "action_invocations": ShownPlan._add_action,
    "deferred_changes": ShownPlan._add_deferred,
    "deferred_action_invocations": ShownPlan._add_deferred_action,
    "checks": ShownPlan._add_check,
    "format_version": lambda plan, value: plan._set("format_version", value),
    "applyable": lambda plan, value: plan._set("applyable", value),
    "complete": lambda plan, value: plan._set("complete", value),
    "errored": lambda plan, value: plan._set("errored", value),
}


def _change(item: Mapping[str, Any]) -> ResourceChange | None:
    """None where its actions are not understood."""
    details = mapping(item.get("change"))
    address, actions = text(item.get("address")), details.get("actions")
    if not address or not isinstance(actions, list) or not actions or not _KNOWN.issuperset(map(str, actions)):
        return None
    before, importing = text(item.get("previous_address")), details.get("importing")
    return ResourceChange(
        address=address,
        action=str(actions[0]) if len(actions) == 1 else "replace",
        moved_from=before if before != address else "",
        imported=(text(mapping(importing).get("id")) or BY_IDENTITY) if importing else "",
    )


def _invocation(item: Mapping[str, Any]) -> Invocation:
    trigger = mapping(item.get("lifecycle_action_trigger"))
    return Invocation(
        address=text(item.get("address")),
        event=text(trigger.get("action_trigger_event")),
        resource=text(trigger.get("triggering_resource_address")),
        on_failure=text(trigger.get("on_failure")),
    )


def _joined(actions: object) -> str:
    """`delete, create`."""
    return ", ".join(map(str, actions)) if isinstance(actions, list) else ""


def _written(path: list[object]) -> str:
    """`["a", 0, "b"]` as Terraform writes it: `a[0].b`."""
    written = ""
    for step in path:
        if isinstance(step, str) and _PLAIN.fullmatch(step):
            written += f".{step}" if written else step
        else:
            written += f"[{step}]" if not isinstance(step, str) else f'["{step}"]'
    return written
