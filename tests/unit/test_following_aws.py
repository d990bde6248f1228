"""What CodePipeline and CloudWatch may answer, and what is made of it; their answers are played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.aws_answers import client_of
from tfgen.aws.failures import AwsError, Who
from tfgen.aws.pipelines.build_log import Build, BuildLog
from tfgen.aws.pipelines.executions import PipelineRun, is_passing
from tfgen.aws.session import Account

LOGGED = Build(id="p:1", status="IN_PROGRESS", log_group="g", log_stream="s")


class Played(Account):
    """An account that answers each call by the next of `answers`, and keeps what it was asked."""

    def __init__(self, *answers: dict[str, Any] | AwsError) -> None:
        self.who, self.partition, self.id = Who(profile="", region="eu-west-1"), "aws", "123456789012"
        self._lost, self._threads = {}, 1
        self._client = lambda service: client_of(service, self._answer)
        self.answers, self.asked = list(answers), list[tuple[str, dict[str, Any]]]()

    def _answer(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, arguments))
        answer = self.answers.pop(0)
        if isinstance(answer, AwsError):
            raise answer
        return answer


def page(token: str, *messages: str) -> dict[str, Any]:
    return {"nextForwardToken": token, "events": [{"message": f"{text}\n"} for text in messages]}


def log_of(account: Played) -> BuildLog:
    log = BuildLog(account, "p:1")
    log.build = LOGGED
    return log


def test_an_empty_page_is_the_end_only_when_the_token_stays() -> None:
    account = Played(page("1", "a"), page("2"), page("3", "b"), page("3"), page("3"), page("4", "c"), page("4"))
    log = log_of(account)
    assert list(log.lines()) == ["a", "b"]
    assert list(log.lines()) == []
    assert list(log.lines()) == ["c"]
    assert [arguments.get("nextToken") for _, arguments in account.asked] == [None, "1", "2", "3", "3", "3", "4"]


def test_after_a_refusal_in_the_middle_the_log_goes_on_where_it_was() -> None:
    log = log_of(Played(page("1", "a"), refused("ThrottlingException"), page("2", "b"), page("2")))
    seen: list[str] = []
    with pytest.raises(AwsError):
        seen.extend(log.lines())
    assert [*seen, *log.lines()] == ["a", "b"]


def refused(code: str, status: int = 400) -> AwsError:
    return AwsError(code, code=code, status=status)


def test_a_log_that_is_not_there_yet_has_no_lines() -> None:
    assert list(log_of(Played(refused("ResourceNotFoundException"))).lines()) == []


def test_a_build_without_a_log_in_cloudwatch_is_not_asked_for_one() -> None:
    account = Played({"builds": [{"id": "p:1", "buildStatus": "SUCCEEDED", "logs": {"deepLink": "x"}}]})
    log = BuildLog(account, "p:1")
    assert log.look().has_ended
    assert list(log.lines()) == []


def action(stage: str, status: str, **result: str) -> dict[str, Any]:
    provider = {"Build": "CodeBuild"}.get(stage, "CodeCommit")
    return {
        "stageName": stage,
        "actionName": stage,
        "status": status,
        "input": {"actionTypeId": {"category": stage, "provider": provider}},
        "output": {"executionResult": result},
    }


def seen(*pages: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Stage and status of each action of an execution whose history has these pages, newest first."""
    answers = [
        {"actionExecutionDetails": list(found), **({"nextToken": str(number)} if number + 1 < len(pages) else {})}
        for number, found in enumerate(pages)
    ]
    run = PipelineRun(Played({"pipelineExecution": {"status": "InProgress"}}, *answers), "p")
    return [(each.stage, each.status) for each in run.look().actions]


def test_all_pages_of_the_history_count() -> None:
    newest, first = action("Build", "Succeeded", externalExecutionId="p:1"), action("Source", "Succeeded")
    assert seen([newest], [first]) == [("Source", "Succeeded"), ("Build", "Succeeded")]


def test_an_action_that_was_tried_again_counts_by_its_last_run() -> None:
    again, failed = (action("Build", status, externalExecutionId="p") for status in ("InProgress", "Failed"))
    assert seen([again, failed, action("Source", "Succeeded")]) == [("Source", "Succeeded"), ("Build", "InProgress")]


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (refused("ThrottlingException"), True),
        (refused("EndpointConnectionError", 0), True),
        (refused("InternalFailure", 500), True),
        (refused("PipelineExecutionNotFoundException"), True),
        (refused("ConflictException"), True),
        (refused("AccessDeniedException"), False),
        (refused("ExpiredTokenException"), False),
        (refused("PipelineNotFoundException"), False),
    ],
)
def test_what_may_be_gone_when_it_is_asked_again(error: AwsError, passing: bool) -> None:
    assert is_passing(error) is passing


