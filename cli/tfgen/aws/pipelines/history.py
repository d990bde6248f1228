"""What the executions of one pipeline built: started, looked at, and found again. All text is AWS's: data, not ours."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.executions import ENDED, is_passing
from tfgen.aws.session import Account

_T = TypeVar("_T")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_UNKNOWN = "PipelineExecutionNotFoundException"
#: About this pipeline alone. One that nobody has applied yet is no part of our permissions either.
_LOST = ("PipelineNotFoundException", "AccessDeniedException")
_REFUSED = ("ConcurrentPipelineExecutionsLimitExceededException", "ConflictException")
#: What CodeBuild says to an action whose build its queue does not take. The action fails with it at once.
_QUEUE_FULL = re.compile(r"AccountLimitExceededException|Cannot have more than \d+ (?:active )?builds? in queue")
#: Seconds after an action in which the next one begins, if nothing keeps it from beginning.
_BETWEEN_STAGES = 600
#: Executions that are looked at for the last good one; seconds for which trouble that passes is borne.
_MOST = 100
_PATIENCE = 900.0
#: How often an execution that CodePipeline does not know is asked for.
_ASKED = 5


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution; `revision` is the commit that it builds, "" until its source stage has it."""

    id: str
    status: str
    revision: str = ""

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED


def is_lost(error: AwsError) -> bool:
    """Whether there is no such pipeline (yet, any more), as far as one may know."""
    return error.code in _LOST


def is_about_one(error: AwsError) -> bool:
    """Whether a start was refused for this pipeline's sake, so that others may well be started."""
    return error.code in _LOST or error.code in _REFUSED


class PipelineHistory:
    """The executions of one pipeline. Every call raises AwsError; what passes is waited for, `pause` seconds a time."""

    def __init__(self, account: Account, pipeline: str, pause: Callable[[], float]) -> None:
        self.account, self.pipeline, self._pause = account, pipeline, pause

    def start(self, token: str) -> str:
        """Starts one; gives its id. The same token starts no second one."""
        answer = self._call("start_pipeline_execution", name=self.pipeline, clientRequestToken=token)
        return str(answer["pipelineExecutionId"])

    def look(self, id_: str) -> Execution | None:
        """The execution as it is now, None when the pipeline has none of that id (any more).

        One that has just been started may not be known yet: it is asked for a few times.
        """
        for _ in range(_ASKED):
            try:
                answer = self._call("get_pipeline_execution", pipelineName=self.pipeline, pipelineExecutionId=id_)
            except AwsError as error:
                if error.code != _UNKNOWN:
                    raise
                time.sleep(self._pause())
                continue
            found = answer["pipelineExecution"]
            revision = commit_of(found.get("artifactRevisions") or [])
            return Execution(id=id_, status=str(found.get("status", "")), revision=revision)
        return None

    def was_refused(self, id_: str) -> bool:
        """Whether an execution failed since CodeBuild's queue was full; False where that must not be asked."""
        return any(map(_is_refused, self._actions(id_)))

    def rests(self, id_: str, now: float) -> bool:
        """Whether an execution that is under way builds nothing: it waits for an approval, or before a stage."""
        actions = self._actions(id_)
        at_work = [each for each in actions if each.get("status") == "InProgress"]
        if at_work:
            return all(_category(each) == "Approval" for each in at_work)
        ended = [moment.timestamp() for each in actions if isinstance(moment := each.get("lastUpdateTime"), datetime)]
        return bool(ended) and now - max(ended) > _BETWEEN_STAGES

    def _actions(self, id_: str) -> list[dict[str, Any]]:
        """What an execution has run, newest first; nothing where that must not be asked."""
        asked: dict[str, object] = {"pipelineName": self.pipeline, "filter": {"pipelineExecutionId": id_}}
        found: list[dict[str, Any]] = []
        try:
            while True:
                answer = self._call("list_action_executions", **asked)
                found += answer.get("actionExecutionDetails", [])
                if not (token := answer.get("nextToken")):
                    return found
                asked["nextToken"] = token
        except AwsError as error:
            if not is_lost(error) and error.code != _UNKNOWN:
                raise
            return []

    def latest(self) -> list[Execution]:
        """The last ones, newest first."""
        answer = self._call("list_pipeline_executions", pipelineName=self.pipeline, maxResults=_MOST)
        return [
            Execution(
                id=str(found["pipelineExecutionId"]),
                status=str(found.get("status", "")),
                revision=commit_of(found.get("sourceRevisions") or []),
            )
            for found in answer.get("pipelineExecutionSummaries", [])
        ]

    def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        return patiently(lambda: self.account.call("codepipeline", operation, **arguments), self._pause)


def patiently(call: Callable[[], _T], pause: Callable[[], float]) -> _T:
    """What `call` gives, tried again while its trouble is one that passes. Raises AwsError."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return call()
        except AwsError as error:
            if error.code == _UNKNOWN or not is_passing(error) or time.monotonic() > until:
                raise
            time.sleep(pause())


def _category(action: dict[str, Any]) -> str:
    return str(((action.get("input") or {}).get("actionTypeId") or {}).get("category", ""))


def _is_refused(action: dict[str, Any]) -> bool:
    result = (action.get("output") or {}).get("executionResult") or {}
    details = result.get("errorDetails") or {}
    said = f"{details.get('code', '')} {details.get('message', '')} {result.get('externalExecutionSummary', '')}"
    return action.get("status") == "Failed" and _QUEUE_FULL.search(said) is not None


def commit_of(revisions: Sequence[dict[str, Any]]) -> str:
    """The one commit among the revisions of an execution's sources."""
    found = {str(each.get("revisionId", "")) for each in revisions}
    return next((text for text in sorted(found) if _COMMIT.fullmatch(text)), "")
