"""AMIs read, and the copies of one found: by what EC2 says they were copied from, our tag, or Packer's build.

Source: EC2's API reference (Image), docs/images.md (the tags that the buildspec sets).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tfgen.aws.failures import AwsError
from tfgen.aws.images.model import OwnedImage, Snapshot
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.aws.session import Account

#: The tag of a copy that tfgen made: REGION/AMI of what it was copied from.
COPIED_FROM = "CopiedFrom"
#: What a copy is called when its AMI's name is taken by one that failed.
AGAIN = "{name}-copy{number}"
_NAME = 128
_LOST = ("failed", "error", "invalid", "deregistered")
_GONE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidAMIID.Malformed")


def read_image(account: Account, ami: str) -> OwnedImage | None:
    """One AMI of the account by its id, disabled ones too; None where there is none. Raises AwsError."""
    try:
        answer = account.call("ec2", "describe_images", ImageIds=[ami], IncludeDisabled=True)
    except AwsError as error:
        if error.code in _GONE:
            return None
        raise
    return next((to_image(account, one) for one in answer.get("Images", []) if one.get("ImageId") == ami), None)


def of_project(account: Account, project: str) -> list[OwnedImage]:
    """All AMIs of the account that builds of the CodeBuild project made, newest first."""
    filters = [{"Name": "tag:CodeBuildProject", "Values": [f"{project}:*"]}]
    found = account.pages("ec2", "describe_images", "Images", Owners=["self"], Filters=filters)
    return sorted((to_image(account, one) for one in found), key=lambda one: (one.created, one.id), reverse=True)


def copies_of(account: Account, source: OwnedImage) -> tuple[OwnedImage | None, str]:
    """The copy of `source` in the region of `account`, and the name that a new one gets.

    A copy that failed is none. Raises RefusedError where another AMI has the name.
    """
    names = [source.name, f"{source.name[: _NAME - 8]}-copy*"]
    filters = [{"Name": "name", "Values": names}]
    found = [
        to_image(account, one)
        for one in account.pages(
            "ec2", "describe_images", "Images", Owners=["self"], Filters=filters, IncludeDisabled=True
        )
    ]
    copies = [one for one in found if is_copy(one, source)]
    if good := [one for one in copies if one.state not in _LOST]:
        return min(good, key=lambda one: (one.state != "available", one.created, one.id)), source.name
    taken = {one.name for one in found}
    if other := next((one for one in found if one.name == source.name and one not in copies), None):
        message = f"{other.id} in {account.region} has the name {source.name} and is no copy of {source.id}"
        raise RefusedError(message, fix="deregister it, or copy the AMI by hand and give the copy the tags of it")
    name, number = source.name, 1
    while name in taken:
        number += 1
        name = AGAIN.format(name=source.name[: _NAME - 8], number=number)
    return None, name


def is_copy(image: OwnedImage, source: OwnedImage) -> bool:
    """Whether `image` was copied from `source`, by tfgen, by Packer's ami_regions or by hand.

    With encrypt_boot Packer copies another AMI that it deletes, so the build and the name count as much.
    """
    if image.tags.get(COPIED_FROM) == f"{source.region}/{source.id}" or image.source_id == source.id:
        return True
    return image.name == source.name and bool(source.build) and image.build == source.build


def to_image(account: Account, one: Mapping[str, Any]) -> OwnedImage:
    """EC2's document as ours."""
    created = str(one.get("CreationDate", ""))
    return OwnedImage(
        id=str(one.get("ImageId", "")),
        name=str(one.get("Name", "")),
        region=account.region,
        account=str(one.get("OwnerId", "")),
        state=str(one.get("State", "")),
        created=_time(created),
        architecture=str(one.get("Architecture", "") or "x86_64"),
        tags={str(tag["Key"]): str(tag["Value"]) for tag in one.get("Tags", [])},
        snapshots=tuple(
            _snapshot(disk) for disk in one.get("BlockDeviceMappings", []) if "SnapshotId" in disk.get("Ebs", {})
        ),
        source_id=str(one.get("SourceImageId", "") or ""),
        source_region=str(one.get("SourceImageRegion", "") or ""),
        public=bool(one.get("Public", False)),
    )


def reason_of(account: Account, ami: str) -> str:
    """Why EC2 could not make an AMI."""
    answer = account.call("ec2", "describe_images", ImageIds=[ami], IncludeDisabled=True)
    for one in answer.get("Images", []):
        return str(one.get("StateReason", {}).get("Message", "")) or "EC2 says no reason"
    return "it is gone"


def _snapshot(disk: Mapping[str, Any]) -> Snapshot:
    ebs = disk["Ebs"]
    return Snapshot(
        id=str(ebs["SnapshotId"]),
        device=str(disk.get("DeviceName", "")),
        volume_gb=int(ebs.get("VolumeSize", 0) or 0),
        encrypted=bool(ebs.get("Encrypted", False)),
        kms_key=str(ebs.get("KmsKeyId", "") or ""),
    )


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
