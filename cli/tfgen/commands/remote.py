"""`tfgen remote`: the CodeCommit remote next to origin, and pushes to both."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.completion import values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfgen.git.push import Pushed
    from tfgen_generators.settings.model import Settings

ADD_EXAMPLES = """\b
Examples:
  tfgen remote add                              add the remote codecommit
  tfgen remote add --region eu-west-1 --profile images
"""
PUSH_EXAMPLES = """\b
Examples:
  tfgen remote push                    push the current branch to origin and to CodeCommit
  tfgen remote push fix-nginx          push another branch
  tfgen remote push --remote codecommit
"""

app = typer.Typer(
    name="remote",
    help="Set up the CodeCommit remote, and push to it (docs/remotes.md).",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("add", epilog=ADD_EXAMPLES)
def add(
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            envvar="TFGEN_REMOTE_NAME",
            help="The remote's name (default: tfgen.toml's, or codecommit).",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_REMOTE_REGION",
            help="AWS region (default: tfgen.toml's, AWS_REGION, AWS_DEFAULT_REGION, or the profile's).",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="PROFILE",
            envvar="TFGEN_REMOTE_PROFILE",
            help="AWS profile to write into the URL (default: tfgen.toml's; without one, AWS_PROFILE at each push).",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", envvar="TFGEN_REMOTE_FORCE", help="Change a remote that has another URL."),
    ] = False,
) -> int:
    """Add the CodeCommit repository as a git remote.

    It is source_repository in tfgen.toml, which the pipelines read, or repository in its [remote]. A remote of that
    name with another URL is not changed (exit 3). Contacts neither AWS nor CodeCommit. git needs the program
    git-remote-codecommit: pip install git-remote-codecommit.
    """
    from tfgen.console import note, out
    from tfgen.git.remotes import require_git, require_helper, set_remote
    from tfgen.workspace import locked, open_workspace

    workspace = open_workspace()
    require_git(workspace.root)
    name, url = _place(workspace.settings, name, region, profile)
    require_helper()
    with locked(workspace, "remote"):
        out(set_remote(workspace.root, name, url, force=force))
    note("to push a branch to both, run: tfgen remote push")
    return 0


def _place(settings: Settings, name: str | None, region: str | None, profile: str | None) -> tuple[str, str]:
    """The remote's name and address, flags before tfgen.toml before AWS's own. Raises TfgenError."""
    from tfgen.aws.profiles import is_known_region, region_of
    from tfgen.console import note
    from tfgen_generators.errors import SettingsError, UsageError
    from tfgen_generators.settings.git_names.codecommit_url import codecommit_url
    from tfgen_generators.settings.model import FILE_NAME

    if not settings.codecommit_repository:
        where = f"{FILE_NAME}:{settings.line('source_repository')}"
        message = f"the pipelines read {settings.source_repository}, and no CodeCommit repository is named"
        raise SettingsError(message, where=where, fix='add repository = "NAME" to [remote], or use git remote add')
    ours = settings.remote
    name = _checked("name", ours.name if name is None else name)
    profile = ours.profile if profile is None else profile
    if profile:
        _checked("profile", profile)
    region = region or ours.region
    if profile or not region:  # the profile is looked for in any case
        found = region_of(profile)
        region = region or found
    if not region:
        raise UsageError("AWS region not set", fix="use --region, or set AWS_REGION")
    if not is_known_region("codecommit", _checked("region", region)):
        note(f"warning: boto3 does not know CodeCommit in {region}", style="yellow")
    return name, codecommit_url(region, settings.codecommit_repository, profile)


def _checked(part: str, value: str) -> str:
    from tfgen_generators.errors import UsageError
    from tfgen_generators.settings.git_names.codecommit_url import what_is_allowed

    if allowed := what_is_allowed(part, value):
        raise UsageError(f"{value!r} is not a valid {part}", fix=f"use {allowed}")
    return value


@app.command("push", epilog=PUSH_EXAMPLES)
def push(
    branch: Annotated[
        str,
        typer.Argument(
            metavar="[BRANCH]",
            help="A local branch (default: the current one).",
            show_default=False,
            autocompletion=values.branches,
        ),
    ] = "",
    remote: Annotated[
        list[str] | None,
        typer.Option(
            "--remote",
            metavar="NAME",
            envvar="TFGEN_REMOTE",
            help="The remote (default: origin and CodeCommit's). Repeatable.",
        ),
    ] = None,
) -> int:
    """Push a branch to origin and to CodeCommit.

    Never forces. Refuses the default branch (exit 3): merge a pull request instead. When the push to one remote fails,
    the other is still pushed to, and the exit code is 1.
    """
    from tfgen.git.remotes import branch_to_push, chosen_remotes, refuse_default_branch, require_git, require_helper
    from tfgen.workspace import open_workspace

    workspace = open_workspace(need_settings=False)
    root, settings = workspace.root, workspace.settings
    require_git(root)
    chosen = branch_to_push(root, branch)
    remotes = chosen_remotes(root, remote or (), settings.remote.name)
    refuse_default_branch(root, chosen, remotes, settings.branch)
    if any(one.needs_helper for one in remotes):
        require_helper()
    _say_what_stays(root, chosen)
    push_all(root, [one.name for one in remotes], chosen)
    return 0


def push_all(root: Path, remotes: Sequence[str], branch: str) -> None:
    """Pushes to one after the other and prints what arrived. Raises TfgenError when one did not get it."""
    from tfgen.console import out
    from tfgen.git.push import push as push_to
    from tfgen_generators.errors import TfgenError

    results: list[Pushed] = []
    for remote in remotes:
        result = push_to(root, remote, branch)
        results.append(result)
        if result.is_new:
            out(f"pushed     {branch} -> {remote}  {result.summary}", style="green")
        elif result.is_there:
            out(f"unchanged  {branch} -> {remote}  it has this commit")
    failed = [result for result in results if not result.is_there]
    if failed:
        reasons = ", ".join(f"{result.remote} ({result.summary})" for result in failed)
        arrived = " and ".join(result.remote for result in results if result.is_there) or "no remote"
        raise TfgenError(f"{branch} was not pushed to {reasons}; {arrived} has it", fix=_fix(root, failed[0], branch))


def _fix(root: Path, failed: Pushed, branch: str) -> str:
    from tfgen.git.remotes import is_checked_out

    if failed.is_shallow:
        return f"{failed.remote} refuses a push from a shallow clone; run: git fetch --unshallow, then push again"
    if failed.is_behind:
        # A merge: what the other remote has got already must stay as it is.
        words = shlex.join(["git", "pull", "--no-rebase", failed.remote, branch])
        if not is_checked_out(root, branch):
            words = f"{shlex.join(['git', 'switch', branch])} && {words}"
        return f"{failed.remote} has commits that you do not have; run: {words}, then push again"
    return "see git's message above"


def _say_what_stays(root: Path, branch: str) -> None:
    """One line where the work tree of the branch that is pushed holds more than its commits."""
    from tfgen.console import note
    from tfgen.git.differences import is_dirty
    from tfgen.git.remotes import is_checked_out
    from tfgen.git.repository import NoAnswerError, top_of

    try:
        top = top_of(root)
    except NoAnswerError:
        return
    if is_checked_out(root, branch) and is_dirty(top, ["."]):
        note("note: uncommitted changes are not pushed")
