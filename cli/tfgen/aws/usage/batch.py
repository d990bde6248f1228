"""Compute environments of AWS Batch."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.aws.usage.model import Asker, Found, walked


def batch(asker: Asker) -> Iterator[Found]:
    """One uses its imageId, an imageIdOverride, and what its launch template, also an override, has."""
    pages = asker.pages("batch", "describe_compute_environments", "computeEnvironments", maxResults=100)
    for each in pages:
        name = str(each["computeEnvironmentName"])
        yield from walked(asker.region, "batch-compute-environment", name, each.get("computeResources") or {})
