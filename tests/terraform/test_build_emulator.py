"""Each gap of moto that `tfgen build` needs filled, twice: plain moto still has it, and ours is filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.terraform.gap_probes import Make, Probes, answers, of_plain_moto, raw, serve_plain_moto
from tests.terraform.pipelines_on_aws import Pipelines
from tfgen.aws.clients import AwsClient
from tfgen.emulator.pipeline_run import BEGUN, head
from tfgen.emulator.server import Emulator

COMMIT = "0123456789abcdef" * 2 + "01234567"
# What a probe answers when the gap is filled.
FILLED = {
    "start_goes_on": "InProgress",
    "start_heeds_the_token": "1",
    "actions_on_pages": "Build, Source",
    "state": "Source, Build",
    "build_goes_on": "IN_PROGRESS",
    "stop_execution": "Stopped",
    "stop_build": "STOPPED, Failed",
    "approve": "Succeeded",
    "revision": f"{COMMIT}, {COMMIT}",
    "times_of_pipelines": "{'float'}",
    "times_of_executions": "{'float'}",
    "begins_by_itself": "CreatePipeline",
    "executions_on_pages": "2, 1, all",
    "closed_transition": "frozen, held, open",
    "asks_for_approval": "token",
    "says_why_it_failed": "JobFailed",
    "builds_a_commit": COMMIT,
}


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One of a pipeline of its own."""

    name: str
    id: str
    codepipeline: AwsClient
    codebuild: AwsClient

    def status(self, steps: int = 1) -> str:
        """After `steps` steps: each question is one."""
        for _ in range(steps):
            found = self.codepipeline.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=self.id)
        return str(found["pipelineExecution"]["status"])

    def actions(self, **more: str) -> dict[str, Any]:
        only = {"pipelineExecutionId": self.id}
        return self.codepipeline.list_action_executions(pipelineName=self.name, filter=only, **more)

    def build(self) -> str:
        """The id of the build that has begun last."""
        last = self.actions()["actionExecutionDetails"][0]
        return str(last["output"]["executionResult"]["externalExecutionId"])

    def build_status(self) -> str:
        return str(self.codebuild.batch_get_builds(ids=[self.build()])["builds"][0]["buildStatus"])


