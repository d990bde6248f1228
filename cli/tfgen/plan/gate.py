"""The gate: what a plan destroys must have been allowed, by name."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.phrases import some
from tfgen.terraform.reports.plan import WORDS, ImagePlan, PlanSummary, ResourceChange, image_of
from tfgen_generators.errors import RefusedError
from tfgen_generators.root_module.trust import MAINTAINER

if TYPE_CHECKING:
    from tfgen_generators.settings.model import Settings

_MOST_FLAGS = 5
_DESTROYS = ("delete", "replace")
#: Image -> the names that it had before.
Renamed = Mapping[str, Collection[str]]


def renamed_images(settings: Settings) -> Renamed:
    """The renames that tfgen.toml tells, and that sync writes `moved` blocks for."""
    return {name: own.moved_from for name, own in settings.templates.items() if own.moved_from}


def refused_images(summary: PlanSummary, allowed: Collection[str], renamed: Renamed) -> tuple[ImagePlan, ...]:
    """The images of which something is destroyed or replaced, and that are not `allowed`."""
    return tuple(image for image in _by_both_names(summary.images, renamed) if image.name not in allowed)


def require_allowed(summary: PlanSummary, allowed: Collection[str], renamed: Renamed) -> None:
    """Raises RefusedError when the plan destroys or replaces what was not allowed."""
    _require_none(refused_images(summary, allowed, renamed))


def require_plan_allowed(
    changes: Iterable[ResourceChange], shared: Collection[str], allowed: Collection[str], renamed: Renamed
) -> None:
    """The same of what the saved plan itself says; `shared` are the root module's other modules."""
    found: dict[str, list[ResourceChange]] = {}
    for change in changes:
        found.setdefault(image_of(change.address, shared), []).append(change)
    images = [ImagePlan(name=name, changes=tuple(found[name])) for name in sorted(found)]
    _require_none(tuple(image for image in _by_both_names(images, renamed) if image.name not in allowed))


def _by_both_names(images: Iterable[ImagePlan], renamed: Renamed) -> tuple[ImagePlan, ...]:
    """Those that lose something. What a `moved` block gives to another image first is lost by both.

    But not by a name that tfgen.toml tells was another of the same image.
    """
    known = {image.name: image for image in images}
    found = {image.name: image for image in known.values() if image.destroys}
    for image in known.values():
        for change in image.changes:
            before = image_of(change.moved_from) if change.moved_from else image.name
            if change.action in _DESTROYS and before != image.name and before not in renamed.get(image.name, ()):
                other = found.get(before) or ImagePlan(name=before)
                found[before] = replace(other, changes=(*other.changes, change))
    return tuple(found[name] for name in sorted(found, key=list(dict.fromkeys([*known, *found])).index))


def _require_none(refused: tuple[ImagePlan, ...]) -> None:
    if not refused:
        return
    told = some([f"{image.name} ({_counts(image)})" for image in refused], most=5)
    flags = " ".join(f"--allow-destroy {shlex.quote(image.name)}" for image in refused)
    fix = (
        f"to allow it, add: {flags}"
        if len(refused) <= _MOST_FLAGS
        else "to allow it, add --allow-destroy NAME for each image"
    )
    raise RefusedError(f"the plan destroys or replaces resources without permission: {told}", fix=fix)


def require_all_planned(summary: PlanSummary) -> None:
    """Raises RefusedError when an untrusted branch changes what its plan does not show."""
    if not summary.not_planned:
        return
    told = some([f"{item.path}:{item.line}" if item.line else item.path for item in summary.not_planned], most=5)
    raise RefusedError(f"the branch changes what is not planned: {told}", fix=MAINTAINER)


def _counts(image: ImagePlan) -> str:
    counts = [f"{number} {WORDS[action]}" for action in _DESTROYS if (number := image.count(action))]
    return ", ".join(counts)
