"""40 images in 3 generations, built by dispatchers that wait for nothing: the real code on a simulated AWS.

Events are lost and come twice, dispatchers are killed, builds fail, CodeBuild refuses what its queue does not hold. A
parent that is not built yet, or a world in which nothing happens any more, is an error of the simulation itself. With
`-s` the figures of each world are printed.
"""

from __future__ import annotations

import pytest

from tests.unit.dispatch_simulation import HOUR, STORM, Estate, Figures, Setup
from tfgen.dispatch.backoff import MOST_TRIES, delay

FLAT = (1, 39)


def figures(setup: Setup) -> Figures:
    found = Estate(setup).run()
    print(f"\n{setup.concurrency} at a time, {setup.most} in flight, {setup.generations}: {found}")
    return found


@pytest.mark.parametrize("concurrency", [1, 5, 60])
@pytest.mark.parametrize("seed", [0, 1])
def test_all_is_built_parents_first_with_the_default_limit(concurrency: int, seed: int) -> None:
    found = figures(Setup(concurrency=concurrency, most=5, seed=seed, refusals_retried=seed == 1))
    assert found.most_in_flight <= 5
    assert found.storms == 0
    assert len(found.refusals) < STORM
    assert found.stale_children == 0
    assert found.most_dispatchers <= 3
    # Those of the three or four pushes: each image once for each, and what is repaired.
    assert found.builds <= 40 + 4 * 12


@pytest.mark.parametrize(("concurrency", "most"), [(1, 40), (5, 40), (60, 40), (1, 0)])
def test_a_limit_that_the_account_does_not_hold_costs_one_storm(concurrency: int, most: int) -> None:
    found = figures(Setup(concurrency=concurrency, most=most, generations=FLAT, seed=2))
    assert found.storms == (0 if concurrency == 60 else 1)
    assert len(found.refusals) <= 45


def test_another_team_that_fills_the_queue_delays_alone() -> None:
    found = figures(Setup(concurrency=1, most=5, seed=3, others_at=2 * HOUR))
    assert found.storms <= 1
    assert found.stale_children == 0


@pytest.mark.parametrize("concurrency", [1, 5])
def test_nor_does_a_bad_day_leave_anything_open(concurrency: int) -> None:
    """Four events in ten are lost, four come twice, and three dispatchers in ten are killed."""
    setup = Setup(concurrency=concurrency, most=5, seed=4, lost=0.4, twice=0.4, killed=0.3, broken=10, flaky=0.05)
    found = figures(setup)
    assert found.most_in_flight <= 5
    assert found.storms == 0
    assert found.stale_children == 0


def test_without_events_the_clock_alone_gets_all_built() -> None:
    assert figures(Setup(concurrency=5, most=5, lost=1.0, twice=0, broken=0, flaky=0)).hours < 14 * 24


def test_the_simulation_sees_a_world_that_stands_still() -> None:
    with pytest.raises(AssertionError, match="not all is built"):
        Estate(Setup(concurrency=1, most=5, lost=1.0, sweep=1e9)).run()


def test_what_was_refused_together_does_not_come_back_together() -> None:
    images = [f"image-{number}" for number in range(40)]
    first = sorted(delay(image, 1) for image in images)
    assert first == sorted(delay(image, 1) for image in images)
    assert first[0] >= 30
    assert first[-1] <= 60
    assert max(sum(at <= each < at + 3 for each in first) for at in first) < 15
    assert all(delay(image, tries) <= 3600 for image in images for tries in range(1, MOST_TRIES + 1))
    assert sum(delay("web", tries) for tries in range(1, MOST_TRIES)) > 2 * 3600
