"""An execution of a pipeline in the emulator: its actions one after the other, a build with phases and a log.

It takes one step whenever it is asked for, so nothing depends on time. What becomes of it, a test says with `played`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

_PHASES = (
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
)
PLAYS: dict[str, Play] = {}
#: Names of pipelines whose executions AWS would start by itself, as they are made; a test adds them.
BEGUN: set[str] = set()
#: Name of a repository -> the commit that its branch is at, which a source stage reads.
HEADS: dict[str, str] = {}


class Play(msgspec.Struct, kw_only=True):
    """What shall become of the executions of one pipeline.

    `fails_in` is a phase of CodeBuild, or "Source"; `ends_as` Stopped, Superseded or Cancelled before the build; `log`
    the build's lines by phase; `throttled` how many calls are refused first, `denied` that all are; `disabled` why
    nothing gets into the build's stage; `silent` keeps a build's id out of the history until it has ended; `hold` is
    the stage or phase in which the execution stays.
    """

    fails_in: str = ""
    message: str = "COMMAND_EXECUTION_ERROR"
    status: str = "FAILED"
    ends_as: str = ""
    log: dict[str, list[str]] = {}
    exported: dict[str, str] = msgspec.field(default_factory=lambda: {"AMI_ID": "ami-0123456789abcdef0"})
    throttled: int = 0
    denied: bool = False
    disabled: str = ""
    silent: bool = False
    hold: str = ""


@contextmanager
def played(pipeline: str, play: Play) -> Iterator[Play]:
    """The executions of `pipeline` go as `play` says, as long as it lasts."""
    PLAYS[pipeline] = play
    try:
        yield play
    finally:
        del PLAYS[pipeline]


@contextmanager
def head(repository: str, commit: str) -> Iterator[None]:
    """The branch of `repository` is at `commit`, as long as it lasts or until a test moves it in HEADS."""
    HEADS[repository] = commit
    try:
        yield
    finally:
        del HEADS[repository]


def closed_of(pipeline: Any) -> dict[str, str]:
    """The stages of moto's pipeline whose transition is disabled, and why; kept with it."""
    found: dict[str, str] = pipeline.__dict__.setdefault("closed", {})
    return found


