"""The executions of a pipeline and the builds of CodeBuild, as a list of either says them. All text is AWS's: data.

Source: CodePipeline's API reference (PipelineExecutionSummary), CodeBuild's (Build).
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.build_log import build_of
from tfgen.aws.pipelines.history import commit_of
from tfgen.aws.session import Account

#: Executions that a picture of a pipeline's history shows; of a page that is asked for after those.
SHOWN = 20
_PAGE = 100
#: Ids that BatchGetBuilds, and names that BatchGetProjects, take in one call.
_BATCH = 100
#: One tag that a person wrote would fail a whole call.
_BUILD_ID = re.compile(r"[\w-]+:[\w-]+")
_SCRIPT = "PACKER_SCRIPT"
GOOD = "Succeeded"
#: How an execution ends that should have built an image and did not; one that is superseded has left it to the next.
BAD = ("Failed", "Stopped", "Cancelled")


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One execution; `commit` is what it builds, "" until its source stage has it."""

    id: str
    status: str
    started: datetime | None = None
    ended: datetime | None = None
    commit: str = ""
    summary: str = ""


class BuildFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A build; `failure` is its first phase's that did not work, `ami` the AMI that it exported.

    `script` is PACKER_SCRIPT as it was given to the build, "" where that is not told.
    """

    id: str
    status: str
    commit: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    failure: str = ""
    log_group: str = ""
    log_stream: str = ""
    ami: str = ""
    number: str = ""
    script: str = ""


def runs_of(account: Account, pipeline: str) -> tuple[RunFacts, ...]:
    """The executions, newest first: the last 20, and on to the last that succeeded. Raises AwsError."""
    asked: dict[str, object] = {"pipelineName": pipeline, "maxResults": SHOWN}
    found: list[RunFacts] = []
    while True:
        answer = account.call("codepipeline", "list_pipeline_executions", **asked)
        found += map(_run, answer.get("pipelineExecutionSummaries", []))
        token = answer.get("nextToken")
        if not token or (len(found) >= SHOWN and any(each.status == GOOD for each in found)):
            return tuple(found)
        if token == asked.get("nextToken"):
            raise AwsError(f"AWS gave the same page twice (codepipeline list_pipeline_executions, {pipeline})", code="")
        asked |= {"nextToken": token, "maxResults": _PAGE}


def newest_ended(account: Account, pipeline: str) -> RunFacts | None:
    """The newest execution that succeeded or failed, None without: one that is superseded says nothing of an image.

    Raises AwsError.
    """
    found = account.pages(
        "codepipeline", "list_pipeline_executions", "pipelineExecutionSummaries", pipelineName=pipeline
    )
    return next((run for run in map(_run, found) if run.status in (GOOD, *BAD)), None)


def failures_since_good(runs: Iterable[RunFacts]) -> list[RunFacts]:
    """Those of `runs`, newest first, that failed since the last one that succeeded."""
    since = itertools.takewhile(lambda run: run.status != GOOD, runs)
    return [run for run in since if run.status in BAD]


def last_failure(runs: Iterable[RunFacts]) -> RunFacts | None:
    """The newest of them."""
    return next(iter(failures_since_good(runs)), None)


def builds_of(account: Account, ids: Iterable[str]) -> dict[str, BuildFacts | None]:
    """The builds by id; None for an id that CodeBuild does not have (any more). Raises AwsError."""
    ids = list(ids)
    found: dict[str, BuildFacts | None] = dict.fromkeys(ids)
    for batch in _batches(filter(_BUILD_ID.fullmatch, ids)):
        answer = account.call("codebuild", "batch_get_builds", ids=batch)
        found |= {str(each.get("id", "")): _build(each) for each in answer.get("builds", [])}
    return found


def projects_of(account: Account, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """CodeBuild's projects by name; one that is not there is not in the answer. Raises AwsError."""
    found: dict[str, dict[str, Any]] = {}
    for batch in _batches(names):
        answer = account.call("codebuild", "batch_get_projects", names=batch)
        found |= {str(each.get("name", "")): each for each in answer.get("projects", [])}
    return found


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    unique = list(dict.fromkeys(texts))
    return (unique[start : start + _BATCH] for start in range(0, len(unique), _BATCH))


def _run(found: Mapping[str, Any]) -> RunFacts:
    return RunFacts(
        id=str(found.get("pipelineExecutionId", "")),
        status=sys.intern(str(found.get("status", ""))),
        started=moment(found.get("startTime")),
        ended=moment(found.get("lastUpdateTime")),
        commit=sys.intern(commit_of(found.get("sourceRevisions") or [])),
        summary=str(found.get("statusSummary") or ""),
    )


def _build(found: dict[str, Any]) -> BuildFacts:
    build = build_of(found)
    return BuildFacts(
        id=build.id,
        status=build.status,
        commit=str(found.get("resolvedSourceVersion") or ""),
        started=moment(found.get("startTime")),
        ended=moment(found.get("endTime")),
        failure=build.failure,
        log_group=build.log_group,
        log_stream=build.log_stream,
        ami=build.exported.get("AMI_ID", ""),
        number=str(found.get("buildNumber") or ""),
        script=_script(found),
    )


def _script(found: Mapping[str, Any]) -> str:
    """Not where it stands for a parameter or a secret: the record has its name only."""
    for each in (found.get("environment") or {}).get("environmentVariables") or ():
        if each.get("name") == _SCRIPT and each.get("type", "PLAINTEXT") == "PLAINTEXT":
            return sys.intern(str(each.get("value") or ""))
    return ""


def moment(value: object) -> datetime | None:
    """A time of AWS's, in UTC; None where there is none."""
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def is_missing(error: AwsError) -> bool:
    """Whether there is no such pipeline."""
    return error.code == "PipelineNotFoundException"
