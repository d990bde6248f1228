"""`tfgen init --update`: this release's texts merged into the files that an earlier one has written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tfgen.distribution.installed import version
from tfgen.git.merge_file import merge_file
from tfgen.init.existing import look
from tfgen.init.provider_version import why_older
from tfgen.init.updating.states import FileState, states
from tfgen.workspace import Workspace, locked, open_workspace
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.requirement import Requirement
from tfgen_generators.sync.model import Change
from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.outside import require_inside

_FIRST = ("merged", "conflict", "created")


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one file. `done` is the word for it; `conflicts` are left to a person, `left` says why."""

    path: str
    done: str
    change: Change | None = None
    conflicts: int = 0
    left: str = ""


def all_states(requirement: Requirement | None = None) -> list[FileState]:
    """How all vendored files of this repository stand. Raises TfgenError."""
    workspace = open_workspace()
    return states(workspace.root, workspace.settings, requirement)


def merged(root: Path, found: list[FileState]) -> list[Merged]:
    """What the update makes of each file that is not as this release has it. Raises TfgenError."""
    return [result for state in found if (result := _merged(root, state)) is not None]


def write(workspace: Workspace, results: list[Merged]) -> None:
    """Writes all of it, alone in this repository. Raises TfgenError; then nothing, or whole files only, are there."""
    from tfgen_generators.sync.write import apply_changes, remove_leftovers, through_links

    root = workspace.root
    # As long as one of the first waits, those that nobody edited say which release it is of.
    ordered = sorted(results, key=lambda result: result.done not in _FIRST)
    changes = [result.change for result in ordered if result.change]
    require_inside(root, *(change.path for change in changes))
    with locked(workspace, "sync"):
        remove_leftovers(*{(root / change.path).parent for change in changes})
        for change in changes:
            if change.action == "change" and read_bytes(root / change.path) != change.before.encode():
                raise TfgenError("was changed in the meantime", where=change.path, fix="run this again")
        apply_changes(root, through_links(root, changes))


def warnings(workspace: Workspace) -> Iterator[str]:
    """What must be known before the updated module is planned."""
    folder = workspace.settings.terraform_dir
    module = look(workspace.root, folder, everywhere=False).at(folder)
    source = workspace.settings.module.source
    if source.rstrip("/").endswith("/codepipeline_v2"):
        yield "module codepipeline_v2 is in no release after 0.1.0: set module.source to that of codepipeline"
    if source.rstrip("/").endswith("/codepipeline") and (why := why_older(module.constraints, "", os.environ)):
        yield f"module codepipeline needs AWS provider 5.70 or newer, but {why}; codepipeline_v1 is for older ones"


def _merged(root: Path, state: FileState) -> Merged | None:
    item, path = state.item, state.path
    if state.state == "current":
        return None
    if why := _left(state):
        return Merged(path=path, done="left", left=why, conflicts=1)
    if state.state == "missing":
        return Merged(path=path, done="missing", left="was taken away: left so")
    if state.state == "new":
        return Merged(path=path, done="created", change=Change(action="create", path=path, after=item.new or ""))
    if state.state == "removed":
        return Merged(path=path, done="deleted", change=Change(action="delete", path=path, before=item.raw))
    return _changed(root, state)


def _left(state: FileState) -> str:
    """Why a file waits for a person; "" where it need not."""
    if state.state == "removed" and state.edited:
        return "is not in this release, but was edited: remove it, or call it otherwise"
    return {
        "conflict": "has conflict marks: edit it, then run this again",
        "foreign": "is not like the file of that name in tfgen's module",
        "unknown": state.item.unknown,
    }.get(state.state, "")


def _changed(root: Path, state: FileState) -> Merged:
    item = state.item
    text, conflicts = _text(root, state)
    if text == item.text:
        return Merged(path=state.path, done="edited")
    after = text.replace("\n", "\r\n") if item.crlf else text
    word = "conflict" if conflicts else "merged" if state.edited else "updated"
    change = Change(action="change", path=state.path, before=item.raw, after=after)
    return Merged(path=state.path, done=word, conflicts=conflicts, change=change)


def _text(root: Path, state: FileState) -> tuple[str, int]:
    """The merged text and its conflicts."""
    mine, new = state.item.text or "", state.item.new or ""
    if not state.edited:
        return new, 0
    if state.base == new:
        return mine, 0
    labels = ("yours", f"tfgen {state.release or version()}", f"tfgen {version()}")
    return merge_file(root, mine, state.base, new, labels)
