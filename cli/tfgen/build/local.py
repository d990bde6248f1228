"""`tfgen build NAME --local`: from a name to a run of the buildspec on this machine."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.codebuild.outcome import BuildOutcome, LocalOptions
from tfgen.console import note, one_line
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.model import FILE_NAME as TFGEN_TOML
from tfgen_generators.settings.secrets import fetched, plain
from tfgen_generators.settings.setting_scope import secret_paths
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.codebuild.buildspec import Buildspec
    from tfgen.codebuild.environment import Job
    from tfgen.workspace import Workspace
    from tfgen_generators.pipeline.pipeline import Pipeline


def build_locally(
    workspace: Workspace,
    names: Sequence[str],
    options: LocalOptions,
    on_outcome: Callable[[BuildOutcome], None] = lambda _: None,
) -> tuple[BuildOutcome, ...]:
    """Builds the images one after the other, in copies of the working tree; talk and logs go to stderr.

    `on_outcome` gets each outcome as soon as there is one: those of before an error too.
    Raises UsageError for a name that is not there, TfgenError for a buildspec that cannot be run,
    BusyError when the same image is being built here, InterruptedRunError after Ctrl-C or SIGTERM.
    """
    from tfgen.workspace import locked

    jobs = _jobs(workspace, names, options)
    outcomes = []
    for job in jobs:
        with locked(workspace, f"build-{job.name}", timeout=0):
            outcomes.append(_build(workspace, job, options))
        on_outcome(outcomes[-1])
    return tuple(outcomes)


def _jobs(workspace: Workspace, names: Sequence[str], options: LocalOptions) -> list[Job]:
    from tfgen.sync.chosen_pipelines import chosen_pipelines

    pipelines = chosen_pipelines(workspace, names)
    specs: dict[str, Buildspec] = {}
    jobs = []
    for pipeline in pipelines:
        path = _buildspec_path(pipeline)
        if path not in specs:
            specs[path] = _read(workspace, path)
        jobs.append(_job(workspace, pipeline, options, specs[path], path))
    return jobs


def _job(workspace: Workspace, pipeline: Pipeline, options: LocalOptions, spec: Buildspec, path: str) -> Job:
    from tfgen.codebuild.environment import Job

    return Job(
        name=pipeline.name,
        project=_project(workspace, pipeline),
        variables=_variables(workspace, pipeline),
        fetched=_fetched(workspace, pipeline),
        spec=spec,
        spec_path=path,
        shell=_program(spec.shell, "the buildspec's shell"),
        env_program=_program("env", "needed to read a command's variables"),
        region=_region(workspace, options),
    )


def _read(workspace: Workspace, path: str) -> Buildspec:
    from tfgen.codebuild.buildspec import read_buildspec

    try:
        text = read_bytes(workspace.root / path).decode()
    except FileNotFoundError:
        raise TfgenError("file not found", where=path, fix="create it") from None
    except UnicodeDecodeError:
        raise TfgenError("not UTF-8 text", where=path, fix="save it as UTF-8") from None
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=path) from None
    spec = read_buildspec(text, path)
    for warning in spec.notes:
        note(one_line(f"warning: {warning}"), style="yellow")
    return spec


def _buildspec_path(pipeline: Pipeline) -> str:
    """Which file the pipeline's module reads: its input `buildspec`, where that is a text."""
    from tfgen.codebuild.buildspec import FILE_NAME

    given = dict(pipeline.values).get("buildspec")
    return given if isinstance(given, str) and given else FILE_NAME


def _variables(workspace: Workspace, pipeline: Pipeline) -> dict[str, str]:
    """The variables of the CodeBuild project."""
    own = workspace.settings.templates.get(pipeline.name)
    given = {**workspace.settings.environment, **(own.environment if own else {})}
    variable, script = workspace.settings.packer_script.variable, pipeline.template_path
    for _, value in pipeline.values:
        if isinstance(value, Mapping) and isinstance(passed := value.get(variable), str):
            script = passed  # in the form that the buildspec takes
    return {**plain(given), variable: script}


def _fetched(workspace: Workspace, pipeline: Pipeline) -> dict[str, tuple[str, str]]:
    """The variables that CodeBuild fetches: from where, and where tfgen.toml says so."""
    settings, found = workspace.settings, {}
    for path in secret_paths(settings, pipeline.name):
        table = settings.environment if len(path) == 2 else settings.templates[pipeline.name].environment
        found[path[-1]] = fetched(table)[path[-1]].where, f"{TFGEN_TOML}:{settings.line(*path)}"
    return found


def _project(workspace: Workspace, pipeline: Pipeline) -> str:
    from tfgen.codebuild.environment import NO_ACCOUNT
    from tfgen.sync.chosen_pipelines import name_in_aws

    try:
        return name_in_aws(workspace, pipeline, NO_ACCOUNT)
    except TfgenError:  # for Terraform alone to know
        return pipeline.name


def _region(workspace: Workspace, options: LocalOptions) -> str:
    names = ("AWS_REGION", "AWS_DEFAULT_REGION")
    given, own = ([known.get(name, "") for name in names] for known in (options.environment, os.environ))
    for found in (*given, options.region, *own):
        if found:
            return found
    from tfgen.aws.profiles import region_of

    found = workspace.settings.remote.region or region_of("")
    if not found:
        note("warning: AWS region not set, which CodeBuild always sets; use --region", style="yellow")
    return found


def _program(name: str, what: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise TfgenError(f"{name} not found on PATH ({what})", fix=f"install {name}")
    return found


def _build(workspace: Workspace, job: Job, options: LocalOptions) -> BuildOutcome:
    """One image, tried again as often as its buildspec wants."""
    from tfgen.codebuild.attempt import attempt_build
    from tfgen.codebuild.processes import talk

    began, attempt = time.monotonic(), 0
    while True:
        result, outcome = attempt_build(workspace, job, options, attempt)
        attempt += 1
        if attempt > result.retry:
            outcome = replace(outcome, seconds=round(time.monotonic() - began, 1))
            what = f"built {outcome.ami_id or 'no AMI'} in {outcome.region}" if outcome.succeeded else "failed"
            kept = f"; artifacts: {outcome.artifacts}" if outcome.artifacts else ""
            talk(one_line(f"{job.name}: {what} after {outcome.seconds:.0f}s{kept}"), "bold")
            return outcome
