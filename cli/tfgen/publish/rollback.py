"""Back to an AMI that the channel has had: by its history in the first region, in every region by its copy there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from tfgen.aws.channels.read import Version, history, read_channel
from tfgen.aws.channels.running import Running, running
from tfgen.aws.copies.find import read_image
from tfgen.publish.model import Report
from tfgen.publish.promote import carried_out
from tfgen_generators.errors import TfgenError, UsageError

if TYPE_CHECKING:
    from tfgen.publish.model import Request, Say

_BACK = re.compile(r"tfgen: (?:rollback|back) to version (\d+)")


def rollback(request: Request, say: Say) -> Report:
    """Moves the channel back; first lists who runs the AMI that it leaves. Raises TfgenError."""
    name = request.publish.parameter_name(request.image, request.channel)
    versions = history(request.home, name)
    if not versions:
        message = f"channel {request.channel} of {request.image} is empty: no parameter {name} in {request.home.region}"
        raise TfgenError(message, fix=f"run: tfgen promote {request.image} --to {request.channel}")
    target = chosen(versions, request.version) if request.version else previous(versions)
    if target is None:
        raise TfgenError(f"{name} has had no other AMI", fix="use --to VERSION, or promote another AMI")
    source = read_image(request.home, target.value)
    if source is None:
        message = f"{target.value}, which version {target.number} of {name} points to, was deregistered"
        raise TfgenError(message, fix=f"use --to with another version: {_listed(versions)}")
    users = tuple(_users(request, name, source.id))
    for one in users:
        say(f"{one.instance} in {one.region} runs {one.ami}{f' (auto scaling group {one.group})' if one.group else ''}")
    if users:
        say("these go on: replace them yourself, for example with an instance refresh")
    report = Report(
        image=request.image,
        channel=request.channel,
        action="rollback",
        ami=source.id,
        source=f"version {target.number}",
        dry_run=request.dry_run,
        running=users,
    )
    description = f"tfgen: rollback to version {target.number}"
    return msgspec.structs.replace(carried_out(request, source, report, description, say), running=users)


def previous(versions: Sequence[Version]) -> Version | None:
    """The version before the current one that has another AMI, where a rollback counts as what it went back to."""
    by_number = {one.number: one for one in versions}
    now = current = max(versions, key=lambda one: one.number)
    while (match := _BACK.match(current.description)) and int(match[1]) < current.number:
        if int(match[1]) not in by_number:
            break
        current = by_number[int(match[1])]
    older = sorted((one for one in versions if one.number < current.number), key=lambda one: -one.number)
    return next((one for one in older if one.value not in (current.value, now.value)), None)


def chosen(versions: Sequence[Version], wanted: str) -> Version:
    """The version of that number or label. Raises UsageError."""
    for one in versions:
        if wanted == str(one.number) or wanted in one.labels:
            return one
    raise UsageError(f"--to {wanted}: there is no such version or label", fix=f"use one of {_listed(versions)}")


def _users(request: Request, name: str, target: str) -> list[Running]:
    """Who runs what the channel points to now, in every region where that is something else than the target."""
    found: list[Running] = []
    for account in request.accounts.values():
        pointer = read_channel(account, name)
        if pointer is not None and pointer.is_channel and pointer.value != target:
            found += running(account, pointer.value)
    return found


def _listed(versions: Sequence[Version]) -> str:
    newest = sorted(versions, key=lambda one: -one.number)[:10]
    return ", ".join(f"{one.number} ({one.value})" for one in newest)
