"""Names of source repositories: CodeCommit's, and those of the hosts that a connection leads to."""

from __future__ import annotations

import re

_CODECOMMIT = re.compile(r"[A-Za-z0-9._-]{1,100}")
#: OWNER/NAME; on GitLab with subgroups.
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_OWNED = re.compile(rf"{_PART}(?:/{_PART})+")
_LONGEST = 256
_ADDRESS = re.compile(r"(?:[a-z+]+://(?:[^/@]*@)?[^/]+/|[^/@:]+@[^/:]+:)?(.+)")
ARN = re.compile(r"arn:aws[a-z-]*:code(?:connections|star-connections):[a-z0-9-]+:[0-9]{12}:connection/[A-Za-z0-9-]+")


def is_codecommit(name: str) -> bool:
    """Whether CodeCommit could have a repository of that name."""
    return _CODECOMMIT.fullmatch(name) is not None and not name.endswith(".git")


def owned_in(text: str) -> str:
    """OWNER/NAME in the address of a repository; "" in another text."""
    found = _ADDRESS.fullmatch(text)
    name = found[1].strip("/").removesuffix(".git") if found else ""
    return name if is_owned(name) else ""


def is_owned(name: str) -> bool:
    """Whether it is OWNER/NAME, as GitHub, GitLab and Bitbucket name a repository."""
    return len(name) <= _LONGEST and _OWNED.fullmatch(name) is not None and not name.endswith(".git")
