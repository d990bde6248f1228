"""The plan by image: which of Terraform's changes belong to which template's pipeline."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from tfgen.terraform.reports.actions import Deferred, Invocation
from tfgen.terraform.reports.events import Counts
from tfgen.terraform.reports.unknown import NotUnderstood

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
DRIFTED, INVOKED, DEFERRED = "drifted", "invoked", "deferred"
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
    "delete_because_enabled_false": "is not enabled",
}
_FORGOTTEN = "Terraform no longer manages it, and it stays in AWS"
#: What an import names where it gives no ID.
BY_IDENTITY = "its identity"
#: How many changes of one plan are kept (some 30 MB): more is no plan that a person could review.
MOST_CHANGES = 100_000

_IMAGE = re.compile(r"module\.([^.\[]+)")


def image_of(address: str, shared: Collection[str] = ()) -> str:
    """The image that a resource address belongs to; `shared` names the modules that are none."""
    match = _IMAGE.match(address)
    return match.group(1) if match and match.group(1) not in shared else SHARED


def owner_of(invocation: Invocation, shared: Collection[str] = ()) -> str:
    """The image that an action belongs to: by its own address, else by the resource that triggers it."""
    own = image_of(invocation.address, shared)
    return image_of(invocation.resource, shared) if own == SHARED else own


class ResourceChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What happens to one resource, in Terraform's words.

    `forced_by` are the attributes that force a replacement; `moved_from` the address it has in the state; `imported`
    the ID that it is imported by, whatever else happens to it.
    """

    address: str
    action: str
    reason: str = ""
    forced_by: tuple[str, ...] = ()
    moved_from: str = ""
    imported: str = ""

    @property
    def why(self) -> str:
        """The reason in words, "" when Terraform gives none."""
        if self.forced_by:
            return f"forced by {', '.join(self.forced_by)}"
        if self.action == "remove":
            return _FORGOTTEN
        said = _REASONS.get(self.reason, self.reason.replace("_", " "))
        return said or (f"imported by {self.imported}" if self.imported else "")


class ImagePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens to one image, in Terraform's order; `drift` is what others changed in AWS and the plan is about.

    `stood` says that it has resources already, `stays` that not all of them are planned to go. `actions` are invoked,
    and `deferred` is left to a later plan.
    """

    name: str
    changes: tuple[ResourceChange, ...] = ()
    drift: tuple[ResourceChange, ...] = ()
    actions: tuple[Invocation, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    stood: bool = False
    stays: bool = False

    def count(self, action: str) -> int:
        return sum(change.action == action for change in self.changes)

    @property
    def action(self) -> str:
        """One word for the whole: created and destroyed mean all of it; otherwise the gravest word."""
        actions = {change.action for change in self.changes}
        if not actions:
            return INVOKED if self.actions else DEFERRED if self.deferred else DRIFTED
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
    untrusted branch changes besides. `failed_checks` are check blocks whose condition does not hold, as Terraform names
    them; `not_understood` is what Terraform said and tfgen does not know; `incomplete`: Terraform calls the plan so.
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
    failed_checks: tuple[str, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    incomplete: bool = False

    @property
    def invoked(self) -> int:
        """How many actions are invoked."""
        return sum(len(image.actions) for image in self.images)

    @property
    def deferred(self) -> int:
        """How many changes and actions are left to a later plan."""
        return sum(len(image.deferred) for image in self.images)

    @property
    def moves_only(self) -> bool:
        """Whether Terraform would only write other addresses into its state."""
        changes = [change for image in self.images for change in image.changes]
        more = self.outputs or self.invoked or any(item.planned for item in self.not_understood)
        return bool(changes) and not more and all(change.action == "move" for change in changes)
