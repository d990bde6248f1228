"""Dispatchers that are killed, and several at once: nothing is lost, and nothing is started twice without need."""

from __future__ import annotations

import pytest

from tests.terraform.dispatch_races import IMAGES, REPOSITORY, Interleaved, KilledAt, KilledError, World
from tfgen.emulator.pipeline_run import HEADS
from tfgen.emulator.server import Emulator


@pytest.fixture
def world(emulator: Emulator) -> World:
    HEADS.pop(REPOSITORY, None)
    return World(emulator)


def test_killed_after_anything_it_changed_the_next_one_takes_up_what_was_begun(emulator: Emulator) -> None:
    HEADS.pop(REPOSITORY, None)
    killed = 0
    while True:
        world = World(emulator)
        commit = world.push("base", "other")
        try:
            world.dispatch(commit, KilledAt(killed))
            break
        except KilledError:
            killed += 1
        world.dispatch(commit)
        world.check(commit)
        assert world.starts == dict.fromkeys(IMAGES, 1), killed
    assert killed > 10


@pytest.mark.parametrize("seed", range(4))
def test_two_dispatchers_of_one_commit_start_each_image_once(world: World, seed: int) -> None:
    commit = world.push("base", "other")
    Interleaved(seed, 2).run(lambda gate: world.dispatch(commit, gate), lambda gate: world.dispatch(commit, gate))
    world.check(commit)
    assert world.starts == dict.fromkeys(IMAGES, 1)


@pytest.mark.parametrize("seed", range(4))
def test_two_pushes_at_once_lose_none(world: World, seed: int) -> None:
    first = world.push("other", "base")
    second = world.push("web")
    Interleaved(seed, 2).run(lambda gate: world.dispatch(first, gate), lambda gate: world.dispatch(second, gate))
    world.check(second)
    starts = world.starts
    assert starts["base"] == starts["other"] == 1
    assert starts["web"] <= 2


@pytest.mark.parametrize("seed", range(4))
def test_a_push_that_changes_the_parent_again_builds_the_child_on_the_newer_one(world: World, seed: int) -> None:
    first = world.push("base")
    gate = Interleaved(seed, 2)

    def late(gate_: Interleaved) -> None:
        second = world.push("base")
        world.dispatch(second, gate_)

    gate.run(lambda each: world.dispatch(first, each), late)  # type: ignore[arg-type]
    last = HEADS[REPOSITORY]
    world.dispatch(last)
    world.check(last)
    assert all(count <= 2 for count in world.starts.values()), world.starts
