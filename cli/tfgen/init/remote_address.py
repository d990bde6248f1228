"""CodeCommit repositories by the addresses of git's remotes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from tfgen.git.remotes import ORIGIN, Remote

_PARTS = r"(?P<name>[\w.-]{1,100}?)/?"
#: git-remote-codecommit's form, and those of HTTPS and SSH (also FIPS and China).
_FORMS = (
    re.compile(rf"codecommit(?:::(?P<region>[a-z0-9-]+))?://(?:[^/@]*@)?{_PARTS}"),
    re.compile(
        rf"(?:https|ssh)://(?:[^/@]*@)?git-codecommit(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
        rf"(?::\d+)?/v1/repos/{_PARTS}"
    ),
)
_OTHER = re.compile(r"(?:\w+://(?:[^/@]*@)?[^/]+/|[^/@]*@?[^/:]+:)(?P<name>.+?)(?:\.git)?/?")


class CodeCommit(msgspec.Struct, frozen=True, kw_only=True):
    """One repository; `region` is "" where the address does not say."""

    name: str
    region: str


def codecommit_of(url: str) -> CodeCommit | None:
    """The CodeCommit repository at `url`; None where it is elsewhere."""
    for form in _FORMS:
        if found := form.fullmatch(url):
            return CodeCommit(name=found["name"].removesuffix(".git"), region=found["region"] or "")
    return None


def codecommit_repositories(remotes: Iterable[Remote]) -> list[CodeCommit]:
    """Those of the remotes, that of a remote `codecommit` first, then origin's; each once."""
    order = {"codecommit": 0, ORIGIN: 1}
    found: dict[str, CodeCommit] = {}
    for remote in sorted(remotes, key=lambda remote: order.get(remote.name, 2)):
        for url in (*remote.destinations, *remote.urls):
            if (repository := codecommit_of(url)) and repository.name not in found:
                found[repository.name] = repository
    return list(found.values())


def name_elsewhere(remotes: Iterable[Remote]) -> str:
    """OWNER/NAME (of GitLab with subgroups) at another host, by origin or the first remote; "" without one."""
    for remote in sorted(remotes, key=lambda remote: remote.name != ORIGIN):
        for url in remote.urls:
            if found := _OTHER.fullmatch(url):
                return found["name"]
    return ""
