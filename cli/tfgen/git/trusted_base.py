"""The base of an unread branch: what the author of the CI recipe has named, and nothing that the branch's author can.

A local branch may be the pull request's own (a fork has a main, too), a tag can be pushed by anybody, and whoever opens
a pull request chooses its target. So only a commit's id or a branch of a remote is taken, and what CI says of the
target must agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tfgen.git.invocation.discovery import superproject
from tfgen.git.refs import (
    BRANCH,
    BRANCH_VARIABLES,
    COMMIT,
    COMMIT_VARIABLE,
    FETCH_ALL,
    HEADS,
    REMOTES,
    Target,
    branch_commit,
    commit_of,
    fetch_branch,
    is_ancestor,
    is_shallow,
    lines,
)
from tfgen.git.repository import repository_of, run_git
from tfgen_generators.errors import RefusedError, TfgenError, UsageError

_FLAG = "--base"
#: A commit's id that is cut; a branch of that name would be anybody's who may push one.
_SHORT = re.compile(r"[0-9a-f]{7,39}")
_EXAMPLE = "use the protected branch that pull requests go into, for example --base origin/main (or TFGEN_BASE)"


def trusted_target(root: Path, wanted: str | None, env: Mapping[str, str]) -> Target:
    """The commit, or the branch of a remote, that `wanted` names.

    Raises UsageError where it names neither, RefusedError where CI's variables (`env`) name another branch, TfgenError
    where git does not have it, NoAnswerError.
    """
    if not wanted:
        raise UsageError("--untrusted needs --base", fix=_EXAMPLE)
    if above := superproject(repository_of(root)):
        message = f"this is a submodule: the branch of {above.parent} can choose its remote"
        raise RefusedError(message, fix="plan in a clone of the submodule's repository")
    if COMMIT.fullmatch(wanted):
        if not (commit := commit_of(root, wanted)):
            message = f"{_FLAG} {wanted}: commit not found"
            raise TfgenError(message, fix=FETCH_ALL if is_shallow(root) else "fetch the commit")
        return Target(commit=commit, name=wanted[:12], found=_FLAG)
    if _SHORT.fullmatch(wanted):
        raise UsageError(
            f"{_FLAG} {wanted}: is a short commit ID", fix="use the full ID, or REMOTE/BRANCH for a branch"
        )
    remote, branch = _branch(root, wanted)
    commit = branch_commit(root, f"{REMOTES}{remote}/{branch}")
    if not commit:
        message = f"{_FLAG} {wanted}: branch {branch} of {remote} not found"
        raise TfgenError(message, fix=fetch_branch(branch, remote))
    _require_agreement(root, wanted, branch, commit, env)
    return Target(commit=commit, name=wanted.removeprefix(REMOTES), found=_FLAG)


def _branch(root: Path, wanted: str) -> tuple[str, str]:
    """The remote, and the branch of it, that `wanted` names. Raises UsageError."""
    name = wanted.removeprefix(REMOTES)
    remotes = sorted(lines(run_git(root, "remote")), key=len, reverse=True)
    remote = next((remote for remote in remotes if name.startswith(f"{remote}/")), "")
    if not remote and (wanted != name or (not remotes and "/" in name)):
        remote = name.partition("/")[0]
    branch = name.removeprefix(f"{remote}/") if remote else name
    if not BRANCH.fullmatch(branch) or name.startswith("refs/") or branch == "HEAD":
        message = f"{_FLAG} {wanted}: must be a branch of a remote, or a full commit ID"
        raise UsageError(message, fix=_EXAMPLE)
    if remote:
        return remote, branch
    if len(remotes) != 1:
        why = f"there are several remotes ({', '.join(sorted(remotes))})" if remotes else "there is no remote"
        raise UsageError(f"{_FLAG} {wanted}: the remote is not known, {why}", fix=_EXAMPLE)
    return remotes[0], branch


def _require_agreement(root: Path, wanted: str, branch: str, commit: str, env: Mapping[str, str]) -> None:
    """Raises RefusedError where CI says that the pull request goes into another branch."""
    fix = f"plan pull requests into other branches in a pipeline with their own {_FLAG}"
    for variable in BRANCH_VARIABLES:
        named = env.get(variable, "").removeprefix(HEADS)
        if named and named != branch:
            raise RefusedError(
                f"{variable}={named}: the pull request targets another branch than {_FLAG} {wanted}", fix=fix
            )
    if (named := env.get(COMMIT_VARIABLE, "")) and not (
        COMMIT.fullmatch(named) and commit_of(root, named) and is_ancestor(root, named, commit)
    ):
        message = f"{COMMIT_VARIABLE}={named}: not a commit of {_FLAG} {wanted}"
        raise RefusedError(message, fix=f"{fix}, or fetch {wanted}")
