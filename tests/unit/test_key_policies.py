"""The policies that docs/secrets.md shows for a key across accounts: what they allow, and what they do not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.iam_policy import Request, decides, statements, uses_key

PAGE = Path(__file__).resolve().parents[2] / "docs" / "secrets.md"
KEY_POLICY, ROLE_POLICY = re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
OWNER, BUILDER, USER, STRANGER = "111111111111", "222222222222", "333333333333", "444444444444"
KEY = statements(ROLE_POLICY)[0]["Resource"]
EC2 = {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}
#: What EC2 asks of a key for somebody who makes, copies, shares or starts from an encrypted snapshot.
CALLS = [
    ("kms:Decrypt", EC2),
    ("kms:DescribeKey", EC2),
    ("kms:GenerateDataKeyWithoutPlaintext", EC2),
    ("kms:ReEncryptFrom", EC2),
    ("kms:ReEncryptTo", EC2),
    ("kms:CreateGrant", {**EC2, "kms:GrantIsForAWSResource": "true"}),
]
ATTACKS = [
    *((action, {}) for action, _ in CALLS),
    ("kms:Decrypt", {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
    ("kms:Decrypt", {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"}),
    ("kms:CreateGrant", EC2),
    ("kms:CreateGrant", {**EC2, "kms:GrantIsForAWSResource": "false"}),
    ("kms:CreateGrant", {"kms:GrantIsForAWSResource": "true"}),
    ("kms:PutKeyPolicy", EC2),
    ("kms:ScheduleKeyDeletion", EC2),
    ("kms:GenerateDataKey", EC2),
]


def request(account: str, action: str, context: dict[str, str], who: str = "role/any") -> Request:
    return Request(action=action, resource=KEY, context=context, principal=("AWS", f"arn:aws:iam::{account}:{who}"))


def allowed(account: str, action: str, context: dict[str, str]) -> bool:
    """Of a role with the page's second policy."""
    return uses_key(KEY_POLICY, [ROLE_POLICY], request(account, action, context))


@pytest.mark.parametrize("account", [BUILDER, USER])
@pytest.mark.parametrize(("action", "context"), CALLS, ids=lambda each: each if isinstance(each, str) else "")
def test_what_ec2_asks_for_another_account(account: str, action: str, context: dict[str, str]) -> None:
    assert allowed(account, action, context)
    assert not allowed(STRANGER, action, context)


@pytest.mark.parametrize("account", [BUILDER, USER])
@pytest.mark.parametrize(("action", "context"), CALLS, ids=lambda each: each if isinstance(each, str) else "")
def test_neither_policy_is_enough(account: str, action: str, context: dict[str, str]) -> None:
    asked = request(account, action, context)
    owner_only = json.dumps({"Version": "2012-10-17", "Statement": statements(KEY_POLICY)[:1]})
    assert not uses_key(KEY_POLICY, [], asked)
    assert not uses_key(owner_only, [ROLE_POLICY], asked)


@pytest.mark.parametrize(("action", "context"), ATTACKS)
def test_what_nobody_there_may(action: str, context: dict[str, str]) -> None:
    everything = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    assert not uses_key(KEY_POLICY, [everything], request(USER, action, context))
    assert not decides([ROLE_POLICY], request(USER, action, context))


def test_the_owner_is_never_locked_out() -> None:
    administrator = json.dumps({"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": KEY}})
    assert uses_key(KEY_POLICY, [], request(OWNER, "kms:PutKeyPolicy", {}, "root"))
    assert uses_key(KEY_POLICY, [administrator], request(OWNER, "kms:PutKeyPolicy", {}))
    assert not uses_key(KEY_POLICY, [], request(OWNER, "kms:PutKeyPolicy", {}))
