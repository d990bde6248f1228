"""From the facts to the report: one row an image and place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.pipelines.reason import builds_in
from tfgen.aws.pipelines.runs import GOOD
from tfgen.status.amis import Judged, amis_of, judge
from tfgen.status.clock import SKEW
from tfgen.status.facts import BehindSince, Drifts, Expected, Facts, PlaceFacts
from tfgen.status.model import AmiSeen, Behind, Drift, ImageStatus, Orphan, Report, Unreadable
from tfgen.status.pipeline_row import execution_of, iso, pipeline_row

#: AMIs of an image that the document names.
_SHOWN = 20
_UNKNOWN = BehindSince(behind=Behind(verdict="unknown", why="it has no good AMI"))


def make_report(facts: Facts, *, images: tuple[str, ...] = ()) -> Report:
    """The whole document; with `images` those alone, and no orphans."""
    rows: list[ImageStatus] = []
    orphans: list[Orphan] = []
    drift: list[Drift] = []
    unreadable = list(facts.unreadable)
    for place, behind, drifts in zip(facts.places, facts.behind, facts.drifts, strict=True):
        rows += _rows(facts, place, behind, drifts, images)
        orphans += (each for each in drifts.orphans if each.kind != "image" or _is_missed(facts, place, each.name))
        drift += drifts.by_image.get("", ())
        unreadable += [*place.unreadable, *drifts.unreadable.get("", ())]
    return Report(
        made_at=iso(facts.now),
        commit=facts.commit,
        images=tuple(sorted(rows, key=lambda row: (row.image, row.region, row.account))),
        orphans=() if images else tuple(sorted(set(orphans), key=lambda each: (each.kind, each.name, each.region))),
        drift=() if images else tuple(dict.fromkeys(drift)),
        unreadable=tuple(dict.fromkeys(unreadable)),
    )


def _rows(
    facts: Facts, place: PlaceFacts, behind: Mapping[str, BehindSince], drifts: Drifts, images: tuple[str, ...]
) -> Iterator[ImageStatus]:
    judged = {each.image: [judge(ami, each, place) for ami in amis_of(each, place)] for each in place.expected}
    for expected in place.expected:
        if (not images or expected.image in images) and _belongs(facts, place, expected):
            yield _row(facts, place, expected, judged, behind.get(expected.image, _UNKNOWN), drifts)


def _belongs(facts: Facts, place: PlaceFacts, expected: Expected) -> bool:
    """Whether the image is to be seen here: what is nowhere is missing in the first place alone."""
    if _is_here(place, expected.image):
        return True
    return place is facts.places[0] and not any(_is_here(other, expected.image) for other in facts.places)


def _is_missed(facts: Facts, place: PlaceFacts, image: str) -> bool:
    """Whether no place has a pipeline of the image: that is said of the first place alone."""
    names = {each.pipeline for other in facts.places for each in other.expected if each.image == image}
    pipelines = (other.pipelines.get(name) for other in facts.places for name in names)
    return place is facts.places[0] and not any(each is not None and each.exists for each in pipelines)


def _is_here(place: PlaceFacts, image: str) -> bool:
    expected = place.expected_by_image.get(image)
    if expected is None:
        return False
    pipeline = place.pipelines.get(expected.pipeline)
    return (pipeline is not None and pipeline.exists is not False) or bool(amis_of(expected, place))


def _row(
    facts: Facts,
    place: PlaceFacts,
    expected: Expected,
    judged: Mapping[str, list[Judged]],
    behind: BehindSince,
    drifts: Drifts,
) -> ImageStatus:
    own = judged[expected.image]
    good = next((each.ami for each in own if not each.problem), None)
    pipeline = place.pipelines.get(expected.pipeline)
    altered = tuple(drift for each in own for drift in each.drift)
    found = ImageStatus(
        image=expected.image,
        region=place.place.region,
        account=place.place.account,
        template=expected.template,
        behind=behind.behind if good else _UNKNOWN.behind,
        pipeline=pipeline_row(expected, place, facts.now),
        parents=expected.parents,
        channels=dict(place.channels.get(expected.image, {})),
        drift=tuple(dict.fromkeys((*altered, *drifts.by_image.get(expected.image, ())))),
        amis=tuple(_seen(each, expected, place) for each in own[:_SHOWN]),
        notes=tuple(_notes(facts.now, place, expected, own)),
        unreadable=tuple(_unreadable(place, expected, drifts)),
    )
    if good is None:
        return found
    return replace(
        found,
        ami=good.id,
        ami_name=good.name,
        built_at=iso(good.created),
        age_days=max(0.0, round((facts.now - good.created) / timedelta(days=1), 2)),
        superseded_at=behind.superseded_at,
        execution=execution_of(good.build, good.commit, good.created, pipeline),
        commit=good.commit,
        parent_stale=is_parent_stale(good, expected, judged),
    )


def _unreadable(place: PlaceFacts, expected: Expected, drifts: Drifts) -> Iterator[Unreadable]:
    pipeline = place.pipelines.get(expected.pipeline)
    yield from pipeline.unreadable if pipeline else ()
    yield from drifts.unreadable.get(expected.image, ())
    if place.amis is None:
        yield from (each for each in place.unreadable if each.cell == "ami")


def is_parent_stale(ami: OwnedImage, expected: Expected, judged: Mapping[str, list[Judged]]) -> bool | None:
    """Whether a parent has a newer good AMI than the one that `ami` was made from; None where that is not known."""
    if not expected.parents:
        return False
    verdicts = [_is_stale(ami, judged.get(parent, [])) for parent in expected.parents]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _is_stale(ami: OwnedImage, parents: list[Judged]) -> bool | None:
    newest = next((each.ami for each in parents if not each.problem), None)
    if newest is None or not ami.parent:
        return None
    if ami.parent == newest.id:
        return False
    if newest.created > ami.created or ami.parent in [each.ami.id for each in parents]:
        return True
    return None


def _seen(judged: Judged, expected: Expected, place: PlaceFacts) -> AmiSeen:
    ami = judged.ami
    pipeline = place.pipelines.get(expected.pipeline)
    return AmiSeen(
        id=ami.id,
        name=ami.name,
        built_at=iso(ami.created),
        commit=ami.commit,
        execution=execution_of(ami.build, ami.commit, ami.created, pipeline),
        good=not judged.problem,
        problem=judged.problem,
    )


def _notes(now: datetime, place: PlaceFacts, expected: Expected, judged: list[Judged]) -> Iterator[str]:
    for each in judged:
        if not each.problem:
            if each.ami.created - now > SKEW:
                yield f"{each.ami.id} was built in the future ({iso(each.ami.created)}): compare the clocks"
            break
        yield f"{each.ami.id} is not a good AMI: {each.problem}"
    if gone := _gone(place, expected, judged):
        yield f"{gone}, of its last good execution, is not there any more (deregistered)"


def _gone(place: PlaceFacts, expected: Expected, judged: list[Judged]) -> str:
    """The AMI that the last good execution exported, where there is none of that id."""
    pipeline = place.pipelines.get(expected.pipeline)
    if pipeline is None or place.amis is None:
        return ""
    good = next((run.id for run in pipeline.runs or () if run.status == GOOD), "")
    for execution, id_ in builds_in(pipeline.stages or ()):
        build = (place.builds or {}).get(id_) if execution == good else None
        if build and build.ami and build.ami not in [each.ami.id for each in judged]:
            return build.ami
    return ""
