"""The account's snapshots in one region: how much they hold, and which are of no AMI any more.

Source: EC2's API reference (Snapshot: FullSnapshotSizeInBytes is what is stored of it and of those before it).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tfgen.aws.session import Account

_PAGE = 1000


class OwnedSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot; `full_bytes` is 0 where this region does not tell."""

    id: str
    volume_gb: int = 0
    full_bytes: int = 0
    archived: bool = False
    tags: dict[str, str] = {}


def owned_snapshots(account: Account) -> Iterator[OwnedSnapshot]:
    """Those of the account itself, by all pages. Raises AwsError."""
    for found in account.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], MaxResults=_PAGE):
        yield _snapshot(found)


def _snapshot(found: dict[str, Any]) -> OwnedSnapshot:
    return OwnedSnapshot(
        id=str(found["SnapshotId"]),
        volume_gb=int(found.get("VolumeSize") or 0),
        full_bytes=int(found.get("FullSnapshotSizeInBytes") or 0),
        archived=found.get("StorageTier") == "archive",
        tags={str(tag["Key"]): str(tag.get("Value", "")) for tag in found.get("Tags") or ()},
    )
