"""`tfgen rename`: renames a pipeline, with the `moved` block that Terraform needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.completion import values
from tfgen.options import FormatOption

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.model import Template
    from tfgen_generators.sync.model import SyncResult

EXAMPLES = """\b
Examples:
  tfgen rename web site                 new names in AWS: the plan replaces the named resources
  tfgen rename web site --keep-names    same names in AWS: the plan only moves, destroys nothing
"""


def command(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="The current name, as shown by tfgen list.",
            show_default=False,
            autocompletion=values.images,
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new name.", show_default=False)],
    keep_names: Annotated[
        bool,
        typer.Option(
            "--keep-names", envvar="TFGEN_KEEP_NAMES", help="Keep the names in AWS, by [templates.NEW.names]."
        ),
    ] = False,
    format_: FormatOption = "table",
) -> int:
    """Rename a pipeline; its template keeps its path.

    Writes moved_from into tfgen.toml and a moved block into the generated file, so that Terraform moves module.OLD to
    module.NEW. When the move has been applied everywhere, tfgen sync --prune-pins removes OLD from moved_from.
    """
    from tfgen.commands.sync import exit_code
    from tfgen.console import out_json
    from tfgen.sync.survey import complain
    from tfgen.workspace import locked, open_workspace

    workspace = open_workspace()
    with locked(workspace, "sync"):
        template, result = rename(open_workspace(), old, new, keep_names=keep_names)
    if format_ == "json":
        out_json(_as_json(result, template, old, new))
    else:
        _show(result, old, new, keep_names=keep_names)
    complain(result)
    return exit_code(result, check=False)


def rename(workspace: Workspace, old: str, new: str, *, keep_names: bool) -> tuple[Template, SyncResult]:
    """Renames, and says what was done. Raises TfgenError; after a refusal nothing is written."""
    from msgspec.structs import replace

    from tfgen.sync.run import write
    from tfgen.sync.survey import complain, find_changes
    from tfgen.workspace import settings_at
    from tfgen_generators.errors import RefusedError, TfgenError
    from tfgen_generators.generated.files import is_forgotten
    from tfgen_generators.settings.model import FILE_NAME
    from tfgen_generators.sync.model import Change
    from tfgen_generators.sync.rename import check_names, renamed_settings

    before = find_changes(workspace)
    require_settled(before)
    forgotten = {new} if is_forgotten(workspace.terraform_dir, new) else set()
    template = check_names(workspace.settings, before.discovery.templates, old, new, forgotten)
    pipeline = next((pipeline for pipeline in before.pipelines if pipeline.name == old), None)
    if keep_names and pipeline is None:
        raise RefusedError(f"{old} has no pipeline, so its names in AWS are not known", fix="fix its template")
    text = workspace.settings_text
    changed = renamed_settings(text, workspace.settings, template, new, pipeline if keep_names else None)
    parsed = replace(settings_at(workspace.root, changed), packer_dir=workspace.settings.packer_dir)
    result = find_changes(replace(workspace, settings=parsed, settings_text=changed))
    if pipeline is not None and all(made.name != new for made in result.pipelines):
        complain(result)
        raise TfgenError(f"{old} cannot be renamed to {new}", fix="see above; nothing was written")
    edit = Change(action="change", path=FILE_NAME, before=text, after=changed)
    result = replace(result, changes=replace(result.changes, changes=(edit, *result.changes.changes)))
    write(workspace, result)
    return template, result


def require_settled(result: SyncResult) -> None:
    """Raises RefusedError when sync has something to do first, so that one command does one thing."""
    from tfgen.sync.survey import complain
    from tfgen_generators.errors import RefusedError

    if result.changes.refused:
        complain(result)
    if result.changes.refused or result.changes.changes:
        raise RefusedError("generated files are stale", fix="run: tfgen sync")


def _show(result: SyncResult, old: str, new: str, *, keep_names: bool) -> None:
    from tfgen.console import note, out
    from tfgen.sync.report import show_changes

    done = not result.changes.refused
    if not done:
        note("nothing was written")
        return
    out(f"renamed  {old} -> {new}", style="yellow")
    show_changes(result, done=done)
    note(f"the plan will move module.{old} to module.{new}")
    if keep_names:
        note("names in AWS stay the same: [templates." + new + ".names]")
    else:
        note(f"names in AWS now contain {new}: the plan replaces the named resources")
        note(f"to keep the names instead, run: tfgen rename {new} {old}, then: tfgen rename {old} {new} --keep-names")
    note(f"when the move has been applied everywhere, run: tfgen sync --prune-pins (removes {old} from moved_from)")


def _as_json(result: SyncResult, template: Template, old: str, new: str) -> dict[str, object]:
    from tfgen.sync.report import as_json

    done = not result.changes.refused
    report = as_json(result, written=done)
    del report["renamed"]
    return {"from": old, "to": new, "path": template.path, **report}
