"""The disks of an AMI, its state as EC2 writes it: what several gaps have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def written(moment: datetime) -> str:
    """As EC2 writes the times of an AMI; moto's own are in UTC and do not say so."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def disks(image: Any) -> list[tuple[str, Any]]:
    """The snapshots of an AMI by device: moto knows one only."""
    own: list[tuple[str, Any]] | None = image.__dict__.get("disks")
    return own if own is not None else [(image.root_device_name, image.ebs_snapshot)]


def by_default_key(snapshot: Any) -> bool:
    """Whether the snapshot is encrypted with the key that AWS manages, which no other account may use."""
    key = str(snapshot.kms_key_id or "")
    return bool(snapshot.encrypted) and (not key or key.endswith("alias/aws/ebs"))
