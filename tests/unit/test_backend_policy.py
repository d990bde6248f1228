"""TLS only, as a bucket policy: what counts as one, and what is added."""

from __future__ import annotations

from typing import Any

import pytest

from tfgen.aws.state_bucket.policy import SID, is_tls_only, with_tls_only

ARN = "arn:aws:s3:::states"
STATEMENT: dict[str, Any] = with_tls_only({}, ARN)["Statement"][0]


def test_an_empty_policy_becomes_one() -> None:
    assert with_tls_only({}, ARN) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": SID,
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [ARN, f"{ARN}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def test_other_statements_and_keys_stay() -> None:
    mine = {"Sid": SID, "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:GetObject", "Resource": ARN}
    before = {"Version": "2008-10-17", "Id": "mine", "Statement": mine}
    after = with_tls_only(before, ARN)
    assert (after["Version"], after["Id"], after["Statement"][0]) == ("2008-10-17", "mine", mine)
    assert after["Statement"][1]["Sid"] == f"{SID}2"
    assert is_tls_only(after, ARN)


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"AWS": "*"}},
        {"Action": ["s3:*"]},
        {"Action": "*"},
        {"Resource": "*"},
        {"Resource": [f"{ARN}/*", ARN, "arn:aws:s3:::other"]},
        {"Condition": {"Bool": {"AWS:SecureTransport": False}}},
        {"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}},
    ],
)
def test_other_words_for_the_same(change: dict[str, object]) -> None:
    assert is_tls_only({"Statement": {**STATEMENT, **change}}, ARN)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::1:root"}},
        {"Action": "s3:GetObject"},
        {"Resource": f"{ARN}/*"},
        {"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:x": "y"}}},
    ],
)
def test_what_denies_less(change: dict[str, object]) -> None:
    assert not is_tls_only({"Statement": [{**STATEMENT, **change}]}, ARN)


def test_a_policy_of_nothing() -> None:
    assert not is_tls_only({}, ARN)
