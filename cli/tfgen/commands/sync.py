"""`tfgen sync`: makes the generated files say what the templates and tfgen.toml say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.console import Format, note, one_line, out, out_diff, out_json
from tfgen.options import FormatOption
from tfgen.sync.last_clean import DONE, counted

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.identity import Answers, Rename
    from tfgen_generators.sync.survey import Survey

EXIT_STALE = 2
EXIT_REFUSED = 3

_STYLES = {"create": "green", "change": "yellow", "delete": "red", "forget": "yellow"}
_JSON = {**DONE, "forget": "forgotten"}

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
    result = _answered(workspace, renamed or [], gone or [], check=check)
    if check and not renamed and not gone:
        from tfgen.sync.last_clean import remember

        remember(workspace, result, started)
    if verify:
        from tfgen.sync.read_back import verified

        result = verified(workspace, result, written=not check and not result.changes.refused)
    render(workspace, result, check=check, diff=diff, format_=format_)
    return exit_code(result, check=check)


def _answered(workspace: Workspace, renamed: list[str], gone: list[str], *, check: bool) -> Survey:
    """One sync (or look), and others while somebody answers its questions."""
    from tfgen.sync.renames import ask, can_ask, read_answers
    from tfgen.sync.survey import look

    answers = read_answers(workspace.root, renamed, gone)
    result = look(workspace, answers) if check else synchronize(workspace, answers)
    while result.questions and not check and can_ask():
        answers = ask(result.questions, answers)
        result = synchronize(workspace, answers)
    return result


def synchronize(workspace: Workspace, answers: Answers | None = None) -> Survey:
    """Makes the generated files what they should be, alone in this repository. After a refusal nothing is written."""
    from tfgen.sync.survey import look
    from tfgen.workspace import locked

    with locked(workspace, "sync"):
        workspace = reopened(workspace)
        workspace.make_state_dir("cache")
        result = look(workspace, answers)
        write(workspace, result)
    return result


def write(workspace: Workspace, result: Survey) -> None:
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


def exit_code(result: Survey, *, check: bool) -> int:
    """3 before 1 before 2: what needs a person first."""
    if result.changes.refused:
        return EXIT_REFUSED
    if result.problems:
        return 1
    return EXIT_STALE if check and result.changes.changes else 0


def render(workspace: Workspace, result: Survey, *, check: bool, diff: bool, format_: Format) -> None:
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


def show_changes(result: Survey, *, done: bool) -> None:
    """One line a change to stdout."""
    for line in _pinned(result, done=done):
        out(line, style="yellow")
    for change in result.changes.changes:
        word = DONE[change.action] if done else change.action
        out(one_line(f"{word.ljust(_width(done=done))}  {change.path}"), style=_STYLES[change.action])


def _pinned(result: Survey, *, done: bool) -> list[str]:
    word = ("pinned" if done else "pin").ljust(_width(done=done))
    return [one_line(f"{word}  {item.name}  {item.old} -> {item.new}{_alike(item)}") for item in result.renames]


def _alike(rename: Rename) -> str:
    """What a person must look at: git calls half of a file the same file."""
    return "" if rename.score == 100 else f"  ({rename.score}% similar)"


def _width(*, done: bool) -> int:
    return 7 if done else 6


def _conclude(workspace: Workspace, result: Survey, *, check: bool) -> None:
    changes = result.changes
    if not result.discovery.templates:
        note(f"no Packer templates in {workspace.settings.packer_dir}")
    if changes.refused:
        note("nothing was written")
        return
    note(counted(changes, check=check))
    if any(change.action == "forget" for change in changes.changes):
        note("forgotten pipelines stay in AWS; delete their files when the change has been applied everywhere")
    if check and changes.changes:
        note("run: tfgen sync")


def as_json(result: Survey, *, written: bool) -> dict[str, object]:
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
