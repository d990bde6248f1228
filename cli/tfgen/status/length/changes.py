"""What changed since an AMI was built, as far as it concerns its image: commits with the paths that concern it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tfgen.affected.find import affected_between
from tfgen.console import one_line, without_controls
from tfgen.git.repository import NoAnswerError, folder_in_repository, head_commit

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

MOST = 50


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One commit. `paths` are those of it that concern the image, each with the reason; texts have no controls."""

    commit: str
    at: str
    subject: str
    paths: dict[str, str]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The newest commits first; `more` is how many are left out. `problem` says why nothing is known."""

    commits: tuple[Change, ...] = ()
    more: int = 0
    problem: str = ""


def changes_since(workspace: Workspace, image: str, commit: str, most: int = MOST) -> Changes:
    """The commits after `commit` that changed what the image is made of."""
    from tfgen.status.behind import verdicts
    from tfgen.status.since.first import FirstSince

    verdict = verdicts(workspace, {image: commit})[image].behind
    if verdict.verdict != "yes":
        return Changes(problem=verdict.why if verdict.verdict == "unknown" else "")
    head, folder = head_commit(workspace.root), folder_in_repository(workspace.root)
    found = affected_between(workspace, commit, head)
    reasons = next((one.reasons for one in found.images if one.name == image), ())
    why: dict[str, str] = {}
    for one in reasons:
        text = one.message or (f"{one.via[0].path} {one.via[0].label}".strip() if one.via else "")
        why.setdefault(f"{folder}/{one.path}" if folder else one.path, text)
    try:
        steps = FirstSince(workspace, head, [commit]).since(commit)
    except NoAnswerError:
        return Changes(problem="git has no answer")
    cut = len(folder) + 1 if folder else 0
    told = [
        Change(
            commit=step.commit,
            at=step.at,
            subject=_plain(step.subject),
            paths={_plain(path[cut:]): _plain(why[path]) for path in step.changed if path in why},
        )
        for step in steps
        if any(path in why for path in step.changed)
    ]
    return Changes(commits=tuple(told[:most]), more=max(0, len(told) - most))


def _plain(text: str) -> str:
    return without_controls(one_line(text))