@pytest.mark.parametrize(
    ("latest", "inbound", "words"),
    [
        ("InProgress", "inboundExecution", "another execution is in stage Build: other"),
        ("Stopping", "inboundExecutions", "another execution is in stage Build: other"),
        ("Succeeded", "inboundExecution", ""),
        ("Failed", "inboundExecutions", ""),
    ],
)
def test_an_execution_that_has_ended_keeps_none_waiting(latest: str, inbound: str, words: str) -> None:
    """A stage keeps its last execution: between two stages ours is inbound there for a moment."""
    ours: Any = {"pipelineExecutionId": "ours", "status": "InProgress"}
    stage = {
        "stageName": "Build",
        "latestExecution": {"pipelineExecutionId": "other", "status": latest},
        "inboundTransitionState": {"enabled": True},
        inbound: [ours] if inbound.endswith("s") else ours,
    }
    run = PipelineRun(Played({"stageStates": [{"stageName": "Source"}, stage]}), "p")
    run.id = "ours"
    assert run.waits_for() == words


@pytest.mark.parametrize(("code", "doubt"), [("ReadTimeoutError", True), ("AccessDeniedException", False)])
def test_whether_a_start_without_an_answer_was_one_is_not_known(code: str, doubt: bool) -> None:
    run = PipelineRun(Played(refused(code), {"pipelineExecutionId": "1"}), "p")
    with pytest.raises(AwsError):
        run.start()
    assert (run.in_doubt, run.id) == (doubt, "")
    run.start()
    assert (run.in_doubt, run.id) == (False, "1")


@pytest.mark.parametrize(
    ("phases", "status", "failure"),
    [
        ([("BUILD", "SUCCEEDED", "")], "SUCCEEDED", ""),
        ([("BUILD", "FAILED", "first"), ("POST_BUILD", "FAILED", "second")], "FAILED", "phase BUILD failed: C: first"),
        ([("BUILD", "TIMED_OUT", "")], "TIMED_OUT", "phase BUILD timed out: C"),
        ([], "STOPPED", "the build was stopped"),
        ([("BUILD", "FAILED", "x" * 400)], "FAILED", f"phase BUILD failed: C: {'x' * 150} ... {'x' * 150}"),
    ],
)
def test_the_first_phase_that_did_not_work_says_why(
    phases: Sequence[tuple[str, str, str]], status: str, failure: str
) -> None:
    told = [
        {"phaseType": name, "phaseStatus": ended, "contexts": [{"statusCode": "C", "message": message}]}
        for name, ended, message in phases
    ]
    account = Played({"builds": [{"id": "p:1", "buildStatus": status, "phases": told}]})
    assert BuildLog(account, "p:1").look().failure == failure


DENIED = "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/b is not authorized to perform: "


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        (
            "Secrets Manager Error",
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            "create the",
        ),
        ("Secrets Manager Error", f"{DENIED}secretsmanager:GetSecretValue on resource: x", "apply what tfgen sync has"),
        (
            "Secrets Manager Error",
            "AccessDeniedException: Access to KMS is not allowed",
            "name the key in the module's",
        ),
        ("Secrets Manager Error", "something new", "compare the names"),
        ("Decrypted Variables Error", "parameter does not exist: /app/token", "create it in the pipeline's account"),
        ("Decrypted Variables Error", f"{DENIED}ssm:GetParameters on resource: x", "apply what tfgen sync has written"),
        ("Decrypted Variables Error", f"{DENIED}kms:Decrypt on resource: x", "name the key in the module's input"),
    ],
)
def test_a_variable_that_cannot_be_fetched_is_one_line_with_the_fix(code: str, message: str, fix: str) -> None:
    contexts = [{"statusCode": code, "message": f"{message}\n  status code: 400"}]
    phases = [{"phaseType": "DOWNLOAD_SOURCE", "phaseStatus": "FAILED", "contexts": contexts}]
    account = Played({"builds": [{"id": "p:1", "buildStatus": "FAILED", "phases": phases}]})
    failure = BuildLog(account, "p:1").look().failure
    assert failure.startswith(f"phase DOWNLOAD_SOURCE failed: {code}: {message}")
    assert f"; {fix}" in failure
    assert failure.endswith("(docs/secrets.md)")
    assert "\n" not in failure


TIMEOUT = 'CLIENT_ERROR: RequestError: send request failed caused by: Get "https://b.s3.amazonaws.com/x": i/o timeout'


@pytest.mark.parametrize(
    ("vpc", "phase", "message", "hint"),
    [
        (
            "vpc-1",
            "DOWNLOAD_SOURCE",
            TIMEOUT,
            "the subnets of vpc_config need NAT, or the endpoints of docs/networks.md",
        ),
        (
            "vpc-1",
            "PROVISIONING",
            "VPC_CLIENT_ERROR: Unexpected EC2 error: UnauthorizedOperation",
            "look at vpc_config",
        ),
        ("vpc-1", "BUILD", TIMEOUT, ""),
        ("vpc-1", "DOWNLOAD_SOURCE", "no such commit", ""),
        ("", "DOWNLOAD_SOURCE", TIMEOUT, ""),
    ],
)
def test_what_a_vpc_closes_is_said_with_what_opens_it(vpc: str, phase: str, message: str, hint: str) -> None:
    told = [{"phaseType": phase, "phaseStatus": "FAILED", "contexts": [{"message": message}]}]
    build = {"id": "p:1", "buildStatus": "FAILED", "phases": told, "vpcConfig": {"vpcId": vpc}}
    failure = BuildLog(Played({"builds": [build]}), "p:1").look().failure
    said = f"phase {phase} failed: {message}"
    assert failure.startswith(f"{said}; {hint}" if hint else said)
    assert hint or failure == said
