"""Which AMI is an image's last good one: what its tags say must be what CodeBuild says of the build. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.standing import Contradiction, standing
from tfgen.status.facts import Expected, PlaceFacts
from tfgen.status.model import Drift

_AVAILABLE = "available"


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """An AMI of an image. `problem` says why it is not good, "" when it is; `drift` what was altered."""

    ami: OwnedImage
    problem: str = ""
    drift: tuple[Drift, ...] = ()


def amis_of(expected: Expected, facts: PlaceFacts) -> tuple[OwnedImage, ...]:
    """The AMIs of one image, newest first: by the project that built them, else by their template."""
    own = facts.by_project.get(expected.pipeline, ()) if expected.pipeline else ()
    if expected.shares_template:
        return own
    known = facts.projects_of_images
    others = facts.by_template.get(expected.template, ())
    more = [ami for ami in others if ami.build.partition(":")[0] not in known]
    return tuple(sorted((*own, *more), key=lambda ami: (ami.created, ami.id), reverse=True)) if more else own


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
    """One AMI; where CodeBuild could not be asked, or has forgotten the build, its tags are believed."""
    if ami.state != _AVAILABLE:
        return Judged(ami=ami, problem=f"it is {ami.state or 'not available'}")
    template = "" if expected.shares_template else expected.template
    found = standing(ami, facts.builds, now=facts.newest, template=template)
    if found.kind == "untagged":
        missing = "SourceVersion" if not ami.commit else "CodeBuildProject"
        return Judged(ami=ami, problem=f"it has no tag {missing}")
    if found.kind == "forged":
        altered = tuple(_drift(ami, each) for each in found.contradictions)
        words = ", ".join(f"{each.field} is {each.found or 'none'}, not {each.expected}" for each in altered)
        return Judged(ami=ami, problem=f"its tags were altered: {words}", drift=altered)
    build = (facts.builds or {}).get(ami.build)
    if found.kind == "failed" and build:
        return Judged(ami=ami, problem=f"its build ended as {build.status}")
    if found.kind == "going-on":
        return Judged(ami=ami, problem="its build has not ended")
    return Judged(ami=ami)


def _drift(ami: OwnedImage, found: Contradiction) -> Drift:
    what = f"{ami.id}: tag {found.tag}"
    return Drift(between="ami/code", what=what, field=found.tag, expected=found.expected, found=found.found)


def last_good(expected: Expected, facts: PlaceFacts) -> Judged | None:
    """The newest AMI that is good; None where there is none, or AMIs could not be read."""
    judged = (judge(ami, expected, facts) for ami in amis_of(expected, facts))
    return next((each for each in judged if not each.problem), None)
