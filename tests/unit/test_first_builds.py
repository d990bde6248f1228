"""Of many pipelines made at once all but the first few are stopped, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.aws_shapes import check_answer, check_request
from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.first_builds import FirstBuilds
from tfgen_generators.errors import UsageError

ID = "00000000-0000-4000-8000-000000000000"


def execution(
    trigger: str = "CreatePipeline", status: str = "InProgress", began: datetime | None = None
) -> dict[str, Any]:
    return {
        "pipelineExecutionId": ID,
        "status": status,
        "startTime": began or datetime.now(tz=UTC),
        "trigger": {"triggerType": trigger, "triggerDetail": ""},
    }


class Account:
    """Answers in turn what is listed, and remembers what was stopped."""

    def __init__(self, *listed: list[dict[str, Any]], denied: str = "", elsewhere: str = "") -> None:
        self.listed, self.denied, self.stopped = list(listed), denied, list[str]()
        self.elsewhere = elsewhere

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        check_request(service, operation, arguments)
        if self.denied == operation:
            raise AwsError("AWS refused it", code="AccessDeniedException", status=400)
        if arguments["pipelineName"] in self.elsewhere:
            raise AwsError("AWS does not know it", code="PipelineNotFoundException", status=400)
        if operation == "stop_pipeline_execution":
            assert arguments["abandon"] is True
            self.stopped.append(arguments["pipelineName"])
            return {"pipelineExecutionId": ID}
        found = self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]
        answer = {"pipelineExecutionSummaries": found}
        check_answer(service, operation, answer)
        return answer


def run(account: Account, names: str, most: int = 2) -> FirstBuilds:
    builds = FirstBuilds(lambda: account, most, pause=0.001, patience=0.05)  # type: ignore[arg-type,return-value]
    for name in names:
        builds.created(name)
    builds.finish()
    return builds


def test_all_but_the_first_few_are_stopped() -> None:
    account = Account([execution()])
    builds = run(account, "abcde")
    assert account.stopped == builds.stopped == ["c", "d", "e"]
    assert builds.problem == ""


def test_up_to_the_limit_aws_is_not_asked() -> None:
    builds = FirstBuilds(lambda: pytest.fail("asked"), 2)
    builds.created("a")
    builds.created("b")
    builds.finish()
    assert builds.stopped == []


def test_an_execution_that_is_not_there_yet_is_waited_for() -> None:
    account = Account([], [], [execution()])
    assert run(account, "abc").stopped == ["c"]


@pytest.mark.parametrize(
    "other",
    [
        execution("StartPipelineExecution"),
        execution(status="Succeeded"),
        execution(began=datetime(2020, 1, 1, tzinfo=UTC)),
        {"pipelineExecutionId": ID, "status": "InProgress"},
    ],
)
def test_nothing_else_is_stopped(other: dict[str, Any]) -> None:
    account = Account([other])
    assert run(account, "abc").stopped == account.stopped == []


@pytest.mark.parametrize("denied", ["list_pipeline_executions", "stop_pipeline_execution"])
def test_without_the_rights_it_says_so_once_and_goes_on(denied: str) -> None:
    builds = run(Account([execution()], denied=denied), "abcdef")
    assert (builds.problem, builds.stopped) == ("AWS refused it", [])


def test_one_of_another_region_is_told_and_the_others_are_stopped() -> None:
    builds = run(Account([execution()], elsewhere="ac"), "abcde")
    assert (builds.problem, builds.stopped) == ("AWS does not know it", ["d", "e"])


def test_without_an_account_it_says_so() -> None:
    def none() -> Any:
        raise UsageError("AWS region not set", fix="set it")

    builds = FirstBuilds(none, 0)
    builds.created("a")
    builds.finish()
    assert builds.problem == "AWS region not set"
