"""What Packer asks of EC2, written down as IAM would see it: recorded on the emulator, of whatever Packer is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tests.e2e.tools import bare_environment, require_packer, run
from tests.terraform.iam_rights import REGION, Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tfgen.emulator.server import Emulator

#: What is there before, and an action is asked of too, by AWS's Service Authorization Reference.
USED = {
    "AuthorizeSecurityGroupIngress": ["security-group"],
    "CreateImage": ["instance"],
    "CreateSecurityGroup": ["vpc"],
    "DeleteKeyPair": ["key-pair"],
    "DeleteSecurityGroup": ["security-group"],
    "DeleteSnapshot": ["snapshot"],
    "DeregisterImage": ["image"],
    "EnableImageDeprecation": ["image"],
    "EnableImageDeregistrationProtection": ["image"],
    "ModifyImageAttribute": ["image"],
    "ModifyInstanceAttribute": ["instance"],
    "ModifySnapshotAttribute": ["snapshot"],
    "RunInstances": ["source", "key-pair", "security-group", "subnet"],
    "StopInstances": ["instance"],
    "TerminateInstances": ["instance"],
}
#: What an action makes: with the tags that the request has for it, and asked for as well.
MADE = {
    "CopyImage": ["image", "snapshot"],
    "CreateImage": ["image", "snapshot"],
    "CreateKeyPair": ["key-pair"],
    "CreateSecurityGroup": ["security-group"],
    "RunInstances": ["instance", "network-interface", "volume"],
}
KINDS = {"ami": "image", "i": "instance", "snap": "snapshot", "vol": "volume", "sg": "security-group"}
#: Where a request names the resource that it is about; of other kinds a build has one each.
NAMED = {"image": "ImageId", "snapshot": "SnapshotId", "key-pair": "KeyName"}
Tags = dict[str, str]
#: Action, resource and context, as `is_allowed` takes them.
Request = tuple[str, str, Context]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request: region, action, parameters as EC2's query has them; images and snapshots that its answer names."""

    region: str
    action: str
    parameters: dict[str, str]
    answered: tuple[str, ...] = ()

    def values(self, *prefixes: str) -> list[str]:
        """The values of all parameters whose names begin so."""
        return [value for name, value in self.parameters.items() if name.startswith(prefixes)]

    def tags(self) -> dict[str, Tags]:
        """Kind of resource -> the tags that it is made with."""
        found = {}
        for key, kind in self.parameters.items():
            if key.startswith("TagSpecification.") and key.endswith(".ResourceType"):
                found[kind] = self._pairs(f"{key.removesuffix('ResourceType')}Tag.")
        return found

    def new_tags(self) -> Tags:
        return self._pairs("Tag.")

    def _pairs(self, prefix: str) -> Tags:
        numbers = {name.removeprefix(prefix).split(".")[0] for name in self.parameters if name.startswith(prefix)}
        return {
            self.parameters[f"{prefix}{number}.Key"]: self.parameters[f"{prefix}{number}.Value"] for number in numbers
        }

    def context(self) -> dict[str, str | list[str]]:
        """The keys that are this request's own: who is given what, and which attribute is set."""
        found: dict[str, str | list[str]] = {"aws:RequestedRegion": self.region}
        if self.action == "ModifySnapshotAttribute":
            users, groups = self.values("UserId"), self.values("UserGroup")
            found |= {"ec2:Add/userId": users} if users else {}
            found |= {"ec2:Add/group": groups} if groups else {}
        if self.action == "ModifyImageAttribute":
            for name, value in self.parameters.items():
                if name.endswith(".Value"):
                    found[f"ec2:Attribute/{name.removesuffix('.Value')}"] = value
        return found


