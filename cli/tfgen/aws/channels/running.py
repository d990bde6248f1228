"""Who runs an AMI: instances, and the auto scaling groups that started them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tfgen.aws.session import Account

_STATES = ["pending", "running", "stopping", "stopped", "shutting-down"]
_GROUP = "aws:autoscaling:groupName"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """An instance of an AMI; `group` is its auto scaling group, "" without."""

    region: str
    ami: str
    instance: str
    state: str = ""
    group: str = ""


def running(account: Account, ami: str) -> list[Running]:
    """The instances of `ami` in the region of `account`, by id. Raises AwsError."""
    filters = [{"Name": "image-id", "Values": [ami]}, {"Name": "instance-state-name", "Values": _STATES}]
    found: list[Running] = []
    for reservation in account.pages("ec2", "describe_instances", "Reservations", Filters=filters):
        for one in reservation.get("Instances", []):
            tags = {str(tag["Key"]): str(tag["Value"]) for tag in one.get("Tags", [])}
            state = str(one.get("State", {}).get("Name", ""))
            found.append(
                Running(
                    region=account.region,
                    ami=ami,
                    instance=str(one["InstanceId"]),
                    state=state,
                    group=tags.get(_GROUP, ""),
                )
            )
    return sorted(found, key=lambda one: one.instance)
