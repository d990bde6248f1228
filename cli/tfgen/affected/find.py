"""`tfgen affected`: the images that are made of something that differs between two commits, or of the work tree.

An image is affected if a path that differs is among the files that it is made of, then or now; so what is gone, new,
renamed or in the way of something else counts by itself. What cannot be compared counts as affected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.affected.model import WORK_TREE, Affected, Point
from tfgen.git.repository import NoAnswerError, run_git
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

_FETCH = "clone without --filter"


def find_affected(
    workspace: Workspace, *, base: str | None = None, head: str | None = None, include_children: bool = False
) -> Affected:
    """Images that differ from the merge base with `base` (default: as `plan --changed`), in the work tree or `head`.

    A shallow clone is deepened; where that fails every image is affected, and `everything` says why. Raises TfgenError.
    """
    from tfgen.affected.base import find_points

    start, end, problem = find_points(workspace.root, base, head)
    return compare(workspace, start, end, everything=problem, include_children=include_children)


def affected_between(
    workspace: Workspace, base: str, head: str | None = None, *, include_children: bool = False
) -> Affected:
    """The same between two commits as they are (no merge base); `head` None is the work tree.

    A `base` that git does not have makes every image affected. Raises TfgenError.
    """
    from tfgen.git.merge_base import find_commit

    end = Point(commit=find_commit(workspace.root, head), name=head) if head else Point(commit=None, name=WORK_TREE)
    try:
        commit = find_commit(workspace.root, base)
    except TfgenError:
        missing = Point(commit=base, name=base)
        why = f"commit {base} not found"
        return compare(workspace, missing, end, everything=why, include_children=include_children)
    return compare(workspace, Point(commit=commit, name=base), end, include_children=include_children)


def compare(
    workspace: Workspace, base: Point, head: Point, *, everything: str = "", include_children: bool = False
) -> Affected:
    """The images that differ between two points; all of them where `everything` says why. Raises TfgenError."""
    from tfgen.affected.compare import Comparison
    from tfgen.git.differences import MissingBlobsError

    try:
        try:
            return Comparison(workspace, base, head).result(everything, include_children=include_children)
        except MissingBlobsError as error:
            if head.commit is not None:
                raise TfgenError(
                    f"files of {head.name} or {base.name} are missing in this clone: {error}", fix=_FETCH
                ) from None
            why = f"files of {base.name} are missing in this clone ({error}); {_FETCH}"
            return Comparison(workspace, base, head).result(why, include_children=include_children)
    except NoAnswerError as error:
        raise TfgenError(f"git cannot compare the commits{f': {error}' if str(error) else ''}") from None


def resolve_commit(workspace: Workspace, name: str) -> str:
    """The commit that `name` stands for, in full; "" when git does not have it."""
    try:
        found = run_git(workspace.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except NoAnswerError:
        return ""
    return found.decode().strip()
