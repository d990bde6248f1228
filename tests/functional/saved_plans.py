"""Manifests of saved plans, as tfgen plan writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfgen.plan.manifest import Manifest, Terraform, write_manifest
from tfgen.terraform.reports.plan import ImagePlan, PlanSummary, ResourceChange


def save_plan(*images: ImagePlan, name: str = "images.tfplan", changed: bool = True, **more: Any) -> None:
    """A manifest as tfgen plan writes it; the plan itself is of no concern here."""
    summary = PlanSummary(images=images, changed=changed, line="Plan: 1 to add, 0 to change, 1 to destroy.", **more)
    manifest = Manifest(
        tfgen="0",
        plan="0" * 64,
        when="2026-01-01T00:00:00Z",
        who="somebody",
        commit="0123456789abcdef",
        terraform_dir="terraform/pipelines",
        terraform=Terraform(product="Terraform", version="1.11.4"),
        inputs={},
        summary=summary,
    )
    write_manifest(Path(name), manifest)


def image(name: str, action: str = "create", count: int = 1) -> ImagePlan:
    changes = (ResourceChange(address=f"module.{name}.aws_thing.resource_{n}", action=action) for n in range(count))
    return ImagePlan(name=name, changes=tuple(changes))
