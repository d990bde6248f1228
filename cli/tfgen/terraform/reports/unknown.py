"""What Terraform says and tfgen does not know: counted by type, so that it can be shown and is never dropped.

Sources: Terraform 1.15.5 and 1.17.0-dev, OpenTofu 1.12.6: internal/command/views/json/message_types.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

_STEPS = ("start", "progress", "complete", "errored")
#: Events that are shown, or that say nothing of what changes: versions, logs, heartbeats, what a provisioner prints.
KNOWN_EVENTS = frozenset(
    {
        *("version", "log", "diagnostic", "policy_diagnostic", "change_summary", "outputs"),
        *("planned_change", "resource_drift", "planned_action_invocation", "applied_action_invocation"),
        *(f"{what}_{step}" for what in ("apply", "provision", "ephemeral_op", "action") for step in _STEPS),
        *("refresh_start", "refresh_complete", "list_start", "list_resource_found", "list_complete"),
        *("state_lock_acquire", "state_lock_release"),  # where taking or giving back the lock is slow
        *("ephemeral_action_started", "ephemeral_action_complete"),  # OpenTofu
    }
)
#: How a type begins that stands for something which the plan would do.
_PLANNED = "planned_"
#: How many types are told apart, and how many characters of each are kept.
_MOST_TYPES = 100
_LONGEST_TYPE = 80
#: What stands for all types beyond _MOST_TYPES.
OTHERS = "other types"
#: What stands for an event without a type, and for a line that should be an event and is none.
UNTYPED, NO_EVENT = "event without a type", "line that is not JSON"


class NotUnderstood(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`count` things of `type`; `planned` where they stand for something that the plan would do."""

    type: str
    count: int
    planned: bool = False

    def __str__(self) -> str:
        return f"{self.count} of {self.type}"


class Tally:
    """Counts by type, within bounds."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._planned: set[str] = set()

    def add(self, kind: str, count: int = 1, *, planned: bool = False) -> None:
        """Counts `kind`; a name that begins with `planned_` is planned."""
        name = kind[:_LONGEST_TYPE] or UNTYPED
        if name not in self._counts and len(self._counts) >= _MOST_TYPES:
            name = OTHERS
        self._counts[name] = self._counts.get(name, 0) + count
        if planned or kind.startswith(_PLANNED):
            self._planned.add(name)

    def remove(self, kind: str) -> None:
        """What turned out to be understood after all."""
        self._counts.pop(kind[:_LONGEST_TYPE], None)

    def __bool__(self) -> bool:
        return bool(self._counts)

    def result(self) -> tuple[NotUnderstood, ...]:
        """All of them, by type."""
        return tuple(
            NotUnderstood(type=name, count=count, planned=name in self._planned)
            for name, count in sorted(self._counts.items())
        )


def unknown_keys(found: Mapping[str, object], known: Iterable[str], prefix: str, tally: Tally) -> None:
    """Counts the keys of `found` that are not `known`."""
    for name in found.keys() - known:
        tally.add(f"{prefix}.{name}")
