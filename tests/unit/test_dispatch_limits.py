"""What holds dispatchers back: executions at a time, a full queue, a failure that nobody has repaired, another one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.simulated_aws import REFUSED, Build, CodeBuild, CodePipeline, Execution, FakeAccount, FakeAws
from tests.unit.virtual_clock import Clock
from tfgen.aws.pipelines.dispatch_lease import Lease
from tfgen.aws.pipelines.dispatch_state import Full, Item, StateTable
from tfgen.aws.pipelines.own_builds import OwnBuilds
from tfgen.dispatch.assess import Assessor
from tfgen.dispatch.backoff import MOST_TRIES
from tfgen.dispatch.model import Job
from tfgen.dispatch.turn import Turn

IMAGES = ("base", "web", "other")
FIRST, SECOND = "1" * 40, "2" * 40


class Account(FakeAccount):
    """Without a clock: each call is answered at once."""

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.aws, operation)(**arguments)
        return answer


class World:
    """Three images, web from base; a test says what becomes of their executions."""

    def __init__(self) -> None:
        self.clock, self.head = Clock(), FIRST
        codepipeline = CodePipeline(self.clock, random.Random(0), IMAGES, lambda: self.head)
        self.codebuild = CodeBuild(self.clock, 1)
        self.aws = FakeAws(self.clock, random.Random(0), self.codebuild, codepipeline)
        self.account: Any = Account(self.aws)

    def table(self) -> StateTable:
        return StateTable(self.account, "table", lambda: self.clock.now)

    def dispatch(self, commit: str = FIRST, **flags: Any) -> dict[str, str]:
        """What a dispatch that does not wait says of each image."""
        given = {"wait": False, "retry": False, "most": 0, **flags}
        parents = {"web": ("base",)}
        job = Job(commit=commit, pipelines={name: name for name in IMAGES}, parents=parents, order=IMAGES, **given)

        def since(older: str) -> Mapping[str, str]:
            return {} if older == commit else dict.fromkeys(IMAGES, "changed")

        assessor = Assessor(job, self.table(), since, lambda: 0, lambda: self.clock.now)
        turn = Turn(assessor, lambda _: None, lambda *_: None, lambda: 0)
        assert turn.begin()
        turn.run()
        return {each.name: each.status for each in turn.outcomes}

    def newest(self, name: str) -> Execution:
        return self.aws.codepipeline.pipelines[name].executions[0]

    def starts(self, name: str) -> int:
        return len(self.aws.codepipeline.pipelines[name].executions)

    def end(self, name: str, status: str = "Succeeded", message: str = "") -> None:
        execution = self.newest(name)
        execution.status, execution.revision, execution.message = status, self.head, message

    def refuse(self, name: str) -> None:
        self.end(name, "Failed", REFUSED.format(5, "x"))


@pytest.fixture
def world() -> World:
    return World()


def test_no_more_are_started_than_may_be_and_the_next_run_goes_on(world: World) -> None:
    assert world.dispatch(most=1) == {"base": "started", "web": "waiting", "other": "waiting"}
    assert world.dispatch(most=1) == {"base": "started", "web": "waiting", "other": "waiting"}
    world.end("base")
    assert world.dispatch(most=1) == {"web": "started", "other": "waiting"}
    world.end("web")
    assert world.dispatch(most=1) == {"other": "started"}
    world.end("other")
    assert world.dispatch(most=1) == {}
    assert {name: world.starts(name) for name in IMAGES} == dict.fromkeys(IMAGES, 1)
    assert world.table().slots().running == frozenset()


def test_two_dispatchers_hold_the_limit_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second claims between the first one's look at the slots and its claim."""
    one, other, read = world.table(), world.table(), StateTable.slots
    began = [0]

    def slots(self: StateTable) -> Any:
        found = read(self)
        if self is one and not began[0]:
            began[0] = 1
            assert isinstance(other.claim(Item(image="base"), Item(image="base", token="t"), 1), Item)
        return found

    monkeypatch.setattr(StateTable, "slots", slots)
    claim = one.claim(Item(image="other"), Item(image="other", token="u"), 1)
    assert claim == Full(running=frozenset({"base"}), limit=1)


def test_an_image_that_is_gone_takes_no_slot(world: World) -> None:
    table = world.table()
    assert isinstance(table.claim(Item(image="gone"), Item(image="gone", token="t", execution="x")), Item)
    assert world.dispatch(most=1)["base"] == "started"
    assert world.table().slots().running == {"base"}


def test_what_somebody_else_builds_counts(world: World) -> None:
    """An execution of a person, or of a pipeline that was just made, takes a place in the queue as well."""
    world.aws.codepipeline.start("other", "a person's")
    assert world.dispatch(most=1) == {"base": "waiting", "web": "waiting", "other": "started"}


@pytest.mark.parametrize("is_others", [False, True])
def test_what_waits_for_an_approval_takes_no_place(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_others: bool
) -> None:
    if is_others:
        world.aws.codepipeline.start("base", "a person's")
    else:
        world.dispatch(most=1)
    assert world.dispatch(most=1) == {"base": "started", "web": "waiting", "other": "waiting"}
    status, category, at = "InProgress", "Build", world.clock.now

    def actions(**_: Any) -> dict[str, Any]:
        kind = {"category": category, "owner": "AWS", "provider": "x", "version": "1"}
        found = {"stageName": "x", "actionName": "x", "status": status, "input": {"actionTypeId": kind}}
        return {"actionExecutionDetails": [{**found, "lastUpdateTime": datetime.fromtimestamp(at, tz=UTC)}]}

    monkeypatch.setattr(world.aws, "list_action_executions", actions)
    assert world.dispatch(most=1)["other"] == "waiting", "it builds"
    status = "Succeeded"
    assert world.dispatch(most=1)["other"] == "waiting", "the next action begins soon"
    at -= 601
    assert world.dispatch(most=1)["other"] == "started", "nothing begins: a transition is closed"
    world.end("other")
    world.head = SECOND
    status, category = "InProgress", "Approval"
    assert world.dispatch(SECOND, most=1)["other"] == "started", "a person must approve"


