"""Whether what changed since an AMI was built concerns its image: `affected(commit of the AMI .. HEAD)` by the graph.

What cannot be known is "unknown" with the reason, never "no": a dirty tree, a commit that is not here or not in HEAD's
history. Uncommitted changes do not count: it is HEAD that is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.history import commits_among, is_full_name, not_in_history
from tfgen.git.merge_base import is_shallow
from tfgen.git.repository import NoAnswerError, head_commit
from tfgen.status.model import Behind
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.affected.model import Affected, AffectedImage
    from tfgen.workspace import Workspace

_DIRTY = re.compile(r"-dirty$")


class BehindSince(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and the time of the first commit since that concerns the image ("" while there is none)."""

    behind: Behind
    superseded_at: str = ""


def verdicts(workspace: Workspace, commits: Mapping[str, str]) -> dict[str, BehindSince]:
    """The verdict on each image, from the commit (SourceVersion) of its AMI."""
    head = head_commit(workspace.root)
    if not head:
        return {image: _unknown("the commit of HEAD cannot be read") for image in commits}
    reasons = {image: _unusable(commit, head) for image, commit in commits.items()}
    usable = {commits[image] for image, reason in reasons.items() if not reason}
    try:
        absent = _absent(workspace, usable, head)
        asked: dict[str, list[str]] = {}
        for image, commit in commits.items():
            if commit in usable and commit not in absent:
                asked.setdefault(commit, []).append(image)
        compared = _compared(workspace, asked, head)
        found = {
            image: _unknown(reason or absent[commits[image]])
            if (reason := reasons[image]) or commits[image] in absent
            else compared[commits[image]](image)
            for image in commits
        }
        return _with_times(workspace, found, commits, compared, head)
    except NoAnswerError as error:
        why = f"git has no answer: {error}" if str(error) else "git has no answer"
        return {image: _unknown(why) for image in commits}


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
    workspace: Workspace,
    found: dict[str, BehindSince],
    commits: Mapping[str, str],
    compared: Mapping[str, _Compared],
    head: str,
) -> dict[str, BehindSince]:
    """The same with the time of the first commit since that concerns each image that is behind."""
    from tfgen.status.first_since import FirstSince

    behind = {image: commits[image] for image, one in found.items() if one.behind.verdict == "yes"}
    if not behind:
        return found
    first = FirstSince(workspace, head, set(behind.values()))
    times = {
        image: first.time(commit, [why.path for why in compared[commit].images[image].reasons])
        for image, commit in behind.items()
    }
    return {
        image: msgspec.structs.replace(one, superseded_at=times[image]) if image in times else one
        for image, one in found.items()
    }


def _unknown(reason: str) -> BehindSince:
    return BehindSince(behind=Behind(verdict="unknown", why=reason))
