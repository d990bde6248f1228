"""The evaluation of policies that the tests of roles rely on, held against the examples of AWS's own documentation.

Each group names its page of the IAM User Guide (docs.aws.amazon.com/IAM/latest/UserGuide/NAME.html).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.iam_operators import Context, holds, is_arn_like
from tests.iam_policy import Request, decides, permits, trusts, uses_key

ROLE = "arn:aws:iam::123456789012:role/x"


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


# reference_policies_elements_condition_operators


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "result"),
    [
        # "If the key is not present the condition is false; of ...NotLike and its like it is true."
        ("StringEquals", "a", [], False),
        ("StringNotEquals", "a", [], True),
        ("StringNotLike", "a*", [], True),
        ("ArnNotLike", "arn:*", [], True),
        ("Bool", "true", [], False),
        # ...IfExists: "if the key is present, process it as specified; if not, evaluate as true"
        ("StringEqualsIfExists", "a", [], True),
        ("StringEqualsIfExists", "a", ["b"], False),
        ("StringLikeIfExists", ["t1.*", "t2.*"], ["t2.micro"], True),
        ("StringLikeIfExists", ["t1.*", "t2.*"], ["m5.large"], False),
        ("StringNotEqualsIfExists", "a", ["a"], False),
        ("BoolIfExists", "true", [], True),
        # Several values are an "or", of a negated operator a "nor".
        ("StringEquals", ["a", "b"], ["b"], True),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringNotEquals", ["a", "b"], ["c"], True),
        ("StringEquals", "Queue*", ["QueueOne"], False),
        ("StringEquals", "a", ["A"], False),
        ("StringEqualsIgnoreCase", "johnDoe", ["JOHNDOE"], True),
        ("StringNotEqualsIgnoreCase", "johnDoe", ["JOHNDOE"], False),
        ("StringLike", ["", "home/", "home/${aws:username}/"], ["home/ann/"], True),
        ("StringLike", ["", "home/", "home/${aws:username}/"], ["home/bob/"], False),
        ("NumericLessThanEquals", "10", ["10"], True),
        ("NumericLessThanEquals", "10", ["11"], False),
        ("NumericNotEquals", "10", ["11"], True),
        ("DateGreaterThan", "2020-01-01T00:00:01+00:00", ["2021-01-01T00:00:00+00:00"], True),
        ("DateLessThan", "2020-01-01T00:00:01+00:00", ["2021-01-01T00:00:00+00:00"], False),
        ("Bool", "false", ["False"], True),
        ("IpAddress", "203.0.113.0/24", ["203.0.113.9"], True),
        ("NotIpAddress", "203.0.113.0/24", ["203.0.113.9"], False),
        # Each of an ARN's six parts is compared by itself.
        ("ArnEquals", "arn:aws:sns:REGION:123456789012:TOPIC-ID", ["arn:aws:sns:REGION:123456789012:TOPIC-ID"], True),
        ("ArnLike", "arn:aws:sns:*:123456789012:T*", ["arn:aws:sns:eu-west-1:123456789012:T:x"], True),
        ("ArnLike", "arn:aws:sns:*:123456789012:T", ["arn:aws:sns:a:b:123456789012:T"], False),
        ("ArnNotEquals", "arn:aws:sns:*:*:*", ["arn:aws:sqs:a:1:q"], True),
        # Null: "true" where the key does not exist.
        ("Null", "true", [], True),
        ("Null", "true", ["x"], False),
        ("Null", "false", ["x"], True),
        ("Null", "false", [], False),
    ],
)
def test_an_operator(operator: str, wanted: str | list[str], found: list[str], result: bool) -> None:
    context: dict[str, str | list[str]] = {"aws:username": "ann", **({"k": found} if found else {})}
    assert holds(operator, "K", wanted, context) is result


def test_an_operator_that_does_not_exist_is_no_operator() -> None:
    for operator in ("StringEqual", "ForSomeValues:StringEquals"):
        with pytest.raises(AssertionError, match="IAM has no"):
            holds(operator, "k", "a", {"k": "a"})


# reference_policies_condition_examples-multi-valued-context-keys


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "matched"),
    [
        ("ForAllValues:StringNotLike", "key1*", ["key1:legal"], False),
        ("ForAllValues:StringNotLike", "key1*", ["key1:hr", "key1:personnel"], False),
        ("ForAllValues:StringNotLike", "key1*", ["key2:audit"], True),
        ("ForAllValues:StringNotLike", "key1*", [], True),
        ("ForAllValues:StringNotLike", ["key1*", "key2*"], ["key1:legal", "key2:hr"], False),
        ("ForAllValues:StringNotLike", ["key1*", "key2*"], ["key3:legal"], True),
        ("ForAnyValue:StringEquals", "webserver", ["webserver"], True),
        ("ForAnyValue:StringEquals", "webserver", ["environment", "webserver", "test"], True),
        ("ForAnyValue:StringEquals", "webserver", ["environment", "test"], False),
        ("ForAnyValue:StringEquals", "webserver", [], False),
        ("ForAllValues:StringEquals", ["environment", "cost-center"], ["environment"], True),
        ("ForAllValues:StringEquals", ["environment", "cost-center"], ["environment", "team"], False),
    ],
)
def test_a_key_with_several_values(operator: str, wanted: str | list[str], found: list[str], matched: bool) -> None:
    deny = policy({"Effect": "Deny", "Action": ["iam:Tag*"], "Resource": "*", "Condition": {operator: {"t": wanted}}})
    allow = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    context: Context = {"t": found} if found else {}
    assert decides([allow, deny], Request(action="iam:TagRole", context=context)) is not matched


# reference_policies_variables


@pytest.mark.parametrize(
    ("resource", "bucket", "context", "result"),
    [
        ("arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/ann/x", {"aws:username": "ann"}, True),
        ("arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/bob/x", {"aws:username": "ann"}, False),
        ("arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket//x", {}, False),
        # A value is a value: its own wildcard means nothing.
        ("arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/bob/x", {"aws:username": "*"}, False),
        (
            "arn:aws:s3:::bucket-${aws:PrincipalTag/team, 'company-wide'}",
            "arn:aws:s3:::bucket-yellow",
            {"aws:PrincipalTag/team": "yellow"},
            True,
        ),
        (
            "arn:aws:s3:::bucket-${aws:PrincipalTag/team, 'company-wide'}",
            "arn:aws:s3:::bucket-company-wide",
            {},
            True,
        ),
        ("arn:aws:s3:::bucket/${*}", "arn:aws:s3:::bucket/*", {}, True),
        ("arn:aws:s3:::bucket/${*}", "arn:aws:s3:::bucket/x", {}, False),
    ],
)
def test_a_variable(resource: str, bucket: str, context: Context, result: bool) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    request = Request(action="s3:GetObject", resource=bucket, context=context)
    assert decides([policy(statement)], request) is result
    assert not decides([policy(statement, version="2008-10-17")], request), "policies of 2008 have no variables"


# reference_policies_elements_notaction, _notresource, _notprincipal, _principal


def test_not_action_and_not_resource() -> None:
    """All of S3 but to delete a bucket; nothing but the bucket HRBucket."""
    allow = {"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::*"}
    assert decides([policy(allow)], Request(action="s3:GetObject", resource="arn:aws:s3:::b/x"))
    assert not decides([policy(allow)], Request(action="S3:deletebucket", resource="arn:aws:s3:::b"))
    deny = {
        "Effect": "Deny",
        "Action": "s3:*",
        "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"],
    }
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert decides(
        [policy(everything, deny)], Request(action="s3:GetObject", resource="arn:aws:s3:::HRBucket/Payroll/a")
    )
    assert not decides(
        [policy(everything, deny)], Request(action="s3:GetObject", resource="arn:aws:s3:::HRBucket/other")
    )


@pytest.mark.parametrize(
    ("named", "trusted"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": "123456789012"}, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, True),
        ({"AWS": ["arn:aws:iam::999999999999:root", ROLE]}, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, False),
        ({"AWS": "arn:aws:iam::123456789012:role/*"}, False),
        ({"Service": ROLE}, False),
        ({"Federated": "cognito-identity.amazonaws.com"}, False),
    ],
)
def test_a_principal(named: str | dict[str, Any], trusted: bool) -> None:
    request = Request(action="sts:AssumeRole", principal=("AWS", ROLE))
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": named}
    assert trusts(policy(allow), request) is trusted
    all_but_these = {"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": named}
    assert trusts(policy({**allow, "Principal": "*"}, all_but_these), request) is trusted


def test_without_a_principal_nobody_is_trusted() -> None:
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
    assert not trusts(policy(allow), Request(action="sts:AssumeRole"))


# reference_policies_evaluation-logic, access_policies_boundaries


def test_a_boundary_limits_and_gives_nothing() -> None:
    """The page's user Shirley: S3, CloudWatch and EC2 at most, and a policy that creates users."""
    most = policy({"Effect": "Allow", "Action": ["s3:*", "cloudwatch:*", "ec2:*"], "Resource": "*"})
    create = policy({"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"})
    assert permits([create], Request(action="iam:CreateUser"))
    assert not permits([create], Request(action="iam:CreateUser"), boundary=most)
    assert not permits([create], Request(action="s3:GetObject"), boundary=most)
    read = policy({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})
    assert permits([create, read], Request(action="s3:GetObject"), boundary=most)
    deny = policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    assert not permits([read, deny], Request(action="s3:GetObject"), boundary=most)


