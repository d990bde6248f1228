"""DynamoDB, CodePipeline, CodeBuild and EventBridge on a clock of their own: what a simulated dispatcher works with.

Each is a peer of the real API: what is asked and what is answered is held against botocore's model. Queues, refusals
and states are as AWS documents them; durations are random.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.aws_shapes import check_answer, check_request
from tests.unit.virtual_clock import Clock
from tfgen.aws.failures import AwsError

#: Calls of one operation that are held against botocore's model; the others have the same shapes.
_CHECKED = 40
REFUSED = (
    "Error calling startBuild: Cannot have more than {} builds in queue for the account (Service: AWSCodeBuild; "
    "Status Code: 400; Error Code: AccountLimitExceededException; Request ID: {}; Proxy: null)"
)


class KilledError(BaseException):
    """The end of a dispatcher, which nothing of ours catches."""


@dataclass(kw_only=True)
class Build:
    """One build in CodeBuild; `begin` runs when it gets its place."""

    project: str
    begin: Callable[[Build], None]
    id: str = ""
    submitted: float = 0.0
    began: float = 0.0
    cloned: float = 0.0
    status: str = "IN_PROGRESS"
    phase: str = "QUEUED"


class CodeBuild:
    """So many builds at a time, five times as many in the queue, first come first served; else a refusal."""

    def __init__(self, clock: Clock, concurrency: int) -> None:
        self.clock, self.concurrency, self.queued_most = clock, concurrency, 5 * concurrency
        self.running: list[Build] = []
        self.queue: list[Build] = []
        self.all: list[Build] = []
        self.by_id: dict[str, Build] = {}

    def start(self, build: Build) -> bool:
        """Whether it is taken."""
        if len(self.running) >= self.concurrency and len(self.queue) >= self.queued_most:
            return False
        build.id, build.submitted = f"{build.project}:{uuid.UUID(int=len(self.all))}", self.clock.now
        self.all.append(build)
        self.by_id[build.id] = build
        self.queue.append(build)
        self._fill()
        return True

    def end(self, build: Build, status: str = "SUCCEEDED") -> None:
        if build.status != "IN_PROGRESS":
            return
        build.status, build.phase = status, "COMPLETED"
        (self.running if build in self.running else self.queue).remove(build)
        self._fill()

    def _fill(self) -> None:
        while self.queue and len(self.running) < self.concurrency:
            build = self.queue.pop(0)
            self.running.append(build)
            build.began, build.phase = self.clock.now, "PROVISIONING"
            build.begin(build)


@dataclass(kw_only=True)
class Execution:
    pipeline: str
    id: str
    token: str
    status: str = "InProgress"
    revision: str = ""
    message: str = ""


@dataclass
class Pipeline:
    """Its stage Build takes one execution; a newer one that waits before it replaces the one that waits there."""

    executions: list[Execution] = field(default_factory=list)
    building: Execution | None = None
    waiting: Execution | None = None


class CodePipeline:
    """`work` builds an execution's image, and calls back with the status; `ended` is told of every end."""

    def __init__(self, clock: Clock, rng: random.Random, names: tuple[str, ...], head: Callable[[], str]) -> None:
        self.clock, self.rng, self.head = clock, rng, head
        self.pipelines = {name: Pipeline() for name in names}
        self.work: Callable[[Execution, Callable[[str, str], None]], None]
        self.ended: Callable[[Execution], None]

    def start(self, name: str, token: str) -> Execution:
        pipeline = self.pipelines[name]
        for each in pipeline.executions:
            if each.token == token:
                return each
        execution = Execution(pipeline=name, id=str(uuid.UUID(int=self.rng.getrandbits(128))), token=token)
        pipeline.executions.insert(0, execution)
        self.clock.after(self.rng.uniform(5, 25), lambda: self._read_source(execution))
        return execution

    def under_way(self) -> set[str]:
        return {
            name for name, each in self.pipelines.items() if any(one.status == "InProgress" for one in each.executions)
        }

    def _read_source(self, execution: Execution) -> None:
        execution.revision = self.head()
        pipeline = self.pipelines[execution.pipeline]
        if pipeline.building is None:
            self._enter(pipeline, execution)
            return
        if pipeline.waiting is not None:
            self._end(pipeline.waiting, "Superseded")
        pipeline.waiting = execution

    def _enter(self, pipeline: Pipeline, execution: Execution) -> None:
        pipeline.building = execution

        def left(status: str, message: str) -> None:
            execution.message = message
            pipeline.building = None
            self._end(execution, status)
            if pipeline.waiting is not None:
                waiting, pipeline.waiting = pipeline.waiting, None
                self._enter(pipeline, waiting)

        self.work(execution, left)

    def _end(self, execution: Execution, status: str) -> None:
        execution.status = status
        self.ended(execution)


class FakeAccount:
    """What the dispatcher calls, as `Account` does: each call takes its time, and a killed dispatcher ends in one."""

    id, partition, region = "123456789012", "aws", "eu-west-1"

    def __init__(self, aws: FakeAws, killed_at: int = 0) -> None:
        self.aws, self._left = aws, killed_at

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        aws = self.aws
        aws.clock.sleep(aws.rng.uniform(0.02, 0.2))
        self._left -= 1
        if self._left == 0 and aws.rng.random() < 0.5:
            raise KilledError
        aws.calls[operation] += 1
        checked = aws.calls[operation] <= _CHECKED
        if checked:
            check_request(service, operation, arguments)
        answer: dict[str, Any] = getattr(aws, operation)(**arguments)
        if checked:
            check_answer(service, operation, answer)
        if self._left == 0:
            raise KilledError
        return answer


