"""Plans carried out on an estate in memory: killed at every step, and used at every moment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import depth
from tests.conftest import JSON, Repo
from tests.unit.ami_estate import ACCOUNT, HERE, THERE, Estate, FakeAccount, KilledError, refusal
from tfgen.aws.usage import ask
from tfgen.prune import make, read
from tfgen.prune.acting import apply as applying
from tfgen.prune.acting import journal, undo
from tfgen.prune.acting.apply import Options
from tfgen.prune.acting.model import Applied
from tfgen.prune.acting.watch import WatchingAsker
from tfgen.prune.make import Request
from tfgen.prune.model import Plan
from tfgen.workspace import Workspace, open_workspace
from tfgen_generators.errors import BusyError, RefusedError, UsageError

FILES = {
    "tfgen.toml": """\
source_repository = "ami-builder"

[retention]
keep_last = 0
deprecate = "30d"
disable = "60d"
deregister = "90d"
""",
    "packer/web.json": JSON,
}
_SOURCES = ("launch-templates", "ssm-parameters", "instances", "auto-scaling-groups")


class World:
    """A repository and an estate."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.estate = Estate()

    def open_regions(self, names: Any, previous: int, stack: Any, made: Any) -> Any:
        askers = [made(FakeAccount(self.estate, region), previous) for region in names]
        for asker in askers:
            stack.enter_context(asker)
        return askers, []

    def plan(self) -> Plan:
        with contextlib.ExitStack() as stack:
            askers, _ = self.open_regions((HERE, THERE), 5, stack, WatchingAsker)
            return make.survey(self.workspace, Request(), askers, [], stack).plan

    def apply(self, plan: Plan, **options: Any) -> Applied:
        return applying.apply(self.workspace, plan, Options(**options), lambda text: None)

    def undo(self, run: str) -> Applied:
        return undo.undo(self.workspace, run, lambda text: None)

    @property
    def folder(self) -> Path:
        return self.workspace.state_dir / journal.FOLDER

    def fresh(self) -> None:
        """No runs, and no estate."""
        for each in self.folder.glob("*"):
            each.unlink()
        self.estate = Estate()


