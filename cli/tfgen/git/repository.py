"""The one place that starts git: hardened, read-only, without network; and the small questions that it answers.

Nothing of the user's is touched: no index, no object, no hook, no network. Whoever asks decides what it means that git
has no answer: without git, without a repository or a commit, in a broken repository, or when it takes too long.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

#: Seconds for each call; the usual one takes a hundredth of a second, 2000 files against 2000 others some ten.
TIMEOUT = 60
#: Paths on one command line.
_MOST_PATHS = 1000

_SETTINGS = (
    "core.quotePath=false",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "index.sparse=false",
    f"core.hooksPath={os.devnull}",
)
_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    *(word for setting in _SETTINGS for word in ("-c", setting)),
)
#: No repository (or none that is whole), no commit yet, no work tree.
_NO_HISTORY = (
    "not a git repository",
    "unknown revision",
    "ambiguous argument",
    "Needed a single revision",
    "bad revision",
)
#: Where a hook (or a user) points git elsewhere, we look for the repository around the folder all the same.
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")
_SET = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what it lacks
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class NoAnswerError(Exception):
    """git says nothing; the message is the reason where a person can mend it, "" where there is no history to ask."""


def has_history(root: Path) -> bool:
    """Whether git can be asked at all: starts no process."""
    return shutil.which("git") is not None and any((folder / ".git").exists() for folder in (root, *root.parents))


def run_git(root: Path, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """What git prints in `root`; `env` (else `git_environment()`) is all that it is told. Raises NoAnswerError."""
    return _run(root, git_environment() if env is None else env, *arguments, given=given)


def records(output: bytes) -> Iterator[str]:
    """What git separates by NUL (`-z`)."""
    return iter([os.fsdecode(record) for record in output.split(b"\0") if record])


def head_commit(root: Path) -> str:
    """The commit that is checked out, "" without git, a repository or a commit."""
    if not has_history(root):
        return ""
    with contextlib.suppress(NoAnswerError):
        return os.fsdecode(run_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")).strip()
    return ""


def checked_out_branch(root: Path) -> str:
    """The branch that is checked out, "" when that is a commit, or without git or a repository."""
    if not has_history(root):
        return ""
    with contextlib.suppress(NoAnswerError):
        return os.fsdecode(run_git(root, "symbolic-ref", "--quiet", "--short", "HEAD")).strip()
    return ""


def is_dirty(root: Path, paths: Sequence[str]) -> bool:
    """Whether something at `paths` (relative to `root`) is not as it was committed; untracked files count, ignored not.

    False where git has no answer: then `head_commit` is "" too. Paths that lead out of `root` are not looked at.
    """
    if not has_history(root):
        return False
    options = ("--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty")
    inside = [path for path in paths if not path.startswith(("/", "../"))]
    with contextlib.suppress(NoAnswerError):
        parts = range(0, len(inside), _MOST_PATHS)
        return any(run_git(root, "status", *options, "--", *inside[at : at + _MOST_PATHS]) for at in parts)
    return False


def tracked_although_ignored(root: Path) -> Callable[[str], bool]:
    """Says of a path that a .gitignore names whether git tracks it, or something in it, all the same.

    git is asked once, at the first question.
    """
    known: list[frozenset[str]] = []

    def is_tracked(path: str) -> bool:
        if not known:
            known.append(frozenset(_tracked(root)))
        return path in known[0]

    return is_tracked


def _tracked(root: Path) -> Iterator[str]:
    if not has_history(root):
        return
    with contextlib.suppress(NoAnswerError):
        options = ("--cached", "--ignored", "--exclude-standard", "-z")
        for path in records(run_git(root, "ls-files", *options)):
            yield path
            yield from (str(parent) for parent in PurePosixPath(path).parents)


def git_environment() -> dict[str, str]:
    """The environment that git gets: what points it elsewhere, or at the network, is gone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept |= {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    return kept | _SET


def _run(root: Path, env: Mapping[str, str], *arguments: str, given: bytes = b"") -> bytes:
    import subprocess

    try:
        done = subprocess.run(
            ["git", *_OPTIONS, *arguments],
            cwd=root,
            env=env,
            input=given,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"timeout after {TIMEOUT} seconds") from None
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr)
        owner = "the repository belongs to another user (run: git config --global --add safe.directory)"
        raise NoAnswerError(owner if "dubious ownership" in said else _reason(said)) from None
    except (OSError, ValueError) as error:
        raise NoAnswerError from error
    return done.stdout


def _reason(said: str) -> str:
    """What git complains of; "" where there is simply no history to ask."""
    if any(words in said for words in _NO_HISTORY):
        return ""
    return next((line for line in said.splitlines() if line.strip()), "no error message").removeprefix("fatal: ")
