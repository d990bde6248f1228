"""Spot fleets and EC2 fleets that are not at their end."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.aws.usage.model import Asker, Found, walked

_PAGE = 100
#: Nothing of these starts an instance, and none of theirs is left.
_ENDED = ("cancelled", "failed", "deleted")


def spot_fleets(asker: Asker) -> Iterator[Found]:
    """A spot fleet uses the AMIs of its launch specifications, launch templates and overrides."""
    pages = asker.pages("ec2", "describe_spot_fleet_requests", "SpotFleetRequestConfigs", MaxResults=_PAGE)
    for each in pages:
        if each.get("SpotFleetRequestState") not in _ENDED:
            id_ = str(each["SpotFleetRequestId"])
            yield from walked(asker.region, "spot-fleet", id_, each.get("SpotFleetRequestConfig") or {})


def ec2_fleets(asker: Asker) -> Iterator[Found]:
    """An EC2 fleet uses the AMIs of its launch templates and overrides."""
    for each in asker.pages("ec2", "describe_fleets", "Fleets", MaxResults=_PAGE):
        if each.get("FleetState") not in _ENDED:
            yield from walked(asker.region, "ec2-fleet", str(each["FleetId"]), each.get("LaunchTemplateConfigs") or [])
