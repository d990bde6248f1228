"""The gate: what a plan destroys must have been allowed, by name."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from tfgen.phrases import some
from tfgen.terraform.reports.plan import WORDS, ImagePlan, PlanSummary
from tfgen_generators.errors import RefusedError
from tfgen_generators.root_module.trust import MAINTAINER

_MOST_FLAGS = 5


def refused_images(summary: PlanSummary, allowed: Collection[str]) -> tuple[ImagePlan, ...]:
    """The images of which something is destroyed or replaced, and that are not `allowed`."""
    return tuple(image for image in summary.images if image.destroys and image.name not in allowed)


def require_allowed(summary: PlanSummary, allowed: Collection[str]) -> None:
    """Raises RefusedError when the plan destroys or replaces what was not allowed."""
    refused = refused_images(summary, allowed)
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
    counts = [f"{number} {WORDS[action]}" for action in ("delete", "replace") if (number := image.count(action))]
    return ", ".join(counts)
