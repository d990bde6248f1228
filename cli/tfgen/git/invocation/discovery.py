"""Which repository a folder belongs to, found without git and without what a branch can bring.

git looks, in each folder on the way up, for `.git`, and else takes the folder itself where that looks like a bare
repository: `HEAD`, `objects/`, `refs/` and `config` are files that anybody can commit. Here only `.git` counts, which
git itself lets nobody commit. A `.git` file (of a worktree or a submodule) says where the repository is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tfgen.git.invocation.errors import NoAnswerError

_GITFILE = b"gitdir: "
_MOST_BYTES = 1 << 16
_HEAD = re.compile(rb"ref: *refs/|[0-9a-f]{40}")


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """Real paths: `top` is the folder that holds `.git`, `git_dir` where git keeps what is this work tree's own.

    `common_dir` is what worktrees share, else the same as `git_dir`.
    """

    top: Path
    git_dir: Path
    common_dir: Path

    @property
    def is_redirected(self) -> bool:
        """Whether `.git` is a file or a link."""
        return self.git_dir != self.top / ".git"


def find_repository(root: Path) -> Repository | None:
    """The repository around `root`, None where there is none.

    Raises NoAnswerError where a `.git` leads nowhere, or to files of its own work tree.
    """
    start = Path(os.path.realpath(root))
    return next((found for folder in _way_up(start) if (found := _repository_at(folder))), None)


def enclosing_repository(path: Path) -> Repository | None:
    """The repository of the next folder above `path` that holds a `.git` which is one; None without."""
    for folder in path.parents:
        try:
            if found := _repository_at(folder):
                return found
        except NoAnswerError:
            continue
    return None


def superproject(repository: Repository) -> Path | None:
    """The repository that keeps `repository` as a submodule, None where none does."""
    for folder in repository.common_dir.parents:
        if folder.name == "modules" and _is_git_dir(folder.parent):
            return folder.parent
    return None


def _repository_at(folder: Path) -> Repository | None:
    place = folder / ".git"
    if not os.path.lexists(place):
        return None
    git_dir = Path(os.path.realpath(place))
    if git_dir.is_file():
        git_dir = _named_by(git_dir)
        if not _is_git_dir(git_dir):
            raise NoAnswerError
    elif not _is_git_dir(git_dir):
        return None
    if git_dir != place and git_dir.is_relative_to(folder):
        raise NoAnswerError(f"{place} leads to {git_dir}, among the files of the work tree")
    return Repository(top=folder, git_dir=git_dir, common_dir=_common(git_dir))


def _way_up(start: Path) -> Iterator[Path]:
    """`start` and the folders above it, as far as git goes: to a ceiling, or to the end of the file system."""
    named = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    ceilings = {os.path.realpath(folder) for folder in named if folder.startswith("/")}
    across = os.environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower() in ("1", "true", "yes", "on")
    device = _device(start)
    yield start
    for folder in start.parents:
        if str(folder) in ceilings or (not across and _device(folder) != device):
            return
        yield folder


def _device(folder: Path) -> int:
    try:
        return folder.stat().st_dev
    except OSError:
        return -1


def _named_by(gitfile: Path) -> Path:
    """The real path that a `.git` file names. Raises NoAnswerError where it names none."""
    text = _read(gitfile)
    if not text.startswith(_GITFILE):
        raise NoAnswerError
    return Path(os.path.realpath(gitfile.parent / os.fsdecode(text.removeprefix(_GITFILE).rstrip(b"\r\n"))))


def _is_git_dir(folder: Path) -> bool:
    """git's own rule: a HEAD, and objects and refs, here or in the folder that worktrees share."""
    common = _common(folder)
    return _is_head(folder / "HEAD") and all((common / name).is_dir() for name in ("objects", "refs"))


def _is_head(path: Path) -> bool:
    try:
        if path.is_symlink():
            return str(path.readlink()).startswith("refs/")
    except OSError:
        return False
    return bool(_HEAD.match(_read(path)))


def _common(git_dir: Path) -> Path:
    named = os.fsdecode(_read(git_dir / "commondir").strip())
    return Path(os.path.realpath(git_dir / named)) if named else git_dir


def _read(path: Path) -> bytes:
    """The beginning of a file; nothing of what is none: a FIFO would wait for a writer."""
    try:
        if path.is_file():
            with path.open("rb") as opened:
                return opened.read(_MOST_BYTES)
    except (OSError, ValueError):
        pass
    return b""
