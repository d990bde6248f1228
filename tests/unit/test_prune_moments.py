"""What may happen between two calls of a plan that is carried out, or of an undo: nothing that is used is lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tests import depth
from tests.unit.ami_estate import HERE, THERE, FakeAccount, refusal
from tests.unit.test_prune_acting import World, small, world
from tfgen.aws import failures
from tfgen.aws.failures import AwsError
from tfgen.aws.usage import ask
from tfgen.aws.usage.model import Found, Use
from tfgen.prune.acting import journal, restore, step
from tfgen.prune.acting.model import Applied
from tfgen.prune.acting.record import read_record
from tfgen.prune.read import failed_executions
from tfgen.workspace import settings_at
from tfgen_generators.errors import TfgenError

_ALL_SOURCES = tuple(ask.SOURCES)
__all__ = ["world"]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "POLL", 0.0)
    monkeypatch.setattr(restore, "POLL", 0.0)


def results(applied: Applied) -> dict[str, str]:
    return {each.ami: each.result for each in applied.amis}


def at_first(operation: str, does: Callable[[], object]) -> Callable[[str, str], None]:
    """Once, before the first call of that name."""
    done: list[str] = []

    def act(what: str, about: str) -> None:
        if what == operation and not done:
            done.append(about)
            does()

    return act


@depth.deep
def test_a_use_of_every_source_that_begins_at_any_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under --deep each source at each step."""
    begun: set[tuple[str, str, str]] = set()

    def source(name: str) -> Callable[[Any], Iterator[Found]]:
        def uses(asker: Any) -> Iterator[Found]:
            for kind, region, ami in list(begun):
                if (kind, region) == (name, asker.region):
                    yield Use(region=region, ami=ami, kind=name, id="user")

        return uses

    monkeypatch.setattr(ask, "SOURCES", {name: source(name) for name in _ALL_SOURCES})
    steps: list[str] = []
    small(world.estate)
    world.estate.step = lambda what, about: steps.append(what)
    world.apply(world.plan())
    violations: list[Any] = []
    moments = [(name, at) for at in range(len(steps)) for name in _ALL_SOURCES]
    for name, at in moments if depth.is_on() else moments[:: len(_ALL_SOURCES) + 1]:
        world.fresh()
        begun.clear()
        named = small(world.estate)
        plan = world.plan()
        left = [at]
        wanted = [(THERE if each == "copy" else HERE, ami) for each, ami in named.items() if each != "deprecate"]

        def act(what: str, about: str, left: list[int] = left, name: str = name, wanted: Any = wanted) -> None:
            if left[0] == 0:
                begun.update((name, *key) for key in wanted if world.estate.is_usable(*key))
            left[0] -= 1

        world.estate.step = act
        world.apply(plan)
        world.estate.step = lambda what, about: None
        world.apply(plan)
        for _, region, ami in begun:
            disks = world.estate.disks_of(region, ami) if world.estate.is_usable(region, ami) else [""]
            violations += [(name, at, ami) for disk in disks if (region, disk) not in world.estate.snapshots]
    assert len(moments) > 400
    assert violations == []


def test_a_source_that_the_settings_leave_out_is_not_asked_then_either(world: World) -> None:
    path = world.workspace.root / "tfgen.toml"
    text = path.read_text().replace("keep_last = 0", 'keep_last = 0\nskip_sources = ["batch"]')
    asked: list[str] = []

    def batch(_: Any) -> Iterator[Found]:
        asked.append("batch")
        yield from ()

    settings = settings_at(world.workspace.root, text)
    world.workspace = msgspec.structs.replace(world.workspace, settings=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ask, "SOURCES", {**ask.SOURCES, "batch": batch})
        small(world.estate)
        assert set(results(world.apply(world.plan())).values()) == {"done"}
    assert asked == []


@pytest.mark.parametrize("lag", [1, 3])
def test_what_ec2_still_lists_after_the_call_is_given_back_where_it_is_used(lag: int, world: World) -> None:
    named = small(world.estate)
    before = world.estate.state()
    plan = world.plan()
    world.estate.lag = lag

    def act(what: str, about: str) -> None:
        if what in ("deregister_image", "disable_image"):
            world.estate.launch(HERE, about)
            world.estate.launch(THERE, about)

    world.estate.step = act
    found = results(world.apply(plan))
    world.estate.step, world.estate.lag = lambda what, about: None, 0
    world.estate.stale.clear()
    world.apply(plan)
    world.estate.images[HERE, named["deprecate"]].pop("DeprecationTime")
    assert world.estate.state() == before
    assert set(found.values()) <= {"kept", "done", "failed"}


