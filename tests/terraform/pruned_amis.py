"""AMIs that go on the emulator, in two regions, and a hook at every call of AWS: what acting tests begin with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from botocore.loaders import Loader

from tests.terraform.used_amis import UsedAmis, tags
from tfgen.aws.clients import AwsClient, client
from tfgen.aws.usage import ask
from tfgen.emulator.server import Emulator

HERE, THERE = "eu-west-1", "us-east-1"
#: What is asked in these tests; test_prune.py has all.
_SOURCES = ("launch-templates", "ssm-parameters", "instances", "auto-scaling-groups")
WRITES = ("Create", "Delete", "Deregister", "Disable", "Enable", "Modify", "Restore")


@dataclass
class Hook:
    """Sees every call of boto3 of the command: `before` and `after` are given its number, service and operation."""

    seen: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    before: Callable[[int, str, dict[str, Any]], None] | None = None
    after: Callable[[int, str, dict[str, Any]], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    local: threading.local = field(default_factory=threading.local)

    @property
    def busy(self) -> bool:
        """Whether this thread is at work for the test."""
        return bool(getattr(self.local, "busy", False))

    @busy.setter
    def busy(self, value: bool) -> None:
        self.local.busy = value

    def reset(self) -> None:
        self.seen, self.before, self.after = [], None, None

    @contextmanager
    def installed(self) -> Iterator[None]:
        from botocore.client import BaseClient

        real = BaseClient._make_api_call

        def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            if self.busy:
                return real(client, operation, arguments)
            with self.lock:
                self.seen.append((client.meta.service_model.signing_name, operation, arguments))
                number = len(self.seen)
            self._run(self.before, number, operation, arguments)
            try:
                return real(client, operation, arguments)
            finally:
                self._run(self.after, number, operation, arguments)

        self.reset()
        with patch.object(BaseClient, "_make_api_call", call):
            yield
        self.reset()

    def _run(self, function: Any, number: int, operation: str, arguments: dict[str, Any]) -> None:
        """What a test does meanwhile is no call of the command."""
        if function is not None:
            self.busy = True
            try:
                function(number, operation, arguments)
            finally:
                self.busy = False

    def at(self, operation: str, does: Callable[[], None], *, after: bool = False) -> None:
        """Once, at the first call of an operation."""
        done: list[bool] = []

        def once(_: int, name: str, __: dict[str, Any]) -> None:
            if name == operation and not done:
                done.append(True)
                does()

        if after:
            self.after = once
        else:
            self.before = once


HOOK = Hook()


@dataclass(kw_only=True)
class PrunedAmis(UsedAmis):
    """The emulator's account in two regions."""

    def there(self, region: str, service: str = "ec2") -> AwsClient:
        return client(service, region=region, endpoint_url=self.emulator.endpoint)

    def rules(self, *regions: str) -> None:
        """The Recycle Bin keeps everything of a region."""
        from tfgen.emulator.amis.state import at

        for region in regions:
            for kind in ("EC2_IMAGE", "EBS_SNAPSHOT"):
                at(self.emulator.account_id, region).rules[kind] = {
                    "Identifier": kind,
                    "Description": "",
                    "RetentionPeriod": {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"},
                    "ResourceType": kind,
                    "ResourceTags": [],
                    "ExcludeResourceTags": [],
                    "Status": "available",
                    "LockState": "unlocked",
                    "RuleArn": f"arn:aws:rbin:{region}:123456789012:rule/{kind}",
                    "Tags": [],
                }

    def disk(self, ami: str) -> str:
        (image,) = self.client("ec2").describe_images(ImageIds=[ami])["Images"]
        return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])

    def small(self) -> dict[str, str]:
        """Six AMIs and their names: one for each action, a parent, a copy elsewhere, one that is shared."""
        self.rules(HERE, THERE)
        self.ami(days=0.1)
        there = self.there(THERE)
        found = {
            "deprecate": self.ami(days=40),
            "disable": self.ami(days=70),
            "parent": self.ami(days=200),
            "shared": self.ami(days=100),
        }
        found["child"] = self.ami(days=100, given=tags(ParentAmi=found["parent"]))
        self.share(found["shared"])
        copy = there.copy_image(Name="copy", SourceImageId=found["child"], SourceRegion=HERE, CopyImageTags=True)[
            "ImageId"
        ]
        found["copy"] = str(copy)
        newest = there.copy_image(Name="new", SourceImageId=found["shared"], SourceRegion=HERE, CopyImageTags=True)
        self.age(copy, 100, region=THERE)
        assert newest
        return found

    def state(self, region: str) -> dict[str, Any]:
        """All that EC2 says of own AMIs and snapshots, but for times of its own."""
        busy, HOOK.busy = HOOK.busy, True
        try:
            return self._state(self.there(region))
        finally:
            HOOK.busy = busy

    def _state(self, ec2: AwsClient) -> dict[str, Any]:
        images = ec2.describe_images(Owners=["self"], IncludeDisabled=True, IncludeDeprecated=True)["Images"]
        amis = {each["ImageId"]: each for each in images}
        for id_, each in amis.items():
            permissions = ec2.describe_image_attribute(ImageId=id_, Attribute="launchPermission")["LaunchPermissions"]
            each["LaunchPermissions"] = permissions
            each["Tags"] = sorted(each.get("Tags", []), key=lambda one: one["Key"])
        snapshots = {each["SnapshotId"]: each for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
        for id_, each in snapshots.items():
            answer = ec2.describe_snapshot_attribute(SnapshotId=id_, Attribute="createVolumePermission")
            each["Permissions"] = sorted(answer["CreateVolumePermissions"], key=str)
            each["Tags"] = sorted(each.get("Tags", []), key=lambda one: one["Key"])
        return {"amis": amis, "snapshots": snapshots}


def quick(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that starts quickly: four sources, and each model of boto3 read once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("AWS_REGION", HERE)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(ask, "SOURCES", {name: ask.SOURCES[name] for name in _SOURCES})
    monkeypatch.setattr(ask, "_SERVICES", ("ec2", "ssm", "autoscaling"))
    monkeypatch.setattr(Loader, "load_service_model", _loaded)


_load = Loader.load_service_model


@cache
def _model(service: str, kind: str, version: str | None) -> Any:
    return _load(Loader(), service, kind, version)


def _loaded(_: Loader, service_name: str, type_name: str, api_version: str | None = None) -> Any:
    return _model(service_name, type_name, api_version)