class FakeAws:
    """The operations, by their names in boto3."""

    def __init__(self, clock: Clock, rng: random.Random, codebuild: CodeBuild, codepipeline: CodePipeline) -> None:
        self.clock, self.rng, self.codebuild, self.codepipeline = clock, rng, codebuild, codepipeline
        self.items: dict[str, dict[str, Any]] = {}
        self.calls: Counter[str] = Counter()
        self.started: Callable[[Execution], None] = lambda _: None

    def get_item(self, TableName: str, Key: Any, ConsistentRead: bool) -> dict[str, Any]:  # noqa: N803
        assert TableName
        assert ConsistentRead
        found = self.items.get(Key["image"]["S"])
        return {"Item": dict(found)} if found else {}

    def batch_get_item(self, RequestItems: Any) -> dict[str, Any]:  # noqa: N803
        ((table, asked),) = RequestItems.items()
        assert asked["ConsistentRead"]
        assert len(asked["Keys"]) <= 100
        found = [dict(self.items[key["image"]["S"]]) for key in asked["Keys"] if key["image"]["S"] in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def put_item(self, **put: Any) -> dict[str, Any]:
        if not self._holds(put):
            raise _error("ConditionalCheckFailedException", "The conditional request failed")
        self._put(put)
        return {}

    def transact_write_items(self, TransactItems: Any) -> dict[str, Any]:  # noqa: N803
        puts = [each["Put"] for each in TransactItems]
        if not all(map(self._holds, puts)):
            reasons = ", ".join("None" if self._holds(put) else "ConditionalCheckFailed" for put in puts)
            raise _error("TransactionCanceledException", f"Transaction cancelled, see the reasons [{reasons}]")
        for put in puts:
            self._put(put)
        return {}

    def _holds(self, put: Mapping[str, Any]) -> bool:
        found = self.items.get(put["Item"]["image"]["S"])
        if put["ConditionExpression"] == "attribute_not_exists(image)":
            return found is None
        assert put["ConditionExpression"] == "version = :version"
        return found is not None and found["version"] == put["ExpressionAttributeValues"][":version"]

    def _put(self, put: Mapping[str, Any]) -> None:
        item = put["Item"]
        assert all(value.get("SS", True) for value in item.values()), "DynamoDB has no empty set"
        self.items[item["image"]["S"]] = dict(item)

    def start_pipeline_execution(self, name: str, clientRequestToken: str) -> dict[str, Any]:  # noqa: N803
        execution = self.codepipeline.start(name, clientRequestToken)
        self.started(execution)
        return {"pipelineExecutionId": execution.id}

    def get_pipeline_execution(self, pipelineName: str, pipelineExecutionId: str) -> dict[str, Any]:  # noqa: N803
        for each in self.codepipeline.pipelines[pipelineName].executions:
            if each.id == pipelineExecutionId:
                found: dict[str, Any] = {"pipelineName": pipelineName, "pipelineExecutionId": each.id}
                revisions = [{"name": "source", "revisionId": each.revision}] if each.revision else []
                return {"pipelineExecution": {**found, "status": each.status, "artifactRevisions": revisions}}
        raise _error("PipelineExecutionNotFoundException", "unknown")

    def list_pipeline_executions(self, pipelineName: str, maxResults: int) -> dict[str, Any]:  # noqa: N803
        found = [
            {
                "pipelineExecutionId": each.id,
                "status": each.status,
                "sourceRevisions": [{"actionName": "Source", "revisionId": each.revision}] if each.revision else [],
            }
            for each in self.codepipeline.pipelines[pipelineName].executions[:maxResults]
        ]
        return {"pipelineExecutionSummaries": found}

    def list_action_executions(self, pipelineName: str, filter: Any, nextToken: str = "") -> dict[str, Any]:  # noqa: A002, N803
        """Newest first, one on a page."""
        (each,) = (
            one
            for one in self.codepipeline.pipelines[pipelineName].executions
            if one.id == filter["pipelineExecutionId"]
        )
        source = {"stageName": "Source", "actionName": "Source", "status": "Succeeded"}
        result = {"errorDetails": {"code": "JobFailed", "message": each.message}} if each.message else {}
        build = {"stageName": "Build", "actionName": "Build", "status": "Failed" if each.message else "Succeeded"}
        details = [{**build, "output": {"executionResult": result}}, source]
        at = int(nextToken or 0)
        return {"actionExecutionDetails": [details[at]], **({"nextToken": "1"} if at == 0 else {})}

    def list_builds_for_project(self, projectName: str, sortOrder: str) -> dict[str, Any]:  # noqa: N803
        assert sortOrder == "DESCENDING"
        return {"ids": [each.id for each in self.codebuild.all if each.project == projectName][::-1][:100]}

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        return {"builds": [_build(self.codebuild.by_id[id_]) for id_ in ids if id_ in self.codebuild.by_id]}

    def stop_build(self, id: str) -> dict[str, Any]:  # noqa: A002
        build = self.codebuild.by_id[id]
        if build in self.codebuild.queue:
            self.codebuild.end(build, "STOPPED")
        return {"build": _build(build)}


def _build(build: Build) -> dict[str, Any]:
    phases = [{"phaseType": "SUBMITTED", "startTime": _moment(build.submitted)}]
    if build.cloned:
        phases.append({"phaseType": "DOWNLOAD_SOURCE", "startTime": _moment(build.cloned)})
    given = [{"name": "TFGEN_DISPATCH_RETRY", "value": "false", "type": "PLAINTEXT"}]
    return {
        "id": build.id,
        "buildStatus": build.status,
        "currentPhase": build.phase,
        "startTime": _moment(build.submitted),
        "phases": phases,
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": given,
        },
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _error(code: str, message: str) -> AwsError:
    return AwsError(f"AWS refused it: {message} ({code})", code=code, status=400)
