"""What a killed Packer build leaves in EC2, and what only looks like it: what the tests of `tfgen reap` share."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from tfgen.aws.clients import client

DESCRIPTION = "Temporary group for Packer"
RUN_TAGS = {"Name": "packer-build-web", "BuiltBy": "Packer", "CodeBuildProject": "none"}
#: One that every emulator has.
IMAGE = "ami-1e749f67"
NOW_ARGUMENTS = ("--older-than", "0m")
_OLD = int(datetime(2020, 5, 24, tzinfo=UTC).timestamp())


def name(made: int = _OLD, number: int = 1) -> str:
    """As Packer names its key pair and its group."""
    return f"packer_{made:08x}-e093-5d6b-7cf9-{number:012x}"


YOUNG = name(int(time.time()))


@dataclass(frozen=True, kw_only=True)
class Ec2:
    """One region of the emulator as a person looks at it."""

    endpoint: str
    region: str = "eu-west-1"

    @cached_property
    def api(self) -> Any:
        return client("ec2", region=self.region, endpoint_url=self.endpoint)

    def key(self, key: str = "") -> str:
        self.api.create_key_pair(KeyName=key or name(), KeyType="ed25519")  # the other kind takes moto long
        return key or name()

    def group(self, group: str = "", description: str = DESCRIPTION) -> str:
        vpc = self.api.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        made = self.api.create_security_group(GroupName=group or name(), Description=description, VpcId=vpc)
        return str(made["GroupId"])

    def instance(self, key: str = "", group: str = "", tags: dict[str, str] | None = None) -> str:
        spec = [{"ResourceType": "instance", "Tags": _pairs(tags)}] if tags else []
        more: dict[str, Any] = {"KeyName": key} if key else {}
        more |= {"SecurityGroupIds": [group]} if group else {}
        made = self.api.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, TagSpecifications=spec, **more)
        return str(made["Instances"][0]["InstanceId"])

    def volume(self, tags: dict[str, str]) -> str:
        spec = [{"ResourceType": "volume", "Tags": _pairs(tags)}]
        made = self.api.create_volume(AvailabilityZone=f"{self.region}a", Size=1, TagSpecifications=spec)
        return str(made["VolumeId"])

    def killed_build(self) -> tuple[str, str, str]:
        """Instance, group and key pair of a build that was killed."""
        key, group = self.key(), self.group()
        return self.instance(key, group, RUN_TAGS), group, key

    def age(self, hours: int) -> None:
        """Everything of which EC2 knows the time gets older by so much."""
        from moto.ec2.models import ec2_backends

        backend: Any = ec2_backends["123456789012"][self.region]
        by = timedelta(hours=hours)
        for reservation in backend.reservations.values():
            for instance in reservation.instances:
                instance.launch_time -= by
        for made in (*backend.key_pairs.values(), *backend.volumes.values()):
            made.create_time -= by

    def there(self) -> set[str]:
        """Ids of living instances, groups and volumes, and names of key pairs; without what EC2 makes itself."""
        pages = self.api.describe_instances()["Reservations"]
        living = [each for page in pages for each in page["Instances"] if each["State"]["Name"] != "terminated"]
        groups = self.api.describe_security_groups()["SecurityGroups"]
        volumes = [each for each in self.api.describe_volumes()["Volumes"] if each["State"] == "available"]
        keys = self.api.describe_key_pairs()["KeyPairs"]
        return {
            *(each["InstanceId"] for each in living),
            *(each["GroupId"] for each in groups if each["GroupName"] != "default"),
            *(each["VolumeId"] for each in volumes),
            *(each["KeyName"] for each in keys),
        }


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
