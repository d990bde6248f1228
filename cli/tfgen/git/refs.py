"""Names of commits: looked up in full, and how to fetch what is not here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tfgen.git.repository import NoAnswerError, run_git

#: Variables in which CI systems name the target of a pull request: a branch (GitHub, Bitbucket, CodeBuild, Jenkins,
#: GitLab), or a commit (our recipe for CodeCommit's events).
BRANCH_VARIABLES = (
    "GITHUB_BASE_REF",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CODEBUILD_WEBHOOK_BASE_REF",
    "CHANGE_TARGET",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
)
COMMIT_VARIABLE = "DESTINATION_COMMIT"
REMOTES = "refs/remotes/"
HEADS = "refs/heads/"
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: What needs no quotes in a shell, and is no option.
BRANCH = re.compile(r"[A-Za-z0-9_][\w./-]*")
#: What a name of a ref cannot have, and `for-each-ref` takes for a pattern.
_WILD = re.compile(r"[*?\[\\]")
FETCH_ALL = "run: git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0)"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The branch that this one is for, before the merge base is known; `found` says where it is named."""

    commit: str
    name: str
    found: str


def branch_commit(root: Path, ref: str) -> str:
    """What the ref with just this full name points to, "" without.

    git would go on to a tag or a branch that is called `refs/remotes/origin/main`, and anybody can push such a one.
    """
    try:
        return next(lines(run_git(root, "show-ref", "--verify", "--hash", "--", ref)), "")
    except NoAnswerError:
        return ""


def branch_commits(root: Path, refs: Sequence[str]) -> dict[str, str]:
    """The same for those of `refs` that are there, by one process."""
    asked = [ref for ref in refs if not _WILD.search(ref)]
    try:
        found = run_git(root, "for-each-ref", "--format=%(objectname) %(refname)", "--", *asked) if asked else b""
    except NoAnswerError:
        return {}
    return {ref: commit for commit, _, ref in (line.partition(" ") for line in lines(found)) if ref in asked}


def commit_of(root: Path, name: str) -> str:
    """The commit that `name` stands for by git's rules, "" without."""
    try:
        found = run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except NoAnswerError:
        return ""
    return next(lines(found), "")


def is_ancestor(root: Path, commit: str, tip: str) -> bool:
    """Whether `tip` has `commit` in its history."""
    try:
        run_git(root, "merge-base", "--is-ancestor", commit, tip)
    except NoAnswerError:
        return False
    return True


def is_shallow(root: Path) -> bool:
    """Whether the clone lacks history. Raises NoAnswerError."""
    return run_git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"


def how_to_fetch(root: Path, name: str) -> str:
    """What to do where git does not know `name`."""
    if COMMIT.fullmatch(name) and is_shallow(root):
        return FETCH_ALL
    branch = name.removeprefix(REMOTES).removeprefix(HEADS).removeprefix("origin/")
    return fetch_branch(branch) if BRANCH.fullmatch(branch) else "use an existing branch, tag or commit"


def fetch_branch(name: str, remote: str = "origin") -> str:
    """A clone of one branch fetches another only by its full names."""
    return f"run: git fetch {remote} +refs/heads/{name}:refs/remotes/{remote}/{name}"


def lines(output: bytes) -> Iterator[str]:
    """The lines of git's output."""
    return iter(os.fsdecode(output).splitlines())
