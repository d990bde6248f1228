"""The channel in all regions or in none, under its lock; then the launch templates that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen.aws.channels.lock import ChannelLock
from tfgen.aws.channels.move import move, move_back, require_channel
from tfgen.aws.channels.read import read_channel
from tfgen.publish.model import RegionResult
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.publish.tables import LOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfgen.aws.channels.read import Pointer
    from tfgen.publish.images import Everywhere
    from tfgen.publish.model import Copied, Job, Say


def pointers(job: Job) -> dict[str, Pointer | None]:
    """The channel now, by region. Raises RefusedError for a parameter that is none."""
    found = {region: read_channel(account, job.parameter) for region, account in job.accounts.items()}
    for region, pointer in found.items():
        require_channel(pointer, region)
    return found


def move_all(job: Job, everywhere: Everywhere, say: Say) -> dict[str, RegionResult]:
    """Points the channel to the AMI in every region. Raises BusyError, TfgenError: then every one is as it was."""
    pointers(job)  # what is no channel is refused before anything is written beside it
    lock = ChannelLock(job.home, f"{job.parameter}{LOCK}")
    lock.acquire()
    try:
        everywhere.require_all()
        return _Moves(job, lock, say).run(everywhere, pointers(job))
    finally:
        try:
            lock.release()
        except TfgenError as error:
            say(f"warning: the lock of {job.parameter} is still there for 10 minutes: {error}")


class _Moves:
    def __init__(self, job: Job, lock: ChannelLock, say: Say) -> None:
        self._job, self._lock, self._say = job, lock, say
        #: Region -> what it was before, and the version that ours gets.
        self._begun: dict[str, tuple[Pointer | None, int]] = {}

    def run(self, everywhere: Everywhere, before: Mapping[str, Pointer | None]) -> dict[str, RegionResult]:
        found: dict[str, RegionResult] = {}
        try:
            for region in self._job.accounts:
                found[region] = self._one(everywhere, region, before[region])
        except BaseException:
            self._back()
            raise
        return found

    def _one(self, everywhere: Everywhere, region: str, before: Pointer | None) -> RegionResult:
        job, ami = self._job, everywhere.images[region].id
        copy = copy_of(job, everywhere, region)
        was = before.value if before else None
        if was == ami:
            return RegionResult(region=region, ami=ami, before=was, action="unchanged", copy=copy)
        self._lock.require()
        self._begun[region] = before, (before.version if before else 0) + 1
        version = move(job.accounts[region], job.parameter, before, ami, job.description)
        self._say(f"{job.parameter} in {region}: {was or 'new'} -> {ami} (version {version})")
        return RegionResult(region=region, ami=ami, before=was, version=version, action="moved", copy=copy)

    def _back(self) -> None:
        """What was moved, moved back; what cannot be is said: it points to an AMI that can be started."""
        for region, (before, version) in reversed(self._begun.items()):
            try:
                move_back(self._job.accounts[region], self._job.parameter, before, version)
            except TfgenError as error:
                self._say(f"warning: {self._job.parameter} in {region} could not be moved back: {error}")


def copy_of(job: Job, everywhere: Everywhere, region: str) -> Copied:
    """Where the AMI of a region is from, as `RegionResult.copy` says it."""
    if region == job.source.region:
        return "source"
    return "made" if region in everywhere.made else "found"