class Run:
    """One execution on its way: the actions still to come, and those that have begun."""

    def __init__(
        self, backend: Any, pipeline: dict[str, Any], execution: Any, token: str | None, trigger: str = ""
    ) -> None:
        #: What started it, where that is not a person's call.
        self.trigger = trigger
        self.backend, self.execution, self.pipeline, self.token = backend, execution, pipeline["name"], token
        self.details: list[dict[str, Any]] = []
        self.ahead = [(stage["name"], action) for stage in pipeline["stages"] for action in stage["actions"]]
        self.build: dict[str, Any] = {}
        #: The commit that is built, once the source stage has read it.
        self.revision = ""
        self.phases: list[str] = []
        self.stopping = ""
        execution.status = "InProgress"

    @property
    def id(self) -> str:
        return str(self.execution.pipeline_execution_id)

    @property
    def play(self) -> Play:
        return PLAYS.get(self.pipeline, Play())

    @property
    def current(self) -> dict[str, Any] | None:
        last = self.details[-1] if self.details else None
        return last if last and last["status"] == "InProgress" else None

    @property
    def place(self) -> str:
        """The build's phase, else the stage; "-" between two."""
        if self.current is None:
            return "-"
        return self.phases[0] if self.phases else str(self.current["stageName"])

    @property
    def waits(self) -> bool:
        """Before a disabled transition."""
        if not self.ahead or self.current is not None:
            return False
        stage, action = self.ahead[0]
        if self.play.disabled and action["actionTypeId"]["category"] == "Build":
            return True
        return stage in closed_of(self.backend.pipelines[self.pipeline])

    def step(self) -> None:
        """The next thing happens."""
        if self.execution.status not in ("InProgress", "Stopping") or self.play.hold == self.place:
            return
        if self.stopping:
            self._end("Stopped", self.stopping)
        elif self.current is not None:
            self._go_on(self.current)
        elif not self.ahead:
            self._end("Succeeded")
        elif not self.waits:
            self._begin(*self.ahead.pop(0))

    def finish(self, detail: dict[str, Any], status: str, message: str = "") -> None:
        """The action ends so, and with a failure the execution."""
        detail |= {"status": status, "lastUpdateTime": time.time()}
        if status == "Failed":
            detail["output"]["executionResult"]["errorDetails"] = {"code": "JobFailed", "message": message}
            self._end("Failed")

    def _begin(self, stage: str, action: dict[str, Any]) -> None:
        if self.play.ends_as and action["actionTypeId"]["category"] == "Build":
            self._end(self.play.ends_as)
            return
        result: dict[str, Any] = {}
        if action["actionTypeId"]["provider"] == "CodeBuild":
            self.build = self._start_build(action["configuration"]["ProjectName"])
            self.phases = list(_PHASES)
            result["externalExecutionId"] = self.build["id"]
        self.details.append(
            {
                "pipelineExecutionId": self.id,
                "actionExecutionId": str(uuid.uuid4()),
                "pipelineVersion": 1,
                "stageName": stage,
                "actionName": action["name"],
                "startTime": time.time(),
                "lastUpdateTime": time.time(),
                "status": "InProgress",
                "input": {"actionTypeId": action["actionTypeId"], "configuration": action["configuration"]},
                "output": {"executionResult": result, "outputVariables": {}},
            }
        )

    def _go_on(self, detail: dict[str, Any]) -> None:
        category = detail["input"]["actionTypeId"]["category"]
        if category == "Source" and self.play.fails_in == "Source":
            self.finish(detail, "Failed", self.play.message)
        elif category == "Build":
            self._go_on_with_build(detail)
        elif category != "Approval":
            if category == "Source":
                source = detail["input"]["configuration"]
                self.revision = HEADS.get(source.get("RepositoryName") or source.get("FullRepositoryId") or "", "")
            self.finish(detail, "Succeeded")

    def _go_on_with_build(self, detail: dict[str, Any]) -> None:
        if self.build["buildStatus"] == "STOPPED":
            self.finish(detail, "Failed", "Build terminated with state: STOPPED")
            return
        play, build, phase = self.play, self.build, self.phases.pop(0)
        self._log(play.log.get(phase, []))
        failed = phase == play.fails_in
        if failed:
            context = {"statusCode": "COMMAND_EXECUTION_ERROR", "message": play.message}
            build["phases"].append({"phaseType": phase, "phaseStatus": play.status, "contexts": [context]})
            # After the phase build CodeBuild goes on with post_build; after the others it ends.
            self.phases = ["POST_BUILD"] if phase == "BUILD" and play.status == "FAILED" else []
        else:
            build["phases"].append({"phaseType": phase, "phaseStatus": "SUCCEEDED", "startTime": time.time()})
        if self.phases:
            build["currentPhase"] = self.phases[0]
            return
        bad = next((each for each in build["phases"] if each.get("phaseStatus") not in (None, "SUCCEEDED")), None)
        build |= {"buildStatus": bad["phaseStatus"] if bad else "SUCCEEDED", "currentPhase": "COMPLETED"}
        build |= {"endTime": time.time(), "buildComplete": True}
        if bad:
            self.finish(detail, "Failed", f"Build terminated with state: {build['buildStatus']}")
        else:
            pairs = play.exported.items()
            build["exportedEnvironmentVariables"] = [{"name": name, "value": value} for name, value in pairs]
            detail["output"]["outputVariables"] = dict(play.exported)
            self.finish(detail, "Succeeded")

    def _start_build(self, project: str) -> dict[str, Any]:
        from moto.codebuild.models import codebuild_backends

        account, region = self.backend.account_id, self.backend.region_name
        build: dict[str, Any] = codebuild_backends[account][region].start_build(project)
        group, stream = f"/aws/codebuild/{project}", build["id"].rpartition(":")[2]
        link = f"https://console.example/logs?group={group}&stream={stream}"
        build |= {
            "followed": True,
            "resolvedSourceVersion": self.revision,
            "logs": {"groupName": group, "streamName": stream, "deepLink": link},
            "phases": [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": time.time()}],
        }
        return build

    def _log(self, lines: list[str]) -> None:
        """As CodeBuild: the stream comes with the first line."""
        from moto.logs.models import logs_backends

        if not lines:
            return
        logs = logs_backends[self.backend.account_id][self.backend.region_name]
        group, stream = self.build["logs"]["groupName"], self.build["logs"]["streamName"]
        if group not in logs.groups:
            logs.create_log_group(group, {})
        if stream not in logs.groups[group].streams:
            logs.create_log_stream(group, stream)
        now = int(time.time() * 1000)
        logs.put_log_events(group, stream, [{"timestamp": now, "message": f"{line}\n"} for line in lines])

    def _end(self, status: str, summary: str = "") -> None:
        self.execution.status, self.execution.status_summary = status, summary or None
        self.execution.last_update_time = datetime.now(UTC).replace(tzinfo=None)
