"""`tfgen prune`: which AMIs nobody uses, what becomes of them, and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tfgen.completion import values
from tfgen.options import FormatOption, IamPolicyOption, is_typed
from tfgen_generators.errors import UsageError

EXIT_REFUSED = 3

EXAMPLES = """\b
Examples:
  tfgen prune                                 the plan: what may go, why the rest stays
  tfgen prune --region eu-west-1 --region us-east-1 --out prune.json
  tfgen prune --image web
  tfgen prune --name 'web-*'                  AMIs without our tags too, by their names
  tfgen prune prune.json                      does what was planned, as far as nobody uses it now
  tfgen prune --undo 20261201T120000Z-0a1b2c  gives back what a run has taken (tfgen prune --runs)
  tfgen prune --iam-policy                    the rights that it needs; with FILE, with --undo: those for that
"""


def command(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", show_default=False, help="A plan that --out has written: do what it says."),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image",
            metavar="NAME",
            envvar="TFGEN_PRUNE_IMAGE",
            autocompletion=values.images,
            help="Only AMIs of this image. Repeatable.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_PRUNE_REGION",
            help="AWS region (default: those in tfgen.toml, else AWS_REGION or the profile's). Repeatable.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="PATTERN",
            envvar="TFGEN_PRUNE_NAME",
            help="Also AMIs without the tag Template whose name matches (* and ?). Repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", envvar="TFGEN_PRUNE_OUT", help="Write the plan to a file."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", envvar="TFGEN_DRY_RUN", help="With FILE: ask again, show what would be done."),
    ] = False,
    no_undo: Annotated[
        bool,
        typer.Option(
            "--no-undo",
            envvar="TFGEN_PRUNE_NO_UNDO",
            help="With FILE: deregister also what no rule of the Recycle Bin keeps.",
        ),
    ] = False,
    undo: Annotated[
        str,
        typer.Option(
            "--undo",
            metavar="RUN",
            envvar="TFGEN_PRUNE_UNDO",
            show_default=False,
            help="Give back what a run has taken: its name, or the path of its journal.",
        ),
    ] = "",
    runs: Annotated[
        bool, typer.Option("--runs", envvar="TFGEN_PRUNE_RUNS", help="List the runs that can be undone.")
    ] = False,
    iam_policy: IamPolicyOption = False,
    format_: FormatOption = "table",
) -> int:
    """Plan what becomes of AMIs that nobody uses; with FILE, do it.

    Asks AWS and the repository who uses each AMI, keeps those with a user, and plans for the others what [retention]
    says: deprecate, disable, deregister. Without FILE it changes nothing. If something cannot be asked, all AMIs of
    that region stay (exit 3). With FILE all of this is asked again; --undo takes a run back.
    """
    chosen = [bool(file), bool(undo), runs]
    if sum(chosen) > 1:
        raise UsageError("FILE, --undo and --runs exclude each other", fix="use one of them")
    if any(chosen) and any(is_typed(context, each) for each in ("image", "region", "name", "out")):
        raise UsageError(
            "--image, --region, --name and --out are for a plan that is made", fix="make it: tfgen prune --out FILE"
        )
    if not file and is_typed(context, "no_undo"):
        raise UsageError("--no-undo is for a plan that is carried out", fix="use: tfgen prune FILE --no-undo")
    if iam_policy:
        return _policy(applies=file is not None, undoes=bool(undo))
    if runs or undo:
        return _undo(undo, format_)
    if file is not None:
        return _apply(file, format_, dry_run=dry_run, no_undo=no_undo)
    return _plan(image or (), region or (), name or (), out, format_)


def _policy(*, applies: bool, undoes: bool) -> int:
    from tfgen.console import out_json
    from tfgen.prune.policy import apply_policy, policy, undo_policy

    if applies or undoes:
        from tfgen.aws.profiles import partition_of

        partition = partition_of("")
        out_json(apply_policy(partition) if applies else undo_policy(partition))
    else:
        out_json(policy())
    return 0


def _undo(run: str, format_: str) -> int:
    from tfgen.prune.acting.undo import runs, undo
    from tfgen.prune.acting.view import show, show_runs, tell
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    if not run:
        show_runs(runs(workspace), format_)
        return 0
    undone = undo(workspace, run, tell)
    show(undone, format_)
    return undone.exit_code


def _apply(file: Path, format_: str, *, dry_run: bool, no_undo: bool) -> int:
    from tfgen.prune.acting.apply import Options, apply
    from tfgen.prune.acting.view import show, tell
    from tfgen.prune.plan_file import read_plan
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    applied = apply(workspace, read_plan(file), Options(no_undo=no_undo, dry_run=dry_run), tell)
    show(applied, format_)
    return applied.exit_code


def _plan(
    images: Iterable[str], regions: Iterable[str], patterns: Iterable[str], out: Path | None, format_: str
) -> int:
    from tfgen.console import note
    from tfgen.prune.acting.journal import broken_off
    from tfgen.prune.make import Request, make_plan
    from tfgen.prune.plan_file import write_plan
    from tfgen.prune.view import show
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    plan = make_plan(workspace, Request(regions=tuple(regions), images=tuple(images), patterns=tuple(patterns)))
    show(plan, format_)
    if out:
        write_plan(out, plan)
        note(f"wrote {out}")
    for run in broken_off(workspace):
        message = f"run {run} was broken off: run tfgen prune FILE to finish it, or tfgen prune --undo {run}"
        note(f"warning: {message}", style="yellow")
    return EXIT_REFUSED if plan.unreadable else 0
