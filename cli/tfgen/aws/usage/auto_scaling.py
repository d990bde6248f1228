"""Launch configurations and auto scaling groups, with the overrides of mixed instances policies."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.aws.usage.model import Asker, Found, named, walked

_PAGE = 100
#: Of a group, what names launch templates or AMIs; its instances have their own versions.
_PARTS = ("LaunchTemplate", "MixedInstancesPolicy", "Instances")


def launch_configurations(asker: Asker) -> Iterator[Found]:
    """A launch configuration uses its AMI whether or not a group has it."""
    pages = asker.pages("autoscaling", "describe_launch_configurations", "LaunchConfigurations", MaxRecords=_PAGE)
    for each in pages:
        name = str(each["LaunchConfigurationName"])
        yield from named(asker.region, "launch-configuration", name, each.get("ImageId"))


def auto_scaling_groups(asker: Asker) -> Iterator[Found]:
    """A group uses what its launch template, the overrides and its instances' versions name."""
    for each in asker.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", MaxRecords=_PAGE):
        parts = {part: each.get(part) for part in _PARTS}
        yield from dict.fromkeys(walked(asker.region, "auto-scaling-group", str(each["AutoScalingGroupName"]), parts))
