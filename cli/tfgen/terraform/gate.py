"""The gate: what a plan destroys must have been allowed, by name."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from tfgen.terraform.plan import WORDS, ImagePlan, PlanSummary
from tfgen_generators.errors import RefusedError


def refused_images(summary: PlanSummary, allowed: Collection[str]) -> tuple[ImagePlan, ...]:
    """The images of which something is destroyed or replaced, and that are not `allowed`."""
    return tuple(image for image in summary.images if image.destroys and image.name not in allowed)


def require_allowed(summary: PlanSummary, allowed: Collection[str]) -> None:
    """Raises RefusedError when the plan destroys or replaces what was not allowed."""
    refused = refused_images(summary, allowed)
    if not refused:
        return
    told = ", ".join(f"{image.name} ({_counted(image)})" for image in refused[:5])
    more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
    flags = " ".join(f"--allow-destroy {shlex.quote(image.name)}" for image in refused)
    raise RefusedError(f"the plan destroys what was not allowed: {told}{more}", fix=f"if that is meant, add: {flags}")


def _counted(image: ImagePlan) -> str:
    counts = [f"{number} {WORDS[action]}" for action in ("delete", "replace") if (number := image.count(action))]
    return ", ".join(counts)
