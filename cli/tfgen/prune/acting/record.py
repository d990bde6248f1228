"""An AMI as EC2 has it now: what a journal keeps of it, and what an undo compares with.

Source: EC2's API reference (DescribeImages, DescribeImageAttribute, DescribeSnapshotAttribute).
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from typing import TYPE_CHECKING, Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.permissions import GONE
from tfgen.prune.acting.model import Record, SnapshotRecord
from tfgen.prune.model import Action

if TYPE_CHECKING:
    from tfgen.aws.session import Account

SNAPSHOT_GONE = "InvalidSnapshot.NotFound"
#: EC2 may list an AMI for a while after it is gone.
_DEREGISTERED = "deregistered"
#: The tag that names what an AMI was built on (docs/images.md).
_PARENT = "ParentAmi"
_ALL = {"Owners": ["self"], "IncludeDeprecated": True, "IncludeDisabled": True}
_PAGE = 1000
_PERMISSIONS = ("UserId", "Group", "OrganizationArn", "OrganizationalUnitArn")


def read_record(account: Account, ami: str, image: str, action: Action, gone: Collection[str] = ()) -> Record | None:
    """The AMI now, with its snapshots where it is to be deregistered; None where it is gone. Raises AwsError.

    `gone`: AMIs that hold no snapshot, even if EC2 still lists them.
    """
    found = images_with(account, "image-id", [ami])
    is_there = bool(found) and found[0].get("State") != _DEREGISTERED
    permissions = _permissions(account, ami) if is_there else None
    if permissions is None:
        return None
    said = found[0]
    snapshots = _snapshots(account, {ami, *gone}, said) if action == "deregister" else ()
    return Record(
        region=account.region,
        ami=ami,
        image=image,
        action=action,
        state=str(said.get("State", "")),
        name=str(said.get("Name", "")),
        description=str(said.get("Description") or ""),
        tags=_tags(said),
        deprecated_at=str(said.get("DeprecationTime") or ""),
        permissions=permissions,
        protection=str(said.get("DeregistrationProtection") or ""),
        public=said.get("Public") is True,
        last_launched=str(said.get("LastLaunchedTime") or ""),
        snapshots=snapshots,
    )


def images_with(account: Account, name: str, values: Iterable[str]) -> list[dict[str, Any]]:
    """Own AMIs by a filter, disabled ones too: one that is gone is none, and no error. Raises AwsError."""
    filters = [{"Name": name, "Values": list(values)}]
    return list(account.pages("ec2", "describe_images", "Images", Filters=filters, MaxResults=_PAGE, **_ALL))


def snapshots_there(account: Account, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Those that are there, with their tags. Raises AwsError."""
    wanted = list(ids)
    if not wanted:
        return {}
    filters = [{"Name": "snapshot-id", "Values": wanted}]
    found = account.pages(
        "ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=filters, MaxResults=_PAGE
    )
    return {str(each["SnapshotId"]): _tags(each) for each in found}


def holders(account: Account, ids: Iterable[str], but: Container[str]) -> dict[str, str]:
    """Snapshot -> an AMI that has it, disabled ones too, none of `but`. Raises AwsError."""
    wanted = set(ids)
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for image in images_with(account, "block-device-mapping.snapshot-id", sorted(wanted)):
        for snapshot in _disks(image):
            if snapshot in wanted and image["ImageId"] not in but:
                found.setdefault(snapshot, str(image["ImageId"]))
    return found


def unknown_offspring(account: Account, ami: str, region: str, known: Container[tuple[str, str]]) -> list[str]:
    """AMIs in the region of `account` that were made of `ami` of `region`, none of `known`. Raises AwsError."""
    asked = [("source-image-id", ami)]
    if region == account.region:
        asked.append((f"tag:{_PARENT}", ami))
    found = (str(one["ImageId"]) for name, id_ in asked for one in images_with(account, name, [id_]))
    return [each for each in dict.fromkeys(found) if (account.region, each) not in known and each != ami]


def readers(account: Account, snapshot: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The accounts and groups that may make volumes of a snapshot. Raises AwsError."""
    answer = account.call("ec2", "describe_snapshot_attribute", SnapshotId=snapshot, Attribute="createVolumePermission")
    found = answer.get("CreateVolumePermissions") or []
    users = sorted(str(each["UserId"]) for each in found if each.get("UserId"))
    return tuple(users), tuple(sorted(str(each["Group"]) for each in found if each.get("Group")))


def _snapshots(account: Account, but: Container[str], image: dict[str, Any]) -> tuple[SnapshotRecord, ...]:
    ids = list(dict.fromkeys(_disks(image)))
    there = snapshots_there(account, ids)
    others = holders(account, there, but)
    found = []
    for id_ in ids:
        if id_ in there:
            users, groups = readers(account, id_)
            one = SnapshotRecord(id=id_, tags=there[id_], users=users, groups=groups, goes=id_ not in others)
            found.append(one)
    return tuple(found)


def _permissions(account: Account, ami: str) -> tuple[dict[str, str], ...] | None:
    try:
        answer = account.call("ec2", "describe_image_attribute", ImageId=ami, Attribute="launchPermission")
    except AwsError as error:
        if error.code in GONE:
            return None
        raise
    found = [
        {key: str(each[key]) for key in _PERMISSIONS if each.get(key)} for each in answer.get("LaunchPermissions") or []
    ]
    return tuple(sorted(found, key=lambda one: sorted(one.items())))


def _disks(image: dict[str, Any]) -> list[str]:
    disks = [each.get("Ebs") or {} for each in image.get("BlockDeviceMappings") or []]
    return [str(disk["SnapshotId"]) for disk in disks if disk.get("SnapshotId")]


def _tags(found: dict[str, Any]) -> dict[str, str]:
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in found.get("Tags") or ()}
