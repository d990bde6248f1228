"""The module ci_roles: who may take which role, by the trust policies that Terraform plans for the three hosts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.iam_policy import Request, trusts
from tests.terraform.ci_tokens import TOKENS

if TYPE_CHECKING:
    from tests.terraform.ci_uses import Roles

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
