"""Deleting leftovers of one region: instances first, waited for, then what they used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tfgen.aws.failures import AwsError

if TYPE_CHECKING:
    from tfgen.aws.cleanup.model import Leftover
    from tfgen.aws.session import Account

#: EC2 lets go of a group some seconds after its instance is terminated (Packer waits likewise).
_TRIES, _PAUSE = 6, 5.0
_IN_USE = "DependencyViolation"
_GONE = frozenset(
    {
        *("InvalidInstanceID.NotFound", "InvalidGroup.NotFound", "InvalidKeyPair.NotFound", "InvalidVolume.NotFound"),
        *("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException", "NoSuchEntity"),
    }
)


def delete(account: Account, leftovers: Sequence[Leftover]) -> Iterator[tuple[Leftover, str]]:
    """Each leftover as it is dealt with, and why it could not be deleted ("" when it is gone)."""
    instances = [each for each in leftovers if each.kind == "instance"]
    failed: dict[str, str] = {}
    for each, reason in _terminate(account, instances):
        if reason:
            failed[each.id] = reason
        yield each, reason
    for each in leftovers:
        if each.kind == "instance":
            continue
        still = next((id_ for id_ in each.instances if id_ in failed), "")
        yield each, f"its instance {still} still exists" if still else _deleted(account, each)


def _deleted(account: Account, leftover: Leftover) -> str:
    if leftover.kind == "security group":
        tries = _TRIES if leftover.instances else 1
        return _tried(lambda: account.call("ec2", "delete_security_group", GroupId=leftover.id), tries)
    if leftover.kind == "key pair":
        return _tried(lambda: account.call("ec2", "delete_key_pair", KeyName=leftover.name))
    if leftover.kind == "launch template":
        return _tried(lambda: account.call("ec2", "delete_launch_template", LaunchTemplateId=leftover.id))
    if leftover.kind == "instance profile":
        return _profile_deleted(account, leftover.name)
    if leftover.kind == "role":
        # Packer's one policy has the role's name. One with more is not Packer's alone: IAM then refuses to delete it.
        named = {"RoleName": leftover.name}
        reason = _tried(lambda: account.call("iam", "delete_role_policy", **named, PolicyName=leftover.name))
        return reason or _tried(lambda: account.call("iam", "delete_role", **named))
    return _tried(lambda: account.call("ec2", "delete_volume", VolumeId=leftover.id))


def _profile_deleted(account: Account, name: str) -> str:
    """Its role, which has its name, is taken out of it first."""
    named = {"InstanceProfileName": name}
    reason = _tried(lambda: account.call("iam", "remove_role_from_instance_profile", **named, RoleName=name))
    return reason or _tried(lambda: account.call("iam", "delete_instance_profile", **named))


def _terminate(account: Account, instances: Sequence[Leftover]) -> Iterator[tuple[Leftover, str]]:
    waited: list[Leftover] = []
    for each in instances:  # one by one: a single one that is protected would keep all
        if reason := _tried(partial(account.call, "ec2", "terminate_instances", InstanceIds=[each.id])):
            yield each, reason
        else:
            waited.append(each)
    for each in waited:
        yield each, _tried(partial(account.wait, "ec2", "instance_terminated", InstanceIds=[each.id]))


def _tried(call: Callable[[], object], tries: int = 1) -> str:
    for left in reversed(range(tries)):
        try:
            call()
        except AwsError as error:
            if error.code in _GONE:
                return ""
            if error.code != _IN_USE or not left:
                return str(error)
            time.sleep(_PAUSE)
        else:
            return ""
    return ""