class Asked:
    """The probes, each with a pipeline of its own."""

    def __init__(self, make: Make) -> None:
        self.make, self.pipelines, self.codepipeline = make, Pipelines(client=make), make("codepipeline")

    def started(self, name: str, approval: dict[str, str] | None = None) -> Execution:
        self.pipelines.make(name, approval=approval)
        started = self.codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
        return Execution(name=name, id=started, codepipeline=self.codepipeline, codebuild=self.make("codebuild"))

    def start_goes_on(self) -> str:
        return self.started("goes-on").status()

    def start_heeds_the_token(self) -> str:
        self.pipelines.make("token")
        for _ in range(2):
            self.codepipeline.start_pipeline_execution(name="token", clientRequestToken="the-same-one")
        return str(len(self.pipelines.executions("token")))

    def actions_on_pages(self) -> str:
        execution = self.started("pages")
        execution.status(steps=3)
        first = execution.actions()
        second = execution.actions(nextToken=first["nextToken"])
        return ", ".join(page["actionExecutionDetails"][0]["stageName"] for page in (first, second))

    def state(self) -> str:
        stages = self.codepipeline.get_pipeline_state(name=self.started("state").name)["stageStates"]
        return ", ".join(stage["stageName"] for stage in stages)

    def build_goes_on(self) -> str:
        execution = self.started("build")
        execution.status(steps=4)
        return execution.build_status()

    def stop_execution(self) -> str:
        execution = self.started("stop")
        self.codepipeline.stop_pipeline_execution(pipelineName=execution.name, pipelineExecutionId=execution.id)
        return execution.status()

    def stop_build(self) -> str:
        execution = self.started("stop-build")
        execution.status(steps=3)
        execution.codebuild.stop_build(id=execution.build())
        return f"{execution.build_status()}, {execution.status()}"

    def approve(self) -> str:
        execution = self.started("approve", approval={})
        execution.status(steps=3)
        self.pipelines.approve("approve", "Approved", "fine")
        return str(execution.actions()["actionExecutionDetails"][0]["status"])

    def times_of_pipelines(self) -> str:
        self.pipelines.make("times")
        found = [raw(self.codepipeline, "CodePipeline_20150709.GetPipeline", name="times")["metadata"]]
        found += raw(self.codepipeline, "CodePipeline_20150709.ListPipelines")["pipelines"]
        return str({type(each[key]).__name__ for each in found for key in ("created", "updated")})

    def times_of_executions(self) -> str:
        name = self.started("times-of-executions").name
        (found,) = raw(self.codepipeline, "CodePipeline_20150709.ListPipelineExecutions", pipelineName=name)[
            "pipelineExecutionSummaries"
        ]
        return str({type(found[key]).__name__ for key in ("startTime", "lastUpdateTime")})

    def begins_by_itself(self) -> str:
        BEGUN.add("by-itself")
        try:
            self.pipelines.make("by-itself")
        finally:
            BEGUN.clear()
        return str(self.pipelines.executions("by-itself")[0]["trigger"]["triggerType"])

    def executions_on_pages(self) -> str:
        self.pipelines.make("three")
        ids = {self.codepipeline.start_pipeline_execution(name="three")["pipelineExecutionId"] for _ in range(3)}
        first = self.codepipeline.list_pipeline_executions(pipelineName="three", maxResults=2)
        more = {"maxResults": 2, "nextToken": first["nextToken"]}
        second = self.codepipeline.list_pipeline_executions(pipelineName="three", **more)
        pages = [page["pipelineExecutionSummaries"] for page in (first, second)]
        found = {each["pipelineExecutionId"] for page in pages for each in page}
        return f"{len(pages[0])}, {len(pages[1])}, {'all' if found == ids else 'some'}"

    def closed_transition(self) -> str:
        execution = self.started("closed")
        way = {"pipelineName": "closed", "stageName": "Build", "transitionType": "Inbound"}
        self.codepipeline.disable_stage_transition(**way, reason="frozen")
        execution.status(steps=5)
        build = self.codepipeline.get_pipeline_state(name="closed")["stageStates"][1]
        held = build["inboundExecution"]["pipelineExecutionId"] == execution.id
        self.codepipeline.enable_stage_transition(**way)
        now = self.codepipeline.get_pipeline_state(name="closed")["stageStates"][1]["inboundTransitionState"]
        reason = build["inboundTransitionState"]["disabledReason"]
        return f"{reason}, {'held' if held else 'gone'}, {'open' if now['enabled'] else 'closed'}"

    def asks_for_approval(self) -> str:
        self.started("asks", approval={}).status(steps=3)
        stage = self.codepipeline.get_pipeline_state(name="asks")["stageStates"][1]
        return "token" if stage["actionStates"][0]["latestExecution"]["token"] else ""

    def says_why_it_failed(self) -> str:
        execution = self.started("why")
        execution.status(steps=3)
        execution.codebuild.stop_build(id=execution.build())
        execution.status()
        stage = self.codepipeline.get_pipeline_state(name="why")["stageStates"][1]
        return str(stage["actionStates"][0]["latestExecution"]["errorDetails"]["code"])

    def builds_a_commit(self) -> str:
        with head("r", COMMIT):
            execution = self.started("commit")
            execution.status(steps=3)
        (build,) = execution.codebuild.batch_get_builds(ids=[execution.build()])["builds"]
        return str(build["resolvedSourceVersion"])

    def revision(self) -> str:
        with head("r", COMMIT):
            execution = self.started("revision")
            execution.status(steps=2)
        asked = {"pipelineName": execution.name, "pipelineExecutionId": execution.id}
        found = self.codepipeline.get_pipeline_execution(**asked)["pipelineExecution"].get("artifactRevisions", [])
        (listed,) = self.pipelines.executions(execution.name)
        return ", ".join(each["revisionId"] for each in (*found, *listed.get("sourceRevisions", [])))


def probes(make: Make) -> Probes:
    asked = Asked(make)
    return {name: getattr(asked, name) for name in FILLED}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return of_plain_moto(__file__, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def ours(emulator: Emulator) -> dict[str, str]:
    emulator.reset()
    return answers(probes(emulator.client))


@pytest.mark.parametrize("gap", FILLED)
def test_plain_moto_still_has_the_gap(plain: dict[str, str], gap: str) -> None:
    assert plain[gap] != FILLED[gap], f"moto has caught up: remove {gap} from cli/tfgen/emulator/gaps_pipelines.py"


@pytest.mark.parametrize("gap", FILLED)
def test_our_emulator_fills_it(ours: dict[str, str], gap: str) -> None:
    assert ours[gap] == FILLED[gap]


def test_a_v2_pipeline_keeps_its_mode_and_its_trigger_until_that_is_taken_away(emulator: Emulator) -> None:
    emulator.reset()
    codepipeline = emulator.client("codepipeline")
    Pipelines(client=emulator.client).make("v2")
    pushes = [{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["packer/**"]}}]
    trigger = {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Source", "push": pushes},
    }
    found = codepipeline.get_pipeline(name="v2")
    before, plain = found["metadata"], found["pipeline"]
    new = {"pipelineType": "V2", "executionMode": "QUEUED", "triggers": [trigger]}
    codepipeline.update_pipeline(pipeline={**plain, **new})
    changed = codepipeline.get_pipeline(name="v2")
    assert {key: changed["pipeline"][key] for key in new} == new
    assert changed["metadata"]["created"] == before["created"]
    assert changed["metadata"]["updated"] > before["updated"]
    codepipeline.update_pipeline(pipeline={**plain, "pipelineType": "V2"})
    assert "triggers" not in codepipeline.get_pipeline(name="v2")["pipeline"]


if __name__ == "__main__":
    serve_plain_moto(probes)
