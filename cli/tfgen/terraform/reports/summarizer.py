"""Makes the plan by image of what Terraform says: event by event, so that nothing else of a run has to be kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from tfgen.terraform.reports.actions import Invocation, planned_invocation
from tfgen.terraform.reports.events import Change, Counted, Event
from tfgen.terraform.reports.plan import (
    ACTIONS,
    BY_IDENTITY,
    MOST_CHANGES,
    SHARED,
    ImagePlan,
    PlanSummary,
    ResourceChange,
    image_of,
    owner_of,
)
from tfgen.terraform.reports.unknown import KNOWN_EVENTS, UNTYPED, Tally
from tfgen_generators.errors import TerraformError

#: Terraform repeats as drift what it found under another address.
_NO_DRIFT = frozenset({"noop", "move"})
#: Planned, and nothing changes.
_READS = frozenset({"read", "open", "renew", "close"})
#: What Terraform calls a `check` block whose condition does not hold.
_FAILED_CHECK = "Check block assertion failed"
_MOST_CHECKS = 100

_Kept = TypeVar("_Kept")


class Summarizer:
    """Makes the summary of a run's events; data sources that are read, and no-ops, are no changes.

    `images` are all that there are, `shared` the root module's other modules.
    """

    def __init__(self, images: Iterable[str] = (), shared: Collection[str] = ()) -> None:
        self.complete = False  #: whether Terraform's own summary has come: without it the run was cut short
        self.counts = Counted()
        #: What is not understood; of `unclear` addresses, which action is planned (`with_shown` asks the plan itself).
        self.unknown, self.unclear = Tally(), dict[str, str]()
        self._images, self._shared = tuple(images), shared
        self._changes: dict[str, list[ResourceChange]] = {}
        self._drift: dict[str, list[ResourceChange]] = {}
        self._actions: dict[str, list[Invocation]] = {}
        self._checks: dict[str, None] = {}
        self._line = ""
        self._outputs: tuple[str, ...] = ()
        self._stood: Counter[str] = Counter()
        self._kept = 0

    def add(self, event: Event) -> None:
        """Takes what counts of `event`. Raises TerraformError when there is too much of it."""
        taker = _TAKERS.get(event.type)
        understood = event.type in KNOWN_EVENTS and not event.odd
        if not understood or (taker is not None and not taker(self, event)):
            self.unknown.add(event.type or UNTYPED)

    def needs_attributes(self) -> bool:
        """Whether something is replaced and the events do not say what forces it."""
        return any(change.reason == "cannot_update" for changes in self._changes.values() for change in changes)

    def result(self, *, changed: bool, targets: Iterable[str] = (), refresh_only: bool = False) -> PlanSummary:
        """The summary of all that was added."""
        limited = tuple(targets)
        names = {*self._changes, *self._drift, *self._actions}
        found = [self._image(name, all_drift=refresh_only) for name in names]
        images = sorted(filter(None, found), key=lambda image: (image.name == SHARED, image.name))
        looked_at = {*self._images} & {*(limited or self._images)}
        return PlanSummary(
            images=tuple(images),
            changed=changed,
            unchanged=tuple(sorted(looked_at - {image.name for image in images})),
            outputs=self._outputs,
            counts=self.counts.counts,
            line=self._line,
            targets=limited,
            refresh_only=refresh_only,
            failed_checks=tuple(self._checks),
            not_understood=self.unknown.result(),
        )

    def _image(self, name: str, *, all_drift: bool) -> ImagePlan | None:
        """None where all that differs is how a provider writes the same down: Terraform calls that drift, too."""
        changes, actions = self._changes.get(name, ()), self._actions.get(name, ())
        planned = {change.address for change in changes if change.action != "delete"}
        drift = [
            item
            for item in self._drift.get(name, ())
            if all_drift or item.action == "delete" or item.address in planned
        ]
        if not changes and not drift and not actions:
            return None
        known = name != SHARED
        gone = sum(change.action == "delete" for change in changes)
        return ImagePlan(
            name=name,
            changes=tuple(changes),
            drift=tuple(drift),
            actions=tuple(actions),
            stood=known and name in self._stood,
            stays=known and name in self._images and gone != self._stood[name],
        )

    def _planned_change(self, event: Event) -> bool:
        change = event.change
        if change is None:
            return False
        if change.action in ACTIONS:
            self._keep(self._changes, image_of(change.resource.addr, self._shared), _resource_change(change))
        elif change.action not in _READS:
            # OpenTofu 1.12 says "noop" of what it forgets and makes anew.
            self.unknown.add(kind := f"planned_change {change.action}")
            if len(self.unclear) < MOST_CHANGES:
                self.unclear[change.resource.addr] = kind
        return True

    def _planned_action(self, event: Event) -> bool:
        if event.invocation is None:
            return False
        invocation = planned_invocation(event.invocation)
        self._keep(self._actions, owner_of(invocation, self._shared), invocation)
        return True

    def _drifted(self, event: Event) -> bool:
        change = event.change
        if change is not None and change.action not in _NO_DRIFT:
            self._keep(self._drift, image_of(change.resource.addr, self._shared), _resource_change(change))
        return change is not None

    def _refreshed(self, event: Event) -> bool:
        if event.hook is None:
            return False
        self._stood[image_of(event.hook.address, self._shared)] += 1
        return True

    def _summed_up(self, event: Event) -> bool:
        if event.changes is None:
            return False
        self.counts, self._line, self.complete = event.changes, event.message, True
        return True

    def _with_outputs(self, event: Event) -> bool:
        outputs = event.outputs or {}
        self._outputs = tuple(sorted(n for n, output in outputs.items() if output.action not in ("", "noop")))
        return event.outputs is not None

    def _diagnosed(self, event: Event) -> bool:
        found = event.diagnostic
        if found is not None and found.summary == _FAILED_CHECK and len(self._checks) < _MOST_CHECKS:
            self._checks[(found.snippet and found.snippet.context) or "check"] = None
        return found is not None

    def _keep(self, place: dict[str, list[_Kept]], name: str, item: _Kept) -> None:
        self._kept += 1
        if self._kept > MOST_CHANGES:
            raise TerraformError(f"the plan has more than {MOST_CHANGES:,} changes", fix="plan in smaller steps")
        place.setdefault(name, []).append(item)


_TAKERS: dict[str, Callable[[Summarizer, Event], bool]] = {
    "planned_change": Summarizer._planned_change,
    "planned_action_invocation": Summarizer._planned_action,
    "resource_drift": Summarizer._drifted,
    "refresh_start": Summarizer._refreshed,
    "change_summary": Summarizer._summed_up,
    "outputs": Summarizer._with_outputs,
    "diagnostic": Summarizer._diagnosed,
}


def _resource_change(change: Change) -> ResourceChange:
    address, before = change.resource.addr, change.previous_resource
    return ResourceChange(
        address=address,
        action=change.action,
        reason=change.reason,
        moved_from=before.addr if before and before.addr != address else "",
        imported=(change.importing.id or BY_IDENTITY) if change.importing else "",
    )
