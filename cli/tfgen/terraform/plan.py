"""The plan by image: which of Terraform's changes belong to which template's pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tfgen.terraform.events import Change, Counts, Event

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

_IMAGE = re.compile(r"module\.([^.\[]+)")


def image_of(address: str) -> str:
    """The image that a resource address belongs to."""
    match = _IMAGE.match(address)
    return match.group(1) if match else SHARED


@dataclass(frozen=True, kw_only=True)
class ImagePlan:
    """What happens to one image; `changes` in Terraform's order."""

    name: str
    changes: tuple[Change, ...]

    def count(self, action: str) -> int:
        return sum(change.action == action for change in self.changes)

    @property
    def action(self) -> str:
        """One word for the whole: created and destroyed mean nothing but that; the gravest word otherwise."""
        actions = {change.action for change in self.changes}
        if len(actions) == 1:
            return WORDS.get(actions.pop(), "changed")
        return "replaced" if "replace" in actions else "changed"


@dataclass(frozen=True, kw_only=True)
class PlanSummary:
    """All images that change, by name, what is shared last; outputs that change; and Terraform's own line.

    `changed` is Terraform's own answer (`-detailed-exitcode`): more than images and outputs can make it true.
    """

    images: tuple[ImagePlan, ...]
    changed: bool
    outputs: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    line: str = ""


def summarize(events: Iterable[Event], *, changed: bool) -> PlanSummary:
    """The summary of a plan's events; data sources that are read, and no-ops, are no changes."""
    by_image: dict[str, list[Change]] = {}
    counts, line, outputs = Counts(), "", list[str]()
    for event in events:
        if event.type == "planned_change" and event.change and event.change.action in ACTIONS:
            by_image.setdefault(image_of(event.change.resource.addr), []).append(event.change)
        elif event.type == "change_summary" and event.changes:
            counts, line = event.changes, event.message
        elif event.type == "outputs" and event.outputs:
            outputs = [name for name, output in event.outputs.items() if output.action not in ("", "noop")]
    names = sorted(by_image, key=lambda name: (name == SHARED, name))
    images = tuple(ImagePlan(name=name, changes=tuple(by_image[name])) for name in names)
    return PlanSummary(images=images, changed=changed, outputs=tuple(sorted(outputs)), counts=counts, line=line)
