"""`tfgen dispatch`: starts the pipelines of the images that a commit affects since they were last built."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tfgen.completion import values
from tfgen.options import FormatOption
from tfgen_generators.errors import InterruptedRunError, TfgenError, UsageError

if TYPE_CHECKING:
    from tfgen.aws.pipelines.own_builds import OwnBuilds
    from tfgen.aws.session import Account
    from tfgen.console import Format
    from tfgen.dispatch.model import Job, Outcome
    from tfgen.dispatch.turn import Turn
    from tfgen.workspace import Workspace

_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")


class _Place(NamedTuple):
    """Where it works: its table, the region, and the project that it runs in."""

    table: str
    region: str | None
    project: str


class _Flags(NamedTuple):
    """How it works, as `make_job` takes it."""

    children: bool
    wait: bool
    retry: bool
    most: int


EXAMPLES = """\b
Examples:
  tfgen dispatch --table ami-builder-dispatcher            build what is affected, and wait for it
  tfgen dispatch --table ami-builder-dispatcher --no-wait  start what can be started now, and end
"""


def command(
    table: Annotated[
        str,
        typer.Option(
            "--table",
            metavar="NAME",
            envvar="TFGEN_DISPATCH_TABLE",
            show_default=False,
            help="The dispatcher's DynamoDB table.",
        ),
    ],
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch",
            metavar="BRANCH",
            envvar="TFGEN_DISPATCH_BRANCH",
            autocompletion=values.branches,
            help="The branch that the pipelines build; must be that of tfgen.toml.",
        ),
    ] = None,
    commit: Annotated[
        str,
        typer.Option(
            "--commit",
            metavar="COMMIT",
            envvar="TFGEN_DISPATCH_COMMIT",
            autocompletion=values.refs,
            help="The pushed commit; it must be checked out.",
        ),
    ] = "HEAD",
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait",
            envvar="TFGEN_DISPATCH_WAIT",
            help="Wait for the builds, so that children start after their parents.",
        ),
    ] = True,
    children: Annotated[
        bool,
        typer.Option(
            "--children/--no-children",
            envvar="TFGEN_DISPATCH_CHILDREN",
            help="Rebuild images whose parent was built.",
        ),
    ] = True,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry/--no-retry",
            envvar="TFGEN_DISPATCH_RETRY",
            help="Start again what has failed for this commit.",
        ),
    ] = True,
    max_in_flight: Annotated[
        int | None,
        typer.Option(
            "--max-in-flight",
            metavar="N",
            min=0,
            envvar="TFGEN_DISPATCH_MAX_IN_FLIGHT",
            show_default=False,
            help="Executions at a time, 0: any number (default: max_in_flight of tfgen.toml, 5).",
        ),
    ] = None,
    project: Annotated[
        str,
        typer.Option(
            "--project",
            metavar="NAME",
            envvar="TFGEN_DISPATCH_PROJECT",
            show_default=False,
            help="The CodeBuild project that this runs in, if it runs nothing else: its waiting builds are stopped.",
        ),
    ] = "",
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_BUILD_REGION",
            help="AWS region (default: AWS_REGION, or the profile's).",
        ),
    ] = None,
    format_: FormatOption = "table",
) -> int:
    """Start the pipelines of the images that a push affects.

    An image is affected when its files changed since its last good build; the table keeps the commit of that build. So
    a failed build is started again by the next push. Parents are built before their children. Several dispatches can
    run at the same time, and start no more than --max-in-flight executions together. Exits 1 when an image could not be
    built.
    """
    from tfgen.workspace import open_workspace

    if not _TABLE.fullmatch(table):
        message = f"--table {table!r}: AWS allows 3 to 255 letters, digits, _ . -"
        raise UsageError(message, fix="use the dispatcher's table (output table_name of its module)")
    workspace = open_workspace()
    _require_branch(workspace, branch)
    most = workspace.settings.max_in_flight if max_in_flight is None else max_in_flight
    flags = _Flags(children=children, wait=wait, retry=retry, most=most)
    turn, broken = _prepared(workspace, _commit(workspace, commit), _Place(table, region, project), flags)
    if turn.begin():
        _run(turn, format_)
    _show(turn.job, turn.outcomes, format_)
    return _exit_code(turn.outcomes, broken=broken, again="dispatch" if retry else "push")


def _require_branch(workspace: Workspace, said: str | None) -> None:
    """Raises UsageError for another branch than the pipelines'; a commit that is no branch's head may be any's."""
    from tfgen.git.repository import checked_out_branch

    built = workspace.settings.branch
    if said is not None and said != built:
        message, fix = f"--branch {said}: the pipelines build {built} (tfgen.toml)", "change one of the two"
        raise UsageError(message, fix=fix)
    found = built if said else checked_out_branch(workspace.root)
    if found not in ("", built):
        message = f"{found} is checked out, and the pipelines build {built} (tfgen.toml)"
        raise UsageError(message, fix=f"run: git checkout {built}, or add --branch {built} if this is a commit of it")


