"""What IAM policies allow: the part of IAM's evaluation that the modules' policies need, which moto lacks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from operator import eq
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Statement = dict[str, Any]
#: Condition key -> its value in a request, or several of them.
Context = Mapping[str, str | list[str]]
REGION = "eu-west-1"


def _like(value: str, pattern: str) -> bool:
    """IAM knows * and ? alone: a [ is a [."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": eq,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
}


def statements(policy: str) -> list[Statement]:
    found = json.loads(policy)["Statement"]
    assert isinstance(found, list)
    return found


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def is_allowed(policies: str | Iterable[str], action: str, resource: str, context: Context | None = None) -> bool:
    """Whether a role with these policies may do `action` on `resource`: a statement allows it, and none denies it.

    The region is eu-west-1 unless `context` says another.
    """
    known = {"aws:RequestedRegion": REGION, **(context or {})}
    texts = [policies] if isinstance(policies, str) else policies
    effects = {
        statement["Effect"]
        for text in texts
        for statement in statements(text)
        if _applies(statement, action, resource, known)
    }
    return effects == {"Allow"}


def _applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    return (
        any(_like(action.lower(), each.lower()) for each in as_list(statement["Action"]))
        and any(_like(resource, each) for each in as_list(statement["Resource"]))
        and all(
            _holds(operator, as_list(values), _value(context, key))
            for operator, wanted in statement.get("Condition", {}).items()
            for key, values in wanted.items()
        )
    )


def _value(context: Context, key: str) -> list[str]:
    """The key's values, none where the request does not have it. Names of keys have no case."""
    return [value for name, found in context.items() if name.lower() == key.lower() for value in as_list(found)]


def _holds(operator: str, values: list[str], found: list[str]) -> bool:
    if operator == "Null":
        return values == ["false" if found else "true"]
    quantifier, _, name = operator.rpartition(":")
    test = _TESTS[name]
    matches = [any(test(each, value) for value in values) for each in found]
    if quantifier == "ForAllValues":
        return all(matches)  # also where there is none
    assert quantifier == "", f"nobody knows here what {quantifier} means"
    return any(matches)
