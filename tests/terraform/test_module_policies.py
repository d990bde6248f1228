"""The module's IAM policies: read by a policy linter, measured, and what is true of all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import hcl2
import msgspec
import parliament  # type: ignore[import-untyped]
import pytest

from tests.iam_operators import is_like
from tests.terraform.conftest import make_estate
from tests.terraform.iam_rights import REGION, as_list, is_allowed, statements
from tests.terraform.module_on_aws import PLAN, planned_resources, policy
from tests.terraform.module_uses import ACCOUNT, Policies, build_rights
from tfgen.emulator.override import write_override

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.terraform.ci_uses import Roles
    from tfgen.emulator.server import Emulator

ROOT = Path(__file__).resolve().parents[2]
ADR = (ROOT / "docs/adr/0013-the-rights-of-a-pipeline.md").read_text(encoding="utf-8")
INSTANCE = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1"
OLD_NAME = "codestar-connections:UseConnection"
#: What parliament finds and docs/adr/0013 argues: issue, detail, and how the ADR calls it.
ARGUED = {
    (
        "RESOURCE_MISMATCH",
        str([{"action": OLD_NAME, "required_format": "arn:*:codestar-connections:*:*:connection/*"}]),
        OLD_NAME,
    ),
}


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """The emulator, asked as another region."""

    endpoint: str
    region: str


def findings(text: str, *others: str) -> Iterator[tuple[str, object]]:
    """Issue and detail of what parliament finds, whatever its severity; `others` are the same role's."""
    for each in parliament.analyze_policy_string(text).findings:
        if each.issue == "RESOURCE_MISMATCH":
            left = [
                one
                for one in each.detail
                if not given_elsewhere((text, *others), one["action"], one["required_format"])
            ]
            if left:
                yield each.issue, left
        else:
            yield each.issue, each.detail


def given_elsewhere(texts: tuple[str, ...], action: str, required: str) -> bool:
    """Parliament looks at one statement at a time; IAM needs each kind of resource in any of them."""
    service, kind = required.split(":")[2], kind_of(required)
    return any(
        action in as_list(statement["Action"]) and resource.split(":")[2] == service and kind_of(resource) == kind
        for text in texts
        for statement in statements(text)
        for resource in as_list(statement["Resource"])
        if resource != "*"
    )


def kind_of(arn: str) -> str:
    return arn.split(":", 5)[5].split("/", maxsplit=1)[0]


def test_the_policy_linter_finds_nothing_that_is_not_argued(policies: Policies) -> None:
    found = {
        (issue, str(detail))
        for use, named in policies.items()
        for name, text in named.items()
        if '"Statement"' in text and "Principal" not in text
        for issue, detail in findings(text, *(build_rights(policies, use) if name == "features" else ()))
    }
    assert found == {(issue, detail) for issue, detail, _ in ARGUED}
    for _, _, subject in ARGUED:
        assert subject in ADR


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"Action": "ec2:*", "Resource": "*"}, "RESOURCE_STAR"),
        ({"Action": "ec2:TerminateInstance", "Resource": "*"}, "UNKNOWN_ACTION"),
        ({"Action": "ec2:StopInstances", "Resource": "arn:aws:ec2:*:*:volume/*"}, "RESOURCE_MISMATCH"),
        (
            {
                "Action": "ec2:StopInstances",
                "Resource": "arn:aws:ec2:*:*:instance/*",
                "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
            },
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
    ],
)
def test_the_policy_linter_finds_what_is_planted(change: dict[str, object], issue: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **change}]}
    assert issue in {found for found, _ in findings(json.dumps(document))}


def test_a_policy_fits_into_a_role(policies: Policies) -> None:
    """IAM counts all inline policies of a role, without blanks: 10,240 characters; 6,144 of a managed one."""
    assert max(len(named["build"]) for named in policies.values()) < 10_240
    for name in ("more", "features"):
        assert 0 < max(len(named.get(name, "")) for named in policies.values()) < 6_144


