"""One place read: AMIs and rules once, and of each pipeline its executions and its state, many at a time.

At most three calls an image: its executions, its state, and the end of the log of its last failure or the definition of
a pipeline that was changed since it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, Literal

from msgspec.structs import replace

from tfgen.aws.channels.read import channels_of
from tfgen.aws.failures import AwsError
from tfgen.aws.images.read import built_images
from tfgen.aws.pipelines.reason import builds_in, failed_action, stages_of
from tfgen.aws.pipelines.runs import BuildFacts, RunFacts, builds_of, is_missing, last_failure, projects_of, runs_of
from tfgen.aws.session import Account
from tfgen.status.amis import candidates
from tfgen.status.facts import Expected, PipelineFacts, Place, PlaceFacts
from tfgen.status.reading.cells import Cells
from tfgen.status.reading.failure import reason_of, words_of
from tfgen_generators.settings.publish.tables import Publish

#: Builds that are looked up in vain before an image's last good AMI is called unknown.
_ROUNDS = 5

Tick = Callable[[], None]


def read_place(
    account: Account,
    place: Place,
    expected: tuple[Expected, ...],
    publish: Publish,
    pool: Executor,
    tick: Tick,
    *,
    only: Collection[str],
) -> PlaceFacts:
    """What does not depend on other places; with `only`, pipelines of these images and their parents alone.

    Raises AwsError for credentials that fail.
    """
    cells = Cells()
    amis = pool.submit(cells.read, "ami", "ec2:DescribeImages", lambda: built_images(account))
    rules = pool.submit(cells.read, "next_start", "events:ListRules", lambda: _rules(account))
    listed = pool.submit(cells.read, "pipelines", "codepipeline:ListPipelines", lambda: _listed(account))
    wanted = _wanted(expected, only)
    images = [each.image for each in wanted] if publish.is_on else []
    channels = pool.submit(cells.read, "channels", "ssm:GetParameters", lambda: channels_of(account, publish, images))
    names = sorted({each.pipeline for each in wanted if each.pipeline})
    reading = [pool.submit(_pipeline, account, name, tick) for name in names]
    pipelines = {name: each.result() for name, each in zip(names, reading, strict=True)}
    facts = PlaceFacts(
        place=place,
        expected=expected,
        amis=amis.result(),
        listed=listed.result(),
        rules=rules.result(),
        pipelines=pipelines,
        projects=_projects(account, cells, names, listed.result()),
        channels=channels.result() or {},
    )
    return replace(facts, unreadable=tuple(cells.unreadable))


def _wanted(expected: Collection[Expected], only: Collection[str]) -> Collection[Expected]:
    if not only:
        return expected
    parents = {parent for each in expected if each.image in only for parent in each.parents}
    return [each for each in expected if each.image in only or each.image in parents]


def complete(
    account: Account, facts: PlaceFacts, homes: Mapping[str, Account], pool: Executor, *, full: bool
) -> PlaceFacts:
    """With the builds, the reasons of failures and definitions; `homes` says where else a pipeline is, by its name.

    An AMI that was copied to another region names a build of the region in which its pipeline is.
    """
    cells = Cells()
    here = {name: account for name, each in facts.pipelines.items() if each.exists}
    facts = _with_builds(cells, facts, {**homes, **here})
    more = pool.map(lambda each: _completed(account, facts, each, full=full), facts.pipelines.values())
    pipelines = {each.name: each for each in more}
    return replace(facts, pipelines=pipelines, unreadable=(*facts.unreadable, *cells.unreadable))


def _rules(account: Account) -> tuple[dict[str, Any], ...]:
    return tuple(account.pages("events", "list_rules", "Rules", PaginationConfig={"PageSize": 100}))


def _listed(account: Account) -> tuple[dict[str, Any], ...]:
    return tuple(account.pages("codepipeline", "list_pipelines", "pipelines", PaginationConfig={"PageSize": 1000}))


def _projects(
    account: Account, cells: Cells, names: Iterable[str], listed: tuple[dict[str, Any], ...] | None
) -> dict[str, dict[str, Any]] | None:
    """By the names of pipelines: the module's project has its pipeline's name."""
    wanted = [*names, *(str(each.get("name", "")) for each in listed or ())]
    return cells.read("projects", "codebuild:BatchGetProjects", lambda: projects_of(account, wanted))


def _pipeline(account: Account, name: str, tick: Tick) -> PipelineFacts:
    """Its executions and its state."""
    cells = Cells()
    runs = cells.read("executions", "codepipeline:ListPipelineExecutions", lambda: _runs(account, name))
    if isinstance(runs, str):
        tick()
        return PipelineFacts(name=name, exists=False)
    state = cells.read("pipeline", "codepipeline:GetPipelineState", lambda: _state(account, name))
    tick()
    exists = None if runs is None and state is None else state != _GONE
    stages = None if state is None else stages_of(state)
    return PipelineFacts(name=name, exists=exists, runs=runs, stages=stages, unreadable=tuple(cells.unreadable))


_GONE: dict[str, Any] = {"pipelineName": ""}


def _runs(account: Account, name: str) -> tuple[RunFacts, ...] | Literal["gone"]:
    try:
        return runs_of(account, name)
    except AwsError as error:
        if is_missing(error):
            return "gone"
        raise


def _state(account: Account, name: str) -> dict[str, Any]:
    try:
        return account.call("codepipeline", "get_pipeline_state", name=name)
    except AwsError as error:
        if is_missing(error):
            return _GONE
        raise


def _with_builds(cells: Cells, facts: PlaceFacts, homes: Mapping[str, Account]) -> PlaceFacts:
    """The builds that AMIs name as theirs, the newest first, and those that failed."""
    wanted = {build: homes[each.name] for each in facts.pipelines.values() for build in _builds_of(each) if each.exists}
    for _ in range(_ROUNDS):
        wanted |= {build: homes[image.pipeline] for image, build in candidates(facts) if image.pipeline in homes}
        if not wanted:
            break
        found: dict[str, BuildFacts | None] = {}
        for account in dict.fromkeys(wanted.values()):
            ids = [build for build, home in wanted.items() if home is account]
            answer = cells.read("builds", "codebuild:BatchGetBuilds", partial(builds_of, account, ids))
            if answer is None:
                return replace(facts, builds=None)
            found |= answer
        facts, wanted = replace(facts, builds={**(facts.builds or {}), **found}), {}
    return facts


def _builds_of(pipeline: PipelineFacts) -> Iterable[str]:
    failed = last_failure(pipeline.runs or ())
    good = next((run.id for run in pipeline.runs or () if run.status == "Succeeded"), "")
    for execution, build in builds_in(pipeline.stages or ()):
        if execution in (good, failed and failed.id):
            yield build


def _completed(account: Account, facts: PlaceFacts, pipeline: PipelineFacts, *, full: bool) -> PipelineFacts:
    """With the reason of its last failure, and its definition where that is to be compared."""
    cells = Cells()
    reason = _reason(account, cells, facts, pipeline)
    definition = None
    if pipeline.exists and (full or _was_changed(facts, pipeline.name)):
        definition = cells.read(
            "definition",
            "codepipeline:GetPipeline",
            lambda: account.call("codepipeline", "get_pipeline", name=pipeline.name),
        )
    return replace(pipeline, reason=reason, definition=definition, unreadable=(*pipeline.unreadable, *cells.unreadable))


def _reason(account: Account, cells: Cells, facts: PlaceFacts, pipeline: PipelineFacts) -> str:
    failed = last_failure(pipeline.runs or ())
    if failed is None:
        return ""
    action = failed_action(pipeline.stages or (), failed.id)
    build = (facts.builds or {}).get(action.build) if action else None
    words = build.failure if build else ""
    if build and words and failed.status == "Failed":
        words = cells.read("log", "logs:GetLogEvents", lambda: words_of(account, build)) or words
    return reason_of(failed, action, words)


def _was_changed(facts: PlaceFacts, name: str) -> bool:
    """Whether the pipeline is another than the one that was made: of a first version nothing can differ by hand."""
    return int(facts.listed_by_name.get(name, {}).get("version") or 1) > 1
