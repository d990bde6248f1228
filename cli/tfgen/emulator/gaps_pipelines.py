"""What moto lacks of CodePipeline and CodeBuild for `tfgen build`: executions that go through their stages.

moto 5.2.5 calls an execution Succeeded the moment it starts, runs no build, and knows no action executions. Each gap
has a test in tests/terraform/test_build_emulator.py that fails once moto has caught up: then it goes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from tfgen.emulator.pipeline_run import BEGUN, PLAYS, Run, closed_of

#: What an approval is answered with.
_TOKEN = "00000000-0000-0000-0000-000000000000"


@contextmanager
def filled() -> Iterator[None]:
    """Run moto with these gaps filled; at the end moto is as it was."""
    from moto.codebuild.models import CodeBuildBackend
    from moto.codepipeline.models import CodePipeline, CodePipelineBackend, PipelineExecution
    from moto.codepipeline.responses import CodePipelineResponse

    with ExitStack() as stack:

        def put(owner: Any, name: str, value: Callable[..., Any]) -> None:
            stack.enter_context(patch.object(owner, name, value, create=True))

        put(CodePipelineResponse, "start_pipeline_execution", _start(CodePipelineResponse.start_pipeline_execution))
        put(CodePipelineBackend, "create_pipeline", _create(CodePipelineBackend.create_pipeline))
        put(CodePipelineResponse, "list_pipeline_executions", _list(CodePipelineResponse.list_pipeline_executions))
        put(CodePipelineBackend, "get_pipeline_execution", _get(CodePipelineBackend.get_pipeline_execution))
        for method, key in (("to_dict", "artifactRevisions"), ("to_summary_dict", "sourceRevisions")):
            put(PipelineExecution, method, _with_revision(getattr(PipelineExecution, method), key))
        stack.enter_context(patch.object(CodePipeline, "metadata", property(_metadata)))
        put(CodePipelineResponse, "list_action_executions", _list_action_executions)
        put(CodePipelineResponse, "get_pipeline_state", _get_pipeline_state)
        put(CodePipelineResponse, "put_approval_result", _put_approval_result)
        put(CodePipelineResponse, "disable_stage_transition", _disable_stage_transition)
        put(CodePipelineResponse, "enable_stage_transition", _enable_stage_transition)
        put(CodePipelineResponse, "stop_pipeline_execution", _stop_pipeline_execution)
        put(CodeBuildBackend, "batch_get_builds", _batch_get_builds(CodeBuildBackend.batch_get_builds))
        put(CodeBuildBackend, "stop_build", _stop_build(CodeBuildBackend.stop_build))
        yield


def _deny(pipeline: str) -> None:
    from moto.core.exceptions import JsonRESTError

    play = PLAYS.get(pipeline)
    if play and play.denied:
        raise JsonRESTError("AccessDeniedException", f"not authorized to perform this on the resource {pipeline}")


def _refuse(pipeline: str) -> None:
    """What AWS answers before it looks: no permission, too many calls."""
    from moto.core.exceptions import JsonRESTError

    _deny(pipeline)
    play = PLAYS.get(pipeline)
    if play and play.throttled > 0:
        play.throttled -= 1
        raise JsonRESTError("ThrottlingException", "Rate exceeded")


def _start(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """StartPipelineExecution: moto's has succeeded at once, and a token that was used starts a second one."""

    def start(self: Any) -> str:
        name, token = self._get_param("name"), self._get_param("clientRequestToken")
        _refuse(name)
        for run in _runs(self, name):
            if token and run.token == token:
                return json.dumps({"pipelineExecutionId": run.id})
        answer = original(self)
        backend = self.codepipeline_backend
        found = backend.pipelines[name]
        execution = found.executions[json.loads(answer)["pipelineExecutionId"]]
        execution.run = Run(backend, found.pipeline, execution, token)
        return answer

    return start


