"""Who sees an AMI or a snapshot: its account, those that it is shared with, and who is in an organisation."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

#: What an account does not see of an AMI of another.
_OWNERS_OWN = ("launches", "deregistration_protection")


def owned(backend: Any, image_id: str) -> Any:
    """The account's own AMI; AuthFailure where it is another's that the account sees."""
    from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError, UnvailableAMIIdError

    if (found := backend.amis.get(image_id)) is not None:
        return found
    if image_id in backend.deleted_amis:
        raise UnvailableAMIIdError(image_id)
    if image_id in dict(shared_with(backend)):
        raise EC2ClientError("AuthFailure", f"Not authorized for image:{image_id}")
    raise InvalidAMIIdError(image_id)


def accounts(region: str) -> dict[str, Any]:
    """moto's EC2 of each account that was used, in `region`."""
    from moto.ec2.models import ec2_backends

    # Asked as plain dictionaries: moto's make what they do not have.
    known: Any = list(dict.items(ec2_backends))
    each = ((account, dict.get(regions, region)) for account, regions in known)
    return {account: backend for account, backend in each if backend is not None}


def may_launch(image: Any, account: str) -> bool:
    """Whether the AMI's launch permissions name the account, or an organisation that it is in, or all."""
    for permission in image.launch_permissions:
        if permission.get("Group") == "all" or permission.get("UserId") == account:
            return True
        arn = permission.get("OrganizationArn") or permission.get("OrganizationalUnitArn")
        if arn and account in _members(arn):
            return True
    return False


def _members(arn: str) -> set[str]:
    """The accounts in an organisation or below a unit of it, as moto's Organizations has them."""
    from moto.organizations.models import organizations_backends

    found: set[str] = set()
    for account in list(organizations_backends):
        backend = organizations_backends[account]["aws"]
        if backend.org is not None and backend.org.arn == arn:
            found |= {each.id for each in backend.accounts}
        units = {each.arn: each.id for each in backend.ou} if backend.org is not None else {}
        within = {units[arn]} if arn in units else set()
        while more := {each.id for each in backend.ou if each.parent_id in within} - within:
            within |= more
        found |= {each.id for each in backend.accounts if each.parent_id in within}
    return found


def shared_with(backend: Any) -> Iterator[tuple[str, Any]]:
    """AMIs of other accounts that this one may launch, as it sees them: with tags of its own."""
    for account, other in accounts(backend.region_name).items():
        if account == backend.account_id:
            continue
        for image in list(other.amis.values()):
            if image.owner_id == account and image.state != "disabled" and may_launch(image, backend.account_id):
                seen = copy.copy(image)
                seen.ec2_backend = backend
                for name in _OWNERS_OWN:
                    seen.__dict__.pop(name, None)
                yield image.id, seen


def readable(snapshot: Any, account: str) -> bool:
    """Whether the account may read the snapshot."""
    shared = account in snapshot.create_volume_permission_userids or "all" in snapshot.create_volume_permission_groups
    return shared or snapshot.owner_id == account
