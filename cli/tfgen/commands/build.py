"""`tfgen build`: starts the pipelines of images and follows them; or runs the same build on this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.completion import values
from tfgen.options import FormatOption
from tfgen_generators.errors import InterruptedRunError, TfgenError, UsageError

if TYPE_CHECKING:
    from tfgen.build.follow import Following
    from tfgen.codebuild.outcome import BuildOutcome
    from tfgen.console import Format
    from tfgen.workspace import Workspace

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: CodeBuild's own default, in minutes.
_LOCAL_TIMEOUT = 60

EXAMPLES = """\b
Examples:
  tfgen build wordpress              start its pipeline, follow the build, show the AMI
  tfgen build wordpress base         two images in parallel
  tfgen build wordpress --no-wait    start its pipeline, print the execution id
  tfgen build wordpress --local      run buildspec.yml on this machine as CodeBuild does
"""


def command(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            show_default=False,
            help="Image names as shown by tfgen list.",
            autocompletion=values.images,
        ),
    ],
    local: Annotated[
        bool,
        typer.Option("--local", envvar="TFGEN_LOCAL", help="Run the build on this machine (docs/local-builds.md)."),
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", envvar="TFGEN_NO_WAIT", help="Start the pipelines without waiting for them.")
    ] = False,
    timeout: Annotated[
        int | None,
        typer.Option(
            "--timeout",
            metavar="MINUTES",
            min=1,
            envvar="TFGEN_BUILD_TIMEOUT",
            help="How long to wait (default: until the end); with --local, the build's timeout (default 60).",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_BUILD_REGION",
            help="AWS region (default: AWS_REGION, or the profile's).",
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="NAME=VALUE",
            envvar="TFGEN_BUILD_ENV",
            help="With --local: an environment variable of the build. Repeatable.",
        ),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", envvar="TFGEN_KEEP_SOURCE", help="With --local: keep the copy of the source."),
    ] = False,
    format_: FormatOption = "table",
) -> int:
    """Build images in AWS, or on this machine with --local.

    Starts the pipelines, shows their logs, and prints the AMIs. Exits 1 and names the stage and the reason when a build
    fails. Ctrl-C stops waiting, not the builds. With --local, runs buildspec.yml in a copy of the work tree.
    """
    from tfgen.workspace import open_workspace

    if local:
        if no_wait:
            raise UsageError("--no-wait cannot be used with --local", fix="remove one of them")
        return _build_here(open_workspace(), names, _variables(env or []), timeout, keep, region, format_)
    for flag, variable, given in (("--env", "TFGEN_BUILD_ENV", env), ("--keep", "TFGEN_KEEP_SOURCE", keep)):
        if given:
            raise UsageError(f"{flag} ({variable}) requires --local", fix=f"add --local, or remove {flag}")
    return _build_there(open_workspace(), names, timeout, region, format_, wait=not no_wait)


def _build_here(
    workspace: Workspace,
    names: Sequence[str],
    environment: dict[str, str],
    timeout: int | None,
    keep: bool,
    region: str | None,
    format_: Format,
) -> int:
    from tfgen.build.local import build_locally
    from tfgen.codebuild.outcome import LocalOptions

    options = LocalOptions(
        environment=environment, timeout_minutes=timeout or _LOCAL_TIMEOUT, keep=keep, region=region or ""
    )
    built: list[BuildOutcome] = []
    try:
        build_locally(workspace, tuple(dict.fromkeys(names)), options, built.append)
    except (KeyboardInterrupt, TfgenError):
        if built:
            _show(built, format_)
        raise
    return _show(built, format_)


def _build_there(
    workspace: Workspace, names: Sequence[str], timeout: int | None, region: str | None, format_: Format, *, wait: bool
) -> int:
    from tfgen.aws.pipelines.executions import PipelineRun
    from tfgen.aws.session import open_account
    from tfgen.build.follow import Following, follow, start
    from tfgen.build.progress import PlainTeller, make_teller
    from tfgen.sync.chosen_pipelines import chosen_pipelines, name_in_aws

    chosen = chosen_pipelines(workspace, names)
    account = open_account(region)
    teller = (make_teller if wait else PlainTeller)([pipeline.name for pipeline in chosen])
    builds = [
        Following(pipeline.name, PipelineRun(account, name_in_aws(workspace, pipeline, account.id)), teller)
        for pipeline in chosen
    ]
    try:
        with teller:
            start(builds)
            if wait:
                follow(builds, teller, timeout and timeout * 60)
    except (KeyboardInterrupt, TfgenError) as error:
        _say_what_goes_on(builds, format_, wait=wait)
        if isinstance(error, TfgenError):
            raise
        raise InterruptedRunError("interrupted: stopped waiting for the builds", fix=_goes_on(builds)) from None
    if not wait:
        return _show_started(builds, format_)
    return _show([build.outcome for build in builds if build.outcome], format_)


def _say_what_goes_on(builds: Sequence[Following], format_: Format, *, wait: bool) -> None:
    """What ended (was started, when nothing is waited for), as data; what still runs, and how to stop it."""
    from tfgen.build.follow import how_to_stop
    from tfgen.console import note

    done = [build.outcome for build in builds if build.outcome]
    started = [build for build in builds if build.run.id]
    if done:
        _show(done, format_)
    elif started and not wait:
        _show_started(started, format_)
    for line in how_to_stop(builds):
        note(line)


def _goes_on(builds: Sequence[Following]) -> str:
    going = [build.name for build in builds if build.run.id and not build.outcome]
    return f"still running: {', '.join(going)}" if going else "no build is still running"


def _show_started(builds: Sequence[Following], format_: Format) -> int:
    from tfgen.console import out_json, out_table

    rows = [(build.name, build.run.pipeline, build.run.id, build.run.account.region) for build in builds]
    if format_ == "json":
        keys = ("name", "pipeline", "execution_id", "region")
        out_json({"executions": [dict(zip(keys, row, strict=True)) for row in rows]})
    else:
        out_table(["NAME", "PIPELINE", "EXECUTION", "REGION"], rows)
    return 0


def _variables(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not _VARIABLE.fullmatch(name) or "\0" in value:
            raise UsageError(f"--env {text!r} is not NAME=VALUE", fix="use for example --env SUBNET_ID=subnet-1")
        found[name] = value
    return found


def _show(outcomes: Sequence[BuildOutcome], format_: Format) -> int:
    """The outcomes to stdout, the reasons of failures to stderr; gives the exit code."""
    from tfgen.console import note, one_line, out_json, out_table
    from tfgen.phrases import duration

    if format_ == "json":
        import msgspec

        out_json({"builds": msgspec.to_builtins(outcomes)})
    else:
        header = ["NAME", "RESULT", "AMI", "REGION", "TIME"]
        here = any(outcome.artifacts for outcome in outcomes)
        rows = [
            [
                outcome.name,
                "succeeded" if outcome.succeeded else "failed",
                outcome.ami_id or "-",
                outcome.region or "-",
                duration(outcome.seconds),
                *([outcome.artifacts or "-"] if here else []),
            ]
            for outcome in outcomes
        ]
        out_table([*header, *(["ARTIFACTS"] if here else [])], rows)
    for outcome in outcomes:
        if not outcome.succeeded:
            note(one_line(f"error: {outcome.name}: {outcome.reason or 'the build failed'}"), style="red")
    return 0 if all(outcome.succeeded for outcome in outcomes) else 1
