"""The small questions that git answers: hardened, read-only, without network.

Nothing of the user's is touched: no index, no object, no hook, no filter, no network. Whoever asks decides what it
means that git has no answer: without git, without a repository or a commit, in a broken repository, or when it takes
too long.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from tfgen.git.invocation.believed import require_believable
from tfgen.git.invocation.discovery import Repository, find_repository
from tfgen.git.invocation.errors import NoAnswerError, NoGitError
from tfgen.git.invocation.isolation import reading
from tfgen.git.invocation.program import find_git, has_git
from tfgen.git.invocation.start import answer
from tfgen_generators.errors import TfgenError

__all__ = [
    "NoAnswerError",
    "checked_out_branch",
    "filter_names",
    "folder_in_repository",
    "has_history",
    "head_commit",
    "program_folder",
    "records",
    "repository_of",
    "require_program",
    "run_git",
    "top_of",
    "tracked_although_ignored",
]

#: What never looks into the work tree through filters; all else is called with every filter switched off.
_RAW = frozenset(
    {
        *("cat-file", "config", "for-each-ref", "log", "ls-files", "ls-tree", "merge-base", "remote", "rev-parse"),
        *("show-ref", "symbolic-ref", "update-index"),
    }
)
_NO_PROGRAMS = ("--no-ext-diff", "--no-textconv", "--no-color")
_ALWAYS = {"diff": _NO_PROGRAMS, "log": (*_NO_PROGRAMS, "--no-show-signature")}
_FILTER = ("clean", "smudge", "process")


def has_history(root: Path) -> bool:
    """Whether git can be asked at all: starts no process. What is wrong with a `.git`, the question will say."""
    start = Path(os.path.realpath(root))
    return has_git(root) and any((folder / ".git").exists() for folder in (start, *start.parents))


def folder_in_repository(root: Path) -> str:
    """The folder `root`, seen from the root of the repository around it; "" for that root itself and without one.

    Starts no process, and takes any `.git` for one: it is a name that is wanted, nobody is believed for it.
    """
    real = Path(os.path.realpath(root))
    top = next((folder for folder in (real, *real.parents) if os.path.lexists(folder / ".git")), real)
    return "" if top == real else real.relative_to(top).as_posix()


def require_program(root: Path) -> None:
    """Raises TfgenError where there is no git that may be started."""
    try:
        find_git(root)
    except NoGitError as error:
        raise TfgenError(str(error), fix="install git") from None


def top_of(root: Path) -> Path:
    """The real path of the root of the repository around `root`. Raises NoAnswerError."""
    return repository_of(root).top


def run_git(
    root: Path, *arguments: str, given: bytes = b"", index: Path | None = None, filters: Collection[str] | None = None
) -> bytes:
    """What git prints in `root`; `index` stands for the repository's own. Raises NoAnswerError.

    `filters` are the `filter_names` of whoever has asked for them already.
    """
    return _run(root, *arguments, given=given, index=index, filters=filters)


def program_folder() -> str:
    """Where git has its own programs. Raises NoAnswerError."""
    return os.fsdecode(answer(reading(Path.cwd(), None, "--exec-path"))).rstrip("\n")


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


def _run(root: Path, *arguments: str, given: bytes, index: Path | None, filters: Collection[str] | None) -> bytes:
    repository = repository_of(root)
    command, *others = arguments
    off: Iterable[str] = ()
    if command not in _RAW:
        off = _filters_off(filter_names(root, repository) if filters is None else filters)
    options = _ALWAYS.get(command, ())
    return answer(reading(root, repository, command, *options, *others, off=off, index=index), given)


def repository_of(root: Path) -> Repository:
    """The repository around `root`, once git may be asked there. Raises NoAnswerError."""
    found = find_repository(root)
    if found is None:
        raise NoAnswerError
    require_believable(found)
    return found


def _filters_off(names: Collection[str]) -> Iterator[str]:
    """Settings without which a branch's .gitattributes could choose one of the user's programs for its files."""
    for name in sorted(names):
        if "=" in name:
            raise NoAnswerError(f"the git filter {name!r} cannot be switched off: rename it")
        yield from (f"filter.{name}.{key}=" for key in _FILTER)
        yield f"filter.{name}.required=false"


def filter_names(root: Path, repository: Repository | None = None) -> set[str]:
    """The filters that git's settings define, which are not used here. Raises NoAnswerError."""
    found = answer(reading(root, repository or repository_of(root), "config", "--list", "-z", "--name-only"))
    keys = (key.split(".") for key in records(found) if key.startswith("filter."))
    return {".".join(parts[1:-1]) for parts in keys if len(parts) > 2}