def _commit(workspace: Workspace, wanted: str) -> str:
    """The commit in full. Raises TfgenError unless the work tree is of it: images are those of the work tree."""
    from tfgen.affected.find import resolve_commit
    from tfgen.git.repository import head_commit, require_program

    require_program(workspace.root)
    head, commit = head_commit(workspace.root), resolve_commit(workspace, wanted)
    if not head:
        raise TfgenError("no commit to dispatch", fix="run this in a clone of the repository")
    if not commit:
        raise TfgenError(f"--commit {wanted}: commit not found", fix="clone the whole history, or fetch the commit")
    if commit != head:
        raise TfgenError(f"--commit {wanted}: {head[:12]} is checked out", fix=f"run: git checkout {commit[:12]}")
    return commit


def _prepared(workspace: Workspace, commit: str, place: _Place, flags: _Flags) -> tuple[Turn, bool]:
    """The dispatch before its plan, and whether templates are broken, of which nothing can be said."""
    from tfgen.aws.pipelines.dispatch_state import StateTable
    from tfgen.aws.session import open_account
    from tfgen.build.follow import poll_seconds
    from tfgen.console import note, one_line
    from tfgen.dispatch.assess import Assessor
    from tfgen.dispatch.estate import affected_since, make_job
    from tfgen.dispatch.turn import Turn
    from tfgen.sync.survey import find_changes

    found = find_changes(workspace)
    for problem in found.problems:
        note(one_line(f"error: {problem}"), style="red")
    account = open_account(place.region)
    job = make_job(workspace, found, commit, account.id, **flags._asdict())
    table = StateTable(account, place.table)
    assessor = Assessor(job, table, affected_since(workspace, commit), poll_seconds)
    tell = lambda name, text: note(one_line(f"{name} > {text}"))  # noqa: E731 one line of talk
    say = lambda text: note(one_line(text))  # noqa: E731 the same
    return Turn(assessor, say, tell, poll_seconds, _own_builds(account, place.project)), bool(found.problems)


def _own_builds(account: Account, project: str) -> OwnBuilds | None:
    """The builds of `project`, if this is one of them."""
    from tfgen.aws.pipelines.own_builds import OwnBuilds

    build = os.environ.get("CODEBUILD_BUILD_ID", "")
    return OwnBuilds(account, project, build) if project and build.startswith(f"{project}:") else None


def _run(turn: Turn, format_: Format) -> None:
    try:
        turn.run()
    except (KeyboardInterrupt, TfgenError) as error:
        _show(turn.job, turn.outcomes, format_)
        going = ", ".join(f"{name} ({execution})" for name, execution in turn.going.items())
        fix = f"started builds go on, and the next dispatch follows them{f': {going}' if going else ''}"
        if isinstance(error, TfgenError):
            from tfgen.console import note, one_line

            note(one_line(fix))
            raise
        raise InterruptedRunError("interrupted: stopped waiting for the builds", fix=fix) from None


def _show(job: Job, outcomes: Sequence[Outcome], format_: Format) -> None:
    from tfgen.console import out_json, out_table

    if format_ == "json":
        keys = ("name", "status", "commit", "execution", "reason")
        images = [{key: getattr(each, key) for key in keys} for each in outcomes]
        out_json({"commit": job.commit, "images": images})
    elif outcomes:
        rows = [(each.name, each.status, each.commit[:12] or "-", each.reason) for each in outcomes]
        out_table(["NAME", "STATUS", "COMMIT", "REASON"], rows)


def _exit_code(outcomes: Sequence[Outcome], *, broken: bool, again: str) -> int:
    from tfgen.console import note
    from tfgen.dispatch.model import BAD

    bad = [each.name for each in outcomes if each.status in BAD]
    if bad:
        note(f"not built: {', '.join(bad)}; the next {again} starts them again", style="red")
    if lost := [each.name for each in outcomes if each.status == "lost"]:
        note(f"{', '.join(lost)}: pipeline not found; tfgen apply creates a new pipeline, which then builds by itself")
    if broken:
        note("images whose templates have errors were not checked", style="red")
    return 1 if bad or broken else 0
