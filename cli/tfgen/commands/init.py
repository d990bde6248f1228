"""`tfgen init`: makes a repository one that tfgen works in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from tfgen.init.planned import Wanted
    from tfgen.init.run import Look

EXIT_MISSING = 2

EXAMPLES = """\b
Examples:
  tfgen init                    write what is missing, with a copy of the module
  tfgen init --module git       call the module by the commit that tfgen was installed from
  tfgen init --ci github        write the CI recipe, too
  tfgen init --check            exit 2 when something is missing
  tfgen init --update           merge this release's module, buildspec and recipe into yours
  tfgen init --update --check   exit 2 when one of them is old or was edited
"""


def command(
    module: Annotated[
        Literal["vendor", "git"] | None,
        typer.Option(
            "--module",
            metavar="HOW",
            envvar="TFGEN_INIT_MODULE",
            help="vendor: copy the module; git: call it by a commit. Default: the one that is there, else vendor.",
        ),
    ] = None,
    ci: Annotated[
        Literal["github", "bitbucket", "codecommit"] | None,
        typer.Option("--ci", metavar="HOST", envvar="TFGEN_INIT_CI", help="Write the recipe of tfgen ci HOST, too."),
    ] = None,
    install: Annotated[
        str | None,
        typer.Option(
            "--install",
            metavar="REQUIREMENT",
            envvar="TFGEN_CI_INSTALL",
            help="What CI installs, and where --module git takes the module from. Default: as this tfgen was.",
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", envvar="TFGEN_INIT_UPDATE", help="Merge this release's files into those of init."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", envvar="TFGEN_CHECK", help="Write nothing; exit 2 when something is missing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", envvar="TFGEN_DRY_RUN", help="Write nothing; show what would be written.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", envvar="TFGEN_YES", help="Ask nothing: take what is found, or the default.")
    ] = False,
) -> int:
    """Write what a repository needs for tfgen.

    That is tfgen.toml, the root module in terraform/pipelines, the pipelines' module, buildspec.yml, lines of
    .gitignore and, with --ci, the CI recipe; then it runs sync. A file that is there is kept. Names, branch, region
    and folders are found in git's settings, AWS's and the tree; on a terminal it asks for what cannot be found.
    --update does a three-way merge: an edited file gets git's conflict marks where both sides changed (exit 1).
    """
    from tfgen.init import report, run

    if update:
        return _update(install, check=check, dry_run=dry_run)
    look = run.asked(run.look_around(), quiet=yes or check or dry_run)
    planned = run.planned(look, _wanted(look, module, ci, install))
    if check or dry_run:
        report.show(planned, done=False, diff=dry_run)
        return EXIT_MISSING if check and planned.changes else 0
    run.write(look, planned)
    report.show(planned, done=True)
    if calls := look.existing.calls:
        report.hand_written(calls)
    if places := look.existing.unread_calls:
        report.unread(places)
    if calls or places:
        return int(bool(places))
    return _sync()


def _wanted(look: Look, module: str | None, ci: str | None, install: str | None) -> Wanted:
    from tfgen.hosts.recipe import RECIPES, found, given, recipe
    from tfgen.init.planned import Wanted
    from tfgen.init.run import branch_of, git_source

    if not ci and module != "git":
        return Wanted(module=module or "")
    requirement = found() if install is None else given(install)
    return Wanted(
        module=module or "",
        git=git_source(requirement) if module == "git" else "",
        recipe=(RECIPES[ci][1], recipe(branch_of(look), ci, requirement)) if ci else None,
    )


def _sync() -> int:
    from tfgen.commands.sync import exit_code
    from tfgen.console import note
    from tfgen.init import report
    from tfgen.init.run import lint_errors, synchronized
    from tfgen.phrases import counted
    from tfgen.sync.report import show_changes
    from tfgen.sync.survey import complain

    result = synchronized()
    show_changes(result, done=not result.changes.refused)
    complain(result)
    report.show_hints(result)
    if errors := lint_errors(len(result.pipelines)):
        note(f"{counted(errors, 'error')} in templates; to see and mend them, run: tfgen lint --fix", style="yellow")
    return exit_code(result, check=False)


def _update(install: str | None, *, check: bool, dry_run: bool) -> int:
    from tfgen.console import note
    from tfgen.hosts.recipe import given
    from tfgen.init.updating import report, update
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    found = update.all_states(None if install is None else given(install))
    if check:
        report.show_differing(found)
        return EXIT_MISSING if any(each.state != "current" for each in found) else 0
    results = update.merged(workspace.root, found)
    if not dry_run:
        update.write(workspace, results)
    report.show_merged(results, done=not dry_run)
    for warning in update.warnings(workspace):
        note(f"warning: {warning}", style="yellow")
    if not results:
        note(f"{len(found)} files are as this release has them")
    return 1 if any(result.conflicts for result in results) else 0