def test_the_partition_is_that_of_the_caller(
    emulator: Emulator, cli_config: Path, tmp_path: Path, attached: dict[str, str]
) -> None:
    """What the policies of each partition allow: test_module_partitions.py."""
    partition, region = "aws-us-gov", "us-gov-west-1"
    estate = make_estate(emulator, cli_config, tmp_path, attached)
    elsewhere = Elsewhere(endpoint=emulator.endpoint, region=region)
    write_override(estate.folder, elsewhere)
    estate.init()
    estate.terraform(*PLAN, expect=2)
    resources = planned_resources(estate)
    texts = [str(text) for _, values in resources for key, text in values.items() if "policy" in key]
    assert {arn.split(":")[1] for text in texts for arn in re.findall(r'"(arn:[^"]+)"', text)} == {partition}
    build = policy(resources, "build")
    instance = f"arn:{partition}:ec2:{region}:{ACCOUNT}:instance/i-1"
    for action, tag in (("RunInstances", "RequestTag"), ("TerminateInstances", "ResourceTag")):
        ours = {f"aws:{tag}/BuiltBy": "Packer"}
        assert is_allowed(build, f"ec2:{action}", instance, {"aws:RequestedRegion": region, **ours})
        assert not is_allowed(build, f"ec2:{action}", instance, {"aws:RequestedRegion": region})
        assert not is_allowed(build, f"ec2:{action}", instance, {"aws:RequestedRegion": "eu-west-1", **ours})


@pytest.mark.parametrize("tags", [{"Name": "Packer Builder"}, {"Name": "web", "BuiltBy": "Packer"}])
def test_either_tag_is_enough(policies: Policies, tags: dict[str, str]) -> None:
    for action, key in (("RunInstances", "RequestTag"), ("TerminateInstances", "ResourceTag")):
        context = {f"aws:{key}/{name}": value for name, value in tags.items()}
        assert is_allowed(policies["defaults"]["build"], f"ec2:{action}", INSTANCE, context)


def test_our_own_templates_may_start_and_end_their_instances(policies: Policies) -> None:
    """A template that names its instances must say BuiltBy too: see instance_tags."""
    wordpress = json.loads((ROOT / "packer/wordpress.json").read_text(encoding="utf-8"))["builders"][0]["run_tags"]
    (base,) = [
        each["run_tags"]
        for each in hcl2.loads((ROOT / "packer/base.pkr.hcl").read_text(encoding="utf-8"))["locals"]
        if "run_tags" in each
    ]
    for tags in (wordpress, {key: str(value).strip('"') for key, value in base.items()}):
        for action, key in (("RunInstances", "RequestTag"), ("TerminateInstances", "ResourceTag")):
            context = {f"aws:{key}/{name}": value for name, value in tags.items()}
            assert is_allowed(policies["defaults"]["build"], f"ec2:{action}", INSTANCE, context)


def test_a_network_interface_is_made_in_the_given_subnets_alone(policies: Policies) -> None:
    build = build_rights(policies, "connected")
    subnet = f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet"
    interface = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/eni-1"
    service = {"ec2:AuthorizedService": "codebuild.amazonaws.com"}
    assert is_allowed(build, "ec2:CreateNetworkInterface", f"{subnet}/subnet-2")
    assert not is_allowed(build, "ec2:CreateNetworkInterface", f"{subnet}/subnet-3")
    for action, more in (("CreateNetworkInterfacePermission", service), ("DeleteNetworkInterface", {})):
        assert is_allowed(build, f"ec2:{action}", interface, {**more, "ec2:Subnet": f"{subnet}/subnet-1"})
        assert not is_allowed(build, f"ec2:{action}", interface, {**more, "ec2:Subnet": f"{subnet}/subnet-3"})
    assert not is_allowed(policies["defaults"]["build"], "ec2:CreateNetworkInterface", f"{subnet}/subnet-2")


def test_what_the_pipelines_do_is_within_the_boundary(ci_roles: dict[str, Roles], policies: Policies) -> None:
    """Every action of every role that the module codepipeline makes, in each of its uses."""
    allows = [each for each in statements(ci_roles["codecommit"].boundary) if each["Effect"] == "Allow"]
    patterns = [pattern for each in allows for pattern in as_list(each["Action"])]
    needed = {
        action
        for use in policies.values()
        for name, text in use.items()
        if name != "bucket" and '"Statement"' in text
        for statement in statements(text)
        if "Resource" in statement
        for action in as_list(statement["Action"])
    }
    assert len(needed) > 50
    assert {each for each in needed if not any(is_like(each, one, case=False) for one in patterns)} == set()
