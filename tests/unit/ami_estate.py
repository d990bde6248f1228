"""AMIs, their snapshots and users in memory, behind the two methods by which tfgen asks AWS: thousands of runs a test.

`step` is called before each call that changes something, and before each line of a journal: a test acts there, or
ends the run.
"""
# ruff: noqa: N803 the arguments are AWS's

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tfgen.aws.failures import AwsError

ACCOUNT = "123456789012"
HERE, THERE = "eu-west-1", "us-east-1"
WRITES = ("delete", "deregister", "disable", "enable", "modify", "restore", "create")


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class Estate:
    """Both regions; `images` and so on are by region and id."""

    images: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    snapshots: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    bin: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    instances: list[tuple[str, str]] = field(default_factory=list)
    templates: dict[str, list[str]] = field(default_factory=dict)
    parameters: dict[str, list[str]] = field(default_factory=dict)
    step: Callable[[str, str], None] = lambda what, about: None
    calls: list[str] = field(default_factory=list)
    #: Parameter -> version -> label; parameter -> how often it was made anew.
    labels: dict[str, dict[int, str]] = field(default_factory=dict)
    made_anew: dict[str, int] = field(default_factory=dict)
    #: For so many looks EC2 lists an AMI as it was before a call; what it lists so, and for how many more.
    lag: int = 0
    stale: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    #: How far AWS's clock is ahead of ours.
    ahead: timedelta = timedelta()
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ami(
        self, *, days: float = 100, region: str = HERE, parent: str = "", source: str = "", snapshot: str = ""
    ) -> str:
        number = next(self.numbers)
        id_, own = f"ami-{number:017x}", snapshot or f"snap-{number:017x}"
        tags = {
            "Template": "packer/web.json",
            "CodeBuildProject": f"web-ami-pipeline:{number}",
            "SourceVersion": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            **({"ParentAmi": parent} if parent else {}),
        }
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.snapshots.setdefault(
            (region, own), {"SnapshotId": own, "VolumeSize": 8, "Tags": [], "Readers": [{"UserId": "222233334444"}]}
        )
        self.images[region, id_] = {
            "ImageId": id_,
            "Name": f"web-{number}",
            "OwnerId": ACCOUNT,
            "State": "available",
            "CreationDate": (datetime.now(UTC) - timedelta(days=days)).isoformat(),
            "Architecture": "x86_64",
            "Tags": listed,
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": own, "VolumeSize": 8}}],
            "Permissions": [],
            **({"SourceImageId": source, "SourceImageRegion": HERE} if source else {}),
        }
        return id_

    def launch(self, region: str, ami: str) -> bool:
        """As EC2: of an AMI that is there and not disabled."""
        if self.is_usable(region, ami):
            self.instances.append((region, ami))
            return True
        return False

    def is_usable(self, region: str, ami: str) -> bool:
        found = self.images.get((region, ami))
        return found is not None and found["State"] == "available"

    def disks_of(self, region: str, ami: str) -> list[str]:
        disks = self.images[region, ami]["BlockDeviceMappings"]
        return [each["Ebs"]["SnapshotId"] for each in disks if "Ebs" in each]

    def keep_listed(self, region: str, ami: str) -> None:
        """Before a call that changes it."""
        if self.lag:
            self.stale[region, ami] = [copy.deepcopy(self.images[region, ami]), self.lag]

    def is_stale(self, region: str, ami: str) -> bool:
        """Counts as one look."""
        left = self.stale.get((region, ami), [None, 0])
        left[1] -= 1
        return bool(left[1] >= 0)

    def state(self) -> Any:
        """What is there, to be compared."""
        return copy.deepcopy((self.images, self.snapshots))


