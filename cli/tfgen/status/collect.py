"""Everything that `tfgen status` needs, read: the repository, then each account and region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from tfgen.status.amis import last_good
from tfgen.status.facts import BehindSince, Drifts, Facts, Place, PlaceFacts
from tfgen.status.model import Unreadable

if TYPE_CHECKING:
    from tfgen.aws.failures import AwsError
    from tfgen.aws.session import Account
    from tfgen.status.reading.progress import Progress
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import SyncResult

_Opened = tuple[Place, "Account"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for; `images` none: all. `full`: every field of AWS is compared; `plan`: by Terraform."""

    regions: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    full: bool = False
    plan: bool = False


def collect(
    workspace: Workspace, found: SyncResult, options: Options, now: datetime | None, progress: Progress
) -> Facts:
    """The facts, at `now` or now. Raises AwsError where no place can be asked, UsageError without a region."""
    from tfgen.git.repository import head_commit
    from tfgen.status.clock import time_now
    from tfgen.status.uncommitted import find_uncommitted
    from tfgen.sync.ancestry import parents_and_order

    parents, _ = parents_and_order(workspace)
    head = head_commit(workspace.root)
    opened, lost = _open(workspace, options)
    time, clock = time_now(account for _, account in opened)
    places = _read(workspace, found, parents, opened, options, progress)
    progress.say("comparing with HEAD")
    uncommitted = find_uncommitted(workspace, head)
    return Facts(
        now=now or time,
        commit=head,
        places=places,
        behind=tuple(map(uncommitted.over, _behind(workspace, places))),
        drifts=_drifts(workspace, found, places, opened, options),
        unreadable=lost,
        notes=tuple(note for note in (clock, uncommitted.note) if note),
    )


def _open(workspace: Workspace, options: Options) -> tuple[list[_Opened], tuple[Unreadable, ...]]:
    """The places that can be asked. The first error is raised where there is none."""
    from tfgen.aws.failures import AwsError
    from tfgen.status.reading.places import open_places, wanted_places

    opened: list[_Opened] = []
    lost: list[Unreadable] = []
    first: AwsError | None = None
    for wanted in wanted_places(workspace.settings, options.regions):
        try:
            opened += open_places(wanted)
        except AwsError as error:
            first = first or error
            lost.append(_unreadable(f"account {wanted.account}", "sts:GetCallerIdentity", error))
    if first is not None and not opened:
        raise first
    return opened, tuple(lost)


def _unreadable(cell: str, action: str, error: AwsError) -> Unreadable:
    return Unreadable(cell=cell, action=action, error=str(error))


def _read(
    workspace: Workspace,
    found: SyncResult,
    parents: Mapping[str, tuple[str, ...]],
    opened: Sequence[_Opened],
    options: Options,
    progress: Progress,
) -> tuple[PlaceFacts, ...]:
    from tfgen.aws.accounts import THREADS
    from tfgen.aws.pool import Pool
    from tfgen.status.reading.expected import expected_images
    from tfgen.status.reading.place import complete, read_place

    publish = workspace.settings.publish
    expected = [expected_images(workspace, found, parents, place.account_id) for place, _ in opened]
    progress.begin(sum(map(len, expected)))
    with Pool(THREADS) as pool:
        first = [
            read_place(account, place, images, publish, pool, progress.tick, only=options.images)
            for (place, account), images in zip(opened, expected, strict=True)
        ]
        homes = [_homes(place, opened, first) for place, _ in opened]
        return tuple(
            complete(account, facts, home, pool, full=options.full)
            for (_, account), facts, home in zip(opened, first, homes, strict=True)
        )


def _homes(place: Place, opened: Sequence[_Opened], facts: Sequence[PlaceFacts]) -> dict[str, Account]:
    """Where the pipelines of the same account are."""
    return {
        name: account
        for (other, account), each in zip(opened, facts, strict=True)
        if other.account_id == place.account_id
        for name, pipeline in each.pipelines.items()
        if pipeline.exists
    }


def _behind(workspace: Workspace, places: Sequence[PlaceFacts]) -> tuple[Mapping[str, BehindSince], ...]:
    from tfgen.status.behind import verdicts_of_places

    return verdicts_of_places(
        workspace,
        [
            {each.image: good.ami.commit for each in place.expected if (good := last_good(each, place)) is not None}
            for place in places
        ],
    )


def _drifts(
    workspace: Workspace, found: SyncResult, places: Sequence[PlaceFacts], opened: Sequence[_Opened], options: Options
) -> tuple[Drifts, ...]:
    from tfgen.status.drift.find import drift
    from tfgen.status.drift.planned import planned_drift

    planned = planned_drift(workspace) if options.plan else None
    return tuple(
        drift(workspace, found, facts, account, full=options.full, images=options.images, planned=planned)
        for facts, (_, account) in zip(places, opened, strict=True)
    )
