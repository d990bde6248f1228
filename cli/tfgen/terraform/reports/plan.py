"""The plan by image: which of Terraform's changes belong to which template's pipeline.

A `Summarizer` is fed event by event, so that nothing else of a run has to be kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgspec

from tfgen.terraform.reports.events import Change, Counts, Event
from tfgen_generators.errors import TerraformError

#: What stands outside every image's module.
SHARED = "(shared)"
#: Terraform's actions that change something, in the order in which they are shown.
ACTIONS = ("create", "update", "replace", "delete", "remove", "import", "move")
#: The words for a person.
WORDS = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "destroyed",
    "remove": "forgotten",
    "import": "imported",
    "move": "moved",
}
DRIFTED = "drifted"
#: What stands for Terraform's line where there was nothing to plan.
NOTHING_DIFFERS = "No image differs: nothing was planned."
#: Terraform's reasons for a person; others are shown as they are.
#: Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
_REASONS = {
    "cannot_update": "cannot be changed in place",
    "tainted": "is tainted",
    "requested": "requested (-replace)",
    "replace_triggered_by": "a resource that it depends on is replaced",
    "delete_because_no_resource_config": "is no longer declared",
    "delete_because_no_module": "its module is no longer called",
    "delete_because_wrong_repetition": "count or for_each was added or removed",
    "delete_because_count_index": "is outside count",
    "delete_because_each_key": "is no longer in for_each",
    "delete_because_no_move_target": "was moved to an address that is not declared",
}
#: How many changes of one plan are kept (some 30 MB): more is no plan that a person could review.
MOST_CHANGES = 100_000

_IMAGE = re.compile(r"module\.([^.\[]+)")
#: Terraform repeats as drift what it found under another address.
_NO_DRIFT = frozenset({"noop", "move"})


def image_of(address: str, shared: Collection[str] = ()) -> str:
    """The image that a resource address belongs to; `shared` names the modules that are none."""
    match = _IMAGE.match(address)
    return match.group(1) if match and match.group(1) not in shared else SHARED


class ResourceChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What happens to one resource, in Terraform's words.

    `forced_by` are the attributes that force a replacement; `moved_from` the address it has in the state.
    """

    address: str
    action: str
    reason: str = ""
    forced_by: tuple[str, ...] = ()
    moved_from: str = ""

    @property
    def why(self) -> str:
        """The reason in words, "" when Terraform gives none."""
        if self.forced_by:
            return f"forced by {', '.join(self.forced_by)}"
        return _REASONS.get(self.reason, self.reason.replace("_", " "))


class ImagePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens to one image, in Terraform's order; `drift` is what others changed in AWS and the plan is about.

    `stood` says that it has resources already, `stays` that not all of them are planned to go.
    """

    name: str
    changes: tuple[ResourceChange, ...] = ()
    drift: tuple[ResourceChange, ...] = ()
    stood: bool = False
    stays: bool = False

    def count(self, action: str) -> int:
        return sum(change.action == action for change in self.changes)

    @property
    def action(self) -> str:
        """One word for the whole: created and destroyed mean all of it; otherwise the gravest word."""
        actions = {change.action for change in self.changes}
        if not actions:
            return DRIFTED
        if len(actions) > 1:
            return "replaced" if "replace" in actions else "changed"
        only = actions.pop()
        partly = (only == "create" and self.stood) or (only == "delete" and self.stays)
        return "changed" if partly else WORDS.get(only, "changed")

    @property
    def destroys(self) -> bool:
        """Whether anything of it is destroyed, for good or to be made anew."""
        return any(change.action in ("delete", "replace") for change in self.changes)

    @property
    def moved_from(self) -> str:
        """The image that all of it was, "" when it was this one."""
        stood = [change for change in self.changes if change.action != "create"]
        before = {image_of(change.moved_from) if change.moved_from else self.name for change in stood}
        name = before.pop() if len(before) == 1 else self.name
        return "" if self.name == SHARED or name in (self.name, SHARED) else name


class NotPlanned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an untrusted branch changes and its plan does not show; `line` is 0 for a whole file."""

    path: str
    line: int = 0
    reason: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"not planned: {where}: {self.reason} (needs a trusted plan)"


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All images that change or drift, by name, what is shared last; outputs that change; and Terraform's own line.

    `changed` is Terraform's own answer (`-detailed-exitcode`): more than images and outputs can make it true.
    `targets` are the images that the plan was limited to; it says nothing of others. Empty: the whole plan.
    `refresh_only`: it would take over into the state what others changed, and change nothing. `not_planned` is what an
    untrusted branch changes besides.
    """

    images: tuple[ImagePlan, ...] = ()
    changed: bool
    unchanged: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    counts: Counts = msgspec.field(default_factory=Counts)
    line: str = ""
    targets: tuple[str, ...] = ()
    refresh_only: bool = False
    not_planned: tuple[NotPlanned, ...] = ()

    @property
    def moves_only(self) -> bool:
        """Whether Terraform would only write other addresses into its state."""
        changes = [change for image in self.images for change in image.changes]
        return bool(changes) and not self.outputs and all(change.action == "move" for change in changes)


class Summarizer:
    """Makes the summary of a run's events; data sources that are read, and no-ops, are no changes.

    `images` are all that there are, `shared` the root module's other modules.
    """

    def __init__(self, images: Iterable[str] = (), shared: Collection[str] = ()) -> None:
        self.complete = False  #: whether Terraform's own summary has come: without it the run was cut short
        self._images, self._shared = tuple(images), shared
        self._changes: dict[str, list[ResourceChange]] = {}
        self._drift: dict[str, list[ResourceChange]] = {}
        self._counts, self._line = Counts(), ""
        self._outputs: tuple[str, ...] = ()
        self._stood: Counter[str] = Counter()
        self._kept = 0

    def add(self, event: Event) -> None:
        """Takes what counts of `event`. Raises TerraformError when there is too much of it."""
        if event.type == "planned_change" and event.change and event.change.action in ACTIONS:
            self._keep(self._changes, event.change)
        elif event.type == "resource_drift" and event.change and event.change.action not in _NO_DRIFT:
            self._keep(self._drift, event.change)
        elif event.type == "refresh_start" and event.hook:
            self._stood[image_of(event.hook.resource.addr, self._shared)] += 1
        elif event.type == "change_summary" and event.changes:
            self._counts, self._line, self.complete = event.changes, event.message, True
        elif event.type == "outputs" and event.outputs:
            self._outputs = tuple(sorted(n for n, output in event.outputs.items() if output.action not in ("", "noop")))

    def needs_attributes(self) -> bool:
        """Whether something is replaced and the events do not say what forces it."""
        return any(change.reason == "cannot_update" for changes in self._changes.values() for change in changes)

    def result(self, *, changed: bool, targets: Iterable[str] = (), refresh_only: bool = False) -> PlanSummary:
        """The summary of all that was added."""
        limited = tuple(targets)
        found = [self._image(name, all_drift=refresh_only) for name in {*self._changes, *self._drift}]
        images = sorted(filter(None, found), key=lambda image: (image.name == SHARED, image.name))
        looked_at = {*self._images} & {*(limited or self._images)}
        return PlanSummary(
            images=tuple(images),
            changed=changed,
            unchanged=tuple(sorted(looked_at - {image.name for image in images})),
            outputs=self._outputs,
            counts=self._counts,
            line=self._line,
            targets=limited,
            refresh_only=refresh_only,
        )

    def _image(self, name: str, *, all_drift: bool) -> ImagePlan | None:
        """None where all that differs is how a provider writes the same down: Terraform calls that drift, too."""
        changes = self._changes.get(name, ())
        planned = {change.address for change in changes if change.action != "delete"}
        drift = [
            item
            for item in self._drift.get(name, ())
            if all_drift or item.action == "delete" or item.address in planned
        ]
        if not changes and not drift:
            return None
        known = name != SHARED
        gone = sum(change.action == "delete" for change in changes)
        return ImagePlan(
            name=name,
            changes=tuple(changes),
            drift=tuple(drift),
            stood=known and name in self._stood,
            stays=known and name in self._images and gone != self._stood[name],
        )

    def _keep(self, place: dict[str, list[ResourceChange]], change: Change) -> None:
        self._kept += 1
        if self._kept > MOST_CHANGES:
            raise TerraformError(f"the plan has more than {MOST_CHANGES:,} changes", fix="plan in smaller steps")
        address = change.resource.addr
        before = change.previous_resource
        place.setdefault(image_of(address, self._shared), []).append(
            ResourceChange(
                address=address,
                action=change.action,
                reason=change.reason,
                moved_from=before.addr if before and before.addr != address else "",
            )
        )


def with_attributes(summary: PlanSummary, forced: Mapping[str, tuple[str, ...]]) -> PlanSummary:
    """`summary` with the attributes that force each replacement: address -> attributes."""
    images = [
        msgspec.structs.replace(image, changes=tuple(_forced(change, forced) for change in image.changes))
        for image in summary.images
    ]
    return msgspec.structs.replace(summary, images=tuple(images))


def _forced(change: ResourceChange, forced: Mapping[str, tuple[str, ...]]) -> ResourceChange:
    attributes = forced.get(change.address)
    return msgspec.structs.replace(change, forced_by=attributes) if attributes else change
