"""The two points that `tfgen affected` compares; a shallow clone gets the history that it lacks."""

from __future__ import annotations

import os
from pathlib import Path

from tfgen.affected.model import WORK_TREE, Point
from tfgen.console import note, one_line
from tfgen.git.deepen import deepen
from tfgen.git.merge_base import ci_branch, find_base, find_commit, is_shallow
from tfgen.git.repository import NoAnswerError
from tfgen_generators.errors import TfgenError


def find_points(root: Path, base: str | None, head: str | None) -> tuple[Point, Point, str]:
    """Base and head, and why everything counts ("": it does not). Raises TfgenError."""
    end = Point(commit=find_commit(root, head), name=head) if head else Point(commit=None, name=WORK_TREE)
    start, problem = _base(root, base, end.commit or "HEAD")
    return start, end, problem


def _base(root: Path, base: str | None, of: str) -> tuple[Point, str]:
    try:
        return _found(root, base, of), ""
    except TfgenError as error:
        if not _is_shallow(root):
            raise
        first = error
    branch = (base or "").removeprefix("origin/") or ci_branch(os.environ)
    note(one_line("the clone is shallow: fetching the missing history"))
    for whole in (False, True):
        failed = deepen(root, branch if _is_name(branch) else "", whole=whole)
        if failed:
            break
        try:
            return _found(root, base, of), ""
        except TfgenError as error:
            first = error
            if not _is_shallow(root):
                raise
    why = f"the clone is shallow, and fetching its history failed ({failed})" if failed else str(first)
    return Point(commit=None, name=base or "the default branch"), why


def _found(root: Path, base: str | None, head: str) -> Point:
    found = find_base(root, base, head=head)
    return Point(commit=found.commit, name=found.name)


def _is_shallow(root: Path) -> bool:
    try:
        return is_shallow(root)
    except NoAnswerError:
        return False


def _is_name(branch: str) -> bool:
    """Whether it can be a branch: a commit, or what git would compute, is none."""
    return bool(branch) and not any(sign in branch for sign in "~^:?*[\\ @{") and not branch.startswith("-")
