"""Instances in any state but terminated, and spot requests that start more of them."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.aws.usage.model import Asker, Found, named

_STATES = ["pending", "running", "shutting-down", "stopping", "stopped"]
_OPEN = ["open", "active", "disabled"]


def instances(asker: Asker) -> Iterator[Found]:
    """Each instance uses its AMI: a stopped one may be replaced, and its root volume comes of it."""
    alive = [{"Name": "instance-state-name", "Values": _STATES}]
    pages = asker.pages("ec2", "describe_instances", "Reservations", Filters=alive, MaxResults=1000)
    for each in (instance for reservation in pages for instance in reservation.get("Instances", [])):
        yield from named(asker.region, "instance", each["InstanceId"], each.get("ImageId"))


def spot_requests(asker: Asker) -> Iterator[Found]:
    """A spot request that is open, or comes back (persistent) when its instance ends."""
    only = [{"Name": "state", "Values": _OPEN}]
    pages = asker.pages("ec2", "describe_spot_instance_requests", "SpotInstanceRequests", Filters=only, MaxResults=1000)
    for each in pages:
        image = (each.get("LaunchSpecification") or {}).get("ImageId")
        yield from named(asker.region, "spot-instance-request", each["SpotInstanceRequestId"], image)
