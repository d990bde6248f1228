"""An estate with channels on the emulator: three regions, AMIs of one pipeline, and a count of every call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tfgen.aws.failures import Who
from tfgen.aws.session import Account
from tfgen.publish.model import Request
from tfgen_generators.settings.publish.tables import Gate, Publish

REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")
OURS = "123456789012"
OTHERS = ("111122223333", "444455556666")
PROJECT = "web-ami-pipeline"
NO_GATES = Gate(pipeline=False, tags=False)
_WRITES = ("Copy", "Create", "Delete", "Modify", "Put")


class KilledError(BaseException):
    """The process is gone: nothing that it calls after this reaches AWS."""


@dataclass
class Hook:
    """Sees every call; `kill_after` writes the process is gone."""

    seen: list[str] = field(default_factory=list)
    writes: int = 0
    kill_after: int = -1
    #: Runs before a call of this operation: (operation, region) -> what.
    before: Callable[[str, str], None] = lambda operation, region: None

    def reset(self) -> None:
        self.seen, self.writes, self.kill_after = [], 0, -1
        self.before = lambda operation, region: None

    def called(self, model: Any, params: Any, request_signer: Any, **_: Any) -> None:
        if 0 <= self.kill_after <= self.writes:
            raise KilledError
        name = model.name
        self.seen.append(f"{model.service_model.signing_name}:{name}")
        self.before(name, request_signer.region_name)
        self.writes += name.startswith(_WRITES)


HOOK = Hook()


@cache
def accounts(endpoint: str) -> dict[str, Account]:
    """The account in each region, made once: reading EC2's model takes long."""
    import boto3

    session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGIONS[0])
    session.events.register("before-call", HOOK.called)
    with _endpoint(endpoint):
        made = {region: Account(Who(profile="test", region=region), session) for region in REGIONS}
        for account in made.values():
            for service in ("ec2", "ssm", "sts", "kms", "codebuild", "codepipeline"):
                account._client(service)
    return made


@contextmanager
def _endpoint(endpoint: str) -> Iterator[None]:
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    try:
        yield
    finally:
        del os.environ["AWS_ENDPOINT_URL"]


def publish(**more: Any) -> Publish:
    """Three regions, two accounts, no gates."""
    channels = ["dev", "staging", "prod"]
    settings = {
        "channels": channels,
        "regions": list(REGIONS),
        "accounts": list(OTHERS),
        "gates": dict.fromkeys(channels, NO_GATES),
    }
    return Publish(**{**settings, **more})


@dataclass(frozen=True)
class Channels:
    """What a test does with the estate; `root` is the repository."""

    accounts: dict[str, Account]
    root: Path
    said: list[str] = field(default_factory=list)

    @property
    def home(self) -> Account:
        return self.accounts[REGIONS[0]]

    def call(self, service: str, operation: str, region: str = REGIONS[0], **arguments: Any) -> Any:
        return self.accounts[region].call(service, operation, **arguments)

    def image(self, number: int, region: str = REGIONS[0], **tags: str) -> str:
        """An AMI of the pipeline."""
        (instance,) = self.call("ec2", "run_instances", region, ImageId="ami-12345678", MinCount=1, MaxCount=1)[
            "Instances"
        ]
        name, build = f"web-{number}", f"{PROJECT}:build-{number}"
        ami = str(self.call("ec2", "create_image", region, InstanceId=instance["InstanceId"], Name=name)["ImageId"])
        self.call("ec2", "terminate_instances", region, InstanceIds=[instance["InstanceId"]])
        own = {
            "CodeBuildProject": build,
            "BuildNumber": str(number),
            "SourceVersion": "c" * 40,
            "Template": "packer/web.json",
        }
        pairs = [{"Key": key, "Value": value} for key, value in {**own, **tags}.items() if value]
        self.call("ec2", "create_tags", region, Resources=[ami], Tags=pairs)
        return ami

    def request(self, channel: str, settings: Publish | None = None, **more: Any) -> Request:
        settings = settings or publish()
        wanted = {region: self.accounts[region] for region in settings.regions}
        values = {"image": "web", "project": PROJECT, "root": self.root, **more}
        return Request(channel=channel, publish=settings, accounts=wanted, **values)

    def say(self, text: str) -> None:
        self.said.append(text)

    def pointer(self, channel: str, region: str) -> str:
        """What `resolve:ssm` gives there, "" without."""
        found = self.call("ssm", "get_parameters", region, Names=[f"/images/web/{channel}"])["Parameters"]
        return str(found[0]["Value"]) if found else ""

    def images(self, region: str) -> dict[str, dict[str, Any]]:
        """Own AMIs by id."""
        found = self.call("ec2", "describe_images", region, Owners=["self"])["Images"]
        return {str(one["ImageId"]): one for one in found}

    def shared_with(self, ami: str, region: str) -> list[str]:
        answer = self.call("ec2", "describe_image_attribute", region, ImageId=ami, Attribute="launchPermission")
        return sorted(one.get("UserId", "") for one in answer["LaunchPermissions"])

    def state(self, channel: str = "prod") -> dict[str, Any]:
        """All that a run leaves, without ids: for comparing two runs."""
        found: dict[str, Any] = {}
        for region in REGIONS:
            images, ami = self.images(region), self.pointer(channel, region)
            found[region] = {
                "images": sorted(one["Name"] for one in images.values()),
                "points to": images[ami]["Name"] if ami else "",
                "shared": self.shared_with(ami, region) if ami else [],
            }
        return found

    def require_launchable(self, channel: str = "prod") -> None:
        """No pointer to what the accounts cannot start."""
        for region in REGIONS:
            if ami := self.pointer(channel, region):
                assert self.images(region)[ami]["State"] == "available"
                assert self.shared_with(ami, region) == sorted(OTHERS)
