"""What `tfgen sync` prints: changes on stdout, the rest on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.console import Format, note, one_line, out, out_diff, out_json
from tfgen.sync.last_clean import DONE, counted

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.identity import Rename
    from tfgen_generators.sync.model import SyncResult

_STYLES = {"create": "green", "change": "yellow", "delete": "red", "forget": "yellow"}
_JSON = {**DONE, "forget": "forgotten"}


def render(workspace: Workspace, result: SyncResult, *, check: bool, diff: bool, format_: Format) -> None:
    """The report: changes on stdout, talk on stderr."""
    from tfgen.sync.survey import complain

    done = not check and not result.changes.refused
    if format_ == "json":
        out_json(as_json(result, written=done))
    elif diff:
        for line in _pinned(result, done=done):
            note(line, style="yellow")
        out_diff("".join(change.diff() for change in result.changes.changes))
    else:
        show_changes(result, done=done)
    complain(result)
    if format_ == "table":
        _conclude(workspace, result, check=check)


def show_changes(result: SyncResult, *, done: bool) -> None:
    """One line a change to stdout."""
    for line in _pinned(result, done=done):
        out(line, style="yellow")
    for change in result.changes.changes:
        word = DONE[change.action] if done else change.action
        out(one_line(f"{word.ljust(_width(done=done))}  {change.path}"), style=_STYLES[change.action])


def _pinned(result: SyncResult, *, done: bool) -> list[str]:
    word = ("pinned" if done else "pin").ljust(_width(done=done))
    return [one_line(f"{word}  {item.name}  {item.old} -> {item.new}{_alike(item)}") for item in result.renames]


def _alike(rename: Rename) -> str:
    """What a person must look at: git calls half of a file the same file."""
    return "" if rename.score == 100 else f"  ({rename.score}% similar)"


def _width(*, done: bool) -> int:
    return 7 if done else 6


def _conclude(workspace: Workspace, result: SyncResult, *, check: bool) -> None:
    changes = result.changes
    if not result.discovery.templates:
        note(f"no Packer templates in {workspace.settings.packer_dir}")
    if changes.refused:
        note("nothing was written")
        return
    if folder := missing_module(workspace):
        note(f"module folder {folder} not found; to write it, run: tfgen init --module vendor", style="yellow")
    note(counted(changes, check=check))
    if any(change.action == "forget" for change in changes.changes):
        note("forgotten pipelines stay in AWS; delete their files when the change has been applied everywhere")
    if check and changes.changes:
        note("run: tfgen sync")


def missing_module(workspace: Workspace) -> str:
    """The folder of the module that is shipped, where the pipelines call it and it is not there; else ""."""
    from os.path import relpath

    from tfgen_generators.module.interface import module_folder
    from tfgen_generators.settings.model import Module

    if workspace.settings.module.source != Module().source:
        return ""  # that of another one is an error by itself
    folder = module_folder(workspace.root, workspace.settings)
    return relpath(folder, workspace.root.resolve()) if folder and not folder.is_dir() else ""


def as_json(result: SyncResult, *, written: bool) -> dict[str, object]:
    """The stable shape that docs/json.md describes."""
    changes = result.changes
    return {
        **{word: [c.path for c in changes.changes if c.action == action] for action, word in _JSON.items()},
        "renamed": [{"name": item.name, "from": item.old, "to": item.new} for item in result.renames],
        "unchanged": list(changes.unchanged),
        "kept": list(changes.kept),
        "refused": [{"path": item.path, "reason": item.reason, "fix": item.fix} for item in changes.refused],
        "errors": [
            {"path": problem.path, "line": problem.line or None, "message": problem.message, "fix": problem.fix}
            for problem in result.problems
        ],
        "warnings": list(result.warnings),
        "written": written,
    }
