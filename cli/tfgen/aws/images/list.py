"""All AMIs of the account in one region, deprecated and disabled ones too. Raises AwsError.

Source: EC2's API reference (DescribeImages, Image).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tfgen.aws.images.model import OwnedImage, Snapshot
from tfgen.aws.session import Account

_PAGE = 1000


def owned_images(account: Account, filters: Sequence[dict[str, Any]] = ()) -> Iterator[OwnedImage]:
    """Those of the account itself, by all pages; `filters` as EC2 takes them."""
    asked: dict[str, Any] = {"Filters": list(filters)} if filters else {}
    pages = account.pages(
        "ec2",
        "describe_images",
        "Images",
        Owners=["self"],
        IncludeDeprecated=True,
        IncludeDisabled=True,
        MaxResults=_PAGE,
        **asked,
    )
    return (owned_image(account, found) for found in pages)


def owned_image(account: Account, found: dict[str, Any]) -> OwnedImage:
    """An AMI of EC2's answer."""
    return OwnedImage(
        id=str(found["ImageId"]),
        name=str(found.get("Name") or ""),
        region=account.region,
        account=account.id,
        state=str(found.get("State") or "available"),
        created=time_of(found.get("CreationDate")) or datetime.fromtimestamp(0, UTC),
        architecture=str(found.get("Architecture") or "x86_64"),
        tags={str(tag["Key"]): str(tag.get("Value", "")) for tag in found.get("Tags") or ()},
        snapshots=tuple(_snapshots(found)),
        source_id=str(found.get("SourceImageId") or ""),
        source_region=str(found.get("SourceImageRegion") or ""),
        public=bool(found.get("Public")),
        deprecated_at=time_of(found.get("DeprecationTime")),
        last_launched=time_of(found.get("LastLaunchedTime")),
        protection=_protection(found.get("DeregistrationProtection")),
    )


def time_of(text: object) -> datetime | None:
    """EC2's text of a time, as `2026-01-31T12:00:00.000Z`; None where there is none, or no time."""
    if isinstance(text, datetime):
        return text if text.tzinfo else text.replace(tzinfo=UTC)
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _protection(value: object) -> str:
    """What keeps it from being deregistered, if anything; a cooldown goes on after protection was taken away."""
    text = str(value or "")
    return "" if text in ("disabled", "None") else text


def _snapshots(found: dict[str, Any]) -> Iterator[Snapshot]:
    for mapping in found.get("BlockDeviceMappings") or ():
        volume = mapping.get("Ebs") or {}
        if volume.get("SnapshotId"):
            yield Snapshot(
                id=str(volume["SnapshotId"]),
                device=str(mapping.get("DeviceName") or ""),
                volume_gb=int(volume.get("VolumeSize") or 0),
                encrypted=bool(volume.get("Encrypted")),
                kms_key=str(volume.get("KmsKeyId") or ""),
            )
