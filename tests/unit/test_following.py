"""One execution followed over answers that are played: two builds in a stage, a stage tried again, refusals."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.executions import PipelineRun
from tfgen.aws.session import Account
from tfgen.build.follow import Following, how_to_stop, start
from tfgen.build.progress import PlainTeller

FAILED_COMMAND = "[Container] 2026/11/23 05:33:43.000000 Command did not exit successfully set -e exit status 1"
Answer = dict[str, Any] | AwsError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFGEN_POLL", "0.01")


class Played:
    """An account whose tests set what AWS answers now; `logs` are the lines that have come, by stream."""

    region, partition, id = "eu-west-1", "aws", "123456789012"

    def __init__(self) -> None:
        self.status, self.summary = "InProgress", ""
        self.actions: list[dict[str, Any]] = []
        self.builds: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, list[str]] = {}
        self.starts: list[Answer] = [{"pipelineExecutionId": "ours"}]

    def call(self, _: str, operation: str, **arguments: Any) -> dict[str, Any]:
        answer: Answer = getattr(self, f"_{operation}")(**arguments)
        if isinstance(answer, AwsError):
            raise answer
        return answer

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call(service, operation, **arguments)[key]
        return found

    def act(self, name: str, status: str, build: str = "", **more: str) -> None:
        """The action `name` of the stage Build, newest first; with a build it is one of CodeBuild."""
        kind = {"category": "Build", "provider": "CodeBuild"} if build else {"category": "Approval"}
        result = {"externalExecutionId": build, "errorDetails": {"message": "Build terminated"}}
        self.actions.insert(
            0,
            {
                "stageName": "Build",
                "actionName": name,
                "status": status,
                "input": {"actionTypeId": kind},
                "output": {"executionResult": result, "outputVariables": more},
            },
        )

    def build(self, id_: str, status: str, *lines: str) -> None:
        failed = {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [{"message": f"a script of {id_}"}]}
        where = {"groupName": "g", "streamName": id_, "deepLink": f"https://console.example/{id_}"}
        phases = [failed] if status == "FAILED" else []
        self.builds[id_] = {"id": id_, "buildStatus": status, "phases": phases, "logs": where}
        self.logs[id_] = [*self.logs.get(id_, []), *lines]

    def _get_pipeline(self, **_: object) -> Answer:
        return {}

    def _start_pipeline_execution(self, **_: object) -> Answer:
        return self.starts.pop(0)

    def _get_pipeline_execution(self, **_: object) -> Answer:
        return {"pipelineExecution": {"status": self.status, "statusSummary": self.summary}}

    def _list_action_executions(self, **_: object) -> Answer:
        return {"actionExecutionDetails": self.actions}

    def _get_pipeline_state(self, **_: object) -> Answer:
        return {"stageStates": []}

    def _batch_get_builds(self, ids: list[str]) -> Answer:
        return {"builds": [self.builds[each] for each in ids]}

    def _get_log_events(self, *, logStreamName: str, nextToken: str = "0", **_: object) -> Answer:  # noqa: N803
        lines = self.logs[logStreamName]
        events = [{"message": f"{line}\n"} for line in lines[int(nextToken) :]]
        return {"nextForwardToken": str(len(lines)), "events": events}


@pytest.fixture
def aws() -> Played:
    return Played()


@pytest.fixture
def web(aws: Played) -> Following:
    return following(aws)


def following(aws: Played) -> Following:
    return Following("web", PipelineRun(cast("Account", aws), "web-ami-pipeline"), PlainTeller(["web"]))


def test_of_two_builds_side_by_side_the_one_that_failed_is_told(aws: Played, web: Following) -> None:
    aws.act("amd64", "Failed", "p:1")
    aws.act("arm64", "Succeeded", "p:2")
    aws.build("p:1", "FAILED", "buildspec: no AMI", FAILED_COMMAND)
    aws.build("p:2", "SUCCEEDED", "buildspec: the template is packer/web.json")
    aws.status = "Failed"
    web.step()
    assert web.outcome is not None
    assert web.outcome.reason == "stage Build/amd64 failed: no AMI"
    assert (web.outcome.build_id, web.outcome.log) == ("p:1", "https://console.example/p:1")


def test_the_words_of_one_build_are_no_reason_of_another(aws: Played, web: Following) -> None:
    aws.act("amd64", "InProgress", "p:1")
    aws.act("arm64", "InProgress", "p:2")
    aws.build("p:1", "IN_PROGRESS", "buildspec: the template is packer/web.json")
    aws.build("p:2", "IN_PROGRESS", FAILED_COMMAND)
    web.step()
    aws.actions = []
    aws.act("amd64", "Succeeded", "p:1")
    aws.act("arm64", "Failed", "p:2")
    aws.build("p:1", "SUCCEEDED")
    aws.build("p:2", "FAILED")
    aws.status = "Failed"
    web.step()
    assert web.outcome is not None
    assert web.outcome.reason == "stage Build/arm64 failed: phase BUILD failed: a script of p:2"


def test_a_stage_that_is_tried_again_is_told_by_its_last_build(
    aws: Played, web: Following, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.act("Build", "Failed", "p:1")
    aws.build("p:1", "FAILED", "buildspec: no AMI", FAILED_COMMAND)
    web.step()
    aws.act("Build", "InProgress", "p:2")
    aws.build("p:2", "IN_PROGRESS", "again")
    web.step()
    aws.actions[0]["status"], aws.status = "Failed", "Failed"
    aws.build("p:2", "FAILED")
    web.step()
    assert web.outcome is not None
    assert web.outcome.reason == "stage Build failed: phase BUILD failed: a script of p:2"
    said = capsys.readouterr().err.splitlines()
    heard = [line for line in said if line.startswith("web >")][:-1]
    assert heard == [f"web > Build {words}" for words in ("failed", "started", "failed")]
    assert "web | again" in said


def test_the_last_lines_of_a_build_come_before_what_follows_it(
    aws: Played, web: Following, capsys: pytest.CaptureFixture[str]
) -> None:
    """An approval after the build may take days."""
    aws.act("Build", "InProgress", "p:1")
    aws.build("p:1", "SUCCEEDED", "first")
    web.step()
    aws.actions[0]["status"] = "Succeeded"
    aws.act("Approve", "InProgress")
    aws.build("p:1", "SUCCEEDED", "last")
    web.step()
    assert web.outcome is None
    assert [line for line in capsys.readouterr().err.splitlines() if " | " in line] == ["web | first", "web | last"]


def test_a_build_that_was_abandoned_goes_on(aws: Played, web: Following) -> None:
    aws.act("Build", "Abandoned", "p:1")
    aws.build("p:1", "IN_PROGRESS", "x")
    aws.status, aws.summary = "Stopped", "wrong branch"
    web.step()
    assert web.outcome is not None
    assert web.outcome.reason == "it was stopped: wrong branch: its build p:1 is still running"


def test_a_pipeline_that_is_busy_is_waited_for(aws: Played, capsys: pytest.CaptureFixture[str]) -> None:
    busy = AwsError("the pipeline is busy", code="ConflictException", status=400)
    aws.starts = [busy, busy, {"pipelineExecutionId": "ours"}]
    web = following(aws)
    start([web])
    assert web.run.id == "ours"
    assert capsys.readouterr().err == "web > the pipeline is busy; retrying\n"


def test_a_start_that_was_not_answered_is_said(aws: Played) -> None:
    aws.starts = [AwsError("lost", code="ReadTimeoutError")]
    web = following(aws)
    web.start()
    assert how_to_stop([web]) == [f"it is not known whether web was started: {web.run.console}"]
