"""`tfgen sync`: makes the generated files say what the templates and tfgen.toml say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.options import FormatOption

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import SyncResult

EXIT_STALE = 2
EXIT_REFUSED = 3

EXAMPLES = """\b
Examples:
  tfgen sync                 after adding, changing, renaming or removing a Packer file
  tfgen sync --check --diff  in CI: show the diff and exit 2 when a generated file is stale
  tfgen sync --renamed packer/web.json=packer/team/site.json
"""


def command(
    check: Annotated[
        bool,
        typer.Option("--check", envvar="TFGEN_CHECK", help="Write nothing; exit 2 when a generated file is stale."),
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", envvar="TFGEN_DIFF", help="Show the changes as a unified diff.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", envvar="TFGEN_VERIFY", help="Check each generated file by reading it with python-hcl2."
        ),
    ] = False,
    renamed: Annotated[
        list[str] | None,
        typer.Option(
            "--renamed",
            metavar="OLD_PATH=NEW_PATH",
            envvar="TFGEN_RENAMED",
            help="Say that a template was renamed. Repeatable.",
        ),
    ] = None,
    gone: Annotated[
        list[str] | None,
        typer.Option(
            "--gone",
            metavar="PATH",
            envvar="TFGEN_GONE",
            help="Say that a template was deleted, not renamed. Repeatable.",
        ),
    ] = None,
    prune_pins: Annotated[
        bool,
        typer.Option(
            "--prune-pins",
            envvar="TFGEN_PRUNE_PINS",
            help="First remove each moved_from from tfgen.toml whose move the state has.",
        ),
    ] = False,
    format_: FormatOption = "table",
) -> int:
    """Write one Terraform module block for each Packer template.

    The files are terraform/pipelines/pipeline_NAME.gen.tf. A renamed or moved template keeps its pipeline: its name is
    pinned in tfgen.toml. The file of a deleted template is deleted; the file of a template with errors is kept. A file
    that tfgen did not write, or that was edited by hand, is refused (exit 3; nothing is written).
    """
    from tfgen.sync.fast_check import now
    from tfgen.workspace import open_workspace

    started = now()
    workspace = open_workspace()
    if prune_pins:
        _prune(workspace, check=check)
        workspace = open_workspace()
    result = _answered(workspace, renamed or [], gone or [], check=check)
    if check and not renamed and not gone:
        from tfgen.sync.last_clean import remember

        remember(workspace, result, started)
    if verify:
        from tfgen.sync.read_back import verified

        result = verified(workspace, result, written=not check and not result.changes.refused)
    from tfgen.sync.report import render

    render(workspace, result, check=check, diff=diff, format_=format_)
    return exit_code(result, check=check)


def _prune(workspace: Workspace, *, check: bool) -> None:
    from tfgen.console import note
    from tfgen.sync.settled import prune_pins
    from tfgen_generators.errors import UsageError

    if check:
        raise UsageError("--prune-pins writes, and --check writes nothing", fix="use one of them")
    for name, old in prune_pins(workspace):
        note(f"removed {old} from moved_from of [templates.{name}]: the state has the move")


def _answered(workspace: Workspace, renamed: list[str], gone: list[str], *, check: bool) -> SyncResult:
    """One sync (or look), and others while somebody answers its questions."""
    from tfgen.sync.renames import ask, can_ask, read_answers
    from tfgen.sync.run import synchronize
    from tfgen.sync.survey import find_changes

    answers = read_answers(workspace.root, renamed, gone)
    result = find_changes(workspace, answers) if check else synchronize(workspace, answers)
    while result.questions and not check and can_ask():
        answers = ask(result.questions, answers)
        result = synchronize(workspace, answers)
    return result


def exit_code(result: SyncResult, *, check: bool) -> int:
    """3 before 1 before 2: what needs a person first."""
    if result.changes.refused:
        return EXIT_REFUSED
    if result.problems:
        return 1
    return EXIT_STALE if check and result.changes.changes else 0
