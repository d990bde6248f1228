"""Bucket policies as documents: does one demand TLS, and the same one with that demand added."""

from __future__ import annotations

from typing import Any

SID = "TfgenTlsOnly"
_VERSION = "2012-10-17"


def is_tls_only(policy: dict[str, Any], arn: str) -> bool:
    """Whether a statement denies everything in the bucket `arn` to everybody who comes without TLS."""
    return any(_denies_plain(statement, arn) for statement in _statements(policy))


def with_tls_only(policy: dict[str, Any], arn: str) -> dict[str, Any]:
    """`policy` with one more statement; all others stay as they are."""
    statements = _statements(policy)
    sids = {statement.get("Sid") for statement in statements}
    sid = next(name for name in (SID, *(f"{SID}{number}" for number in range(2, 1000))) if name not in sids)
    added = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": _VERSION, **policy, "Statement": [*statements, added]}


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for statement in _listed(policy.get("Statement")) if isinstance(statement, dict)]


def _denies_plain(statement: dict[str, Any], arn: str) -> bool:
    resources = _listed(statement.get("Resource"))
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and bool({"*", "s3:*"} & set(_listed(statement.get("Action"))))
        and ("*" in resources or {arn, f"{arn}/*"} <= set(resources))
        and _is_only_plain(statement.get("Condition"))
    )


def _is_only_plain(condition: object) -> bool:
    """Exactly `Bool: aws:SecureTransport: false`: with more beside it, the denial is narrower."""
    if not isinstance(condition, dict) or set(condition) != {"Bool"}:
        return False
    tests = {str(key).lower(): _listed(value) for key, value in condition["Bool"].items()}
    return set(tests) == {"aws:securetransport"} and [str(v).lower() for v in tests["aws:securetransport"]] == ["false"]


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
