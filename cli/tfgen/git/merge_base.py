"""The commit that a branch is compared with: where it left the branch that it will be merged into.

Refs are looked up by their full names: a tag called `origin/main`, which anybody who may push can make, is not taken
for the branch. Nothing is fetched.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tfgen.git.repository import NoAnswerError, has_history, run_git
from tfgen_generators.errors import RefusedError, TfgenError

#: Variables in which CI systems name the target of a pull request: a branch (GitHub, Bitbucket, CodeBuild, Jenkins,
#: GitLab), or a commit (our recipe for CodeCommit's events).
_BRANCH_VARIABLES = (
    "GITHUB_BASE_REF",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CODEBUILD_WEBHOOK_BASE_REF",
    "CHANGE_TARGET",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
)
_COMMIT_VARIABLE = "DESTINATION_COMMIT"
_REMOTE_DEFAULTS = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master")
_LOCAL_DEFAULTS = ("refs/heads/main", "refs/heads/master")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: What needs no quotes in a shell, and is no option.
_BRANCH = re.compile(r"[A-Za-z0-9_][\w./-]*")
_FETCH_ALL = "run: git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0)"


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared with: `commit`, where this branch left `name`, which was found in `found`."""

    commit: str
    name: str
    found: str


class _Target(msgspec.Struct, frozen=True, kw_only=True):
    """The branch that this one is for, before the merge base is known. `given` by a person; else by CI or a guess."""

    commit: str
    name: str
    found: str
    given: bool = False


def find_base(
    root: Path,
    wanted: str | None,
    *,
    trusted: bool = False,
    env: Mapping[str, str] | None = None,
    head: str = "HEAD",
) -> Base:
    """The merge base of `head` and `wanted`, else the pull request's target by CI's variables, else the default branch.

    `trusted` refuses (RefusedError) a target that a pull request's author may have chosen: one that CI's variables
    name must belong to the default branch. Raises TfgenError with what to do where git does not know.
    """
    _require_history(root)
    environment = os.environ if env is None else env
    try:
        target = _given(root, wanted) if wanted else _from_ci(root, environment) or _default(root, trusted=trusted)
        commit = _merge_base(root, target, head)
        if trusted and not target.given:
            _require_default_branch(root, target, commit)
    except NoAnswerError as error:
        raise TfgenError(f"git failed: {error}") from None
    return Base(commit=commit, name=target.name, found=target.found)


def find_commit(root: Path, wanted: str) -> str:
    """The commit that `wanted` names: a branch here or of a remote, a tag, or a commit. Raises TfgenError."""
    _require_history(root)
    return _given(root, wanted, "--head").commit


def ci_branch(env: Mapping[str, str]) -> str:
    """The branch that CI's variables name as the target, "" when they name none."""
    named = (env.get(variable, "").removeprefix("refs/heads/") for variable in _BRANCH_VARIABLES)
    return next((branch for branch in named if branch and _BRANCH.fullmatch(branch)), "")


def _require_history(root: Path) -> None:
    if shutil.which("git") is None:
        raise TfgenError("git not found on PATH", fix="install git")
    if not has_history(root):
        raise TfgenError("not a git repository", where=str(root))
    try:
        run_git(root, "rev-parse", "--verify", "--end-of-options", "HEAD^{commit}")
    except NoAnswerError as error:
        message = f"git failed: {error}" if str(error) else "no commits yet"
        raise TfgenError(message, fix="" if str(error) else "commit something first") from None


def _given(root: Path, wanted: str, flag: str = "--base") -> _Target:
    names = (f"refs/remotes/{wanted}", f"refs/heads/{wanted}", f"refs/remotes/origin/{wanted}", wanted)
    for name in (wanted,) if _COMMIT.fullmatch(wanted) else names:
        if commit := _commit(root, name):
            return _Target(commit=commit, name=wanted, found=flag, given=True)
    raise TfgenError(
        f"{flag} {wanted}: branch, tag or commit not found", fix=_fetch(root, wanted.removeprefix("origin/"))
    )


