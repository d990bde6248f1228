"""The dispatcher's table after somebody has changed it by hand, or by a machine whose clock is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_dispatch_limits import FIRST, World
from tfgen.aws.pipelines.dispatch_lease import LEASE
from tfgen.aws.pipelines.dispatch_state import SLOTS, Item, Slots
from tfgen_generators.errors import TfgenError


@pytest.fixture
def world() -> World:
    return World()


def test_a_slot_without_a_claim_is_given_back(world: World) -> None:
    """A person has deleted the items of images that were under way."""
    world.aws.items[SLOTS] = {"image": {"S": SLOTS}, "version": {"N": "7"}, "running": {"SS": ["gone", "web"]}}
    assert world.dispatch(most=1)["base"] == "started"
    assert world.table().slots().running == {"base"}


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("base", {}),
        ("base", {"version": {"N": "-1"}}),
        ("base", {"version": {"N": "0"}}),
        ("base", {"version": {"N": "1.5"}}),
        ("base", {"version": {"S": "1"}}),
        ("base", {"version": {"N": "1"}, "due": {"L": []}}),
        (SLOTS, {"version": {"N": "1"}, "most": {"N": "-3"}}),
        (SLOTS, {"version": {"N": "1"}, "running": {"S": "web"}}),
        (SLOTS, {}),
        (LEASE, {}),
        (LEASE, {"version": {"N": "1"}, "until": {"S": "tomorrow"}}),
    ],
)
def test_an_item_that_no_dispatcher_has_written_is_named(world: World, name: str, attributes: dict[str, Any]) -> None:
    world.aws.items[name] = {"image": {"S": name}, **attributes}
    with pytest.raises(TfgenError, match=rf"the item '{name}' was changed by hand; delete it"):
        world.dispatch(most=1)


def test_a_time_far_ahead_holds_nobody_back(world: World) -> None:
    """Of a clock that is wrong, or of a hand."""
    far = {"N": str(10**12)}
    of_image = {"version": {"N": "1"}, "tries": {"N": "1"}, "not_before": far}
    world.aws.items["base"] = {"image": {"S": "base"}, **of_image}
    of_lease = {"version": {"N": "1"}, "owner": {"S": "x"}, "commit": {"S": FIRST}, "until": far}
    world.aws.items[LEASE] = {"image": {"S": LEASE}, **of_lease}
    assert world.dispatch()["base"] == "started"
    now = world.clock.now
    slots = Slots(most=1, refused=int(now), raised=10**12)
    assert slots.after(Item(image="base"), Item(image="base", basis="x"), now).most == 2
