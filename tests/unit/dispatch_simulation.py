"""An estate of images that dispatchers build, on a clock of its own: pushes, failures, lost events, full queues."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.unit.simulated_aws import (
    REFUSED,
    Build,
    CodeBuild,
    CodePipeline,
    Execution,
    FakeAccount,
    FakeAws,
    KilledError,
)
from tests.unit.virtual_clock import Clock
from tfgen.aws.pipelines.dispatch_state import StateTable
from tfgen.aws.pipelines.own_builds import OwnBuilds
from tfgen.dispatch.assess import Assessor
from tfgen.dispatch.model import Job
from tfgen.dispatch.turn import Turn

PROJECT, TABLE = "ami-builder-dispatcher", "ami-builder-dispatcher"
#: 40 images: 4 from public AMIs, 12 from those, 24 from these.
GENERATIONS = (4, 12, 24)
HOUR = 3600.0
#: So many refusals of image builds within so many seconds are a storm.
STORM, STORM_SECONDS = 5, 600.0
#: Of EventBridge, within the hour that the module gives it.
_RETRIES = 6
#: Sweeps without a build after which nothing will be built any more: even if several dispatchers are killed in turn.
_IDLE = 8


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One world. `refusals_retried`: whether EventBridge tries again when CodeBuild refuses a dispatcher."""

    concurrency: int
    most: int
    seed: int = 0
    lost: float = 0.05
    twice: float = 0.05
    killed: float = 0.05
    flaky: float = 0.02
    broken: int = 3
    refusals_retried: bool = False
    sweep: float = HOUR
    others_at: float = 0.0
    generations: tuple[int, ...] = GENERATIONS


@dataclass(frozen=True, kw_only=True)
class Ami:
    """The AMI that an image has: of which files, and from which AMI of its parent (their numbers)."""

    number: int
    version: int
    parent: int
    parent_version: int


@dataclass
class Figures:
    """`hours` without those in which nothing happened, until somebody pushed what repairs the broken images."""

    hours: float = 0.0
    builds: int = 0
    dispatchers: int = 0
    stopped: int = 0
    refused_dispatchers: int = 0
    slot_minutes: float = 0.0
    most_in_flight: int = 0
    most_dispatchers: int = 0
    refusals: list[float] = field(default_factory=list)
    pushes: int = 0
    calls: int = 0
    stale_children: int = 0

    @property
    def storms(self) -> int:
        found, until = 0, 0.0
        for number, at in enumerate(self.refusals):
            within = [each for each in self.refusals[number:] if each <= at + STORM_SECONDS]
            if at > until and len(within) >= STORM:
                found, until = found + 1, within[-1]
        return found

    def __str__(self) -> str:
        return (
            f"{self.hours:.1f} h, {self.builds} image builds of {self.pushes} pushes, most in flight "
            f"{self.most_in_flight}, {len(self.refusals)} refused ({self.storms} storms); dispatchers: "
            f"{self.dispatchers} ran ({self.slot_minutes:.0f} slot minutes, at most {self.most_dispatchers} at once), "
            f"{self.stopped} stopped in the queue, {self.refused_dispatchers} refused; {self.calls} calls"
        )


