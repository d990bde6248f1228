"""The gate: what a plan destroys, and the actions that it invokes, must have been allowed, by name."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.phrases import some
from tfgen.terraform.reports.plan import WORDS, ImagePlan, PlanSummary, ResourceChange, image_of, owner_of
from tfgen_generators.errors import RefusedError
from tfgen_generators.root_module.trust import MAINTAINER

if TYPE_CHECKING:
    from tfgen.plan.compared.behind import Behind
    from tfgen.terraform.reports.actions import Invocation
    from tfgen_generators.settings.model import Settings

_MOST_FLAGS = 5
_DESTROYS = ("delete", "replace")
#: Image -> the names that it had before.
Renamed = Mapping[str, Collection[str]]
#: Which of some images come from commits of the base that the branch lacks.
Look = Callable[[Collection[str]], "Behind | None"]


def renamed_images(settings: Settings) -> Renamed:
    """The renames that tfgen.toml tells, and that sync writes `moved` blocks for."""
    return {name: own.moved_from for name, own in settings.templates.items() if own.moved_from}


def refused_images(summary: PlanSummary, allowed: Collection[str], renamed: Renamed) -> tuple[ImagePlan, ...]:
    """The images of which something is destroyed or replaced, and that are not `allowed`."""
    return tuple(image for image in _by_both_names(summary.images, renamed) if image.name not in allowed)


def acting_images(summary: PlanSummary, actions: Collection[str]) -> tuple[ImagePlan, ...]:
    """The images of which an action is invoked, and that are not in `actions`, the images whose actions are allowed."""
    return tuple(image for image in summary.images if image.actions and image.name not in actions)


def require_allowed(
    summary: PlanSummary,
    allowed: Collection[str],
    renamed: Renamed,
    look: Look | None = None,
    *,
    actions: Collection[str] = (),
) -> None:
    """Raises RefusedError when the plan destroys, replaces or invokes what was not allowed.

    `look` is asked then which of it comes from commits of the base that the branch lacks. `actions` are the images
    whose actions are allowed.
    """
    refused = refused_images(summary, allowed, renamed)
    behind = look([image.name for image in refused]) if look and refused else None
    _require_none(refused, acting_images(summary, actions), behind)
    if unknown := [str(item) for item in summary.not_understood if item.planned]:
        raise RefusedError(
            f"the plan holds what this tfgen does not understand: {some(unknown, most=5)}",
            fix="use a newer tfgen, or review and apply it with Terraform itself",
        )


def require_plan_allowed(
    changes: Iterable[ResourceChange],
    shared: Collection[str],
    allowed: Collection[str],
    renamed: Renamed,
    *,
    invoked: Iterable[Invocation] = (),
    actions: Collection[str] = (),
) -> None:
    """The same of what the saved plan itself says; `shared` are the root module's other modules."""
    found: dict[str, list[ResourceChange]] = {}
    for change in changes:
        found.setdefault(image_of(change.address, shared), []).append(change)
    acting: dict[str, list[Invocation]] = {}
    for invocation in invoked:
        acting.setdefault(owner_of(invocation, shared), []).append(invocation)
    images = [ImagePlan(name=name, changes=tuple(found[name])) for name in sorted(found)]
    refused = tuple(image for image in _by_both_names(images, renamed) if image.name not in allowed)
    own = [ImagePlan(name=name, actions=tuple(acting[name])) for name in sorted(acting) if name not in actions]
    _require_none(refused, own)


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


def _require_none(refused: Sequence[ImagePlan], acting: Sequence[ImagePlan], behind: Behind | None = None) -> None:
    told, fixes = list[str](), list[str]()
    if refused:
        images = some([f"{image.name} ({_counts(image)})" for image in refused], most=5)
        told.append(f"destroys or replaces resources without permission: {images}")
        fixes.append(_fix([image.name for image in refused], behind))
    if acting:
        images = some([f"{image.name} ({len(image.actions)} invoked)" for image in acting], most=5)
        told.append(f"invokes actions without permission: {images}")
        fixes.append(_flags("--allow-action", [image.name for image in acting]))
    if told:
        raise RefusedError(f"the plan {', and '.join(told)}", fix="; ".join(fixes))


def _fix(names: Sequence[str], behind: Behind | None) -> str:
    """A branch that is behind its base is brought up to it first: allowing would undo what others have merged."""
    if behind is None:
        return _flags("--allow-destroy", names)
    others = [name for name in names if name not in behind.images]
    if not others:
        return behind.advice()
    lacking = some([name for name in names if name in behind.images], most=5)
    return f"for {lacking}: {behind.advice()}; for {some(others, most=5)}: {_fix(others, None)}"


def _flags(option: str, names: Sequence[str]) -> str:
    flags = " ".join(f"{option} {shlex.quote(name)}" for name in names)
    few = len(names) <= _MOST_FLAGS
    return f"to allow it, add: {flags}" if few else f"to allow it, add {option} NAME for each image"


def require_all_planned(summary: PlanSummary) -> None:
    """Raises RefusedError when an untrusted branch changes what its plan does not show."""
    if not summary.not_planned:
        return
    told = some([f"{item.path}:{item.line}" if item.line else item.path for item in summary.not_planned], most=5)
    raise RefusedError(f"the branch changes what is not planned: {told}", fix=MAINTAINER)


def _counts(image: ImagePlan) -> str:
    counts = [f"{number} {WORDS[action]}" for action in _DESTROYS if (number := image.count(action))]
    return ", ".join(counts)
