"""Whether an AMI is what its tags say, by CodeBuild's record of its build: one opinion for status, promote, prune.

Tags can be copied; a record of CodeBuild, and what EC2 says of an AMI (its creation, what it was copied from), cannot.
Source: CodeBuild's API reference (Build: kept for a year), docs/images.md (tags, and the exported AMI_ID).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.pipelines.runs import GOOD, BuildFacts
from tfgen_generators.packer.names import without_ending

#: CodeBuild forgets builds after a year; of a younger AMI it must know the build.
KEPT = timedelta(days=360)
#: By so much the clocks of EC2 and CodeBuild may differ.
_SKEW = timedelta(minutes=5)
_IN_PROGRESS = "IN_PROGRESS"

Kind = Literal["good", "untagged", "forged", "failed", "going-on", "unreadable", "unproven", "expired"]

#: What may be good, and cannot be shown to be: a reader that must not lose an AMI takes it for good, too.
UNKNOWN: tuple[Kind, ...] = ("going-on", "unreadable", "unproven")


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that is not what it should be; `reason` says it in one line."""

    tag: str
    expected: str
    found: str
    reason: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an AMI; `reason` is "" for a good one.

    "good": the record of its build agrees. "untagged": no build or no commit is named. "forged": the record contradicts
    the tags, or there is none although CodeBuild must have it. "failed", "going-on": the build's end. "unreadable": the
    record was not read. "unproven": a copy whose source is not known. "expired": CodeBuild does not have it any more.
    """

    kind: Kind
    reason: str = ""
    contradictions: tuple[Contradiction, ...] = ()


def standing(
    ami: OwnedImage,
    builds: Mapping[str, BuildFacts | None] | None,
    *,
    now: datetime,
    template: str = "",
    source: OwnedImage | None = None,
) -> Standing:
    """What `builds` (by id; None: could not be read; an id with None: CodeBuild does not have it) say of `ami`.

    `template`: what the tag Template must be, where that is to be held against it. `source`: what the AMI was copied
    from, where that is known; a copy is as good as it.
    """
    if not ami.build or not ami.commit:
        return _untagged(ami)
    forged = [*_of_template(ami, template)]
    if builds is None or ami.build not in builds:
        found = Standing(kind="unreadable", reason=f"build {ami.build} was not read")
    elif (build := builds[ami.build]) is None:
        found = _without_record(ami, now=now, source=source)
    else:
        forged += _of_tags(ami, build)
        found = _by_record(ami, build, source)
    if found.kind == "forged" or forged:
        return _forged([*forged, *found.contradictions])
    return found


def _by_record(ami: OwnedImage, build: BuildFacts, source: OwnedImage | None) -> Standing:
    """By the build's end, and by whether it made the AMI."""
    if build.status == _IN_PROGRESS:
        return Standing(kind="going-on", reason=f"build {ami.build} has not ended")
    if build.status != GOOD.upper():
        return Standing(kind="failed", reason=f"build {ami.build} ended as {build.status}")
    if not (reason := _why_not_of(ami, build, source)):
        return Standing(kind="good")
    if copied_from(ami) and source is None:
        return Standing(kind="unproven", reason=f"{ami.id} is a copy of {ami.source_id}, which is not known")
    return _forged([_of_build(ami, "the build that made it", reason)])


def copied_from(ami: OwnedImage) -> tuple[str, str] | None:
    """Region and id of what an AMI is a copy of, None for no copy.

    EC2 names a source in the same region also of an AMI that was made of an instance: the instance's.
    """
    elsewhere = ami.source_id and ami.source_region not in ("", ami.region)
    return (ami.source_region, ami.source_id) if elsewhere else None


def _untagged(ami: OwnedImage) -> Standing:
    tag = "CodeBuildProject" if not ami.build else "SourceVersion"
    reason = f"{ami.id} has no tag {tag}: a pipeline did not build it, or the tag was removed"
    return Standing(kind="untagged", reason=reason)


def _forged(found: list[Contradiction]) -> Standing:
    return Standing(kind="forged", reason=found[0].reason, contradictions=tuple(found))


def _without_record(ami: OwnedImage, *, now: datetime, source: OwnedImage | None) -> Standing:
    """CodeBuild does not have the build: a local one's, an altered tag, or older than a year."""
    reason = f"CodeBuild has no build {ami.build}: it keeps them for a year"
    if copied_from(ami) and source is None:
        return Standing(kind="unproven", reason=reason)
    if now - (source or ami).created < KEPT:
        return _forged([_of_build(ami, "a build that CodeBuild has", reason)])
    return Standing(kind="expired", reason=reason)


def _of_template(ami: OwnedImage, template: str) -> Iterator[Contradiction]:
    if template and ami.template != template:
        reason = f"tag Template of {ami.id} is {ami.template or 'none'}, and the image's template is {template}"
        yield Contradiction(tag="Template", expected=template, found=ami.template, reason=reason)


def _is_of_script(template: str, script: str) -> bool:
    """Whether a build of that PACKER_SCRIPT is of the template: its ending, and a folder before it, may be left out."""
    wanted = without_ending(posixpath.normpath(script)).lstrip("/")
    return f"/{without_ending(template)}".endswith(f"/{wanted}") or f"/{template}".endswith(f"/{wanted}")


def _of_tags(ami: OwnedImage, build: BuildFacts) -> Iterator[Contradiction]:
    if build.script and not _is_of_script(ami.template, build.script):
        reason = f"tag Template of {ami.id} is {ami.template or 'none'}, and the build was of {build.script}"
        yield Contradiction(tag="Template", expected=build.script, found=ami.template, reason=reason)
    if build.commit and ami.commit != build.commit:
        reason = f"tag SourceVersion of {ami.id} is {ami.commit}, and the build was of {build.commit}"
        yield Contradiction(tag="SourceVersion", expected=build.commit, found=ami.commit, reason=reason)
    number = ami.tags.get("BuildNumber", "")
    if build.number and number != build.number and (number or not _is_proved(ami, build)):
        reason = f"tag BuildNumber of {ami.id} is {number or 'none'}, and the build was number {build.number}"
        yield Contradiction(tag="BuildNumber", expected=build.number, found=number, reason=reason)


def _of_build(ami: OwnedImage, expected: str, reason: str) -> Contradiction:
    return Contradiction(tag="CodeBuildProject", expected=expected, found=ami.build, reason=reason)


def _is_proved(ami: OwnedImage, build: BuildFacts) -> bool:
    """Whether the record names this AMI, or what EC2 says that it is a copy of."""
    _, source = copied_from(ami) or ("", "")
    return bool(build.ami) and build.ami in (ami.id, source)


def _why_not_of(ami: OwnedImage, build: BuildFacts, source: OwnedImage | None) -> str:
    """Why the build did not make it, "" where it did: it exports one AMI, and may make others while it runs."""
    if _is_proved(ami, build) or (source is not None and not _why_not_of(source, build, None)):
        return ""
    if build.started is None or build.ended is None:
        is_inside = not build.ami
    else:
        is_inside = build.started - _SKEW <= ami.created <= build.ended + _SKEW
    if is_inside:
        return ""
    when = f"{ami.id} was not made while it ran"
    return f"build {build.id} made {build.ami}, not {ami.id}: {when}" if build.ami else f"build {build.id}: {when}"