@pytest.mark.parametrize(
    ("action", "boundary", "allowed"),
    [
        ("iam:CreateUser", "arn:aws:iam::123456789012:policy/XCompanyBoundaries", True),
        ("iam:CreateUser", "arn:aws:iam::123456789012:policy/Other", False),
        ("iam:CreateUser", None, False),
        ("iam:DeleteUserPermissionsBoundary", "arn:aws:iam::123456789012:policy/XCompanyBoundaries", False),
        ("iam:ListUsers", None, True),
    ],
)
def test_a_delegated_administrator(action: str, boundary: str | None, allowed: bool) -> None:
    """The page's Zhang may make users only with the company's boundary, and never take it away."""
    limit = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/XCompanyBoundaries"}}
    most = policy(
        {"Effect": "Allow", "Action": ["iam:CreateUser", "iam:DeleteUserPolicy"], "Resource": "*", "Condition": limit},
        {"Effect": "Allow", "Action": ["iam:List*", "iam:*LoginProfile*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:DeleteUserPermissionsBoundary", "Resource": "*"},
    )
    full = policy({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    context: Context = {"iam:PermissionsBoundary": boundary} if boundary else {}
    assert permits([full], Request(action=action, context=context), boundary=most) is allowed


def test_a_wildcard_of_an_arn_stays_in_its_part() -> None:
    assert is_arn_like("arn:aws:iam::1:role/a/b", "arn:*:iam::*:role/*")
    assert not is_arn_like("arn:aws:iam::1:2:role/a", "arn:*:iam::*:role/*")
    assert is_arn_like("anything", "*")


KEY = "arn:aws:kms:eu-west-1:111111111111:key/0a1b"
DECRYPT = '{"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}'
DENY = '{"Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}}'
ROOT, OWN, FOREIGN = (
    f"arn:aws:iam::{name}" for name in ("111111111111:root", "111111111111:role/a", "222222222222:role/b")
)


@pytest.mark.parametrize(
    ("named", "who", "identity", "expected"),
    [
        (ROOT, OWN, [DECRYPT], True),  # the account hands over to IAM
        (ROOT, OWN, [], False),
        ("111111111111", OWN, [DECRYPT], True),
        (OWN, OWN, [], True),  # named itself, in the key's own account
        (OWN, OWN, [DENY], False),
        (OWN, "arn:aws:iam::111111111111:role/other", [DECRYPT], False),  # the account is not named
        ("*", OWN, [], True),
        (FOREIGN, FOREIGN, [], False),  # another account: both
        (FOREIGN, FOREIGN, [DECRYPT], True),
        ("222222222222", FOREIGN, [DECRYPT], True),
        (ROOT, FOREIGN, [DECRYPT], False),
    ],
)
def test_a_kms_key_is_used_by_its_policy_and_by_iam(named: str, who: str, identity: list[str], expected: bool) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "kms:*", "Resource": "*"}
    asked = Request(action="kms:Decrypt", resource=KEY, principal=("AWS", who))
    assert uses_key(json.dumps({"Statement": [statement]}), identity, asked) is expected