class PackerBuild(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one build, in order."""

    calls: tuple[Call, ...]

    @property
    def actions(self) -> set[str]:
        return {call.action for call in self.calls}

    def requests(self) -> Iterator[Request]:
        """Each right that the build needs."""
        things = Things()
        for call in self.calls:
            given = call.tags()
            for kind in given:
                yield (
                    "ec2:CreateTags",
                    arn(kind, f"{kind}-1", call),
                    {**call.context(), "ec2:CreateAction": call.action},
                )
            if call.action.startswith("Describe"):
                yield f"ec2:{call.action}", "*", call.context()
            for kind, name in used(call):
                context = {f"aws:ResourceTag/{key}": value for key, value in things.tags.get(name, {}).items()}
                yield f"ec2:{call.action}", arn(kind, name, call), {**call.context(), **context}
            for kind in MADE.get(call.action, []):
                context = {f"aws:RequestTag/{key}": value for key, value in given.get(kind, {}).items()}
                name = call.parameters.get(NAMED.get(kind, ""), f"{kind}-1") if kind == "key-pair" else f"{kind}-1"
                yield f"ec2:{call.action}", arn(kind, name, call), {**call.context(), **context}
            things.note(call)


class Things:
    """What a build has made so far, and the tags that it has."""

    def __init__(self) -> None:
        self.tags: dict[str, Tags] = {}
        #: Image -> the tags that its snapshots were made with; their names are in a later answer.
        self._disks: dict[str, Tags] = {}

    def note(self, call: Call) -> None:
        given = call.tags()
        if call.action == "CreateImage":
            (image,) = call.answered
            self.tags[image], self._disks[image] = given.get("image", {}), given.get("snapshot", {})
        elif call.action == "CopyImage":
            (image,) = call.answered
            copied = call.parameters.get("CopyImageTags") == "true"
            self.tags[image] = dict(self.tags[call.parameters["SourceImageId"]]) if copied else {}
            self._disks[image] = {}  # tags of snapshots are never copied
        elif call.action == "DescribeImages":
            for image in set(call.answered) & set(self._disks):
                for name in call.answered:
                    if name.startswith("snap-"):
                        self.tags.setdefault(name, dict(self._disks[image]))
        elif call.action == "CreateTags":
            for name in call.values("ResourceId"):
                self.tags[name] = {**self.tags[name], **call.new_tags()}
        else:
            for kind in MADE.get(call.action, []):
                self.tags[f"{kind}-1"] = given.get(kind, {})


def used(call: Call) -> Iterator[tuple[str, str]]:
    """Kind and name of what is there before the call."""
    if call.action == "CreateTags":
        for name in call.values("ResourceId"):
            yield KINDS[name.partition("-")[0]], name
    for kind in USED.get(call.action, []):
        if kind == "source":
            yield "image", "ami-0"
        else:
            yield kind, call.parameters.get(NAMED.get(kind, ""), f"{kind}-1")


def arn(kind: str, name: str, call: Call) -> str:
    account = "" if kind in ("image", "snapshot") else "123456789012"
    return f"arn:aws:ec2:{call.region}:{account}:{kind}/{name}"


def recorded(file: Path) -> dict[str, PackerBuild]:
    """Builds that record_packer has recorded before, by name."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, PackerBuild])


def record_packer(emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> PackerBuild:
    """Build an AMI that is shared and described, with these options of the builder. Nobody is dialled."""
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
        "ami_description": "What is asked of EC2",
        "run_volume_tags": {"team": "images"},
        "tags": {"team": "images"},
        "snapshot_tags": {"team": "images"},
        **options,
    }
    (folder / "recorded.json").write_text(json.dumps({"builders": [builder]}), encoding="utf-8")
    calls: list[Call] = []
    answer = BaseResponse.call_action

    def noted(self: Any) -> Any:
        parameters = {name: values[0] for name, values in self.querystring.items()}
        action, result = self._get_action(), answer(self)
        told = action in ("CreateImage", "CopyImage") or "ImageId.1" in parameters
        found = tuple(sorted(set(re.findall(r"(?:ami|snap)-[0-9a-f]+", str(result))))) if told else ()
        calls.append(Call(region=self.region, action=action, parameters=parameters, answered=found))
        return result

    with monkeypatch.context() as patched:
        patched.setattr(BaseResponse, "call_action", noted)
        given = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        given |= {f"AWS_ENDPOINT_URL_{service}": emulator.endpoint for service in ("EC2", "STS")}
        done = run([packer, "build", "-color=false", "recorded.json"], env=bare_environment(folder, given), cwd=folder)
    assert done.returncode == 0, done.stdout
    return PackerBuild(calls=tuple(call for call in calls if call.action != "GetCallerIdentity"))
