"""One `tfgen sync`: survey the repository, and write what differs, while holding the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.console import note
from tfgen_generators.generated.imports import FILE as IMPORTS

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.identity import Answers
    from tfgen_generators.sync.model import SyncResult


def synchronize(workspace: Workspace, answers: Answers | None = None) -> SyncResult:
    """Makes the generated files what they should be, alone in this repository. After a refusal nothing is written."""
    from tfgen.sync.survey import find_changes
    from tfgen.workspace import locked

    with locked(workspace, "sync"):
        workspace = reopened(workspace)
        workspace.make_state_dir("cache")
        result = find_changes(workspace, answers)
        write(workspace, result)
        if (workspace.terraform_dir / IMPORTS).is_file():
            from tfgen.sync.settled import drop_imports

            drop_imports(workspace)
    return result


def write(workspace: Workspace, result: SyncResult) -> None:
    """Writes what `result` says, unless it refuses something. Call it only while holding the lock."""
    from tfgen.git.repository import has_history
    from tfgen_generators.sync.write import apply_changes, remove_leftovers

    if not workspace.terraform_dir.is_dir():
        folder = workspace.settings.terraform_dir
        note(f"warning: creating the folder {folder} (terraform_dir), which did not exist", style="yellow")
    remove_leftovers(workspace.terraform_dir, workspace.root)
    if not result.changes.refused:
        # Where git does not know what a template was, the digest in the header must be today's.
        refresh = () if has_history(workspace.root) else result.changes.refresh
        apply_changes(workspace.root, (*result.changes.changes, *refresh))


def reopened(workspace: Workspace) -> Workspace:
    """The workspace as it is now that we hold the lock: another sync may have pinned a name meanwhile."""
    from tfgen.workspace import open_workspace

    now = open_workspace()
    return now if now.root == workspace.root else workspace
