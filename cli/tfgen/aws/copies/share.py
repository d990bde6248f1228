"""Who may start an AMI: launch permissions given to accounts and organizations; nobody's is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.session import Account
    from tfgen_generators.settings.publish.tables import Publish


def missing_permissions(account: Account, image: OwnedImage, publish: Publish) -> list[dict[str, str]]:
    """What the AMI lacks of the accounts and organizations of `[publish]`, as EC2 writes it."""
    if not publish.is_shared or image.public:
        return []
    answer = account.call("ec2", "describe_image_attribute", ImageId=image.id, Attribute="launchPermission")
    there = [dict(one) for one in answer.get("LaunchPermissions", [])]
    return [one for one in _wanted(account, publish) if one not in there]


def share(account: Account, image: OwnedImage, publish: Publish) -> bool:
    """Lets the accounts start the AMI, and copy its snapshots if they may; whether anything was lacking."""
    missing = missing_permissions(account, image, publish)
    if missing:
        account.call("ec2", "modify_image_attribute", ImageId=image.id, LaunchPermission={"Add": missing})
    accounts = [one for one in publish.accounts if one != account.id] if publish.share_snapshots else []
    changed = False
    for snapshot in image.snapshots if accounts else ():
        changed |= _share_snapshot(account, snapshot.id, accounts)
    return bool(missing) or changed


def _wanted(account: Account, publish: Publish) -> list[dict[str, str]]:
    accounts = [{"UserId": one} for one in publish.accounts if one != account.id]
    kinds = {True: "OrganizationArn", False: "OrganizationalUnitArn"}
    return [*accounts, *({kinds[":organization/" in one]: one} for one in publish.organization_arns)]


def _share_snapshot(account: Account, snapshot: str, accounts: Sequence[str]) -> bool:
    attribute = "createVolumePermission"
    answer = account.call("ec2", "describe_snapshot_attribute", SnapshotId=snapshot, Attribute=attribute)
    there = {one.get("UserId") for one in answer.get("CreateVolumePermissions", [])}
    add = [{"UserId": one} for one in accounts if one not in there]
    if add:
        permission = {"Add": add}
        account.call("ec2", "modify_snapshot_attribute", SnapshotId=snapshot, CreateVolumePermission=permission)
    return bool(add)