@pytest.fixture
def world(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    repo(FILES)
    found = World(open_workspace())
    monkeypatch.setattr(ask, "SOURCES", {name: ask.SOURCES[name] for name in _SOURCES})
    monkeypatch.setattr(applying, "open_regions", found.open_regions)
    monkeypatch.setattr(read, "_account", _closed)
    monkeypatch.setattr(undo, "open_account", lambda region: FakeAccount(found.estate, region))
    real = journal.Journal.write

    def write(self: journal.Journal, line: Any) -> None:
        found.estate.step("journal", type(line).__name__)
        real(self, line)

    monkeypatch.setattr(journal.Journal, "write", write)
    return found


def _closed(*_: Any, **__: Any) -> Any:
    raise refusal("ExpiredToken")


def small(estate: Estate) -> dict[str, str]:
    """One AMI for each action, a parent, a copy in another region, and two with one snapshot."""
    estate.ami(days=0.1)
    estate.ami(days=0.1, region=THERE)
    found = {"deprecate": estate.ami(days=40), "disable": estate.ami(days=70), "parent": estate.ami(days=200)}
    found["child"] = estate.ami(days=100, parent=found["parent"])
    found["copy"] = estate.ami(days=95, region=THERE, source=found["child"])
    found["same disk"] = estate.ami(days=150, snapshot=estate.disks_of(HERE, found["parent"])[0])
    return found


def test_done_in_order_and_taken_back(world: World) -> None:
    named = small(world.estate)
    before = world.estate.state()
    applied = world.apply(world.plan())
    assert {each.result for each in applied.amis} == {"done"}
    assert applied.exit_code == 0
    order = [each.ami for each in applied.amis]
    assert order.index(named["copy"]) < order.index(named["child"]) < order.index(named["parent"])
    assert world.estate.images[HERE, named["disable"]]["State"] == "disabled"
    gone = {named["parent"], named["child"], named["copy"], named["same disk"]}
    assert not gone & {ami for _, ami in world.estate.images}
    assert len(world.estate.snapshots) == 4
    (shared,) = {each.snapshots for each in applied.amis if each.ami in (named["parent"], named["same disk"])}
    assert [each.deleted for each in applied.amis if each.snapshots == shared].count(shared) == 1
    again = world.apply(world.plan())
    assert ([each.result for each in again.amis], again.run) == (["already"], "")
    back = world.undo(applied.run)
    assert {each.result for each in back.amis} == {"restored"}
    assert world.estate.state() == before
    assert {each.result for each in world.undo(applied.run).amis} == {"nothing"}
    (summary,) = undo.runs(world.workspace).runs
    assert (summary.state, summary.amis) == ("undone", {"deprecate": 1, "deregister": 4, "disable": 1})


def _steps(world: World, act: Callable[[], object]) -> int:
    """How many steps there are."""
    seen: list[str] = []
    world.estate.step = lambda what, about: seen.append(what)
    act()
    world.estate.step = lambda what, about: None
    return len(seen)


def _end_at(number: int) -> Callable[[str, str], None]:
    left = [number]

    def step(what: str, about: str) -> None:
        if left[0] == 0:
            raise KilledError
        left[0] -= 1

    return step


def _require_records(world: World, before: Any) -> None:
    """Each AMI and snapshot that is gone stands in a journal."""
    known: set[str] = set()
    for run in journal.own_runs(world.folder):
        known |= {each.ami for each in run.records.values()}
        known |= {each.id for record in run.records.values() for each in record.snapshots}
    now = world.estate.state()
    assert {id_ for then, after in zip(before, now, strict=True) for _, id_ in then.keys() - after.keys()} <= known


@depth.deep
def test_killed_at_every_step_the_next_run_finishes_or_takes_back(world: World) -> None:
    small(world.estate)
    plan = world.plan()
    steps = _steps(world, lambda: world.apply(plan))
    wanted = _shape(world.estate)
    assert steps > 30
    for number in range(steps):
        for takes_back in (False, True) if depth.is_on() else (bool(number % 2),):
            world.fresh()
            small(world.estate)
            before = world.estate.state()
            plan = world.plan()
            world.estate.step = _end_at(number)
            with pytest.raises(KilledError):
                world.apply(plan)
            world.estate.step = lambda what, about: None
            _require_records(world, before)
            if takes_back:
                for run in list(journal.own_runs(world.folder)):
                    world.undo(run.name)
                assert world.estate.state() == before, number
                continue
            world.apply(plan)
            assert _shape(world.estate) == wanted, number
            assert not [one for run in journal.own_runs(world.folder) for one in run.open_records], number


@depth.deep
def test_an_undo_that_is_killed_goes_on(world: World) -> None:
    small(world.estate)
    applied = world.apply(world.plan())
    steps = _steps(world, lambda: world.undo(applied.run))
    for number in range(0, steps, depth.amount(4, 1)):
        world.fresh()
        small(world.estate)
        before = world.estate.state()
        applied = world.apply(world.plan())
        world.estate.step = _end_at(number)
        with pytest.raises(KilledError):
            world.undo(applied.run)
        world.estate.step = lambda what, about: None
        world.undo(applied.run)
        assert world.estate.state() == before, number


def _shape(estate: Estate) -> Any:
    """What is there, without times."""
    images = {key: (each["State"], "DeprecationTime" in each) for key, each in estate.images.items()}
    return images, set(estate.snapshots)


@depth.deep
@settings(
    max_examples=depth.amount(25, 500), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_is_used_is_never_deleted_whenever_its_use_begins(world: World, data: st.DataObject) -> None:
    """A use begins at any step between plan and end, of an AMI that can be started then."""
    world.fresh()
    estate = world.estate
    estate.ami(days=0.1)
    estate.ami(days=0.1, region=THERE)
    ids: list[tuple[str, str]] = []
    for _ in range(data.draw(st.integers(1, 5))):
        mine = [ami for region, ami in ids if region == HERE]
        parent = data.draw(st.sampled_from(["", *mine]))
        days = data.draw(st.sampled_from([40, 70, 100, 200]))
        if mine and data.draw(st.sampled_from(["copy", ""])):
            ids.append((THERE, estate.ami(days=days, region=THERE, source=data.draw(st.sampled_from(mine)))))
        else:
            disks = [disk for ami in mine for disk in estate.disks_of(HERE, ami)]
            ids.append((HERE, estate.ami(days=days, parent=parent, snapshot=data.draw(st.sampled_from(["", *disks])))))
    plan = world.plan()
    used: set[tuple[str, str]] = set()
    uses = {
        at: (data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(["instance", "template", "parameter"])))
        for at in data.draw(st.sets(st.integers(0, 40), max_size=3))
    }
    number = [0]

    def step(what: str, about: str) -> None:
        key, kind = uses.get(number[0], (("", ""), ""))
        number[0] += 1
        if kind and estate.is_usable(*key):
            used.add(key)
            _use(estate, kind, *key)

    estate.step = step
    world.apply(plan)
    estate.step = lambda what, about: None
    world.apply(plan)
    for key in used:
        assert estate.is_usable(*key)
        assert {(key[0], disk) for disk in estate.disks_of(*key)} <= estate.snapshots.keys()


def _use(estate: Estate, kind: str, region: str, ami: str) -> None:
    if kind == "instance" or region != HERE:
        estate.launch(region, ami)
    elif kind == "template":
        estate.templates.setdefault("lt-1", []).append(ami)
    else:
        estate.parameters.setdefault("/web", []).append(ami)


def test_whoever_uses_it_at_the_moment_of_the_call_gets_it_back(world: World) -> None:
    named = small(world.estate)
    before = world.estate.state()
    plan = world.plan()

    def step(what: str, about: str) -> None:
        if what in ("deregister_image", "disable_image"):
            world.estate.launch(HERE, about)
            world.estate.launch(THERE, about)

    world.estate.step = step
    applied = world.apply(plan)
    found = {each.ami: each for each in applied.amis}
    assert {ami: each.result for ami, each in found.items()} == {
        **dict.fromkeys(named.values(), "kept"),
        named["deprecate"]: "done",
    }
    assert found[named["copy"]].because[0].kind == "instance"
    assert [(each.kind, each.id) for each in found[named["child"]].because] == [
        ("source-of", f"{THERE}/{named['copy']}")
    ]
    world.estate.images[HERE, named["deprecate"]].pop("DeprecationTime")
    assert world.estate.state() == before


def test_whoever_is_seen_before_the_call_is_not_even_disturbed(world: World) -> None:
    """Use that begins after everything was asked, while other AMIs go."""
    named = small(world.estate)
    plan = world.plan()
    last = plan.going[-1].ami
    last_but_one = plan.going[-2].ami

    def step(what: str, about: str) -> None:
        if what == "deregister_image" and len(world.estate.instances) == 0:
            world.estate.launch(HERE, last)
            world.estate.templates["lt-1"] = [last_but_one]

    world.estate.step = step
    results = {each.ami: each.result for each in world.apply(plan).amis}
    assert {ami for ami, result in results.items() if result == "kept"} == {last, last_but_one}
    assert not [each for each in world.estate.calls if each.startswith(("restore", "enable_image", "disable_image_d"))]
    assert set(results) == set(named.values())


def test_other_accounts_old_plans_and_wrong_clocks(world: World) -> None:
    from tfgen.workspace import locked

    small(world.estate)
    plan = world.plan()
    for change, words in (
        ({"accounts": {HERE: "999999999999"}}, "the plan is of account 999999999999, and the credentials are of"),
        ({"made_at": "2026-01-01T00:00:00Z"}, "more than 7 days ago"),
        ({"made_at": (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}, "a clock was wrong"),
    ):
        with pytest.raises(RefusedError, match=words):
            world.apply(msgspec.structs.replace(plan, **change))
    with locked(world.workspace, "prune"), pytest.raises(BusyError):
        world.apply(plan)
    assert world.estate.calls == []
    assert {each.result for each in world.apply(plan, dry_run=True).amis} == {"planned"}
    assert world.estate.calls == []
    assert plan.accounts == {HERE: ACCOUNT, THERE: ACCOUNT}


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_differs_from_awss(hours: int, world: World) -> None:
    """EC2 takes no deprecation in its past; the plan is made by the earlier of the clocks."""
    world.estate.ahead = timedelta(hours=hours)
    named = small(world.estate)
    young = world.estate.ami(days=89.95)
    applied = world.apply(world.plan())
    assert {each.result for each in applied.amis} == {"done"}
    assert world.estate.images[HERE, young]["State"] == "disabled"
    assert "DeprecationTime" in world.estate.images[HERE, named["deprecate"]]


def test_a_run_that_takes_long_asks_everything_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    small(world.estate)
    plan = world.plan()
    looks: list[int] = []

    def look(*given: Any) -> Any:
        looks.append(1)
        return make.survey(*given)

    monkeypatch.setattr(applying, "survey", look)
    monkeypatch.setattr(applying, "FRESH", -1.0)
    assert {each.result for each in world.apply(plan).amis} == {"done"}
    assert len(looks) == len(plan.going)


class _Rules:
    """The rules of a region, behind the two methods that ask for them."""

    def __init__(self, **rule: Any) -> None:
        self._rule = {"Status": "available", "RetentionPeriod": {"RetentionPeriodValue": 7}, **rule}

    def pages(self, *_: Any, **__: Any) -> Any:
        return iter([{"Identifier": "one"}])

    def call(self, *_: Any, **__: Any) -> Any:
        return self._rule


@pytest.mark.parametrize(
    ("rule", "keeps"),
    [
        ({}, True),
        ({"Status": "pending"}, False),
        ({"RetentionPeriod": {"RetentionPeriodValue": 0}}, False),
        ({"ResourceTags": [{"ResourceTagKey": "BuiltBy", "ResourceTagValue": "Packer"}]}, True),
        ({"ResourceTags": [{"ResourceTagKey": "Other"}, {"ResourceTagKey": "BuiltBy"}]}, True),
        ({"ResourceTags": [{"ResourceTagKey": "BuiltBy", "ResourceTagValue": "Other"}]}, False),
        ({"ExcludeResourceTags": [{"ResourceTagKey": "Other"}]}, True),
        ({"ExcludeResourceTags": [{"ResourceTagKey": "BuiltBy", "ResourceTagValue": "Packer"}]}, False),
    ],
)
def test_which_rules_of_the_recycle_bin_keep_it(rule: dict[str, Any], keeps: bool) -> None:
    from tfgen.prune.acting.recycle_bin import IMAGE, RecycleBin

    account: Any = _Rules(**rule)
    assert RecycleBin(account).keeps(IMAGE, {"BuiltBy": "Packer"}) is keeps


def test_journals_of_others_are_not_believed(world: World) -> None:
    small(world.estate)
    applied = world.apply(world.plan())
    (own,) = world.folder.glob("*.jsonl")
    assert own.stat().st_mode & 0o777 == 0o600
    copied = world.folder / "copied.jsonl"
    copied.write_bytes(own.read_bytes())
    copied.chmod(0o600)
    assert [run.name for run in journal.own_runs(world.folder)] == [applied.run]
    with pytest.raises(RefusedError, match="was copied here, or came with a commit"):
        world.undo("copied")
    with pytest.raises(UsageError, match="run 'copie' not found; did you mean copied"):
        world.undo("copie")
    assert {each.result for each in world.undo(str(copied)).amis} == {"restored"}
    copied.write_text('{"type":"run"}\n')
    with pytest.raises(RefusedError, match="no line of a journal"):
        world.undo(str(copied))
    copied.write_text("")
    with pytest.raises(RefusedError, match="no journal of tfgen prune"):
        world.undo(str(copied))


def test_a_line_that_was_torn_is_no_line(world: World) -> None:
    small(world.estate)
    before = world.estate.state()
    applied = world.apply(world.plan())
    (own,) = world.folder.glob("*.jsonl")
    own.write_bytes(own.read_bytes() + b'{"type":"record","region":"eu-west-1","tags":{"a":"b"}')
    world.undo(applied.run)
    assert world.estate.state() == before
    assert world.undo(applied.run).exit_code == 0
