"""The policies that docs/secrets.md shows for a key across accounts: what they allow, and what they do not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.iam_rights import as_list, is_allowed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "secrets.md"
KEY_POLICY, ROLE_POLICY = (
    json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
)
OWNER, BUILDER, USER, STRANGER = "111111111111", "222222222222", "333333333333", "444444444444"
KEY = ROLE_POLICY["Statement"][0]["Resource"]
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


def text(policy: dict[str, Any], account: str = "") -> str:
    """A policy as it holds for an account; `Bool` is, for these values, an equality."""
    document = json.loads(json.dumps(policy).replace('"Bool"', '"StringLike"'))
    document["Statement"] = [
        one
        for one in document["Statement"]
        if not account or f"arn:aws:iam::{account}:root" in as_list(one["Principal"]["AWS"])
    ]
    return json.dumps(document)


def allowed(account: str, action: str, context: dict[str, str]) -> bool:
    """In another account than the key's, the key's policy and IAM must both allow."""
    key, role = text(KEY_POLICY, account), text(ROLE_POLICY)
    return is_allowed(key, action, KEY, context) and is_allowed(role, action, KEY, context)


@pytest.mark.parametrize("account", [BUILDER, USER])
@pytest.mark.parametrize(("action", "context"), CALLS, ids=lambda each: each if isinstance(each, str) else "")
def test_what_ec2_asks_for_another_account(account: str, action: str, context: dict[str, str]) -> None:
    assert allowed(account, action, context)
    assert not allowed(STRANGER, action, context)


@pytest.mark.parametrize(("action", "context"), ATTACKS)
def test_what_nobody_there_may(action: str, context: dict[str, str]) -> None:
    assert not is_allowed(text(KEY_POLICY, USER), action, KEY, context)
    assert not is_allowed(text(ROLE_POLICY), action, KEY, context)


def test_the_owner_is_never_locked_out() -> None:
    assert is_allowed(text(KEY_POLICY, OWNER), "kms:PutKeyPolicy", KEY)