def _from_ci(root: Path, env: Mapping[str, str]) -> _Target | None:
    for variable in _BRANCH_VARIABLES:
        if branch := env.get(variable, "").removeprefix("refs/heads/"):
            for name in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
                if commit := _commit(root, name):
                    return _Target(commit=commit, name=branch, found=variable)
            raise TfgenError(f"{variable}={branch}: branch not found", fix=_fetch(root, branch))
    if wanted := env.get(_COMMIT_VARIABLE, ""):
        if _COMMIT.fullmatch(wanted) and (commit := _commit(root, wanted)):
            return _Target(commit=commit, name=wanted[:12], found=_COMMIT_VARIABLE)
        raise TfgenError(f"{_COMMIT_VARIABLE}={wanted}: commit not found", fix=_FETCH_ALL)
    return None


def _default(root: Path, *, trusted: bool) -> _Target:
    names = list(_REMOTE_DEFAULTS)
    # A branch from elsewhere may be called main too: beside a remote's, the local name says nothing.
    if not trusted or not run_git(root, "for-each-ref", "--count=1", "refs/remotes"):
        names += _LOCAL_DEFAULTS
    for name in names:
        if commit := _commit(root, name):
            short = _named(root, name).removeprefix("refs/remotes/").removeprefix("refs/heads/")
            return _Target(commit=commit, name=short, found=short, given=True)
    raise TfgenError(
        "the target branch is not known",
        fix=f"use --base, for example --base origin/main; to get that branch, {_fetch_branch('main')}",
    )


def _merge_base(root: Path, target: _Target, head: str) -> str:
    try:
        return os.fsdecode(run_git(root, "merge-base", target.commit, head)).split("\n")[0]
    except NoAnswerError:
        if is_shallow(root):
            message = f"the clone is shallow and lacks the merge base with {target.name}"
            raise TfgenError(message, fix=_FETCH_ALL) from None
        message = f"this branch has no common history with {target.name} ({target.found})"
        raise TfgenError(message, fix="use another --base") from None


def _require_default_branch(root: Path, target: _Target, base: str) -> None:
    known = [commit for name in _REMOTE_DEFAULTS if (commit := _commit(root, name))]
    if not any(_is_ancestor(root, base, commit) for commit in known):
        raise RefusedError(
            f"{target.found} names {target.name}, which may not be trusted: "
            "the author of a pull request chooses its target",
            fix=f"use --base with a branch that you trust, or get the default branch; {_fetch_branch('main')}",
        )


def _is_ancestor(root: Path, commit: str, tip: str) -> bool:
    try:
        run_git(root, "merge-base", "--is-ancestor", commit, tip)
    except NoAnswerError:
        return False
    return True


def _commit(root: Path, name: str) -> str:
    """The commit that `name` stands for, "" without."""
    try:
        found = run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except NoAnswerError:
        return ""
    return next(_lines(found), "")


def _lines(output: bytes) -> Iterator[str]:
    return iter(os.fsdecode(output).splitlines())


def _named(root: Path, name: str) -> str:
    """The branch that origin/HEAD is."""
    try:
        return next(_lines(run_git(root, "symbolic-ref", "--quiet", name)), name)
    except NoAnswerError:
        return name


def is_shallow(root: Path) -> bool:
    """Whether the clone lacks history. Raises NoAnswerError."""
    return run_git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"


def _fetch(root: Path, branch: str) -> str:
    if _COMMIT.fullmatch(branch) and is_shallow(root):
        return _FETCH_ALL
    name = branch.removeprefix("refs/remotes/").removeprefix("refs/heads/").removeprefix("origin/")
    return _fetch_branch(name) if _BRANCH.fullmatch(name) else "use an existing branch, tag or commit"


def _fetch_branch(name: str) -> str:
    """A clone of one branch fetches another only by its full names."""
    return f"run: git fetch origin +refs/heads/{name}:refs/remotes/origin/{name}"
