"""Which program is git, and which PATH it gets: nothing that lies in the repository, where a branch can put it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from tfgen.git.invocation.discovery import find_repository
from tfgen.git.invocation.errors import NoAnswerError, NoGitError

_MOST_LINKS = 40


def find_git(root: Path) -> str:
    """The absolute path of git for the repository around `root`. Raises NoGitError."""
    return git_outside(os.environ.get("PATH", os.defpath), tree_of(root))


@lru_cache
def git_outside(path: str, tree: Path) -> str:
    """The first git in the folders of `path` that a branch in `tree` has no say in. Raises NoGitError."""
    passed_over = ""
    for entry in path.split(os.pathsep):
        file = Path(entry, "git")
        if not file.is_file() or not os.access(file, os.X_OK):
            continue
        if file.is_absolute() and not passes_through(file, tree):
            return str(file)
        passed_over = passed_over or str(file)
    if passed_over:
        raise NoGitError(f"git found on PATH only in the repository: {passed_over}")
    raise NoGitError("git not found on PATH")


def has_git(root: Path) -> bool:
    """Whether there is a git that may be started."""
    try:
        find_git(root)
    except NoGitError:
        return False
    return True


def tree_of(root: Path) -> Path:
    """The real path of the folder that a branch fills: the repository's root, or `root` where there is none."""
    try:
        found = find_repository(root)
    except NoAnswerError:
        found = None
    return found.top if found else Path(os.path.realpath(root))


@lru_cache
def clean_path(path: str, tree: Path) -> str:
    """The entries of `path` that are absolute and that a branch in `tree` cannot fill."""
    kept = [entry for entry in path.split(os.pathsep) if entry.startswith("/") and not passes_through(entry, tree)]
    return os.pathsep.join(kept) or os.devnull  # an empty PATH is the current folder


@lru_cache
def passes_through(path: Path | str, tree: Path) -> bool:
    """Whether the absolute `path` is in `tree` (a real path), or a link in it decides where `path` leads."""
    pending = str(path).split("/")[::-1]
    here, links = Path("/"), 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        there = here.parent if part == ".." else here / part
        if there.is_relative_to(tree):
            return True
        if there.is_symlink():
            links += 1
            if links > _MOST_LINKS:
                return True
            target = str(there.readlink())
            pending += target.split("/")[::-1]
            there = Path("/") if target.startswith("/") else here
        here = there
    return False
