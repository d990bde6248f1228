"""Where a plan comes from: whose run of which tfgen, on which commit."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

#: Who has started a CI's run: GitHub, Bitbucket, CodeBuild.
_WHO = ("GITHUB_ACTOR", "BITBUCKET_STEP_TRIGGERER_UUID", "CODEBUILD_INITIATOR")


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """`commit` is "" outside a git repository; `dirty`: the files asked about are not as in it."""

    version: str
    who: str
    commit: str
    dirty: bool


@contextlib.contextmanager
def provenance_beside(root: Path, paths: Sequence[str]) -> Iterator[Callable[[], Provenance]]:
    """Finds it out while Terraform does its work, which saves a tenth of a second; the yielded call waits for it."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(partial(_provenance, root, paths)).result


def utc_now() -> str:
    """The time in ISO 8601."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _provenance(root: Path, paths: Sequence[str]) -> Provenance:
    from tfgen.git.differences import is_dirty
    from tfgen.git.repository import head_commit

    # git first: while it works, Terraform is started; the rest is Python's own work.
    commit, dirty = head_commit(root), is_dirty(root, paths)
    return Provenance(version=_version(), who=_who(), commit=commit, dirty=dirty)


def _version() -> str:
    from tfgen.distribution.installed import version

    return version()


def _who() -> str:
    import getpass
    import socket

    if named := next((os.environ[name] for name in _WHO if os.environ.get(name)), ""):
        return named
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
