"""What IAM decides about a request by policies: identity policies, a permissions boundary, a role's trust policy.

The emulator does not evaluate policies, and no Python library that is kept up does so without AWS (parliament,
policy_sentry and their like read policies; they decide no request).
Source: "Policy evaluation logic" in the IAM User Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from tests.iam_operators import Context, as_list, holds, is_arn_like, is_like

Statement = dict[str, Any]
Kind = Literal["AWS", "Service", "Federated"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call. `principal` counts where a policy names principals: kind and name (ARN, account or service)."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    principal: tuple[Kind, str] | None = None


def statements(policy: str) -> list[Statement]:
    """The statements of a policy; a single one may stand without a list."""
    return _read(policy)[0]


@cache
def _read(policy: str) -> tuple[list[Statement], bool]:
    """Its statements, and whether it has variables: policies of 2008 have none."""
    found = json.loads(policy)
    statements = found["Statement"]
    return statements if isinstance(statements, list) else [statements], found.get("Version") == "2012-10-17"


def effects(policies: Iterable[str], request: Request) -> set[str]:
    """The effects of the statements that are about the request."""
    return {
        statement["Effect"]
        for found, variables in map(_read, policies)
        for statement in found
        if applies(statement, request, variables=variables)
    }


def decides(policies: Iterable[str], request: Request) -> bool:
    """Whether policies of one type allow the request: one statement does, and none denies it."""
    return effects(policies, request) == {"Allow"}


def permits(identity: Iterable[str], request: Request, *, boundary: str | None = None) -> bool:
    """Whether a role with these policies may do it: they allow it, and its permissions boundary does, too."""
    return decides(identity, request) and (boundary is None or decides([boundary], request))


def trusts(trust_policy: str, request: Request) -> bool:
    """Whether a role's trust policy lets the principal have the role: of a service, or a federated one, that is all."""
    return decides([trust_policy], request)


def uses_key(key_policy: str, identity: Iterable[str], request: Request) -> bool:
    """Whether a principal with these policies may do it with a KMS key: the key's policy must allow it in any case.

    One that names the account hands over to IAM, which must allow it, too; of the key's own account a principal
    that is named itself needs no more. Source: "Key policies in AWS KMS" and "Allowing users in other accounts to use
    a KMS key" in KMS's Developer Guide.
    """
    assert request.principal is not None, "a key is used by somebody"
    by_key, by_iam = effects([key_policy], request), effects(identity, request)
    if "Deny" in by_key | by_iam or "Allow" not in by_key:
        return False
    _, name = request.principal
    is_own = _account(name) == _account(request.resource)
    return "Allow" in by_iam or (is_own and any(_allows_itself(each, request) for each in statements(key_policy)))


def _allows_itself(statement: Statement, request: Request) -> bool:
    """Whether the statement allows it to the principal by its own name, or to all, and not by its account."""
    named = statement["Principal"] if applies(statement, request) and "Principal" in statement else {}
    kind, name = request.principal or ("AWS", "")
    own = named == "*" if isinstance(named, str) else bool({"*", name} & {*as_list(named.get(kind, []))})
    return own and statement["Effect"] == "Allow"


def _account(arn: str) -> str:
    return arn.split(":")[4]


def applies(statement: Statement, request: Request, *, variables: bool = True) -> bool:
    """Whether the statement is about the request."""
    context = request.context if variables else None
    return (
        _is_principal(statement, request.principal)
        and _is_action(statement, request.action)
        and _is_resource(statement, request.resource, context)
        and all(
            holds(operator, key, wanted, request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _is_action(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not any(is_like(action, each, case=False) for each in as_list(statement["NotAction"]))
    return any(is_like(action, each, case=False) for each in as_list(statement["Action"]))


def _is_resource(statement: Statement, resource: str, context: Context | None) -> bool:
    if "NotResource" in statement:
        return not any(is_arn_like(resource, each, context) for each in as_list(statement["NotResource"]))
    # A trust policy has none: its resource is the role.
    return any(is_arn_like(resource, each, context) for each in as_list(statement.get("Resource", "*")))


def _is_principal(statement: Statement, principal: tuple[Kind, str] | None) -> bool:
    """A policy of an identity has no principal: it is about whoever it is attached to."""
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], principal)
    return "Principal" not in statement or _names(statement["Principal"], principal)


def _names(named: str | dict[str, str | list[str]], principal: tuple[Kind, str] | None) -> bool:
    if principal is None:
        return False
    if isinstance(named, str):
        return named == "*"
    kind, name = principal
    return any(_is_one(kind, name, each) for each in as_list(named.get(kind, [])))


def _is_one(kind: Kind, name: str, named: str) -> bool:
    """An account stands for all in it, and * for all; no other wildcard counts here."""
    if kind != "AWS" or named == name:
        return named == name
    partition, account = name.split(":")[1], _account(name)
    return named in ("*", account, f"arn:{partition}:iam::{account}:root")
