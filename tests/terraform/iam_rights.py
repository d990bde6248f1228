"""What IAM policies allow a role of the modules: see tests/iam_policy.py."""

from __future__ import annotations

from collections.abc import Iterable

from tests.iam_operators import Context, as_list
from tests.iam_policy import Request, Statement, permits, statements

__all__ = ["REGION", "Context", "Statement", "as_list", "is_allowed", "statements"]

REGION = "eu-west-1"
#: What each request has, unless a test says otherwise: the caller's ID is written as the policies name it.
_ALWAYS: Context = {"aws:RequestedRegion": REGION, "aws:userid": "${aws:userid}"}


def is_allowed(
    policies: str | Iterable[str],
    action: str,
    resource: str,
    context: Context | None = None,
    *,
    boundary: str | None = None,
) -> bool:
    """Whether a role with these policies may do `action` on `resource`: a statement allows it, and none denies it.

    The region is eu-west-1 unless `context` says another. With a `boundary` that must allow it, too.
    """
    request = Request(action=action, resource=resource, context={**_ALWAYS, **(context or {})})
    return permits([policies] if isinstance(policies, str) else policies, request, boundary=boundary)
