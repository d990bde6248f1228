"""Links that lead out of the repository: whoever made a branch would choose what is read there, or written."""

from __future__ import annotations

import os
from pathlib import Path

from tfgen_generators.errors import RefusedError

MESSAGE = "is a symlink to outside the repository"
FIX = "remove it"


def require_inside(root: Path, *paths: str) -> None:
    """Raises RefusedError where a link on the way to one of `paths` (from the workspace `root`) leads out."""
    for path in paths:
        if leads_out(root, path):
            raise RefusedError(MESSAGE, where=_link(root, path), fix=FIX)


def leads_out(root: Path, path: str) -> bool:
    """Whether links on the way to `path`, itself included, lead out of the repository around `root`, or into `.git`.

    Without a link there is nothing to say, nor without a repository, nor of links that lie outside themselves.
    """
    link = _link(root, path)
    if not link or not is_inside(root, os.path.realpath((root / link).parent)):
        return False
    return not is_inside(root, os.path.realpath(root / path))


def is_inside(root: Path, real: str) -> bool:
    """Whether the real path `real` lies in the repository around `root`, and is none of git's own files."""
    top = _top(root)
    if top is None:
        return True
    return real == top or (real.startswith(f"{top.rstrip('/')}/") and not f"{real}/".startswith(f"{top}/.git/"))


def is_gits(path: str) -> bool:
    """Whether `path` leads through a folder `.git`, which holds git's own files (on some file systems `.GIT`, too)."""
    return ".git" in path.casefold().split("/")


def _link(root: Path, path: str) -> str:
    """The first link on the way from `root` to `path`, "" without one."""
    current = ""
    for part in os.path.normpath(path).split("/"):
        current = f"{current}/{part}" if current else part
        if os.path.islink(f"{root}/{current}"):  # noqa: PTH114 every command asks
            return current
    return ""


def _top(root: Path) -> str | None:
    """The real path of the nearest folder with a `.git`, from `root` upwards."""
    current = os.path.realpath(root)
    while not os.path.lexists(f"{current}/.git"):
        above = os.path.dirname(current)  # noqa: PTH120
        if above == current:
            return None
        current = above
    return current
