"""What an IAM policy allows: the part of IAM's evaluation that the module's policies need, which moto lacks."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from operator import eq
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Statement = dict[str, Any]
REGION = "eu-west-1"
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": eq,
    "StringLike": fnmatchcase,
    "ArnEquals": fnmatchcase,
    "ArnLike": fnmatchcase,
}


def statements(policy: str) -> list[Statement]:
    found = json.loads(policy)["Statement"]
    assert isinstance(found, list)
    return found


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def is_allowed(policy: str, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
    """Whether one statement allows `action` on `resource`; the region is eu-west-1 unless `context` says another."""
    known = {"aws:RequestedRegion": REGION, **(context or {})}
    return any(_applies(statement, action, resource, known) for statement in statements(policy))


def _applies(statement: Statement, action: str, resource: str, context: Mapping[str, str]) -> bool:
    assert statement["Effect"] == "Allow"
    return (
        any(fnmatchcase(action.lower(), each.lower()) for each in as_list(statement["Action"]))
        and any(fnmatchcase(resource, each) for each in as_list(statement["Resource"]))
        and all(
            key in context and any(_TESTS[test](context[key], value) for value in as_list(values))
            for test, wanted in statement.get("Condition", {}).items()
            for key, values in wanted.items()
        )
    )
