"""`tfgen sync`: makes the generated files say what the templates and tfgen.toml say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.console import Format, note, one_line, out, out_diff, out_json
from tfgen.options import FormatOption

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.estate import Survey

EXIT_STALE = 2
EXIT_REFUSED = 3

_DONE = {"create": "created", "change": "changed", "delete": "deleted"}
_WOULD = {"create": "create", "change": "change", "delete": "delete"}
_STYLES = {"create": "green", "change": "yellow", "delete": "red"}

EXAMPLES = """\b
Examples:
  tfgen sync                 after adding, changing or removing a Packer file
  tfgen sync --check --diff  in CI: exit 2, and the difference, when somebody forgot
"""


def command(
    check: Annotated[
        bool,
        typer.Option("--check", envvar="TFGEN_CHECK", help="Write nothing; exit 2 when a generated file is stale."),
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", envvar="TFGEN_DIFF", help="Show what changes as a unified diff.")
    ] = False,
    format_: FormatOption = "table",
) -> int:
    """Write terraform/pipelines/pipeline_NAME.gen.tf for each Packer template.

    A template that is gone takes its file along; a broken one keeps the file that it has. A file that tfgen
    did not write, or that was edited since, is never touched (exit 3, and nothing is written).
    """
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    result = look(workspace) if check else synchronize(workspace)
    render(workspace, result, check=check, diff=diff, format_=format_)
    return exit_code(result, check=check)


def look(workspace: Workspace) -> Survey:
    """What sync would do; writes nothing."""
    from tfgen_generators.estate import survey

    return survey(workspace.root, workspace.settings, workspace.settings_text)


def synchronize(workspace: Workspace) -> Survey:
    """Makes the generated files what they should be, alone in this repository. After a refusal nothing is written."""
    from tfgen.workspace import locked
    from tfgen_generators.write import apply_changes, remove_leftovers

    with locked(workspace, "sync"):
        if not workspace.terraform_dir.is_dir():
            folder = workspace.settings.terraform_dir
            note(f"warning: there was no folder {folder} (terraform_dir): it is made now", style="yellow")
        remove_leftovers(workspace.terraform_dir)
        result = look(workspace)
        if not result.changes.refused:
            apply_changes(workspace.root, result.changes.changes)
    return result


def exit_code(result: Survey, *, check: bool) -> int:
    """3 before 1 before 2: what needs a person first."""
    if result.changes.refused:
        return EXIT_REFUSED
    if result.problems:
        return 1
    return EXIT_STALE if check and result.changes.changes else 0


def complain(result: Survey) -> None:
    """Everything that is wrong, each as one line on stderr."""
    for warning in result.warnings:
        note(one_line(f"warning: {warning}"), style="yellow")
    for problem in result.problems:
        note(one_line(f"error: {problem}"), style="red")
    for refused in result.changes.refused:
        note(one_line(f"error: {refused.path}: {refused.reason}; {refused.fix}"), style="red")


def render(workspace: Workspace, result: Survey, *, check: bool, diff: bool, format_: Format) -> None:
    """The report: changes on stdout, talk on stderr."""
    changes = result.changes
    done = not check and not changes.refused
    if format_ == "json":
        out_json(_as_json(result, written=done))
    elif diff:
        out_diff("".join(change.diff() for change in changes.changes))
    elif changes.changes:
        words = _DONE if done else _WOULD
        width = max(len(word) for word in words.values())
        for change in changes.changes:
            out(f"{words[change.action].ljust(width)}  {change.path}", style=_STYLES[change.action])
    complain(result)
    if format_ == "table":
        _conclude(workspace, result, check=check)


def _conclude(workspace: Workspace, result: Survey, *, check: bool) -> None:
    changes = result.changes
    if not result.discovery.templates:
        note(f"no Packer templates in {workspace.settings.packer_dir}")
    if changes.refused:
        note("nothing was written")
        return
    counts = [
        f"{sum(change.action == action for change in changes.changes)} {word}" for action, word in _counted(check)
    ]
    kept = f", {len(changes.kept)} kept (see the errors)" if changes.kept else ""
    note(f"{', '.join(counts)}, {len(changes.unchanged)} unchanged{kept}")
    if check and changes.changes:
        note("run: tfgen sync")


def _counted(check: bool) -> list[tuple[str, str]]:
    return [(action, f"to {action}" if check else word) for action, word in _DONE.items()]


def _as_json(result: Survey, *, written: bool) -> dict[str, object]:
    changes = result.changes
    return {
        **{word: [c.path for c in changes.changes if c.action == action] for action, word in _DONE.items()},
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
