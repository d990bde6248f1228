"""With whom an AMI is shared: one call an AMI, so only those are asked for that would go otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Use

#: The AMI was deregistered meanwhile.
GONE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
_WHO = ("UserId", "Group", "OrganizationArn", "OrganizationalUnitArn")


def shared_with(asker: Asker, amis: Sequence[str]) -> Iterator[Use | str]:
    """A use for each account and organization that may launch it; the bare id of an AMI that is gone."""
    for ami, permissions in zip(amis, asker.each(lambda one: _permissions(asker, one), amis), strict=True):
        if permissions is None:
            yield ami
            continue
        for each in permissions:
            who = next((str(each[key]) for key in _WHO if each.get(key)), "")
            yield Use(region=asker.region, ami=ami, kind="shared", id=who)


def _permissions(asker: Asker, ami: str) -> list[dict[str, Any]] | None:
    try:
        answer = asker.call("ec2", "describe_image_attribute", ImageId=ami, Attribute="launchPermission")
    except AwsError as error:
        if error.code in GONE:
            return None
        raise
    found: list[dict[str, Any]] = answer.get("LaunchPermissions", [])
    return found