def test_a_snapshot_that_ec2_takes_for_one_of_the_ami_that_is_gone_is_tried_again(world: World) -> None:
    small(world.estate)
    plan = world.plan()
    world.estate.lag = 6
    assert set(results(world.apply(plan)).values()) == {"done"}
    assert len(world.estate.snapshots) == 4
    world.fresh()
    small(world.estate)
    plan = world.plan()
    world.estate.lag = 1000
    applied = world.apply(plan)
    assert applied.exit_code == 1
    assert "unfinished" in results(applied).values()
    world.estate.lag = 0
    world.estate.stale.clear()
    world.apply(plan)
    assert len(world.estate.snapshots) == 4


def test_a_parameter_that_is_made_anew_with_the_same_version_is_read(world: World) -> None:
    small(world.estate)
    world.estate.parameters["/web"] = ["ami-00000000000000fff"]
    plan = world.plan()
    last = plan.going[-1].ami

    def anew() -> None:
        world.estate.parameters["/web"] = [last]
        world.estate.made_anew["/web"] = 1

    world.estate.step = at_first("deregister_image", anew)
    assert results(world.apply(plan))[last] == "kept"
    assert "restore_image_from_recycle_bin" not in world.estate.calls


def test_a_label_on_an_old_version_is_a_use(world: World) -> None:
    small(world.estate)
    plan = world.plan()
    last = plan.going[-1].ami
    world.estate.parameters["/web"] = [last, *(f"ami-{number:017x}" for number in range(900, 908))]
    world.estate.step = at_first("deregister_image", lambda: world.estate.labels.update({"/web": {1: "prod"}}))
    (kept,) = [each for each in world.apply(plan).amis if each.ami == last]
    assert kept.result == "kept"
    assert ("ssm-parameter", "/web:prod") in [(each.kind, each.id) for each in kept.because]


@pytest.mark.parametrize("kind", ["child", "copy"])
def test_what_was_made_of_an_ami_meanwhile_keeps_it(kind: str, world: World) -> None:
    """The instance that it was made with is gone, and EC2 tells of a launch a day late."""
    small(world.estate)
    plan = world.plan()
    last = plan.going[-1].ami
    made: dict[str, Any] = {"parent": last} if kind == "child" else {"source": last, "region": THERE}
    world.estate.step = at_first("deregister_image", lambda: world.estate.ami(days=0, **made))
    (kept,) = [each for each in world.apply(plan).amis if each.ami == last]
    assert kept.result == "kept"
    assert kept.because[0].kind == ("parent-of" if kind == "child" else "source-of")


def test_an_ami_without_ebs_snapshots_has_no_way_back(world: World) -> None:
    """The Recycle Bin keeps EBS-backed AMIs alone."""
    small(world.estate)
    ami = world.estate.ami(days=120)
    world.estate.images[HERE, ami]["BlockDeviceMappings"] = [{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}]
    plan = world.plan()
    applied = world.apply(plan)
    assert [(each.result, each.because[0].kind) for each in applied.amis if each.ami == ami] == [
        ("kept", "no-recycle-bin")
    ]
    assert applied.exit_code == 3
    assert results(world.apply(plan, no_undo=True))[ami] == "done"


def test_too_many_calls_at_any_call_and_the_next_run_finishes(world: World) -> None:
    small(world.estate)
    plan = world.plan()
    calls: list[str] = []
    world.estate.step = lambda what, about: calls.append(what) if what != "journal" else None
    world.apply(plan)
    wanted = set(world.estate.images), set(world.estate.snapshots)
    assert len(calls) >= 9
    for number in range(len(calls)):
        world.fresh()
        small(world.estate)
        plan = world.plan()
        left = [number]

        def act(what: str, about: str, left: list[int] = left) -> None:
            if what != "journal":
                left[0] -= 1
                if left[0] == -1:
                    raise AwsError("too many", code="RequestLimitExceeded", fix=failures._LATER)

        world.estate.step = act
        assert world.apply(plan).exit_code == 1
        world.estate.step = lambda what, about: None
        world.apply(plan)
        assert (set(world.estate.images), set(world.estate.snapshots)) == wanted, calls[number]


