"""Copied tags do not let the real AMI go: the newest good ones by CodeBuild's records, beside those by tags."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.test_prune_decide import HERE, LOOSE, NOW, THERE, ami, decided, why
from tfgen.aws.failures import AwsError
from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.standing import standing
from tfgen.aws.pipelines.runs import BuildFacts
from tfgen.prune.decide import decide
from tfgen.prune.facts import Candidate, Facts
from tfgen.prune.newest import builds_to_ask
from tfgen.prune.read import build_records
from tfgen_generators.settings.lifecycle.retention import Retention


def made(number: int, *, days: float, build: int = 0, **more: Any) -> OwnedImage:
    """An AMI that names the build `build`, else that of its own number."""
    tags = {"CodeBuildProject": f"web-ami-pipeline:{build or number}"}
    return ami(number, days=days, tags=tags, **more)


def record(number: int, *, days: float, status: str = "SUCCEEDED") -> BuildFacts:
    end = NOW - timedelta(days=days) + timedelta(minutes=1)
    return BuildFacts(
        id=f"web-ami-pipeline:{number}",
        status=status,
        commit="4b825dc",
        started=end - timedelta(hours=1),
        ended=end,
        ami=f"ami-{number:017x}",
    )


def estate(*amis: OwnedImage, builds: dict[str, BuildFacts | None] | None = None, **more: Any) -> Facts:
    found = tuple(Candidate(ami=each, image="web") for each in amis)
    return Facts(now=NOW, candidates=found, builds=builds, regions=frozenset((HERE, THERE)), **more)


def known(*records: BuildFacts, without: tuple[int, ...] = ()) -> dict[str, BuildFacts | None]:
    none: dict[str, BuildFacts | None] = {f"web-ami-pipeline:{number}": None for number in without}
    return none | {each.id: each for each in records}


def kept(facts: Facts, retention: Retention = LOOSE) -> list[int]:
    return sorted(int(key[4:], 16) for key, each in decided(facts, retention).items() if each.action == "keep")


def test_a_forged_newest_one_does_not_let_the_real_one_go() -> None:
    forged, real, old = made(3, days=1, build=2), made(2, days=10), made(1, days=20)
    builds = known(record(2, days=10), record(1, days=20))
    assert kept(estate(forged, real, old)) == [3]  # by tags alone
    facts = estate(forged, real, old, builds=builds)
    assert kept(facts) == [2, 3]
    assert why(decided(facts)[real.id]) == ["newest"]
    assert kept(facts, Retention(keep_last=2)) == [1, 2, 3]


def test_an_ami_of_another_image_with_the_tag_template_of_this_one_does_not_let_the_real_one_go() -> None:
    """Its build is a real one, and it made the AMI: of another template."""
    retagged, real = made(2, days=1), made(1, days=20)
    mine = replace(record(1, days=20), script="packer/web")
    assert kept(estate(retagged, real, builds=known(replace(record(2, days=1), script="packer/web"), mine))) == [2]
    assert kept(estate(retagged, real, builds=known(replace(record(2, days=1), script="packer/db"), mine))) == [1, 2]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_however_many_are_forged_or_have_no_record(number: int) -> None:
    forged = [made(90 + each, days=1 + each, build=91 + each) for each in range(number)]
    real, old = made(2, days=30), made(1, days=40)
    builds = known(record(2, days=30), record(1, days=40), without=(91, 92, 93))
    assert 2 in kept(estate(*forged, real, old, builds=builds))
    assert 1 not in kept(estate(*forged, real, old, builds=builds))


def test_what_may_be_good_stays_besides() -> None:
    """A build that goes on; one that was not read; a copy of what nobody knows."""
    copy = made(5, days=3, build=2, source_id="ami-00000000000000077", source_region=THERE)
    amis = made(9, days=1), made(8, days=2), copy, made(2, days=30), made(1, days=40)
    builds = known(record(9, days=1, status="IN_PROGRESS"), record(2, days=30), record(1, days=40))
    facts = estate(*amis, builds=builds)
    assert kept(facts) == [2, 5, 8, 9]
    assert "may-be-good" in why(decided(facts)[amis[1].id])


def test_builds_that_codebuild_has_forgotten_count() -> None:
    """Else an image that is built once in two years would keep all of its AMIs for ever."""
    amis = [made(number, days=400 + 10 * number) for number in range(1, 5)]
    builds = known(without=(1, 2, 3, 4))
    assert kept(estate(*amis, builds=builds), Retention(keep_last=2)) == [1, 2]


def test_the_builds_that_are_asked_for() -> None:
    """The newest of groups in which something would go, twice as many in each round."""
    amis = [made(number, days=number) for number in range(1, 200)]
    others = [Candidate(ami=made(1000 + number, days=number), image="db") for number in range(9)]
    facts = estate(*amis, builds={})
    facts = Facts(now=NOW, candidates=(*facts.candidates, *others), builds={})
    going = {each.key for each in facts.candidates if each.image == "web"}
    retention, rounds, all_ = Retention(keep_last=5), [], dict[str, BuildFacts | None]()
    while wanted := builds_to_ask(facts, retention, going):
        rounds.append(len(wanted))
        all_ |= dict.fromkeys(wanted)  # every one of them is forged
        facts = Facts(now=NOW, candidates=facts.candidates, builds=dict(all_))
    assert rounds == [5, 10, 20, 40, 80, 44]
    assert not any(":10" in build and len(build) > len("web-ami-pipeline:") + 3 for build in all_)
    good = {f"web-ami-pipeline:{number}": record(number, days=number) for number in range(1, 6)}
    assert builds_to_ask(Facts(now=NOW, candidates=facts.candidates, builds=dict(good)), retention, going) == []


def test_a_region_that_cannot_be_asked_costs_what_no_other_has() -> None:
    class Asker:
        def __init__(self, region: str, *ids: str, fails: bool = False) -> None:
            self.region, self.ids, self.fails, self.account = region, ids, fails, self

        def call(self, service: str, operation: str, ids: list[str]) -> dict[str, Any]:
            if self.fails:
                raise AwsError("denied", code="AccessDenied")
            return {"builds": [{"id": each, "buildStatus": "SUCCEEDED"} for each in ids if each in self.ids]}

    here: Any = Asker(HERE, "w:1")
    there: Any = Asker(THERE, "w:2")
    closed: Any = Asker(THERE, fails=True)
    found, failures = build_records([here, there], ["w:1", "w:2", "w:3"], [HERE])
    assert ({id_: build is not None for id_, build in found.items()}, failures) == (
        {"w:1": True, "w:2": True, "w:3": False},
        [],
    )
    found, failures = build_records([closed, here], ["w:1"], [HERE])
    assert (list(found), failures) == (["w:1"], [])
    found, failures = build_records([closed, here], ["w:1", "w:2"], [HERE, THERE])
    assert list(found) == ["w:1"]
    assert [(each.region, each.source) for each in failures] == [(HERE, "builds"), (THERE, "builds")]


@st.composite
def _forgeries(draw: st.DrawFn) -> tuple[Facts, Retention]:
    amis, builds = [], dict[str, BuildFacts | None]()
    for number in range(1, draw(st.integers(2, 9))):
        days = draw(st.integers(1, 500))
        build = draw(st.sampled_from((number, number, 1, 2)))
        amis.append(made(number, days=days, build=build, region=draw(st.sampled_from((HERE, HERE, THERE)))))
        kind = draw(st.sampled_from(("good", "good", "none", "unread", "FAILED", "IN_PROGRESS")))
        if kind == "none":
            builds[f"web-ami-pipeline:{number}"] = None
        elif kind != "unread":
            status = "SUCCEEDED" if kind == "good" else kind
            builds[f"web-ami-pipeline:{number}"] = record(number, days=days, status=status)
    return estate(*amis, builds=builds), Retention(keep_last=draw(st.integers(0, 3)))


@settings(max_examples=100, deadline=None)
@given(_forgeries())
def test_the_newest_that_are_good_or_may_be_stay_and_none_goes_that_tags_would_keep(
    drawn: tuple[Facts, Retention],
) -> None:
    facts, retention = drawn
    going = {each.candidate.key for each in decide(facts, retention) if each.action != "keep"}
    by_tags = Facts(now=NOW, candidates=facts.candidates, regions=facts.regions)
    assert going <= {each.candidate.key for each in decide(by_tags, retention) if each.action != "keep"}
    for region in (HERE, THERE):
        group = sorted(
            (each for each in facts.candidates if each.ami.region == region),
            key=lambda one: (one.ami.created, one.ami.id),
            reverse=True,
        )
        left = max(1, retention.keep_last)
        for each in group:
            kind = standing(each.ami, facts.builds, now=NOW).kind
            if left and kind in ("good", "expired", "unreadable", "going-on", "unproven"):
                assert each.key not in going
            left -= bool(left) and kind in ("good", "expired")
