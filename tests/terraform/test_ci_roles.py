"""The module ci_roles: who may take which role, what the roles may do, and what the boundary keeps from all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.iam_operators import as_list
from tests.iam_policy import Request, permits, statements, trusts
from tests.terraform.ci_calls import allowed, attacks
from tests.terraform.ci_tokens import TOKENS
from tests.terraform.ci_uses import ACCOUNT, KEY, KMS, STATE, USES
from tests.terraform.iam_rights import REGION

if TYPE_CHECKING:
    from tests.terraform.ci_uses import Roles

ADMINISTRATOR = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
HOSTS = sorted(USES)
CASES = [
    (host, kind, name)
    for host, tokens in TOKENS.items()
    for kind, requests in (("plan", tokens.plan), ("apply", tokens.apply), ("forged", tokens.forged))
    for name in requests
]


def taken(roles: Roles, request: Request) -> set[str]:
    """The roles that it may take."""
    return {use for use, policy in roles.trust.items() if trusts(policy, request)}


def test_there_are_enough_of_them() -> None:
    for host in ("github", "bitbucket", "codecommit"):
        tokens = TOKENS[host]
        assert len(tokens.plan) + len(tokens.apply) >= 2
        assert len(tokens.forged) >= 12


@pytest.mark.parametrize(("host", "kind", "name"), CASES)
def test_a_token_takes_the_role_that_is_for_it(host: str, kind: str, name: str, ci_roles: dict[str, Roles]) -> None:
    """A pull request can have the plan role, never the apply role; what is forged can have none."""
    requests: dict[str, Request] = getattr(TOKENS[host], kind)
    assert taken(ci_roles[host], requests[name]) == ({kind} if kind != "forged" else set())


def test_no_host_s_token_takes_another_host_s_role(ci_roles: dict[str, Roles]) -> None:
    for host, roles in ci_roles.items():
        for other, tokens in TOKENS.items():
            for request in [*tokens.plan.values(), *tokens.apply.values()]:
                assert bool(taken(roles, request)) == (host == other), (host, other, request)


def test_each_condition_is_needed(ci_roles: dict[str, Roles]) -> None:
    """Without any one of them something forged would be trusted: the tokens above can tell."""
    for host, roles in ci_roles.items():
        for use, policy in roles.trust.items():
            condition = json.loads(policy)["Statement"][0]["Condition"]
            for operator, keys in condition.items():
                for key in keys:
                    weaker = json.loads(policy)
                    del weaker["Statement"][0]["Condition"][operator][key]
                    found = [n for n, request in TOKENS[host].forged.items() if trusts(json.dumps(weaker), request)]
                    # Of a project's ARN, the account is a part.
                    assert found or key == "aws:SourceAccount", (host, use, key)


# What they may do


@pytest.mark.parametrize("host", HOSTS)
def test_no_role_of_ci_gets_around_the_boundary(host: str, ci_roles: dict[str, Roles]) -> None:
    """Neither the apply role nor one that it makes, be its policies an administrator's."""
    roles = ci_roles[host]
    for request in attacks(host, roles.boundary_arn):
        for rights in ([roles.rights["apply"]], [ADMINISTRATOR], [roles.rights["apply"], ADMINISTRATOR]):
            assert not permits(rights, request, boundary=roles.boundary), request
        assert not permits([roles.rights["plan"]], request), request


def test_the_boundary_s_protection_is_needed(ci_roles: dict[str, Roles]) -> None:
    """Of a boundary that allows everything, each protecting statement keeps something that no other one keeps."""
    roles = ci_roles["github"]
    protection = [each for each in statements(roles.boundary) if each["Effect"] == "Deny"]
    assert [each["Sid"] for each in protection] == ["NoRoleWithoutBoundary", "NoWayAround", "NoChangeOfCi"]
    for left_out in protection:
        kept = [each for each in protection if each is not left_out]
        weaker, whole = (
            json.dumps({"Version": "2012-10-17", "Statement": [*statements(ADMINISTRATOR), *found]})
            for found in (kept, protection)
        )
        attempts = attacks("github", roles.boundary_arn)
        got = [each for each in attempts if permits([ADMINISTRATOR], each, boundary=weaker)]
        assert len(got) > sum(permits([ADMINISTRATOR], each, boundary=whole) for each in attempts), left_out["Sid"]


@pytest.mark.parametrize("host", HOSTS)
def test_the_apply_role_can_do_its_work(host: str, ci_roles: dict[str, Roles]) -> None:
    roles = ci_roles[host]
    for request in allowed(roles.boundary_arn):
        assert permits([roles.rights["apply"]], request, boundary=roles.boundary), request


@pytest.mark.parametrize("host", HOSTS)
def test_the_plan_role_writes_the_lock_alone(host: str, ci_roles: dict[str, Roles]) -> None:
    plan = ci_roles[host].rights["plan"]
    state = f"arn:aws:s3:::{STATE}/{KEY}"
    assert permits([plan], Request(action="s3:GetObject", resource=state))
    for action in ("PutObject", "DeleteObject"):
        assert permits([plan], Request(action=f"s3:{action}", resource=f"{state}.tflock"))
        assert not permits([plan], Request(action=f"s3:{action}", resource=state))
        assert not permits([plan], Request(action=f"s3:{action}", resource=f"{state}.tflock2"))
    writing = {"Add", "Attach", "Create", "Delete", "Put", "Start", "Update"}
    found = {
        action
        for statement in statements(plan)
        for action in as_list(statement["Action"])
        if any(action.partition(":")[2].startswith(verb) for verb in writing)
    }
    lock = {"s3:PutObject", "s3:DeleteObject"}
    project = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "codecommit:UpdateComment"}
    assert found == lock | (project | {"dynamodb:PutItem", "dynamodb:DeleteItem"} if host == "codecommit" else set())


def test_a_table_of_locks_and_a_key(ci_roles: dict[str, Roles]) -> None:
    """The plan role writes the lock's item, the apply role the digest's, too; nobody those of another state."""
    roles = ci_roles["codecommit"]
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/locks"
    right = {"plan": [f"{STATE}/{KEY}"], "apply": [f"{STATE}/{KEY}", f"{STATE}/{KEY}-md5"]}
    for use, keys in right.items():
        for key in (f"{STATE}/{KEY}", f"{STATE}/{KEY}-md5", f"{STATE}/other", f"other/{KEY}", ""):
            context = {"dynamodb:LeadingKeys": [key]} if key else {}
            put = Request(action="dynamodb:PutItem", resource=table, context=context)
            assert permits([roles.rights[use]], put) == (key in keys), (use, key)
    for use in right:
        for via, works in ((f"s3.{REGION}.amazonaws.com", True), ("ec2.eu-west-1.amazonaws.com", False)):
            asked = Request(action="kms:Decrypt", resource=KMS, context={"kms:ViaService": via})
            assert permits([roles.rights[use]], asked) is works


def test_the_policies_fit(ci_roles: dict[str, Roles]) -> None:
    for host, roles in ci_roles.items():
        assert len(roles.boundary) <= 6144, host
        assert max(len(text) for text in roles.rights.values()) <= 10240, host
