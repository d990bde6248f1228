"""What a plan changes in place, by attribute: an imported resource may lack what only Terraform knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Terraform keeps these in its state alone: AWS has no such setting. Sources: the AWS provider's pages of the types.
_OF_TERRAFORM = frozenset(
    {"force_delete", "force_destroy", "force_detach_policies", "revoke_rules_on_delete", "skip_destroy", "timeouts"}
)
_SHOWN = 10


def updates_in_words(plan: Mapping[str, Any]) -> list[str]:
    """A line for each resource that a plan (`terraform show -json`) changes in place; never a value."""
    lines = [_line(address, names) for address, names in _updated(plan)]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [*lines[:_SHOWN], *more]


def _line(address: str, names: list[str]) -> str:
    harmless = _OF_TERRAFORM.issuperset(names)
    why = ": harmless, only the state gets it; AWS has no such setting" if harmless else ""
    return f"{address}: {', '.join(names)} would change{why}"


def _updated(plan: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for change in plan.get("resource_changes") or ():
        details = change.get("change") or {}
        if details.get("actions") == ["update"]:
            before, after = details.get("before") or {}, details.get("after") or {}
            unknown = details.get("after_unknown") or {}
            names = sorted(
                name
                for name in {*before, *after, *unknown}
                if before.get(name) != after.get(name) or _is_unknown(unknown.get(name))
            )
            kept = [name for name in names if name != "tags_all" or "tags" not in names]
            yield str(change.get("address")), kept


def _is_unknown(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_is_unknown, value.values()))
    return any(map(_is_unknown, value)) if isinstance(value, list) else value is True
