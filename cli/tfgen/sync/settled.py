"""What sync wrote for the state's sake, and takes away again once the state has it: import blocks, pins of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.console import note, one_line
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.generated.imports import FILE, left
from tfgen_generators.generated.ownership import examine
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


def drop_imports(workspace: Workspace) -> None:
    """Removes import blocks of what the state has, and says so. Call it only while holding the lock."""
    file = workspace.terraform_dir / FILE
    try:
        text = read_bytes(file).decode()
    except (OSError, UnicodeDecodeError):
        return
    shown = f"{workspace.settings.terraform_dir}/{FILE}"
    if examine(text).state != "ours":
        note(one_line(f"warning: {shown} was edited by hand, and stays"), style="yellow")
        return
    from tfgen.state.addresses import addresses_in_state
    from tfgen_generators.sync.model import Change
    from tfgen_generators.sync.write import apply_changes

    try:
        after, number = left(text, addresses_in_state(workspace))
    except TfgenError as error:
        note(one_line(f"warning: {shown} stays: {error}"), style="yellow")
        return
    if not number:
        note(f"import blocks stay until they are applied: {shown}")
        return
    apply_changes(
        workspace.root, [Change(action="change" if after else "delete", path=shown, before=text, after=after)]
    )
    stay = ", the others stay until they are applied" if after else ""
    note(f"removed {number} import block{'s' * (number != 1)}, which the state has{stay}: {shown}")


def prune_pins(workspace: Workspace, terraform: str | None = None) -> list[tuple[str, str]]:
    """Takes each name out of `moved_from` that the state does not have any more: template and name.

    Raises TfgenError where the state cannot be read, RefusedError where nothing can be told of it: then nothing is
    written.
    """
    from tfgen.state.addresses import addresses_in_state
    from tfgen.workspace import locked, open_workspace
    from tfgen_generators.settings.edit import Values, set_tables
    from tfgen_generators.settings.lines import Path
    from tfgen_generators.sync.model import Change
    from tfgen_generators.sync.write import apply_changes

    with locked(workspace, "sync"):
        workspace = open_workspace()
        pinned = {name: own.moved_from for name, own in workspace.settings.templates.items() if own.moved_from}
        if not pinned:
            return []
        known = addresses_in_state(workspace, terraform)
        calls = {one.split(".")[1].partition("[")[0] for one in known if one.startswith("module.")}
        if not calls:
            where = workspace.settings.terraform_dir
            raise RefusedError("the state has no pipeline, so no move is known to be applied", where=where, fix="apply")
        gone = [(name, old) for name, olds in pinned.items() for old in olds if old not in calls and name in calls]
        edits: dict[Path, Values] = {
            ("templates", name): {"moved_from": [old for old in olds if (name, old) not in gone] or None}
            for name, olds in pinned.items()
            if any(template == name for template, _ in gone)
        }
        if not edits:
            return []
        text = set_tables(workspace.settings_text, edits, where=FILE_NAME)
        apply_changes(
            workspace.root, [Change(action="change", path=FILE_NAME, before=workspace.settings_text, after=text)]
        )
    return gone
