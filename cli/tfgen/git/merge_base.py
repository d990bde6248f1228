"""The commit that a branch is compared with: where it left the branch that it will be merged into.

Refs are looked up by their full names: a tag called `origin/main`, which anybody who may push can make, is not taken
for the branch. Nothing is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

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
    branch_commits,
    commit_of,
    fetch_branch,
    how_to_fetch,
    is_shallow,
    lines,
)
from tfgen.git.repository import NoAnswerError, has_history, require_program, run_git
from tfgen_generators.errors import TfgenError

__all__ = ["Base", "ci_branch", "find_base", "find_commit", "find_tip", "is_shallow"]

_DEFAULTS = (
    *("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"),
    *("refs/heads/main", "refs/heads/master"),
)


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared with: `commit`, where this branch left `name`, which was found in `found`."""

    commit: str
    name: str
    found: str


def find_base(
    root: Path,
    wanted: str | None,
    *,
    trusted: bool = False,
    env: Mapping[str, str] | None = None,
    head: str = "HEAD",
) -> Base:
    """The merge base of `head` and `wanted`, else the pull request's target by CI's variables, else the default branch.

    `trusted`: as `tfgen.git.trusted_base`, and nothing is guessed. Raises TfgenError with what to do where git does
    not know.
    """
    _require_repository(root)
    environment = os.environ if env is None else env
    try:
        target = _trusted(root, wanted, environment) if trusted else _target(root, wanted, environment)
        commit = _merge_base(root, target, head)
    except (NoAnswerError, TfgenError) as error:
        _require_commit(root)  # what is wrong first
        if isinstance(error, TfgenError):
            raise
        raise TfgenError(f"git failed: {error}") from None
    return Base(commit=commit, name=target.name, found=target.found)


def find_tip(root: Path, wanted: str | None, *, env: Mapping[str, str] | None = None) -> str:
    """The commit that the base branch of `find_base` is at. Raises TfgenError."""
    _require_history(root)
    try:
        return _target(root, wanted, os.environ if env is None else env).commit
    except NoAnswerError as error:
        raise TfgenError(f"git failed: {error}") from None


def find_commit(root: Path, wanted: str) -> str:
    """The commit that `wanted` names: a branch here or of a remote, a tag, or a commit. Raises TfgenError."""
    _require_history(root)
    return _given(root, wanted, "--head").commit


def ci_branch(env: Mapping[str, str]) -> str:
    """The branch that CI's variables name as the target, "" when they name none."""
    named = (env.get(variable, "").removeprefix(HEADS) for variable in BRANCH_VARIABLES)
    return next((branch for branch in named if branch and BRANCH.fullmatch(branch)), "")


def _require_history(root: Path) -> None:
    _require_repository(root)
    _require_commit(root)


def _require_repository(root: Path) -> None:
    require_program(root)
    if not has_history(root):
        raise TfgenError("not a git repository", where=str(root))


def _require_commit(root: Path) -> None:
    try:
        run_git(root, "rev-parse", "--verify", "--end-of-options", "HEAD^{commit}")
    except NoAnswerError as error:
        message = f"git failed: {error}" if str(error) else "no commits yet"
        raise TfgenError(message, fix="" if str(error) else "commit something first") from None


def _trusted(root: Path, wanted: str | None, env: Mapping[str, str]) -> Target:
    from tfgen.git.trusted_base import trusted_target

    return trusted_target(root, wanted, env)


def _target(root: Path, wanted: str | None, env: Mapping[str, str]) -> Target:
    return _given(root, wanted) if wanted else _from_ci(root, env) or _default(root)


def _given(root: Path, wanted: str, flag: str = "--base") -> Target:
    names = () if COMMIT.fullmatch(wanted) else (f"{REMOTES}{wanted}", f"{HEADS}{wanted}", f"{REMOTES}origin/{wanted}")
    there = branch_commits(root, names) if names else {}
    commit = next((there[name] for name in names if name in there), "") or commit_of(root, wanted)
    if commit:
        return Target(commit=commit, name=wanted, found=flag)
    raise TfgenError(
        f"{flag} {wanted}: branch, tag or commit not found", fix=how_to_fetch(root, wanted.removeprefix("origin/"))
    )


def _from_ci(root: Path, env: Mapping[str, str]) -> Target | None:
    for variable in BRANCH_VARIABLES:
        if branch := env.get(variable, "").removeprefix(HEADS):
            for name in (f"{REMOTES}origin/{branch}", f"{HEADS}{branch}"):
                if commit := branch_commit(root, name):
                    return Target(commit=commit, name=branch, found=variable)
            raise TfgenError(f"{variable}={branch}: branch not found", fix=how_to_fetch(root, branch))
    if wanted := env.get(COMMIT_VARIABLE, ""):
        if COMMIT.fullmatch(wanted) and (commit := commit_of(root, wanted)):
            return Target(commit=commit, name=wanted[:12], found=COMMIT_VARIABLE)
        raise TfgenError(f"{COMMIT_VARIABLE}={wanted}: commit not found", fix=FETCH_ALL)
    return None


def _default(root: Path) -> Target:
    there = branch_commits(root, _DEFAULTS)
    for name in _DEFAULTS:
        if commit := there.get(name):
            short = _named(root, name).removeprefix(REMOTES).removeprefix(HEADS)
            return Target(commit=commit, name=short, found=short)
    raise TfgenError(
        "the target branch is not known",
        fix=f"use --base, for example --base origin/main; to get that branch, {fetch_branch('main')}",
    )


def _merge_base(root: Path, target: Target, head: str) -> str:
    try:
        return next(lines(run_git(root, "merge-base", target.commit, head)), "")
    except NoAnswerError:
        if is_shallow(root):
            message = f"the clone is shallow and lacks the merge base with {target.name}"
            raise TfgenError(message, fix=FETCH_ALL) from None
        message = f"this branch has no common history with {target.name} ({target.found})"
        raise TfgenError(message, fix="use another --base") from None


def _named(root: Path, name: str) -> str:
    """The branch that origin/HEAD is."""
    try:
        return next(lines(run_git(root, "symbolic-ref", "--quiet", name)), name)
    except NoAnswerError:
        return name
