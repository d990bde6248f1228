"""Roles and instance profiles of killed builds (temporary_iam_instance_profile_policy_document): of no region.

Source: packer-plugin-amazon 1.8.2 (step_iam_instance_profile.go): both are named packer-UUID, where the time comes
first, and have run_tags; the role has the description below and one policy of its own name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tfgen.aws.cleanup.model import EVERYWHERE, TEMPORARY_ROLE, Leftover, has_packers_tags, made, tags_of
from tfgen.aws.session import Account

_DESCRIPTION = "Temporary role for Packer"
#: By how much the time in a name may differ from that of IAM, for one to say that the other is true.
_SLACK = timedelta(hours=1)


def old_roles(account: Account, before: datetime, used: Collection[str]) -> Iterator[Leftover]:
    """Instance profiles, then roles, none of which is among the names in `used`. Raises AwsError.

    Beside the name a sign must say that it is Packer's. A role that was used after `before` is at work: that of an
    instance in a region that nobody looked at, perhaps.
    """
    found = [
        account.call("iam", "get_role", RoleName=each["RoleName"])["Role"]
        for each in account.pages("iam", "list_roles", "Roles")
        if _is_old(each["RoleName"], each["CreateDate"], before)
    ]
    roles = {role["RoleName"]: role for role in found if _is_packers(role)}
    kept = {*used, *(name for name, role in roles.items() if _last_use(role) >= before)}
    for profile in account.pages("iam", "list_instance_profiles", "InstanceProfiles"):
        name, since = profile["InstanceProfileName"], profile["CreateDate"]
        others = {role["RoleName"] for role in profile["Roles"]} - {name}
        if not others and name not in kept and _is_old(name, since, before) and _is_profile(account, profile, roles):
            yield _leftover("instance profile", profile["InstanceProfileId"], name, since)
    for name, role in roles.items():
        if name not in kept:
            yield _leftover("role", role["RoleId"], name, role["CreateDate"])


def _is_old(name: str, since: datetime, before: datetime) -> bool:
    """By the name too: the younger of the two times counts."""
    named = made(name, TEMPORARY_ROLE)
    return named is not None and max(named, since) < before


def _is_packers(role: Mapping[str, Any]) -> bool:
    return role.get("Description") == _DESCRIPTION or has_packers_tags(tags_of(role))


def _is_profile(account: Account, profile: Mapping[str, Any], roles: Collection[str]) -> bool:
    """Its role, the time in its name, or its tags are the sign."""
    name, since = profile["InstanceProfileName"], profile["CreateDate"]
    named = made(name, TEMPORARY_ROLE)
    if (name in roles and profile["Roles"]) or (named is not None and abs(named - since) < _SLACK):
        return True
    asked = account.call("iam", "get_instance_profile", InstanceProfileName=name)
    return has_packers_tags(tags_of(asked["InstanceProfile"]))


def _last_use(role: Mapping[str, Any]) -> datetime:
    used: Mapping[str, Any] = role.get("RoleLastUsed") or {}
    last: datetime = used.get("LastUsedDate") or role["CreateDate"]
    return last


def _leftover(kind: str, id_: str, name: str, since: datetime) -> Leftover:
    return Leftover(region=EVERYWHERE, kind=kind, id=id_, name=name, since=since)
