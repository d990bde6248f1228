"""The AMIs that pipelines of ours have built, one region's at a time. All text is AWS's or a person's: data.

Source: EC2's API reference (DescribeImages; MaxResults is set, since without it all pages come at once or time out).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tfgen.aws.images.model import OwnedImage, Snapshot
from tfgen.aws.session import Account

#: The tag that every AMI of buildspec.yml has (docs/images.md).
_TAG = "Template"
_PAGE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def built_images(account: Account) -> tuple[OwnedImage, ...]:
    """Those of the account with the tag Template, newest first. Raises AwsError."""
    found = account.pages(
        "ec2",
        "describe_images",
        "Images",
        Owners=["self"],
        Filters=[{"Name": "tag-key", "Values": [_TAG]}],
        PaginationConfig={"PageSize": _PAGE},
    )
    images = [owned_image(each, account.region) for each in found]
    return tuple(sorted(images, key=lambda image: (image.created, image.id), reverse=True))


def owned_image(found: Mapping[str, Any], region: str) -> OwnedImage:
    """One of DescribeImages' answer."""
    disks = [(each.get("DeviceName", ""), each.get("Ebs") or {}) for each in found.get("BlockDeviceMappings") or []]
    return OwnedImage(
        id=str(found.get("ImageId", "")),
        name=str(found.get("Name", "")),
        region=region,
        account=str(found.get("OwnerId", "")),
        state=str(found.get("State", "")),
        created=_moment(found.get("CreationDate")) or _EPOCH,
        architecture=str(found.get("Architecture", "x86_64")),
        tags={str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in found.get("Tags") or []},
        snapshots=tuple(_snapshot(str(device), disk) for device, disk in disks if disk.get("SnapshotId")),
        source_id=str(found.get("SourceImageId") or ""),
        source_region=str(found.get("SourceImageRegion") or ""),
        public=found.get("Public") is True,
        deprecated_at=_moment(found.get("DeprecationTime")),
        last_launched=_moment(found.get("LastLaunchedTime")),
        protection=str(found.get("DeregistrationProtection") or ""),
    )


def _snapshot(device: str, disk: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        id=str(disk["SnapshotId"]),
        device=device,
        volume_gb=int(disk.get("VolumeSize") or 0),
        encrypted=disk.get("Encrypted") is True,
        kms_key=str(disk.get("KmsKeyId") or ""),
    )


def _moment(text: object) -> datetime | None:
    """`2026-01-31T12:00:00.000Z`, as EC2 writes times that are texts; None for anything else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
