"""What an earlier run has begun and not ended, because it was killed or stopped: the next one finishes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.aws.failures import AwsError
from tfgen.prune.acting.journal import Journal, Run, moment, own_runs, reopen
from tfgen.prune.acting.model import AppliedAmi, Ended, Record, Settled
from tfgen.prune.acting.step import Place, Result, because, finish, unkept
from tfgen.prune.model import Because

if TYPE_CHECKING:
    from tfgen.prune.make import Survey


def done_before(folder: Path) -> set[tuple[str, str]]:
    """Region and id of the AMIs that runs of here have deregistered, whatever became of them. Raises RefusedError."""
    return {
        key
        for run in own_runs(folder)
        for key, record in run.records.items()
        if record.action == "deregister" and key in run.calls
    }


def finish_runs(
    folder: Path, places: Mapping[str, Place], looked: Survey, say: Callable[[str], None]
) -> tuple[AppliedAmi, ...]:
    """Everything of this account's that is open in the regions at hand. Raises RefusedError, TfgenError."""
    found: list[AppliedAmi] = []
    unread = {each.region for each in looked.plan.unreadable}
    for run in own_runs(folder):
        mine = [
            record
            for record in run.open_records
            if (place := places.get(record.region))
            and record.region not in unread
            and run.begun.accounts.get(record.region) == place.account.id
        ]
        if not mine and (run.is_ended or run.open_records):
            continue
        with reopen(run.path) as journal:
            for record in mine:
                found += _one(run, record, places[record.region], journal, looked)
            if len(mine) == len(run.open_records) and not any(each.error for each in found):
                journal.write(Ended(at=moment(datetime.now(UTC))))
        for region, ami in run.unrecorded:
            say(f"warning: run {run.name}: the record of {ami} ({region}) cannot be read: its snapshots are left")
        for each in found:
            say(f"run {run.name} was broken off: {each.action} {each.ami} ({each.region}): {each.result}")
    return tuple(found)


def _one(run: Run, record: Record, place: Place, journal: Journal, looked: Survey) -> list[AppliedAmi]:
    """Nothing where the call of the run that was killed was not made: the plan is about it."""
    now = {each.candidate.key: each.candidate.ami for each in looked.decisions}.get(record.key)
    made = now is None if record.action == "deregister" else now is not None and now.state == "disabled"
    if not made or record.action == "deprecate":
        journal.write(Settled(region=record.region, ami=record.ami, result="not-done"))
        return []
    uses = because(use for use in looked.facts.uses if (use.region, use.ami) == record.key and use.kind != "file")
    place = Place.like(place, no_undo=place.no_undo or run.begun.no_undo)
    try:
        missing = [] if place.no_undo or uses else [id_ for id_ in unkept(place, record) if id_ != record.ami]
        if missing:
            error = f"no rule of the Recycle Bin keeps {', '.join(missing)}; make one, or use --no-undo"
            result = Result(result="unfinished", error=error)
        else:
            result = finish(place, journal, record, uses)
    except AwsError as error:
        result = Result(result="unfinished", error=str(error))
    reasons = (Because(kind="begun", id=run.name), *result.because)
    applied = AppliedAmi(
        image=record.image,
        region=record.region,
        ami=record.ami,
        action=record.action,
        because=reasons,
        name=record.name,
        result=result.result,
        error=result.error,
        deleted=tuple(result.deleted),
        left=result.left,
        snapshots=tuple(each.id for each in record.snapshots),
    )
    return [applied]
