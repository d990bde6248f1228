"""Deepening a shallow clone: the one look of git's that may use the network.

It adds history (and the remote's branch that is compared with), and changes no branch, no file and no setting. It never
asks for a password, and speaks no other protocol than that of the remote's address.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tfgen.git.invocation.isolation import fetching
from tfgen.git.invocation.start import answer, finished
from tfgen.git.repository import NoAnswerError, repository_of

#: Seconds for a fetch.
TIMEOUT = 600
_DEEPEN = 200
_REMOTE = "origin"
_OPTIONS = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_SCHEME = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.-]*)::")
#: As git has it: what stands before a colon is a host, unless a slash stands before that.
_HOST = re.compile(r"[^/:]+:")
#: A server may lead from one to the other.
_ALSO = {"http": "http:https", "git+ssh": "ssh", "ssh+git": "ssh"}
#: These start any program that the address names.
_NEVER = frozenset({"ext", "fd"})


def deepen(root: Path, branch: str, *, whole: bool) -> str:
    """Fetches more history of `origin`, with `branch` of it where that is known; "" when it worked, else why not.

    `whole` fetches all that is missing, else some two hundred commits.
    """
    depth = "--unshallow" if whole else f"--deepen={_DEEPEN}"
    refs = [f"+refs/heads/{branch}:refs/remotes/{_REMOTE}/{branch}"] if branch else []
    return (
        _fetch(root, depth, *refs)
        if not refs or not (failed := _fetch(root, depth, *refs))
        else _fetch(root, depth) or failed
    )


def protocol_of(url: str) -> str:
    """The protocols that an address needs, as GIT_ALLOW_PROTOCOL lists them; "" for one that is not spoken."""
    if found := _HELPER.match(url) or _SCHEME.match(url):
        name = found[1]
        return "" if name in _NEVER else _ALSO.get(name, name)
    return "ssh" if _HOST.match(url) else "file"


def _fetch(root: Path, *arguments: str) -> str:
    depth, *refs = arguments
    try:
        repository = repository_of(root)
        # With the fetch's own settings: they may say to use another address instead.
        url = os.fsdecode(answer(fetching(root, repository, "none", "remote", "get-url", _REMOTE))).removesuffix("\n")
        if not (protocols := _allowed(protocol_of(url))):
            return f"the protocol of {_REMOTE} is not allowed"
        call = fetching(root, repository, protocols, "fetch", *_OPTIONS, depth, _REMOTE, *refs)
        code, _, told = finished(call, timeout=TIMEOUT)
    except NoAnswerError as error:
        return f"git fetch: {error}" if str(error) else "git fetch failed"
    if code == 0:
        return ""
    said = [line for line in told.splitlines() if line.strip()]
    fatal = next((line for line in said if line.startswith("fatal: ")), said[-1] if said else "")
    return fatal.removeprefix("fatal: ") or f"git fetch failed with exit code {code}"


def _allowed(protocols: str) -> str:
    """Those of `protocols` that the user's own GIT_ALLOW_PROTOCOL allows."""
    own = os.environ.get("GIT_ALLOW_PROTOCOL")
    if own is None:
        return protocols
    return ":".join(name for name in protocols.split(":") if name in own.split(":"))
