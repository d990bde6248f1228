"""Whether what changed since an AMI was built concerns its image: `affected(commit of the AMI .. HEAD)` by the graph.

What cannot be known is "unknown" with the reason, never "no": an AMI of a dirty tree, a commit that is not here or not
in HEAD's history. It is HEAD that is compared with; of what is not committed see `uncommitted`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.history import commits_among, is_full_name, not_in_history
from tfgen.git.merge_base import is_shallow
from tfgen.git.repository import NoAnswerError, head_commit
from tfgen.status.facts import BehindSince
from tfgen.status.model import Behind
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.affected.model import Affected, AffectedImage
    from tfgen.workspace import Workspace

_DIRTY = re.compile(r"-dirty$")
#: An image and the commit of its AMI.
_Pair = tuple[str, str]


def verdicts(workspace: Workspace, commits: Mapping[str, str]) -> Mapping[str, BehindSince]:
    """The verdict on each image, from the commit (SourceVersion) of its AMI."""
    return verdicts_of_places(workspace, [commits])[0]


def verdicts_of_places(
    workspace: Workspace, places: Sequence[Mapping[str, str]]
) -> tuple[Mapping[str, BehindSince], ...]:
    """The same for the AMIs of several regions or accounts; git and the repository are looked at once."""
    found = _all(workspace, {pair for commits in places for pair in commits.items()})
    return tuple({image: found[image, commit] for image, commit in commits.items()} for commits in places)


def _all(workspace: Workspace, pairs: Collection[_Pair]) -> dict[_Pair, BehindSince]:
    head = head_commit(workspace.root)
    if not head:
        return dict.fromkeys(pairs, _unknown("the commit of HEAD cannot be read"))
    reasons = {commit: _unusable(commit, head) for _, commit in pairs}
    try:
        reasons |= _absent(workspace, [commit for commit, reason in reasons.items() if not reason], head)
        asked: dict[str, set[str]] = {}
        for image, commit in pairs:
            if not reasons[commit]:
                asked.setdefault(commit, set()).add(image)
        compared = _compared(workspace, asked, head)
        found = {
            (image, commit): _unknown(reasons[commit]) if reasons[commit] else compared[commit](image)
            for image, commit in pairs
        }
        return _with_times(workspace, found, compared, head)
    except NoAnswerError as error:
        return dict.fromkeys(pairs, _unknown(f"git has no answer{f': {error}' if str(error) else ''}"))


def _unusable(commit: str, head: str) -> str:
    """Why a tag says no commit, "" when it may."""
    if not commit:
        return "the AMI does not say its commit"
    if _DIRTY.search(commit):
        return "the AMI was built from uncommitted changes"
    return "" if is_full_name(commit, head) else "what the AMI says is not the full name of a commit"


def _absent(workspace: Workspace, commits: Collection[str], head: str) -> dict[str, str]:
    """Those of `commits` that cannot be compared with, and why; a shallow clone gets the history that it lacks."""
    found = _not_here(workspace, commits, head)
    if not found or not is_shallow(workspace.root):
        return found
    from tfgen.console import note
    from tfgen.git.deepen import deepen

    note("the clone is shallow: fetching the missing history")
    for whole in (False, True):
        if failed := deepen(workspace.root, "", whole=whole):
            why = f"the clone is shallow, and fetching its history failed ({failed})"
            return dict.fromkeys(found, why)
        found = _not_here(workspace, commits, head)
        if not found or not is_shallow(workspace.root):
            break
    return found


def _not_here(workspace: Workspace, commits: Collection[str], head: str) -> dict[str, str]:
    here = commits_among(workspace.root, commits)
    aside = not_in_history(workspace.root, here, head)
    missing = "the commit is not in this repository (rewritten?)"
    return {one: missing for one in commits if one not in here} | dict.fromkeys(
        aside, "the commit is not an ancestor of HEAD (rewritten?)"
    )


class _Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of an older commit with HEAD; `names` are the images of HEAD, `problem` why there is none."""

    images: Mapping[str, AffectedImage] = {}
    names: frozenset[str] = frozenset()
    everything: str = ""
    problem: str = ""

    def __call__(self, image: str) -> BehindSince:
        if self.problem:
            return _unknown(self.problem)
        if image not in self.names:
            return _unknown("the image is not in HEAD")
        if image not in self.images:
            return BehindSince(behind=Behind(verdict="no"))
        reasons = self.images[image].reasons
        if not reasons:
            return BehindSince(behind=Behind(verdict="yes", why=self.everything))
        first = reasons[0]
        why = first.message or (f"{first.via[0].path} {first.via[0].label}".strip() if first.via else "")
        return BehindSince(behind=Behind(verdict="yes", file=first.path, why=why))


def _compared(workspace: Workspace, asked: Mapping[str, Collection[str]], head: str) -> dict[str, _Compared]:
    """Each older commit, compared once."""
    from tfgen.affected.many import Many

    if not asked:
        return {}
    try:
        many = Many(workspace, head, asked)
        return {commit: _one(one, many.images) for commit, one in many.found()}
    except TfgenError as error:
        return {commit: _Compared(problem=f"HEAD cannot be read: {error}") for commit in asked}


def _one(found: Affected | TfgenError, names: frozenset[str]) -> _Compared:
    if isinstance(found, TfgenError):
        return _Compared(problem=f"cannot be compared with HEAD: {found}")
    return _Compared(images={one.name: one for one in found.images}, names=names, everything=found.everything)


def _with_times(
    workspace: Workspace, found: dict[_Pair, BehindSince], compared: Mapping[str, _Compared], head: str
) -> dict[_Pair, BehindSince]:
    """The same with the time of the first commit since that concerns each image that is behind."""
    from tfgen.status.since.first import FirstSince

    behind = [pair for pair, one in found.items() if one.behind.verdict == "yes"]
    if not behind:
        return found
    first = FirstSince(workspace, head, {commit for _, commit in behind})
    for image, commit in behind:
        paths = [why.path for why in compared[commit].images[image].reasons]
        at = first.time(commit, paths)
        found[image, commit] = msgspec.structs.replace(found[image, commit], superseded_at=at)
    return found


def _unknown(reason: str) -> BehindSince:
    return BehindSince(behind=Behind(verdict="unknown", why=reason))
