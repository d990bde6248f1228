"""The module's input `network`: what the build's variables, its role and the instance's role come to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.terraform.feature_calls import OPTIONAL, by_name
from tests.terraform.iam_rights import as_list, is_allowed, statements
from tests.terraform.module_uses import ACCOUNT, GOOD, PROFILE, PROFILE_ROLE, USES, build_rights

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate
    from tests.terraform.module_uses import Policies
    from tests.terraform.packer_calls import Request

CALLS = tomllib.loads((Path(__file__).parents[1] / "data/packer_calls.toml").read_text(encoding="utf-8"))
PASSED = {"iam:PassedToService": "ec2.amazonaws.com"}
ROLE, OWN_PROFILE = (f"arn:aws:iam::{ACCOUNT}:{kind}/tunnel-instance" for kind in ("role", "instance-profile"))
TUNNELLED = {
    "ASSOCIATE_PUBLIC_IP": "false",
    "SSH_INTERFACE": "session_manager",
    "SSH_SOURCE_CIDR": "127.0.0.1/32",
}
VARIABLES = {
    "defaults": {},
    "connected": {},
    "private": {"ASSOCIATE_PUBLIC_IP": "false", "SSH_INTERFACE": "private_ip"},
    "tunnel": {**TUNNELLED, "IAM_INSTANCE_PROFILE": "tunnel-instance"},
    "tunnel_of_theirs": {**TUNNELLED, "IAM_INSTANCE_PROFILE": "image-build"},
}


@pytest.mark.parametrize("use", VARIABLES)
def test_the_templates_get_their_variables(policies: Policies, use: str) -> None:
    assert json.loads(policies[use]["environment"]) == {"PACKER_SCRIPT": "p.json", **VARIABLES[use]}


def test_a_profile_is_made_for_a_tunnel_alone_and_not_where_there_is_one(policies: Policies) -> None:
    made = {use: json.loads(policies[use]["instance profiles"]) for use in USES}
    assert {use: names for use, names in made.items() if names} == {"tunnel": ["tunnel-instance"]}


def test_the_instance_may_hold_a_session_and_no_more(policies: Policies) -> None:
    (statement,) = statements(policies["tunnel"]["session"])
    assert as_list(statement["Action"]) == CALLS["instance"]["actions"]
    assert json.loads(policies["tunnel"]["tunnel-instance"])["Statement"] == [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    ]
    for action in ("ssm:GetParameter", "ssm:SendCommand", "s3:GetObject", "ec2messages:GetMessages"):
        assert not is_allowed(policies["tunnel"]["session"], action, "*")


def test_the_build_may_give_the_instance_that_role_alone(policies: Policies) -> None:
    rights = build_rights(policies, "tunnel")
    assert is_allowed(rights, "iam:GetInstanceProfile", OWN_PROFILE)
    assert is_allowed(rights, "iam:PassRole", ROLE, PASSED)
    others = (PROFILE_ROLE, ROLE.replace("tunnel", "web"), f"{ROLE}-2", ROLE.replace("instance", "codebuild"))
    assert not any(is_allowed(rights, "iam:PassRole", role, PASSED) for role in others)
    assert not is_allowed(rights, "iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"})
    assert not is_allowed(build_rights(policies, "tunnel_of_theirs"), "iam:PassRole", ROLE, PASSED)


def asked(use: str) -> list[Request]:
    """What the builder asks beyond a plain build, as the table has it; the profile is the module's for a tunnel."""
    own = {PROFILE: OWN_PROFILE, PROFILE_ROLE: ROLE}
    of_profile = [(action, own[resource], context) for action, resource, context in OPTIONAL["instance_profiles"]]
    found = [*OPTIONAL["session_manager"], *of_profile] if use == "tunnel" else OPTIONAL[use]
    return [*found, *((action, resource, by_name(context)) for action, resource, context in found)]


@pytest.mark.parametrize("use", ["tunnel", *OPTIONAL])
def test_the_policy_allows_what_the_builder_asks_and_no_more(policies: Policies, use: str) -> None:
    """Nothing of a statement can go: each action on each of its resources is one of the table's calls."""
    calls = asked(use)
    assert all(is_allowed(policies[use]["features"], *call) for call in calls)
    needless = [
        (statement["Sid"], action, resource)
        for statement in statements(policies[use]["features"])
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if not any(
            is_allowed(json.dumps({"Statement": [{**statement, "Action": action, "Resource": resource}]}), *call)
            for call in calls
        )
    ]
    assert needless == []


@pytest.mark.parametrize("network", CALLS["networks"])
def test_what_a_network_asks_is_allowed(policies: Policies, network: str) -> None:
    use = {"public": "defaults", "private": "private", "session-manager": "tunnel"}[network]
    for each in CALLS["networks"][network]["calls"]:
        if "by" not in each:  # nobody asks AWS with the build's rights
            assert is_allowed(build_rights(policies, use), each["action"], "*"), each


@pytest.mark.parametrize("use", ["defaults", "private"])
def test_without_a_tunnel_there_are_no_rights_of_one(policies: Policies, use: str) -> None:
    """Not even for a build that has a VPC's rights."""
    assert "features" not in policies[use]
    assert not is_allowed(build_rights(policies, use), "iam:PassRole", ROLE, PASSED)


def test_what_cannot_work_is_refused_before_it_is_made(estate: Estate) -> None:
    unlisted = '{ PACKER_SCRIPT = "p.json", IAM_INSTANCE_PROFILE = "other" }'
    bad = {
        "outside": {"network": '"private"'},
        "unlisted": {"network": '"session-manager"', "environment_vars": unlisted},
        "another": {
            "network": '"session-manager"',
            "environment_vars": unlisted,
            "instance_profiles": f'{{ "{PROFILE}" = "{PROFILE_ROLE}" }}',
        },
    }
    blocks = []
    for name, inputs in bad.items():
        lines = "\n".join(f"  {key} = {value}" for key, value in {**GOOD, **inputs}.items())
        blocks.append(
            f'module "{name}" {{\n  source = "../modules/codepipeline"\n  project_name = "{name}"\n{lines}\n}}\n'
        )
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    said = " ".join(estate.terraform("plan", "-input=false", "-no-color", expect=1).stderr.replace("│", " ").split())
    assert said.count("Resource precondition failed") == len(bad)
    assert 'network = "private" needs vpc_config' in said
    assert "needs that profile in instance_profiles" in said