def test_a_full_queue_is_no_failure_and_is_tried_again_later(world: World) -> None:
    world.dispatch()
    world.refuse("base")
    assert world.dispatch() == {"base": "waiting", "web": "waiting", "other": "started"}
    assert world.starts("base") == 1
    world.clock.now += 61
    assert world.dispatch()["base"] == "waiting", "no more are started than were taken"
    world.end("other")
    assert world.dispatch()["base"] == "started"
    assert world.starts("base") == 2
    world.end("base")
    assert world.dispatch() == {"web": "started"}


def test_a_queue_that_stays_full_is_a_failure_in_the_end(world: World) -> None:
    world.dispatch()
    world.end("other")
    for _ in range(MOST_TRIES):
        world.refuse("base")
        world.dispatch()
        world.clock.now += 3601
        last = world.dispatch()
    assert last == {"base": "failed", "web": "blocked"}
    assert world.starts("base") == MOST_TRIES
    world.head = SECOND
    assert world.dispatch(SECOND)["base"] == "started"


@pytest.mark.parametrize(("status", "said"), [("Failed", "failed"), ("Stopped", "stopped")])
def test_what_failed_is_started_again_by_the_next_push_alone(world: World, status: str, said: str) -> None:
    """Else each end of a pipeline, which starts a dispatcher, would start it again."""
    world.dispatch()
    world.end("other")
    world.end("base", status, "Build terminated with state: FAILED" if status == "Failed" else "")
    for _ in range(3):
        assert world.dispatch() == {"base": said, "web": "blocked"}
    assert world.starts("base") == 1
    assert world.dispatch(retry=True)["base"] == "started"
    world.end("base", status)
    world.head = SECOND
    assert world.dispatch(SECOND)["base"] == "started"


def test_what_a_person_repaired_is_good_again(world: World) -> None:
    """A stage that is tried again in the console is the same execution."""
    world.dispatch()
    world.end("other")
    world.end("base", "Failed", "Build terminated with state: FAILED")
    assert world.dispatch() == {"base": "failed", "web": "blocked"}
    world.end("base")
    assert world.dispatch() == {"web": "started"}
    item = world.table().get("base")
    assert (item.good, item.failed, item.end) == (FIRST, frozenset(), "")


@pytest.mark.parametrize("status", ["Superseded", "Cancelled"])
def test_what_was_overtaken_or_changed_is_started_again(world: World, status: str) -> None:
    world.dispatch()
    world.end("base", status)
    assert world.dispatch()["base"] == "started"
    assert world.starts("base") == 2


def test_one_dispatcher_works_and_looks_again_for_those_that_left(world: World) -> None:
    one, other = world.table(), world.table()
    first, second = (Lease(table, FIRST, is_alive=lambda _: True) for table in (one, other))
    assert first.take()
    assert not second.take()
    assert not first.give_back()
    assert first.give_back()
    assert second.take()
    assert second.give_back()


def test_it_does_not_leave_to_one_that_does_something_else_or_is_dead(world: World) -> None:
    alive = Lease(world.table(), FIRST, build="project:1", is_alive=lambda _: True)
    assert alive.take()
    assert Lease(world.table(), SECOND, is_alive=lambda _: True).take(), "another commit"
    assert Lease(world.table(), FIRST, build="project:2", is_alive=lambda _: True).take()
    assert alive.give_back(), "it is not its own any more"
    assert Lease(world.table(), FIRST, is_alive=lambda build: build != "project:2").take(), "killed"
    assert Lease(world.table(), FIRST, is_alive=lambda _: True).take(force=True), "a person wants more than it does"
    assert not Lease(world.table(), FIRST, is_alive=lambda _: True).take()
    world.clock.now += 301
    assert Lease(world.table(), FIRST, is_alive=lambda _: True).take(), "nobody has heard of it for long"


def test_waiting_dispatchers_that_are_covered_are_stopped(world: World) -> None:
    codebuild = world.codebuild
    builds = [Build(project="project", begin=lambda _: None) for _ in range(4)]
    for build in builds[:3]:
        assert codebuild.start(build)
        world.clock.now += 1
    builds[0].cloned = world.clock.now
    world.clock.now += 1
    assert codebuild.start(builds[3]), "after the clone: it may be for a newer push"
    assert codebuild.start(Build(project="image", begin=lambda _: None))
    own = OwnBuilds(world.account, "project", builds[0].id)
    assert own.stop_covered() == [builds[2].id, builds[1].id]
    assert [each.status for each in builds] == ["IN_PROGRESS", "STOPPED", "STOPPED", "IN_PROGRESS"]
    assert own.is_running(builds[3].id)
    assert not own.is_running(builds[1].id)


def test_a_build_that_a_person_started_to_try_again_is_not_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, theirs = (Build(project="project", begin=lambda _: None) for _ in range(2))
    for build in (own, theirs):
        assert world.codebuild.start(build)
    own.cloned = world.clock.now + 1
    answered = world.aws.batch_get_builds

    def answer(ids: list[str]) -> dict[str, Any]:
        found = answered(ids)
        for each in found["builds"]:
            each["environment"]["environmentVariables"][0]["value"] = "true"
        return found

    monkeypatch.setattr(world.aws, "batch_get_builds", answer)
    assert OwnBuilds(world.account, "project", own.id).stop_covered() == []