class FakeAccount:
    """One region of the estate, in the place of `Account`."""

    id, partition = ACCOUNT, "aws"

    def __init__(self, estate: Estate, region: str) -> None:
        self.estate, self.region = estate, region
        now = format_datetime(datetime.now(UTC) + estate.ahead, usegmt=True)
        self.identity = {"Account": ACCOUNT, "ResponseMetadata": {"HTTPHeaders": {"date": now}}}

    def prepare(self, *_: str) -> None:
        """No clients."""

    def call(self, service: str, operation: str, **given: Any) -> dict[str, Any]:
        if operation.startswith(WRITES):
            self.estate.step(operation, str(given.get("ImageId") or given.get("SnapshotId") or ""))
            self.estate.calls.append(operation)
        found: dict[str, Any] = getattr(self, f"_{operation}")(**given)
        return found

    def pages(self, service: str, operation: str, key: str, **given: Any) -> Iterator[dict[str, Any]]:
        return iter(self.call(service, operation, **given)[key])

    def _image(self, id_: str) -> dict[str, Any]:
        if (self.region, id_) not in self.estate.images:
            raise refusal("InvalidAMIID.Unavailable")
        return self.estate.images[self.region, id_]

    def _mine(self, known: dict[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
        return [copy.deepcopy(each) for (region, _), each in known.items() if region == self.region]

    def _describe_images(self, *, Filters: Any = (), **_: Any) -> dict[str, Any]:
        known = self.estate.images | {
            key: old for key, (old, _) in self.estate.stale.items() if self.estate.is_stale(*key)
        }
        found = self._mine(known)
        for each in Filters:
            if each["Name"] == "image-id":
                found = [one for one in found if one["ImageId"] in each["Values"]]
            elif each["Name"] == "source-image-id":
                found = [one for one in found if one.get("SourceImageId") in each["Values"]]
            elif each["Name"].startswith("tag:"):
                key = each["Name"].removeprefix("tag:")
                found = [
                    one
                    for one in found
                    if {tag["Value"] for tag in one["Tags"] if tag["Key"] == key} & {*each["Values"]}
                ]
            else:
                found = [
                    one
                    for one in found
                    if {disk.get("Ebs", {}).get("SnapshotId") for disk in one["BlockDeviceMappings"]}
                    & {*each["Values"]}
                ]
        return {"Images": found}

    def _describe_snapshots(self, *, Filters: Any = (), **_: Any) -> dict[str, Any]:
        found = self._mine(self.estate.snapshots)
        for each in Filters:
            found = [one for one in found if one["SnapshotId"] in each["Values"]]
        return {"Snapshots": found}

    def _describe_image_attribute(self, *, ImageId: str, **_: Any) -> dict[str, Any]:
        return {"LaunchPermissions": copy.deepcopy(self._image(ImageId)["Permissions"])}

    def _describe_snapshot_attribute(self, *, SnapshotId: str, **_: Any) -> dict[str, Any]:
        readers = self.estate.snapshots[self.region, SnapshotId]["Readers"]
        return {"CreateVolumePermissions": copy.deepcopy(readers)}

    def _describe_instances(self, *, Filters: Any = (), **_: Any) -> dict[str, Any]:
        only = next((each["Values"] for each in Filters if each["Name"] == "image-id"), None)
        found = [
            {"InstanceId": f"i-{number}", "ImageId": ami}
            for number, (region, ami) in enumerate(self.estate.instances)
            if region == self.region and (only is None or ami in only)
        ]
        return {"Reservations": [{"Instances": found}]}

    def _describe_launch_templates(self, **_: Any) -> dict[str, Any]:
        templates = self.estate.templates if self.region == HERE else {}
        found = [
            {"LaunchTemplateId": name, "LatestVersionNumber": len(versions), "DefaultVersionNumber": 1}
            for name, versions in templates.items()
        ]
        return {"LaunchTemplates": found}

    def _describe_launch_template_versions(self, *, LaunchTemplateId: str, **_: Any) -> dict[str, Any]:
        found = [
            {"LaunchTemplateId": LaunchTemplateId, "VersionNumber": number, "LaunchTemplateData": {"ImageId": ami}}
            for number, ami in enumerate(self.estate.templates[LaunchTemplateId], 1)
        ]
        return {"LaunchTemplateVersions": found}

    def _describe_parameters(self, **_: Any) -> dict[str, Any]:
        parameters = self.estate.parameters if self.region == HERE else {}
        found = [
            {"Name": name, "Version": len(values), "LastModifiedDate": self.estate.made_anew.get(name, 0)}
            for name, values in parameters.items()
        ]
        return {"Parameters": found}

    def _get_parameters(self, *, Names: Any) -> dict[str, Any]:
        found = [
            {"Name": name, "Value": values[-1], "Version": len(values)}
            for name, values in self.estate.parameters.items()
            if name in Names
        ]
        return {"Parameters": found}

    def _get_parameter_history(self, *, Name: str, **_: Any) -> dict[str, Any]:
        values = self.estate.parameters[Name]
        labels = self.estate.labels.get(Name, {})
        found = [
            {"Name": Name, "Value": value, "Version": at, "Labels": [labels[at]] if at in labels else []}
            for at, value in enumerate(values, 1)
        ]
        return {"Parameters": found}

    def _nothing(self, **_: Any) -> dict[str, Any]:
        return {
            "ImageReferences": [],
            "ImageUsageReportEntries": [],
            "AutoScalingGroups": [],
            "pipelineExecutionSummaries": [],
        }

    _describe_image_references = _describe_image_usage_report_entries = _nothing
    _describe_auto_scaling_groups = _list_pipeline_executions = _batch_get_builds = _nothing

    def _list_rules(self, **_: Any) -> dict[str, Any]:
        return {"Rules": [{"Identifier": "all"}]}

    def _get_rule(self, **_: Any) -> dict[str, Any]:
        return {"Status": "available", "RetentionPeriod": {"RetentionPeriodValue": 7}}

    def _deregister_image(self, *, ImageId: str) -> dict[str, Any]:
        self._image(ImageId)
        self.estate.keep_listed(self.region, ImageId)
        self.estate.bin[self.region, ImageId] = self.estate.images.pop((self.region, ImageId))
        return {}

    def _delete_snapshot(self, *, SnapshotId: str) -> dict[str, Any]:
        if (self.region, SnapshotId) not in self.estate.snapshots:
            raise refusal("InvalidSnapshot.NotFound")
        if any(SnapshotId in self.estate.disks_of(*key) for key in self.estate.images if key[0] == self.region):
            raise refusal("InvalidSnapshot.InUse")
        for (region, ami), (old, _) in self.estate.stale.items():
            has = any(disk.get("Ebs", {}).get("SnapshotId") == SnapshotId for disk in old["BlockDeviceMappings"])
            if region == self.region and has and self.estate.is_stale(region, ami):
                raise refusal("InvalidSnapshot.InUse")
        self.estate.bin[self.region, SnapshotId] = self.estate.snapshots.pop((self.region, SnapshotId))
        return {}

    def _restore_image_from_recycle_bin(self, *, ImageId: str) -> dict[str, Any]:
        if (self.region, ImageId) not in self.estate.bin:
            raise refusal("InvalidAMIID.NotFound")
        disks = [one["Ebs"]["SnapshotId"] for one in self.estate.bin[self.region, ImageId]["BlockDeviceMappings"]]
        if any((self.region, each) not in self.estate.snapshots for each in disks):
            raise refusal("InvalidAMIID.Unavailable")
        self.estate.images[self.region, ImageId] = self.estate.bin.pop((self.region, ImageId))
        return {}

    def _restore_snapshot_from_recycle_bin(self, *, SnapshotId: str) -> dict[str, Any]:
        if (self.region, SnapshotId) not in self.estate.bin:
            raise refusal("InvalidSnapshot.NotFound")
        found = self.estate.bin.pop((self.region, SnapshotId))
        self.estate.snapshots[self.region, SnapshotId] = {**found, "Readers": []}
        return {}

    def _disable_image(self, *, ImageId: str) -> dict[str, Any]:
        self._image(ImageId)
        self.estate.keep_listed(self.region, ImageId)
        self._image(ImageId).update(State="disabled", Permissions=[])
        return {}

    def _enable_image(self, *, ImageId: str) -> dict[str, Any]:
        self._image(ImageId)["State"] = "available"
        return {}

    def _enable_image_deprecation(self, *, ImageId: str, DeprecateAt: datetime) -> dict[str, Any]:
        if DeprecateAt < datetime.now(UTC) + self.estate.ahead:
            raise refusal("InvalidParameterValue")
        self._image(ImageId)["DeprecationTime"] = DeprecateAt.strftime("%Y-%m-%dT%H:%M:00.000Z")
        return {}

    def _disable_image_deprecation(self, *, ImageId: str) -> dict[str, Any]:
        self._image(ImageId).pop("DeprecationTime")
        return {}

    def _modify_snapshot_attribute(self, *, SnapshotId: str, CreateVolumePermission: Any, **_: Any) -> dict[str, Any]:
        self.estate.snapshots[self.region, SnapshotId]["Readers"] += CreateVolumePermission["Add"]
        return {}


def refusal(code: str) -> AwsError:
    """What AWS says no with."""
    return AwsError(f"refused ({code})", code=code)
