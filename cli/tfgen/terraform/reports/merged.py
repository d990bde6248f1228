"""The plan by image, completed by what the saved plan says of itself where events do not say enough."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from tfgen.terraform.reports.actions import Deferred
from tfgen.terraform.reports.plan import SHARED, ImagePlan, PlanSummary, ResourceChange, image_of
from tfgen.terraform.reports.show import ShownPlan
from tfgen.terraform.reports.unknown import NotUnderstood

#: Terraform's words in a plan, where its events have others.
_WORDS = {"forget": "remove"}


def with_shown(
    summary: PlanSummary, shown: ShownPlan, unclear: Mapping[str, str], shared: Collection[str]
) -> PlanSummary:
    """`summary` with the attributes that force each replacement, and what the events did not tell.

    `unclear` are the addresses whose action the events could not say: what `shown` says of them is taken.
    """
    known = {change.address: change for change in shown.changes if change.action not in ("no-op", "read")}
    told = [address for address in unclear if address in known]
    images = {image.name: replace(image, changes=_forced(image.changes, shown.forced)) for image in summary.images}
    for address in told:
        change = known[address]
        image = _of(images, address, shared)
        change = replace(change, action=_WORDS.get(change.action, change.action))
        images[image.name] = replace(image, changes=(*image.changes, change))
    for item in shown.deferred:
        image = _of(images, item.address, shared)
        images[image.name] = replace(image, deferred=(*image.deferred, item))
    return replace(
        summary,
        images=tuple(sorted(images.values(), key=lambda image: (image.name == SHARED, image.name))),
        unchanged=tuple(name for name in summary.unchanged if name not in images),
        failed_checks=tuple(shown.failed_checks) or summary.failed_checks,
        not_understood=_all_unknown(summary, shown, [unclear[address] for address in told]),
        incomplete=not shown.complete and not summary.targets,
    )


def deferred_lines(deferred: Iterable[Deferred]) -> Iterable[str]:
    """One line each."""
    return (f"{item.address} is deferred ({item.action or 'no action is given'}): {item.why}" for item in deferred)


def _of(images: Mapping[str, ImagePlan], address: str, shared: Collection[str]) -> ImagePlan:
    name = image_of(address, shared)
    return images.get(name) or ImagePlan(name=name)


def _forced(changes: tuple[ResourceChange, ...], forced: Mapping[str, tuple[str, ...]]) -> tuple[ResourceChange, ...]:
    return tuple(
        replace(change, forced_by=forced[change.address]) if change.address in forced else change for change in changes
    )


def _all_unknown(summary: PlanSummary, shown: ShownPlan, clear: list[str]) -> tuple[NotUnderstood, ...]:
    """Those of the events, less what is `clear` now, and those of the plan."""
    left = [replace(item, count=item.count - clear.count(item.type)) for item in summary.not_understood]
    return (*(item for item in left if item.count > 0), *shown.unknown.result())
