"""Which AMI is an image's last good one: what its tags say must be what CodeBuild says of the build. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.pipelines.runs import GOOD, BuildFacts
from tfgen.status.facts import Expected, PlaceFacts
from tfgen.status.model import Drift

#: CodeBuild forgets builds after a year; of a younger AMI it must know the build.
_KEPT = timedelta(days=360)
#: What an AMI may be older or younger than its build, by clocks that differ and by copies that take long.
_MARGIN = timedelta(days=1)
_AVAILABLE = "available"


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """An AMI of an image. `problem` says why it is not good, "" when it is; `drift` what was altered."""

    ami: OwnedImage
    problem: str = ""
    drift: tuple[Drift, ...] = ()


def amis_of(expected: Expected, facts: PlaceFacts) -> tuple[OwnedImage, ...]:
    """The AMIs of one image, newest first: by the project that built them, else by their template."""
    others = {each.pipeline for each in facts.expected if each.image != expected.image and each.pipeline}
    return tuple(ami for ami in facts.amis or () if _is_of(expected, ami, others))


def _is_of(expected: Expected, ami: OwnedImage, others: set[str]) -> bool:
    project = ami.build.partition(":")[0]
    if expected.pipeline and project == expected.pipeline:
        return True
    return ami.template == expected.template and project not in others and not expected.shares_template


def candidates(facts: PlaceFacts) -> Iterator[tuple[Expected, str]]:
    """The builds that must be known to say which AMI of each image is its last good one, as far as is known now."""
    for expected in facts.expected:
        for ami in amis_of(expected, facts):
            if ami.state == _AVAILABLE and ami.build and ami.build not in (facts.builds or {}):
                yield expected, ami.build
                break
            if not judge(ami, expected, facts).problem:
                break


def judge(ami: OwnedImage, expected: Expected, facts: PlaceFacts) -> Judged:
    """One AMI; where CodeBuild could not be asked, its tags are believed."""
    if ami.state != _AVAILABLE:
        return Judged(ami=ami, problem=f"it is {ami.state or 'not available'}")
    if not ami.commit or not ami.build:
        missing = "SourceVersion" if not ami.commit else "CodeBuildProject"
        return Judged(ami=ami, problem=f"it has no tag {missing}")
    altered = list(_altered(ami, expected, facts))
    if altered:
        words = ", ".join(f"{each.field} is {each.found or 'none'}, not {each.expected}" for each in altered)
        return Judged(ami=ami, problem=f"its tags were altered: {words}", drift=tuple(altered))
    build = (facts.builds or {}).get(ami.build)
    if build and build.status not in (GOOD.upper(), "IN_PROGRESS"):
        return Judged(ami=ami, problem=f"its build ended as {build.status}")
    if build and build.status == "IN_PROGRESS":
        return Judged(ami=ami, problem="its build has not ended")
    return Judged(ami=ami)


def _altered(ami: OwnedImage, expected: Expected, facts: PlaceFacts) -> Iterator[Drift]:
    if ami.template != expected.template and not expected.shares_template:
        yield _drift(ami, "Template", expected.template, ami.template)
    if facts.builds is None or ami.build not in facts.builds:
        return
    build = facts.builds[ami.build]
    if build is None:
        if _is_young(ami, facts):  # a local build's, an altered tag, or of a project that is gone
            yield _drift(ami, "CodeBuildProject", "a build that CodeBuild has", ami.build)
    elif build.commit and build.commit != ami.commit:
        yield _drift(ami, "SourceVersion", build.commit, ami.commit)
    elif not _fits(ami, build):
        yield _drift(ami, "CodeBuildProject", "the build that made it", ami.build)


def _is_young(ami: OwnedImage, facts: PlaceFacts) -> bool:
    """Whether CodeBuild must still have the build, by the newest AMI's clock: no other is asked here."""
    newest = max((each.created for each in facts.amis or ()), default=ami.created)
    return newest - ami.created < _KEPT


def _fits(ami: OwnedImage, build: BuildFacts) -> bool:
    begun = build.started is None or ami.created >= build.started - _MARGIN
    return begun and (build.ended is None or ami.created <= build.ended + _MARGIN)


def _drift(ami: OwnedImage, tag: str, expected: str, found: str) -> Drift:
    return Drift(between="ami/code", what=f"{ami.id}: tag {tag}", field=tag, expected=expected, found=found)


def last_good(expected: Expected, facts: PlaceFacts) -> Judged | None:
    """The newest AMI that is good; None where there is none, or AMIs could not be read."""
    judged = (judge(ami, expected, facts) for ami in amis_of(expected, facts))
    return next((each for each in judged if not each.problem), None)
