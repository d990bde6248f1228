"""No AMI that something uses is ever in a plan: single rules, and random estates."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.aws.images.model import OwnedImage, Snapshot
from tfgen.aws.images.snapshots import OwnedSnapshot
from tfgen.aws.usage.model import Failure, Stay, Use
from tfgen.prune.decide import Decision, decide
from tfgen.prune.facts import Candidate, Facts
from tfgen.prune.model import ACTIONS
from tfgen.prune.sizes import Sizes, left_snapshots, size_of
from tfgen_generators.settings.lifecycle.retention import Retention

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HERE, THERE = "eu-west-1", "us-east-1"
LOOSE = Retention(keep_last=0)
_ACTION = {action: place for place, action in enumerate(ACTIONS)}


def ami(number: int, *, days: float = 100, region: str = HERE, **more: Any) -> OwnedImage:
    tags = {
        "Template": "packer/web.json",
        "CodeBuildProject": "web-ami-pipeline:1",
        "SourceVersion": "4b825dc",
        **more.pop("tags", {}),
    }
    return OwnedImage(
        id=f"ami-{number:017x}",
        name=f"web-{number}",
        region=region,
        account="123456789012",
        created=NOW - timedelta(days=days),
        tags={key: value for key, value in tags.items() if value},
        **{"state": "available", **more},
    )


def facts(*amis: OwnedImage, image: str = "web", **more: Any) -> Facts:
    """With a newest one, so that none of `amis` is it."""
    newest = [ami(0xFFFF, days=0.1), ami(0xFFFE, days=0.1, region=THERE)]
    found = tuple(Candidate(ami=each, image=image if each.template else "") for each in (*amis, *newest))
    return Facts(**{"now": NOW, "candidates": found, "regions": frozenset((HERE, THERE)), "branch": "main", **more})


def decided(known: Facts, retention: Retention = LOOSE) -> dict[str, Decision]:
    return {each.candidate.ami.id: each for each in decide(known, retention)}


def why(decision: Decision) -> list[str]:
    return [each.kind for each in decision.because]


def test_what_nobody_uses_goes_and_a_user_keeps_it_with_its_id() -> None:
    one, other = ami(1), ami(2)
    use = Use(region=HERE, ami=other.id, kind="instance", id="i-1")
    found = decided(facts(one, other, uses=(use,)))
    assert found[one.id].action == "deregister"
    assert found[other.id].action == "keep"
    assert [(each.kind, each.id) for each in found[other.id].because] == [("instance", "i-1")]


def test_a_use_in_another_region_is_none() -> None:
    one = ami(1)
    use = Use(region=THERE, ami=one.id, kind="instance", id="i-1")
    assert decided(facts(one, uses=(use,)))[one.id].action == "deregister"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"state": "pending"}, "state"),
        ({"state": "failed"}, "state"),
        ({"state": "transient"}, "state"),
        ({"public": True}, "public"),
        ({"protection": "enabled"}, "deregistration-protection"),
        ({"last_launched": NOW - timedelta(hours=47)}, "launched"),
        ({"last_launched": NOW + timedelta(hours=3)}, "launched"),
        ({"tags": {"Template": ""}}, "not-ours"),
        ({"source_id": "ami-00000000000000009", "source_region": "ap-south-1"}, "source-not-asked"),
    ],
)
def test_by_no_flag(change: dict[str, Any], kind: str) -> None:
    one = ami(1, **change)
    found = decided(facts(one))[one.id]
    assert found.action == "keep"
    assert why(found) == [kind]


def test_a_launch_of_49_hours_ago_keeps_nothing() -> None:
    one = ami(1, last_launched=NOW - timedelta(hours=49))
    assert decided(facts(one))[one.id].action == "deregister"


def test_a_source_that_fails_keeps_its_region_alone() -> None:
    one, far = ami(1), ami(2, region=THERE)
    found = decided(facts(one, far, failures=(Failure(region=HERE, source="eks", error="denied"),)))
    assert (found[one.id].action, found[far.id].action) == ("keep", "deregister")


def test_an_image_whose_newest_execution_failed_stays_whole() -> None:
    one = ami(1)
    found = decided(facts(one, failed={"web": "e-1"}))[one.id]
    assert [(each.kind, each.id) for each in found.because] == [("failed-execution", "e-1")]


def test_the_newest_good_one_of_each_architecture_stays() -> None:
    arm = [ami(number, days=50 + number, architecture="arm64") for number in range(3)]
    found = decided(facts(*arm))
    assert [found[each.id].action for each in arm] == ["keep", "deregister", "deregister"]


def test_a_newer_one_that_is_not_good_does_not_take_its_place() -> None:
    good = ami(1, days=50, architecture="arm64")
    local = ami(2, days=5, architecture="arm64", tags={"SourceVersion": "4b825dc-dirty"})
    broken = ami(3, days=1, architecture="arm64", state="failed")
    found = decided(facts(good, local, broken))
    assert "newest" in why(found[good.id])
    assert "newest" in why(found[local.id])


def test_keep_last_and_keep() -> None:
    amis = [ami(number, days=10 * number) for number in range(1, 8)]
    found = decided(facts(*amis), Retention(keep_last=3, keep={"main": "45d"}))
    assert [found[each.id].action for each in amis] == ["keep"] * 4 + ["deregister"] * 3


def test_a_channel_keeps_what_was_in_it_since_it_left() -> None:
    one, other = ami(1), ami(2)
    stays = tuple(
        Stay(region=HERE, ami=each.id, parameter="/images/web/prod", until=NOW - timedelta(days=days))
        for each, days in ((one, 20), (other, 40))
    )
    found = decided(facts(one, other, stays=stays), Retention(keep_last=0, keep={"prod": "30d"}))
    assert (found[one.id].action, found[other.id].action) == ("keep", "deregister")


def test_steps_by_age() -> None:
    amis = [ami(number, days=days) for number, days in enumerate((10, 31, 61, 91))]
    amis.append(ami(8, days=31, deprecated_at=NOW - timedelta(days=1)))
    amis.append(ami(9, days=61, state="disabled"))
    steps = Retention(keep_last=0, deprecate="30d", disable="60d", deregister="90d")
    found = decided(facts(*amis), steps)
    assert [found[each.id].action for each in amis] == ["keep", "deprecate", "disable", "deregister", "keep", "keep"]


def test_a_parent_stays_as_long_as_its_child_over_generations_and_regions() -> None:
    old, middle = ami(1), ami(2, tags={"ParentAmi": "ami-00000000000000001"})
    copy = ami(3, region=THERE, source_id=middle.id, source_region=HERE)
    far = ami(4, region=THERE, source_id=copy.id, source_region=THERE)
    use = Use(region=THERE, ami=far.id, kind="instance", id="i-1")
    found = decided(facts(old, middle, copy, far, uses=(use,)))
    assert {each.action for key, each in found.items() if key in (old.id, middle.id, copy.id, far.id)} == {"keep"}
    assert [(each.kind, each.id) for each in found[old.id].because] == [("parent-of", middle.id)]
    assert [(each.kind, each.id) for each in found[middle.id].because] == [("source-of", f"{THERE}/{copy.id}")]
    gone = [each.candidate.ami.id for each in decide(facts(old, middle, copy, far), LOOSE) if each.action != "keep"]
    assert gone == [far.id, copy.id, middle.id, old.id]


def test_a_copy_follows_its_source() -> None:
    source = ami(1)
    copy = ami(2, region=THERE, source_id=source.id, source_region=HERE)
    use = Use(region=HERE, ami=source.id, kind="instance", id="i-1")
    assert decided(facts(source, copy, uses=(use,)))[copy.id].action == "keep"
    assert decided(facts(source, copy))[copy.id].action == "deregister"


def test_relatives_in_a_circle_end() -> None:
    one = ami(1, tags={"ParentAmi": "ami-00000000000000002"})
    two = ami(2, tags={"ParentAmi": "ami-00000000000000001"})
    assert {decided(facts(one, two))[each.id].action for each in (one, two)} == {"deregister"}


def test_ten_thousand_amis() -> None:
    amis = [ami(number, days=number / 24, tags={"ParentAmi": f"ami-{number + 1:017x}"}) for number in range(1, 10_001)]
    began = time.process_time()
    found = decide(facts(*amis), LOOSE)
    assert len(found) == 10_002
    assert time.process_time() - began < 3


def test_a_shared_snapshot_counts_once_and_for_what_stays() -> None:
    shared = (Snapshot(id="snap-1", volume_gb=8),)
    known = {HERE: {"snap-1": OwnedSnapshot(id="snap-1", volume_gb=8, full_bytes=2 << 30)}}
    sizes = Sizes(known)
    first, second = sizes.of(ami(1, snapshots=shared)), sizes.of(ami(2, snapshots=shared))
    assert (first.gb, first.at_most, first.usd_month) == (2.0, False, 0.1)
    assert second.gb == 0


def test_without_the_stored_size_it_is_at_most_the_volume_and_an_unknown_region_has_no_price() -> None:
    size = size_of("mars-1", [OwnedSnapshot(id="snap-1", volume_gb=8)])
    assert (size.gb, size.at_most, size.usd_month) == (8.0, True, None)


def test_orphan_snapshots_of_ours_are_listed() -> None:
    ours = {"Template": "packer/web.json"}
    known = {
        HERE: {
            "snap-1": OwnedSnapshot(id="snap-1", tags=ours),
            "snap-2": OwnedSnapshot(id="snap-2", tags=ours),
            "snap-3": OwnedSnapshot(id="snap-3"),
        }
    }
    held = ami(1, state="disabled", snapshots=(Snapshot(id="snap-1"),))
    assert [each.id for each in left_snapshots(known, [held])] == ["snap-2"]


_IDS = st.integers(1, 12)
_DAYS = st.floats(-3, 400, allow_nan=False)
_REGIONS = st.sampled_from((HERE, THERE))


@st.composite
def _amis(draw: st.DrawFn) -> OwnedImage:
    parent = draw(st.none() | _IDS)
    source = draw(st.none() | st.tuples(_IDS, st.sampled_from((HERE, THERE, ""))))
    launched = draw(st.none() | st.floats(-3, 30))
    return ami(
        draw(_IDS),
        days=draw(_DAYS),
        region=draw(_REGIONS),
        state=draw(st.sampled_from(("available", "available", "disabled", "pending"))),
        architecture=draw(st.sampled_from(("x86_64", "arm64"))),
        source_id=f"ami-{source[0]:017x}" if source else "",
        source_region=source[1] if source else "",
        public=draw(st.booleans()) and draw(st.booleans()),
        protection=draw(st.sampled_from(("", "", "", "enabled"))),
        last_launched=None if launched is None else NOW - timedelta(days=launched),
        deprecated_at=draw(st.sampled_from((None, NOW - timedelta(days=1)))),
        tags={
            "Template": draw(st.sampled_from(("packer/web.json", "packer/db.json", ""))),
            "ParentAmi": f"ami-{parent:017x}" if parent else "",
            "SourceVersion": draw(st.sampled_from(("4b825dc", "4b825dc-dirty", ""))),
        },
    )


@st.composite
def _estates(draw: st.DrawFn) -> tuple[Facts, Retention]:
    found = {(each.region, each.id): each for each in draw(st.lists(_amis(), max_size=14))}
    use = st.builds(
        Use,
        region=_REGIONS,
        ami=_IDS.map(lambda number: f"ami-{number:017x}"),
        kind=st.sampled_from(("instance", "launch-template", "ssm-parameter", "cloudformation-stack")),
        id=st.sampled_from(("a", "b")),
    )
    failure = st.builds(Failure, region=_REGIONS, source=st.just("eks"), error=st.just("denied"))
    known = Facts(
        now=NOW + timedelta(days=draw(st.sampled_from((0, 0, -2, 30)))),
        candidates=tuple(Candidate(ami=each, image=each.template) for each in found.values()),
        uses=tuple(draw(st.lists(use, max_size=5))),
        failures=tuple(draw(st.lists(failure, max_size=1))) if draw(st.booleans()) else (),
        failed=draw(st.sampled_from(({}, {}, {"packer/db.json": "e-1"}))),
        regions=frozenset((HERE, THERE)),
        branch="main",
    )
    ages = draw(st.sampled_from((("", "", ""), ("10d", "", ""), ("10d", "20d", "90d"), ("", "", "50d"))))
    retention = Retention(
        keep_last=draw(st.integers(0, 3)),
        keep=draw(st.sampled_from(({}, {"main": "30d"}))),
        deprecate=ages[0],
        disable=ages[1],
        deregister=ages[2],
    )
    return known, retention


@settings(max_examples=150, deadline=None)
@given(_estates())
def test_in_no_estate_a_used_ami_goes(estate: tuple[Facts, Retention]) -> None:
    known, retention = estate
    decisions = decide(known, retention)
    by_key = {each.candidate.key: each for each in decisions}
    assert by_key.keys() == {each.key for each in known.candidates}
    assert all(each.because for each in decisions)
    used = {(each.region, each.ami) for each in known.uses}
    closed = {each.region for each in known.failures}
    for key, decision in by_key.items():
        one = decision.candidate.ami
        if decision.action != "keep":
            assert key not in used
            assert one.region not in closed
            assert one.state in ("available", "disabled")
            assert not one.public
            assert not one.protection
            assert one.template not in known.failed
            assert one.template
            assert one.last_launched is None or one.last_launched <= known.now - timedelta(hours=48)
        for other in ((one.region, one.parent), (one.source_region or one.region, one.source_id)):
            if other in by_key and other != key:
                # A parent never goes further than its child, nor without it.
                assert (
                    _ACTION[by_key[other].action] <= _ACTION[decision.action] or decision.because[-1].kind == "already"
                )
    _check_newest(known, by_key)
    order = [each.candidate.key for each in decisions]
    assert len(order) == len(set(order))


def _check_newest(known: Facts, by_key: dict[tuple[str, str], Decision]) -> None:
    groups: dict[tuple[str, str, str], list[OwnedImage]] = {}
    for each in known.candidates:
        if each.image and each.ami.state == "available":
            groups.setdefault((each.image, each.ami.region, each.ami.architecture), []).append(each.ami)
    for group in groups.values():
        good = [one for one in group if one.commit and one.build and not one.commit.endswith("-dirty")]
        newest = max(one.created for one in good or group)
        tied = [by_key[one.region, one.id].action for one in good or group if one.created == newest]
        assert "keep" in tied