@depth.deep
def test_a_full_disk_at_any_line_and_the_next_run_finishes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the line is written; its call is not made."""
    real, left = journal._write_all, [1000]

    def write(descriptor: int, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            real(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor, data)

    monkeypatch.setattr(journal, "_write_all", write)
    small(world.estate)
    world.apply(world.plan())
    lines = 1000 - left[0]
    wanted = set(world.estate.images), set(world.estate.snapshots)
    for number in range(0, lines - 1, depth.amount(2, 1)):
        world.fresh()
        small(world.estate)
        plan = world.plan()
        left[0] = number
        with pytest.raises(TfgenError, match="No space left on device; free some space"):
            world.apply(plan)
        left[0] = 1000
        world.apply(plan)
        assert (set(world.estate.images), set(world.estate.snapshots)) == wanted, number


def test_a_folder_that_cannot_be_written_stops_it_before_any_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    small(world.estate)
    before = world.estate.state()
    plan = world.plan()
    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(TfgenError, match="Read-only file system; make its folder writable"):
        world.apply(plan)
    assert (world.estate.state(), world.estate.calls) == (before, [])
    monkeypatch.undo()
    assert list(journal.own_runs(world.folder)) == []


def test_a_record_that_was_damaged_costs_its_ami_alone_and_is_said(world: World) -> None:
    named = small(world.estate)
    before = world.estate.state()
    applied = world.apply(world.plan())
    (own,) = world.folder.glob("*.jsonl")
    lines = own.read_bytes().split(b"\n")
    at = next(at for at, line in enumerate(lines) if b'"type":"record"' in line and named["disable"].encode() in line)
    lines[at] = lines[at][: len(lines[at]) // 2] + b"\xc3"
    own.write_bytes(b"\n".join(lines))
    back = world.undo(applied.run)
    assert back.exit_code == 1
    assert [each.ami for each in back.amis if each.result != "restored"] == [named["disable"]]
    assert "cannot be read" in next(each.error for each in back.amis if each.ami == named["disable"])
    world.estate.images[HERE, named["disable"]]["State"] = "available"
    assert world.estate.state() == before


def test_what_a_person_changed_after_an_undo_stays(world: World) -> None:
    named = small(world.estate)
    world.estate.images[HERE, named["child"]]["Permissions"] = []
    applied = world.apply(world.plan())
    world.undo(applied.run)
    world.estate.images[HERE, named["child"]]["Tags"][0]["Value"] = "packer/other.json"
    world.estate.images[HERE, named["disable"]]["State"] = "disabled"
    changed = world.estate.state()
    assert set(results(world.undo(applied.run)).values()) == {"nothing"}
    assert world.estate.state() == changed


def test_an_undo_of_the_first_of_two_runs_brings_the_snapshot_that_the_second_deleted(world: World) -> None:
    named = small(world.estate)
    before = world.estate.state()
    world.estate.launch(HERE, named["same disk"])
    plan = world.plan()
    first = world.apply(plan)
    world.estate.instances.clear()
    world.apply(world.plan())
    assert (HERE, named["same disk"]) not in world.estate.images
    back = world.undo(first.run)
    assert set(results(back).values()) == {"restored"}
    images, snapshots = world.estate.state()
    before[0].pop((HERE, named["same disk"]))
    assert (images, snapshots) == before


def test_an_undo_goes_on_where_one_region_refuses_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    named = small(world.estate)
    applied = world.apply(world.plan())
    real = FakeAccount._describe_snapshots

    def refused(self: FakeAccount, **given: Any) -> Any:
        if self.region == THERE:
            raise refusal("UnauthorizedOperation")
        return real(self, **given)

    monkeypatch.setattr(FakeAccount, "_describe_snapshots", refused)
    found = results(world.undo(applied.run))
    assert [ami for ami, result in found.items() if result != "restored"] == [named["copy"]]
    monkeypatch.setattr(FakeAccount, "_describe_snapshots", real)
    assert results(world.undo(applied.run))[named["copy"]] == "restored"


def test_an_ami_that_is_listed_as_deregistered_is_gone(world: World) -> None:
    named = small(world.estate)
    plan = world.plan()
    world.estate.images[HERE, named["child"]]["State"] = "deregistered"
    assert results(world.apply(plan))[named["child"]] in ("gone", "kept")
    account: Any = FakeAccount(world.estate, HERE)
    assert read_record(account, named["child"], "web", "keep") is None


@pytest.mark.parametrize(("status", "fails"), [("Failed", True), ("Cancelled", True), ("Succeeded", False)])
def test_a_failed_execution_behind_many_that_were_superseded(status: str, fails: bool) -> None:
    said: list[dict[str, Any]] = [{"pipelineExecutionId": str(at), "status": "Superseded"} for at in range(150)]
    said[120] = {"pipelineExecutionId": "the one", "status": status, "lastUpdateTime": datetime.now(UTC)}
    account = SimpleNamespace(pages=lambda *_, **__: iter(said))
    asker: Any = SimpleNamespace(region=HERE, account=account, each=map)
    failed, errors = failed_executions([asker], {"web-ami-pipeline": "web"}, [HERE])
    assert (failed, errors) == ({"web": "the one"} if fails else {}, [])