def _create(original: Callable[..., Any]) -> Callable[..., Any]:
    """CreatePipeline: AWS starts a pipeline as soon as it is there, moto does not. Only those in BEGUN do here."""

    def create(self: Any, pipeline: dict[str, Any], tags: Any) -> Any:
        made = original(self, pipeline, tags)
        name = pipeline["name"]
        if name in BEGUN:
            execution = self.pipelines[name].executions[self.start_pipeline_execution(name, None)]
            execution.run = Run(self, self.pipelines[name].pipeline, execution, None, trigger="CreatePipeline")
        return made

    return create


def _get(original: Callable[..., Any]) -> Callable[..., Any]:
    """GetPipelineExecution: every question takes the execution one step further."""

    def get(self: Any, pipeline_name: str, pipeline_execution_id: str) -> Any:
        _refuse(pipeline_name)
        execution = original(self, pipeline_name, pipeline_execution_id)
        execution.run.step()
        return execution

    return get


def _list(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """ListPipelineExecutions: moto refuses nobody, and has no second page: what is beyond maxResults is lost."""

    def list_(self: Any) -> str:
        name = self._get_param("pipelineName")
        _deny(name)
        original(self)  # raises when there is none
        most, start = int(self._get_param("maxResults") or 100), int(self._get_param("nextToken") or 0)
        executions = list(self.codepipeline_backend.pipelines[name].executions.values())[::-1]
        page = [each.to_summary_dict() for each in executions[start : start + most]]
        more = {"nextToken": str(start + most)} if start + most < len(executions) else {}
        return json.dumps({"pipelineExecutionSummaries": page, **more})

    return list_


def _with_revision(original: Callable[[Any], dict[str, Any]], key: str) -> Callable[[Any], dict[str, Any]]:
    """GetPipelineExecution, ListPipelineExecutions: moto knows no commit that an execution builds."""

    def document(self: Any) -> dict[str, Any]:
        found = original(self)
        if self.run.revision:
            found[key] = [{"name": "source", "actionName": "Source", "revisionId": self.run.revision}]
        if self.run.trigger:
            found["trigger"] = {"triggerType": self.run.trigger}
        times = {"startTime": self.start_time, "lastUpdateTime": self.last_update_time}
        return found | {name: _seconds(moment) for name, moment in times.items() if name in found}

    return document


def _metadata(self: Any) -> dict[str, Any]:
    """GetPipeline, ListPipelines: moto writes times as text, AWS as numbers. Newer SDKs refuse the text."""
    return {"pipelineArn": self._arn, "created": _seconds(self._created), "updated": _seconds(self._updated)}


def _seconds(moment: datetime) -> float:
    """Since 1970, to the millisecond; moto's own moments are in UTC and do not say so."""
    return round(moment.replace(tzinfo=UTC).timestamp(), 3)


def _runs(response: Any, name: str) -> list[Run]:
    """The pipeline's executions, oldest first."""
    backend = response.codepipeline_backend
    backend.get_pipeline(name)  # raises when there is none
    return [execution.run for execution in backend.pipelines[name].executions.values()]


def _list_action_executions(self: Any) -> str:
    """ListActionExecutions: moto does not have it. Newest first, one on a page, so that pages matter."""
    wanted = (self._get_param("filter") or {}).get("pipelineExecutionId")
    runs = [run for run in _runs(self, self._get_param("pipelineName")) if wanted in (None, run.id)]
    details = [_in_history(run, detail) for run in runs for detail in run.details][::-1]
    at = int(self._get_param("nextToken") or 0)
    more = {"nextToken": str(at + 1)} if at + 1 < len(details) else {}
    return json.dumps({"actionExecutionDetails": details[at : at + 1], **more})


def _in_history(run: Run, detail: dict[str, Any]) -> dict[str, Any]:
    if run.play.silent and detail["status"] == "InProgress":
        return {**detail, "output": {}}
    return detail


def _get_pipeline_state(self: Any) -> str:
    """GetPipelineState: moto does not have it. What stands before a disabled transition, and approvals."""
    name = self._get_param("name")
    stages = []
    closed = _closed(self, name)
    for stage in self.codepipeline_backend.get_pipeline(name)[0]["stages"]:
        way = (
            {"enabled": False, "disabledReason": closed[stage["name"]]}
            if stage["name"] in closed
            else {"enabled": True}
        )
        state: dict[str, Any] = {"stageName": stage["name"], "inboundTransitionState": way}
        for run in _runs(self, name):
            here = [detail for detail in run.details if detail["stageName"] == stage["name"]]
            if here:
                state["latestExecution"] = {"pipelineExecutionId": run.id, "status": here[-1]["status"]}
                state["actionStates"] = [_action_state(detail) for detail in here]
            elif run.waits and run.ahead[0][0] == stage["name"]:
                state["inboundExecution"] = {"pipelineExecutionId": run.id, "status": "InProgress"}
                if run.play.disabled:
                    state["inboundTransitionState"] = {"enabled": False, "disabledReason": run.play.disabled}
        stages.append(state)
    return json.dumps({"pipelineName": name, "pipelineVersion": 1, "stageStates": stages})


def _action_state(detail: dict[str, Any]) -> dict[str, Any]:
    result = detail["output"]["executionResult"]
    known = {key: result[key] for key in ("externalExecutionId", "errorDetails") if result.get(key)}
    is_asked = detail["status"] == "InProgress" and detail["input"]["actionTypeId"]["category"] == "Approval"
    token = {"token": _TOKEN} if is_asked else {}
    latest = {"status": detail["status"], "lastStatusChange": detail["lastUpdateTime"], **known, **token}
    return {"actionName": detail["actionName"], "latestExecution": latest}


def _closed(response: Any, name: str) -> dict[str, str]:
    """The stages with a disabled transition, and why."""
    found = response.codepipeline_backend.pipelines[name]
    return closed_of(found)


def _disable_stage_transition(self: Any) -> str:
    """DisableStageTransition: moto does not have it. It is the way into a stage, not out of it."""
    _runs(self, self._get_param("pipelineName"))
    _closed(self, self._get_param("pipelineName"))[self._get_param("stageName")] = self._get_param("reason")
    return "{}"


def _enable_stage_transition(self: Any) -> str:
    """EnableStageTransition: moto does not have it."""
    _closed(self, self._get_param("pipelineName")).pop(self._get_param("stageName"), None)
    return "{}"


def _put_approval_result(self: Any) -> str:
    """PutApprovalResult: moto does not have it."""
    where = (self._get_param("stageName"), self._get_param("actionName"))
    result = self._get_param("result")
    for run in _runs(self, self._get_param("pipelineName")):
        detail = run.current
        if detail and (detail["stageName"], detail["actionName"]) == where:
            approved = result["status"] == "Approved"
            run.finish(detail, "Succeeded" if approved else "Failed", result["summary"])
    return json.dumps({"approvedAt": time.time()})


def _stop_pipeline_execution(self: Any) -> str:
    """StopPipelineExecution: moto does not have it."""
    wanted = self._get_param("pipelineExecutionId")
    for run in _runs(self, self._get_param("pipelineName")):
        if run.id == wanted:
            run.execution.status, run.stopping = "Stopping", self._get_param("reason") or "no reason given"
    return json.dumps({"pipelineExecutionId": wanted})


def _batch_get_builds(original: Callable[..., Any]) -> Callable[..., Any]:
    """BatchGetBuilds: moto's build is at its end when it is first asked for."""

    def get(self: Any, ids: list[str]) -> list[dict[str, Any]]:
        known = {build["id"]: build for builds in self.build_metadata_history.values() for build in builds}
        ours = [known[each] for each in ids if known.get(each, {}).get("followed")]
        others: list[dict[str, Any]] = original(self, [each for each in ids if not known.get(each, {}).get("followed")])
        return ours + others

    return get


def _stop_build(original: Callable[..., Any]) -> Callable[..., Any]:
    """StopBuild: the phase in which it was becomes STOPPED, and so the action that waits for it fails."""

    def stop(self: Any, build_id: str) -> Any:
        for builds in self.build_metadata_history.values():
            for build in builds:
                if build["id"] == build_id and build.get("followed"):
                    build["phases"].append({"phaseType": build["currentPhase"], "phaseStatus": "STOPPED"})
                    build |= {"buildStatus": "STOPPED", "stopped": True}
                    return build
        return original(self, build_id)

    return stop
