"""Actions that a plan invokes beside its changes (Terraform 1.14), and changes that it defers.

Sources: Terraform 1.15.5, internal/command: views/json/{change,hook}.go, jsonplan/action_invocations.go.
"""

from __future__ import annotations

import re

import msgspec

from tfgen.terraform.reports.events import Planned, Trigger

#: Terraform's events, as `AfterCreate`, in two words.
_EVENT = re.compile(r"(Before|After)(Create|Update|Destroy)")
_DONE = {"Create": "created", "Update": "changed", "Destroy": "destroyed"}
#: Terraform's reasons to defer, for a person. Source: internal/command/jsonplan/plan.go
_DEFERRED = {
    "instance_count_unknown": "its count or for_each is not known yet",
    "resource_config_unknown": "its configuration is not known yet",
    "provider_config_unknown": "its provider's configuration is not known yet",
    "deferred_prereq": "what it depends on is deferred",
    "absent_prereq": "what it depends on does not exist yet",
    "unknown": "Terraform gives no reason",
}


class Invocation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One action that is invoked: `event` is Terraform's word for when, `resource` the one that triggers it.

    Both are empty where a person asked for it (`-invoke`). `on_failure` is Terraform's word, "" before 1.16.
    """

    address: str
    event: str = ""
    resource: str = ""
    on_failure: str = ""

    @property
    def when(self) -> str:
        """`after module.web.x is created`."""
        if not self.resource:
            return "because it was asked for (-invoke)"
        if match := _EVENT.fullmatch(self.event):
            return f"{match[1].lower()} {self.resource} is {_DONE[match[2]]}"
        return f"by {self.resource} ({self.event or 'no event is given'})"

    @property
    def is_lost(self) -> bool:
        """Whether no later plan has it again when it has failed.

        What comes before a change stops that change. Sources: runs of Terraform 1.15.5; for `on_failure`, 1.16.0-rc2,
        internal/configs/action.go.
        """
        return self._has("continue") or not (self.event.startswith("Before") or self._taints)

    def _has(self, on_failure: str) -> bool:
        """Terraform 1.16 writes `ActionOnFailureContinue`."""
        return self.on_failure.lower().endswith(on_failure)

    @property
    def _taints(self) -> bool:
        return self._has("taint") and self.event == "AfterCreate"

    @property
    def consequence(self) -> str:
        """What its failure means for later plans."""
        if self.is_lost:
            return "and no later plan repeats it"
        if self._taints:
            return f"so {self.resource} is tainted, and the next plan replaces it"
        return f"so {self.resource} was left as it is, and the next plan has both again"


class Deferred(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change or an action that this plan leaves to a later one; `action` is Terraform's word, or `invoke`."""

    address: str
    action: str
    reason: str = ""

    @property
    def why(self) -> str:
        return _DEFERRED.get(self.reason, self.reason.replace("_", " ") or _DEFERRED["unknown"])


def planned_invocation(planned: Planned) -> Invocation:
    """The invocation in a `planned_action_invocation`."""
    return _invocation(planned.action_addr.addr, planned.lifecycle_trigger)


def hooked_invocation(address: str, trigger: Trigger | None) -> Invocation:
    """The invocation in an `action_...` hook."""
    return _invocation(address, trigger)


def _invocation(address: str, trigger: Trigger | None) -> Invocation:
    if trigger is None:
        return Invocation(address=address)
    resource = trigger.triggering_resource or trigger.resource
    return Invocation(
        address=address,
        event=trigger.triggering_event or trigger.trigger_event,
        resource=resource.addr if resource else "",
        on_failure=trigger.on_failure,
    )
