"""Roles and instance profiles of killed builds (temporary_iam_instance_profile_policy_document): of no region.

Source: packer-plugin-amazon 1.8.2 (step_iam_instance_profile.go): both are named packer-UUID, the UUID begins with the
time; the role has the description below and one policy of its own name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tfgen.aws.cleanup.model import EVERYWHERE, TEMPORARY_ROLE, Leftover, made
from tfgen.aws.session import Account

_DESCRIPTION = "Temporary role for Packer"
#: By how much the time in a name may differ from that of IAM.
_SLACK = timedelta(hours=1)


def old_roles(account: Account, before: datetime, used: Collection[str]) -> Iterator[Leftover]:
    """Instance profiles, then roles, none of which is among the names in `used`. Raises AwsError.

    A role that was used after `before` is at work: that of an instance in a region that nobody looked at, perhaps.
    """
    roles = [
        found
        for found in account.pages("iam", "list_roles", "Roles")
        if found.get("Description") == _DESCRIPTION and _is_old(found["RoleName"], found["CreateDate"], before, used)
    ]
    at_work = {found["RoleName"] for found in roles if _last_use(account, found["RoleName"], before) >= before}
    for found in account.pages("iam", "list_instance_profiles", "InstanceProfiles"):
        name, since = found["InstanceProfileName"], found["CreateDate"]
        if _is_old(name, since, before, {*used, *at_work}) and all(_has_name(each, name) for each in found["Roles"]):
            yield _leftover("instance profile", found["InstanceProfileId"], name, since)
    for found in roles:
        if found["RoleName"] not in at_work:
            yield _leftover("role", found["RoleId"], found["RoleName"], found["CreateDate"])


def _is_old(name: str, since: datetime, before: datetime, used: Collection[str]) -> bool:
    named = made(name, TEMPORARY_ROLE)
    return named is not None and abs(named - since) < _SLACK and since < before and name not in used


def _last_use(account: Account, name: str, before: datetime) -> datetime:
    used: Mapping[str, Any] = account.call("iam", "get_role", RoleName=name)["Role"].get("RoleLastUsed") or {}
    last: datetime = used.get("LastUsedDate") or before - _SLACK
    return last


def _has_name(role: Mapping[str, Any], name: str) -> bool:
    return bool(role["RoleName"] == name)


def _leftover(kind: str, id_: str, name: str, since: datetime) -> Leftover:
    return Leftover(region=EVERYWHERE, kind=kind, id=id_, name=name, since=since)