class Estate:
    """Images, commits, and what EventBridge does; `run` goes on until all is built, or nothing happens any more."""

    def __init__(self, setup: Setup) -> None:
        self.setup, self.rng, self.clock = setup, random.Random(setup.seed), Clock()
        self.parents: dict[str, tuple[str, ...]] = {}
        for level, count in enumerate(setup.generations):
            for number in range(count):
                above = [f"g{level - 1}-{number % setup.generations[level - 1]}"] if level else []
                self.parents[f"g{level}-{number}"] = tuple(above)
        self.images = tuple(self.parents)
        self.commits: list[dict[str, int]] = []
        self.amis: dict[str, Ami] = {}
        self.figures = Figures()
        self.codebuild = CodeBuild(self.clock, setup.concurrency)
        self.codepipeline = CodePipeline(self.clock, self.rng, self.images, self.head)
        self.codepipeline.work, self.codepipeline.ended = self._build_image, lambda _: self._event()
        self.aws = FakeAws(self.clock, self.rng, self.codebuild, self.codepipeline)
        self.aws.started = self._count_in_flight
        self._at_work = 0
        self._idle_sweeps = self._seen = 0
        self._broken = set(self.rng.sample(self.images, setup.broken))
        self._began = self.clock.now

    # What people do

    def head(self) -> str:
        return f"{len(self.commits):040x}"

    def push(self, *changed: str) -> None:
        before = self.commits[-1] if self.commits else dict.fromkeys(self.images, 0)
        self.commits.append({name: before[name] + (name in changed) for name in self.images})
        self.figures.pushes += 1
        self._event()

    def others(self, count: int) -> None:
        """Builds of another team, for half an hour each: as many as CodeBuild takes."""
        for _ in range(count):
            build = Build(project="theirs", begin=lambda one: self.clock.after(1800, lambda: self.codebuild.end(one)))
            self.codebuild.start(build)

    # EventBridge

    def _event(self) -> None:
        for _ in range(0 if self._by_chance(self.setup.lost) else 2 if self._by_chance(self.setup.twice) else 1):
            self.clock.after(self.rng.uniform(0.5, 4), self._start_dispatcher)

    def _start_dispatcher(self, tries: int = 0) -> None:
        if self.codebuild.start(Build(project=PROJECT, begin=self._dispatcher)):
            return
        self.figures.refused_dispatchers += 1
        if self.setup.refusals_retried and tries < _RETRIES:
            self.clock.after(60 * 2.0**tries * self.rng.uniform(0.5, 1.5), lambda: self._start_dispatcher(tries + 1))

    def _sweep(self) -> None:
        quiet = not self._at_work and not self.codepipeline.under_way() and self.figures.builds == self._seen
        self._seen = self.figures.builds
        self._idle_sweeps = self._idle_sweeps + 1 if quiet else 0
        if self._idle_sweeps > _IDLE and not self._is_backing_off():
            assert self._broken or self.setup.flaky, f"nothing happens any more, and not all is built: {self._open()}"
            self.figures.hours -= self._idle_sweeps * self.setup.sweep / HOUR
            self._broken, self._idle_sweeps = set(), 0
            self.push(*self._failed())
        self._start_dispatcher()
        self.clock.after(self.setup.sweep, self._sweep)

    def _is_backing_off(self) -> bool:
        return any(float(each.get("not_before", {}).get("N", 0)) > self.clock.now for each in self.aws.items.values())

    def _failed(self) -> list[str]:
        found = [name for name, each in self.aws.items.items() if "failed" in each]
        assert found, f"nothing has failed, and not all is built: {self._open()}"
        return found

    # CodeBuild's builds

    def _dispatcher(self, build: Build) -> None:
        self.figures.dispatchers += 1
        provisioned, installed = self.rng.uniform(15, 45), self.rng.uniform(20, 45)

        def clone() -> None:
            build.cloned, build.phase = self.clock.now, "DOWNLOAD_SOURCE"
            commit = self.head()
            self.clock.after(installed, lambda: self.clock.spawn(lambda: self._dispatch(build, commit)))

        self.clock.after(provisioned, clone)

    def _dispatch(self, build: Build, commit: str) -> None:
        killed_at = self.rng.randint(1, 150) if self._by_chance(self.setup.killed) else 0
        self._at_work += 1
        self.figures.most_dispatchers = max(self.figures.most_dispatchers, self._at_work)
        build.phase = "BUILD"
        try:
            self._turn(FakeAccount(self.aws, killed_at), build.id, commit)
        except KilledError:
            pass
        finally:
            self._at_work -= 1
            self.figures.slot_minutes += (self.clock.now - build.began) / 60
            self.codebuild.end(build)

    def _turn(self, account: FakeAccount, build: str, commit: str) -> None:
        job = Job(
            commit=commit,
            pipelines={name: name for name in self.images},
            parents=self.parents,
            order=self.images,
            wait=False,
            retry=False,
            most=self.setup.most,
        )
        now = self.commits[int(commit, 16) - 1]

        def since(older: str) -> Mapping[str, str]:
            then = self.commits[int(older, 16) - 1]
            return {name: "changed" for name in self.images if now[name] != then[name]}

        def pause() -> float:
            self.clock.sleep(5)
            return 0

        table = StateTable(account, TABLE, lambda: self.clock.now)  # type: ignore[arg-type]
        assessor = Assessor(job, table, since, pause, lambda: self.clock.now)
        builds = OwnBuilds(account, PROJECT, build)  # type: ignore[arg-type]
        turn = Turn(assessor, lambda _: None, lambda *_: None, pause, builds)
        if turn.begin():
            turn.run()

    def _build_image(self, execution: Execution, left: Callable[[str, str], None]) -> None:
        name = execution.pipeline

        def begin(build: Build) -> None:
            self.figures.builds += 1
            parents = [self.amis.get(each) for each in self.parents[name]]
            bad = name in self._broken or self._by_chance(self.setup.flaky)

            def end() -> None:
                self.codebuild.end(build)
                if bad or None in parents:
                    left("Failed", "Build terminated with state: FAILED")
                    return
                parent = parents[0] if parents else None
                self.amis[name] = Ami(
                    number=self.figures.builds + len(self.amis) * 10_000,
                    version=self.commits[int(execution.revision, 16) - 1][name],
                    parent=parent.number if parent else 0,
                    parent_version=parent.version if parent else 0,
                )
                left("Succeeded", "")

            assert None not in parents, f"{name} is built before its parent"
            self.clock.after(self.rng.uniform(600, 2400), end)

        if not self.codebuild.start(Build(project=name, begin=begin)):
            self.figures.refusals.append(self.clock.now)
            left("Failed", REFUSED.format(self.codebuild.queued_most, execution.id))

    # What is measured

    def _count_in_flight(self, _: Execution) -> None:
        self.figures.most_in_flight = max(self.figures.most_in_flight, len(self.codepipeline.under_way()))

    def _open(self) -> list[str]:
        wanted = self.commits[-1]
        return [name for name in self.images if name not in self.amis or not self._is_built(name, wanted)]

    def _is_built(self, name: str, wanted: Mapping[str, int]) -> bool:
        """With the files of `wanted`, from an AMI of its parent that has them, too."""
        ami = self.amis[name]
        return ami.version == wanted[name] and all(ami.parent_version == wanted[each] for each in self.parents[name])

    def _is_over(self) -> bool:
        is_busy = self._at_work or self.codepipeline.under_way()
        late = self.clock.now - self._began > 14 * 24 * HOUR
        assert not late, f"not all is built after 14 days: {self._open()}"
        return len(self.commits) > 1 and not is_busy and not self._open()

    def _by_chance(self, chance: float) -> bool:
        return self.rng.random() < chance

    def run(self) -> Figures:
        self.clock.after(0, lambda: self.push(*self.images))
        changed = self.rng.sample(self.images, 4)
        self.clock.after(1900, lambda: self.push(*changed))
        self.clock.after(self.setup.sweep, self._sweep)
        if self.setup.others_at:
            self.clock.after(self.setup.others_at, lambda: self.others(6 * self.setup.concurrency))
        self.clock.run(self._is_over)
        assert self._is_over(), f"nothing happens any more, and not all is built: {self._open()}"
        figures = self.figures
        figures.hours += (self.clock.now - self._began) / HOUR
        figures.stopped = sum(each.status == "STOPPED" for each in self.codebuild.all)
        figures.calls = sum(self.aws.calls.values())
        figures.stale_children = sum(
            ami.parent != self.amis[parent].number for name, ami in self.amis.items() for parent in self.parents[name]
        )
        return figures
