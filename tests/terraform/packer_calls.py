"""A real Packer builds an AMI on the emulator, and what it asks of EC2 is written down as IAM would see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from tests.e2e.tools import bare_environment, require_packer, run
from tests.terraform.iam_rights import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tfgen.emulator.server import Emulator

#: What an action is asked of, by AWS's Service Authorization Reference. An image and a snapshot have no account.
RESOURCES = {
    "AuthorizeSecurityGroupIngress": ["security-group"],
    "CreateImage": ["instance", "image", "snapshot"],
    "CreateKeyPair": ["key-pair"],
    "CreateSecurityGroup": ["security-group", "vpc"],
    "CreateTags": ["image", "snapshot"],
    "DeleteKeyPair": ["key-pair"],
    "DeleteSecurityGroup": ["security-group"],
    "ModifyImageAttribute": ["image"],
    "ModifySnapshotAttribute": ["snapshot"],
    "RunInstances": ["image", "instance", "key-pair", "network-interface", "security-group", "subnet", "volume"],
    "StopInstances": ["instance"],
    "TerminateInstances": ["instance"],
}
Request = tuple[str, str, dict[str, str]]


class PackerBuild(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one build, in order: the action and its parameters."""

    calls: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def actions(self) -> set[str]:
        return {action for action, _ in self.calls}

    def requests(self) -> Iterator[Request]:
        """Action, resource and context of each right that the build needs."""
        tags: dict[str, str] = {}
        for action, parameters in self.calls:
            given = tag_specifications(parameters)
            tags = given.get("instance", tags)
            for kind in given:
                yield "ec2:CreateTags", arn(kind, parameters), {"ec2:CreateAction": action}
            if action.startswith("Describe"):
                yield f"ec2:{action}", "*", {}
            for kind in () if action.startswith("Describe") else RESOURCES[action]:
                key = "RequestTag" if action == "RunInstances" else "ResourceTag"
                seen = {f"aws:{key}/{name}": value for name, value in tags.items()} if kind == "instance" else {}
                yield f"ec2:{action}", arn(kind, parameters), seen


def arn(kind: str, parameters: dict[str, Any]) -> str:
    account = "" if kind in ("image", "snapshot") else "123456789012"
    name = parameters["KeyName"][0] if kind == "key-pair" and "KeyName" in parameters else f"{kind}-1"
    return f"arn:aws:ec2:{REGION}:{account}:{kind}/{name}"


def tag_specifications(parameters: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Kind of resource -> the tags that it is made with."""
    found = {}
    for key, value in parameters.items():
        if key.startswith("TagSpecification.") and key.endswith(".ResourceType"):
            prefix = f"{key.removesuffix('ResourceType')}Tag."
            numbers = {name.removeprefix(prefix).split(".")[0] for name in parameters if name.startswith(prefix)}
            found[value[0]] = {
                parameters[f"{prefix}{number}.Key"][0]: parameters[f"{prefix}{number}.Value"][0] for number in numbers
            }
    return found


def record_packer(emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> PackerBuild:
    """Build a template without tags of its own for the instance; gives what was asked of EC2. Nobody is dialled."""
    from moto.core.responses import BaseResponse

    packer = require_packer()
    emulator.reset()
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    builder = {
        "type": "amazon-ebs",
        "region": REGION,
        "custom_endpoint_ec2": emulator.endpoint,
        "skip_region_validation": True,
        "instance_type": "t3.small",
        "source_ami": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        "subnet_id": ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"],
        "vpc_id": vpc,
        "communicator": "none",
        "ami_name": "recorded",
        "ami_users": ["999999999999"],
        "snapshot_users": ["999999999999"],
        "run_volume_tags": {"team": "images"},
        "tags": {"team": "images"},
        "snapshot_tags": {"team": "images"},
    }
    (folder / "recorded.json").write_text(json.dumps({"builders": [builder]}), encoding="utf-8")
    calls: list[tuple[str, dict[str, Any]]] = []
    answer = BaseResponse.call_action

    def recorded(self: Any) -> Any:
        calls.append((self._get_action(), dict(self.querystring)))
        return answer(self)

    with monkeypatch.context() as patched:
        patched.setattr(BaseResponse, "call_action", recorded)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        done = run([packer, "build", "-color=false", "recorded.json"], env=bare_environment(folder, keys), cwd=folder)
    assert done.returncode == 0, done.stdout
    return PackerBuild(calls=tuple(calls))
