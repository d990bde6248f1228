"""From what a person asked for to a moved channel: source, gates, copies, pointers, launch templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.aws.channels.read import read_channel
from tfgen.aws.copies.find import of_project, read_image
from tfgen.publish.gates import check_gates
from tfgen.publish.images import Everywhere
from tfgen.publish.launch import follow_all, owner_in, read_all
from tfgen.publish.model import Job, RegionResult, Report
from tfgen.publish.move import copy_of, move_all, pointers
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.publish.model import Request, Say


def promote(request: Request, say: Say) -> Report:
    """Moves the channel to the AMI. With a closed gate nothing is done, and the report says so. Raises TfgenError."""
    source, origin = _source(request)
    report = Report(
        image=request.image,
        channel=request.channel,
        action="promote",
        ami=source.id,
        source=origin,
        dry_run=request.dry_run,
        gates=check_gates(request, source),
    )
    if not all(one.passed for one in report.gates):
        return report
    return carried_out(request, source, report, f"tfgen: {origin or source.id}", say)


def carried_out(request: Request, source: OwnedImage, report: Report, description: str, say: Say) -> Report:
    """The report with what was done in each region, or would be."""
    import msgspec

    job = Job(
        image=request.image,
        channel=request.channel,
        source=source,
        publish=request.publish,
        accounts=request.accounts,
        description=description,
        owner_of=owner_in(request.root),
        timeout=request.timeout,
    )
    templates = read_all(job)
    before = pointers(job)
    everywhere = Everywhere(job, say)
    lacking = everywhere.find()
    if request.dry_run:
        regions = tuple(_planned(job, everywhere, region, before[region], lacking) for region in job.accounts)
    else:
        everywhere.make()
        regions = tuple(move_all(job, everywhere, say).values())
    amis = {one.region: one.ami for one in regions}
    follows = follow_all(job, templates, amis, dry_run=request.dry_run)
    return msgspec.structs.replace(report, regions=regions, launch_templates=follows)


def _planned(job: Job, everywhere: Everywhere, region: str, before: object, lacking: list[str]) -> RegionResult:
    was = getattr(before, "value", None)
    if region in lacking:
        return RegionResult(region=region, ami="", before=was, action="would-move", copy="would-make")
    ami = everywhere.images[region].id
    copy = copy_of(job, everywhere, region)
    return RegionResult(
        region=region, ami=ami, before=was, action="unchanged" if was == ami else "would-move", copy=copy
    )


def _source(request: Request) -> tuple[OwnedImage, str]:
    """The AMI, and the channel that it is taken from. Raises TfgenError."""
    former = request.former or ("" if request.ami else request.publish.former(request.channel))
    if request.ami:
        return _read(request, request.ami), ""
    if not former:
        found = [one for one in of_project(request.home, request.project) if one.state == "available"]
        if not found:
            message = f"no AMI of {request.image} in {request.home.region}: pipeline {request.project} has made none"
            raise TfgenError(message, fix=f"run: tfgen build {request.image}, or name one with --ami")
        return found[0], ""
    name = request.publish.parameter_name(request.image, former)
    pointer = read_channel(request.home, name)
    if pointer is None:
        message = f"channel {former} of {request.image} is empty: no parameter {name} in {request.home.region}"
        raise TfgenError(message, fix=f"run: tfgen promote {request.image} --to {former}, or name an AMI with --ami")
    return _read(request, pointer.value), former


def _read(request: Request, ami: str) -> OwnedImage:
    image = read_image(request.home, ami)
    if image is None:
        message = f"{ami} is not in {request.home.region}: it was deregistered, or belongs to another region or account"
        raise TfgenError(message, fix="name another one with --ami")
    if image.account and image.account != request.home.id:
        message = f"{ami} belongs to account {image.account}, and channels are of AMIs of {request.home.id}"
        raise TfgenError(message, fix="copy it, and promote the copy")
    return image
