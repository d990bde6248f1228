"""The evaluation that the policies' tests rely on: what IAM's documentation says of each operator."""

from __future__ import annotations

import json

import pytest

from tests.terraform.iam_rights import Context, is_allowed


def policy(*statements: dict[str, object]) -> str:
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "a:Do", "Resource": "*", **one} for one in statements]}
    )


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, {"k": "b"}, True),
        ({"StringEquals": {"k": "a"}}, {"K": "a"}, True),
        ({"StringEquals": {"k": "a"}}, {"k": "A"}, False),
        ({"StringEquals": {"k": "a*"}}, {"k": "ab"}, False),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a"}, False),
        ({"StringEquals": {"k": "a"}, "Null": {"l": "true"}}, {"k": "a", "l": "x"}, False),
        ({"StringLike": {"k": "a*"}}, {"k": "ab"}, True),
        ({"StringLike": {"k": "[a]"}}, {"k": "a"}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "true"}}, {"k": "a"}, False),
        ({"Null": {"k": "false"}}, {}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
        ({"ForAllValues:StringEquals": {"k": "a"}}, {}, True),
    ],
)
def test_a_condition(condition: dict[str, object], context: Context, holds: bool) -> None:
    assert is_allowed(policy({"Condition": condition}), "a:Do", "x", context) is holds


def test_a_deny_wins_wherever_it_stands() -> None:
    assert is_allowed(policy({}), "a:Do", "x")
    assert not is_allowed(policy({}, {"Effect": "Deny"}), "a:Do", "x")
    assert not is_allowed([policy({}), policy({"Effect": "Deny"})], "a:Do", "x")
    assert is_allowed(policy({}, {"Effect": "Deny", "Resource": "y"}), "a:Do", "x")
    assert not is_allowed(policy({"Effect": "Deny"}), "a:Do", "y")


def test_an_action_and_a_resource() -> None:
    assert is_allowed(policy({"Action": ["b:Do", "A:D*"]}), "a:do", "x")
    assert not is_allowed(policy({}), "a:Undo", "x")
    assert not is_allowed(policy({"Resource": ["arn:1/*", "arn:2"]}), "a:Do", "arn:2/x")
