"""Whether a repository that was found is one to ask: its owner may be somebody else, and its files a branch's."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from tfgen.git.invocation.discovery import Repository, enclosing_repository
from tfgen.git.invocation.errors import NoAnswerError
from tfgen.git.invocation.isolation import looking_for, reading
from tfgen.git.invocation.start import answer


def require_believable(repository: Repository) -> None:
    """Raises NoAnswerError where git itself would not work there, or a branch may have made what git would obey."""
    if not _is_ours(repository):
        _ask_for_the_owner(repository)
    if repository.is_redirected:
        _require_no_files(repository)


def _is_ours(repository: Repository) -> bool:
    """Whether git asks no settings: this user owns all that git looks at."""
    try:
        owners = {os.lstat(path).st_uid for path in (repository.top, repository.top / ".git", repository.git_dir)}
    except OSError:
        return False
    return owners == {os.geteuid()}


@lru_cache
def _ask_for_the_owner(repository: Repository) -> None:
    """git looks at the owner only where it finds the repository itself, so once it has to."""
    found = os.fsdecode(answer(looking_for(repository))).removesuffix("\n")
    if os.path.realpath(found) != str(repository.git_dir):
        raise NoAnswerError


@lru_cache
def _require_no_files(repository: Repository) -> None:
    """A `.git` file that leads to files which another repository around them tracks."""
    around = enclosing_repository(repository.git_dir)
    if around is None or repository.git_dir.is_relative_to(around.git_dir):
        return
    inside = os.path.relpath(repository.git_dir, around.top)
    if answer(reading(around.top, around, "ls-files", "-z", "--cached", "--", inside)):
        place = Path(repository.top, ".git")
        raise NoAnswerError(f"{place} leads to {repository.git_dir}, which are files of the repository {around.top}")
