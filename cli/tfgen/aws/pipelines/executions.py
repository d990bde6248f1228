"""Executions of pipelines in CodePipeline: started, and looked at. All text is AWS's: data, not ours.

Source: CodePipeline's API reference (PipelineExecution, ActionExecutionDetail, StageState).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account
from tfgen_generators.errors import TfgenError

#: An execution in another state is not at its end.
ENDED = frozenset({"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"})
_CONSOLES = {
    "aws": "https://{region}.console.aws.amazon.com",
    "aws-cn": "https://{region}.console.amazonaws.cn",
    "aws-us-gov": "https://{region}.console.amazonaws-us-gov.com",
    "aws-eusc": "https://{region}.console.amazonaws-eusc.eu",
}
#: What an execution does that keeps the next one out of its stage.
_IN_THE_WAY = ("InProgress", "Stopping")
#: What is gone when one asks again; the second line is botocore's, which has tried several times already.
_PASSING = frozenset(
    {
        *("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
        *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"),
        *("HTTPClientError", "ProxyConnectionError", "ResponseStreamingError", "ResponseParserError"),
        "PipelineExecutionNotFoundException",  # just started, and not everywhere known yet
        "ConflictException",  # "the pipeline is busy handling ongoing activities"
    }
)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action's last run in an execution.

    `status` is InProgress, Succeeded, Failed or Abandoned; `external_id` a build's id; `asks` what an approval says
    and whom it tells.
    """

    stage: str
    name: str
    category: str = ""
    provider: str = ""
    status: str = ""
    external_id: str = ""
    message: str = ""
    asks: tuple[str, ...] = ()
    outputs: dict[str, str] = {}

    @property
    def is_build(self) -> bool:
        return self.provider == "CodeBuild"


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """`actions` in the order in which they began."""

    status: str
    summary: str = ""
    actions: tuple[Action, ...] = ()


class PipelineRun:
    """One execution of one pipeline, from before it starts. Every call raises AwsError."""

    def __init__(self, account: Account, pipeline: str) -> None:
        import uuid

        self.account, self.pipeline, self.id = account, pipeline, ""
        #: A start was asked for, and whether there was one is not known.
        self.in_doubt = False
        # The same in every attempt, so that one whose answer was lost does not start a second execution.
        self._token = str(uuid.uuid4())

    @property
    def console(self) -> str:
        """Where a person sees it."""
        region = self.account.region
        host = _CONSOLES.get(self.account.partition, _CONSOLES["aws"]).format(region=region)
        return f"{host}/codesuite/codepipeline/pipelines/{self.pipeline}/view?region={region}"

    def require(self) -> None:
        """Raises TfgenError unless the pipeline is there."""
        try:
            self._call("get_pipeline", name=self.pipeline)
        except AwsError as error:
            if error.code != "PipelineNotFoundException":
                raise
            raise TfgenError(
                f"pipeline {self.pipeline} not found in region {self.account.region} of account {self.account.id}",
                fix="create it with tfgen apply, or use --region for another region",
            ) from None

    def start(self) -> str:
        """Starts it; gives the execution's id."""
        self.in_doubt = True
        try:
            answer = self._call("start_pipeline_execution", name=self.pipeline, clientRequestToken=self._token)
        except AwsError as error:
            self.in_doubt = is_passing(error)
            raise
        self.id, self.in_doubt = str(answer["pipelineExecutionId"]), False
        return self.id

    def look(self) -> Execution:
        """The execution as it is now."""
        asked = {"pipelineName": self.pipeline, "pipelineExecutionId": self.id}
        found = self._call("get_pipeline_execution", **asked)["pipelineExecution"]
        # Newest first; an action that was tried again counts by its last run.
        actions = {(action.stage, action.name): action for action in reversed(tuple(map(_action, self._actions())))}
        for key, action in actions.items():
            if action.is_build and action.status == "InProgress" and not action.external_id:
                actions[key] = replace(action, external_id=self._external_id(action))
        return Execution(
            status=str(found.get("status", "")),
            summary=str(found.get("statusSummary") or ""),
            actions=tuple(actions.values()),
        )

    def waits_for(self) -> str:
        """Why nothing of the execution runs: a closed transition, another execution; "" when it is not known."""
        for stage in self._stages():
            inbound = [stage.get("inboundExecution") or {}, *(stage.get("inboundExecutions") or [])]
            if self.id not in [each.get("pipelineExecutionId") for each in inbound]:
                continue
            name, way = stage.get("stageName", ""), stage.get("inboundTransitionState") or {}
            if way.get("enabled") is False:
                reason = way.get("disabledReason")
                return f"the transition to stage {name} is disabled{f': {reason}' if reason else ''}"
            latest = stage.get("latestExecution") or {}
            if latest.get("status") in _IN_THE_WAY:  # else it is about to enter
                return f"another execution is in stage {name}: {latest.get('pipelineExecutionId', '')}"
        return ""

    def newest(self) -> str:
        """The id of the pipeline's newest execution; "" when none is known."""
        found = self._call("list_pipeline_executions", pipelineName=self.pipeline, maxResults=1)
        return next((str(each["pipelineExecutionId"]) for each in found.get("pipelineExecutionSummaries", [])), "")

    def _external_id(self, action: Action) -> str:
        """The history of actions need not have it yet while the action runs: the pipeline's state does."""
        for stage in self._stages():
            if (stage.get("latestExecution") or {}).get("pipelineExecutionId") != self.id:
                continue
            for each in stage.get("actionStates", []):
                if (stage.get("stageName"), each.get("actionName")) == (action.stage, action.name):
                    return str((each.get("latestExecution") or {}).get("externalExecutionId") or "")
        return ""

    def _stages(self) -> list[dict[str, Any]]:
        stages: list[dict[str, Any]] = self._call("get_pipeline_state", name=self.pipeline).get("stageStates", [])
        return stages

    def _actions(self) -> Iterator[dict[str, Any]]:
        only = {"pipelineExecutionId": self.id}
        return self.account.pages(
            "codepipeline",
            "list_action_executions",
            "actionExecutionDetails",
            pipelineName=self.pipeline,
            filter=only,
        )

    def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        return self.account.call("codepipeline", operation, **arguments)


def is_passing(error: AwsError) -> bool:
    """Whether the same call may well work a little later."""
    return error.code in _PASSING or error.status >= 500


def is_signed_out(error: AwsError) -> bool:
    """Whether AWS will refuse every other call as well: the session is over, or there are no credentials any more."""
    return error.code.startswith("Expired") or not error.status


def _action(detail: dict[str, Any]) -> Action:
    given, output = detail.get("input") or {}, detail.get("output") or {}
    result = output.get("executionResult") or {}
    kind, settings = given.get("actionTypeId") or {}, given.get("configuration") or {}
    asks = (settings.get("CustomData"), settings.get("ExternalEntityLink"), settings.get("NotificationArn"))
    message = (result.get("errorDetails") or {}).get("message") or result.get("externalExecutionSummary")
    return Action(
        stage=str(detail.get("stageName", "")),
        name=str(detail.get("actionName", "")),
        category=str(kind.get("category", "")),
        provider=str(kind.get("provider", "")),
        status=str(detail.get("status", "")),
        external_id=str(result.get("externalExecutionId") or ""),
        message=str(message or ""),
        asks=tuple(str(text) for text in asks if text),
        outputs={str(name): str(value) for name, value in (output.get("outputVariables") or {}).items()},
    )
