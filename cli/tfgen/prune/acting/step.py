"""One AMI of a plan: use asked again, its record written, the call, use asked once more, its snapshots.

Whoever starts an instance between the first question and the call is seen by the second one, since a disabled or a
deregistered AMI starts none: then the AMI is given back, before any of its snapshots is deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from tfgen.aws.failures import AwsError, concerns_all
from tfgen.aws.usage.permissions import GONE
from tfgen.prune.acting.model import Call, Outcome, Record, Settled
from tfgen.prune.acting.record import SNAPSHOT_GONE, holders, read_record, unknown_offspring
from tfgen.prune.acting.recycle_bin import IMAGE, SNAPSHOT, RecycleBin
from tfgen.prune.acting.restore import Restore
from tfgen.prune.acting.watch import WatchingAsker
from tfgen.prune.decide import LAUNCHED_WITHIN, UNPROTECTED
from tfgen.prune.model import Action, Because

if TYPE_CHECKING:
    from tfgen.aws.session import Account
    from tfgen.aws.usage.model import Failure, Use
    from tfgen.prune.acting.journal import Journal

#: EC2 takes no time that is over, and keeps minutes.
_SOON = timedelta(minutes=2)
_ALREADY = timedelta(minutes=5)
_IN_USE = "InvalidSnapshot.InUse"
#: Seconds between two tries of a snapshot whose AMI is not gone everywhere, and how many.
POLL, _LOOKS = 2.0, 10
_OPERATIONS: dict[Action, str] = {
    "deprecate": "enable_image_deprecation",
    "disable": "disable_image",
    "deregister": "deregister_image",
}


class NotAskedError(Exception):
    """A source cannot be asked now: nothing more is done in that region."""

    def __init__(self, failures: Iterable[Failure]) -> None:
        super().__init__()
        self.failures = tuple(failures)


class Result(msgspec.Struct, kw_only=True):
    """What became of an AMI. `left`: snapshot -> why it stays."""

    result: Outcome
    because: tuple[Because, ...] = ()
    error: str = ""
    deleted: list[str] = []
    left: dict[str, str] = {}


class Place:
    """A region in which a run acts: whom to ask, its Recycle Bin, and AWS's time."""

    def __init__(self, asker: WatchingAsker, ahead: timedelta, *, no_undo: bool) -> None:
        self.asker, self.account = asker, asker.account
        self.bin, self._ahead, self.no_undo = RecycleBin(asker.account), ahead, no_undo
        #: All regions of the run, and the AMIs that were there when all was asked: their relatives are known.
        self.everywhere: tuple[Account, ...] = (asker.account,)
        self.known: frozenset[tuple[str, str]] = frozenset()
        #: What this run has deregistered: EC2 may still list it.
        self.gone: set[str] = set()

    @classmethod
    def like(cls, other: Place, *, no_undo: bool) -> Place:
        """The same region under another demand."""
        found = cls(other.asker, other._ahead, no_undo=no_undo)
        found.everywhere, found.known, found.gone = other.everywhere, other.known, other.gone
        return found

    def now(self) -> datetime:
        """AWS's time, as it was told at the beginning."""
        return datetime.now(UTC) + self._ahead

    def offspring(self, ami: str) -> tuple[Because, ...]:
        """What was made of `ami` since all was asked: its instance may be gone by now. Raises AwsError."""
        found: list[Because] = []
        for account in self.everywhere:
            is_here = account.region == self.account.region
            for each in unknown_offspring(account, ami, self.account.region, self.known):
                id_ = each if is_here else f"{account.region}/{each}"
                found.append(Because(kind="parent-of" if is_here else "source-of", id=id_))
        return tuple(found)

    def uses(self, ami: str) -> tuple[Because, ...]:
        """Raises NotAskedError."""
        uses, failures = self.asker.uses_of(ami)
        if failures:
            raise NotAskedError(failures)
        return because(uses)


def because(uses: Iterable[Use]) -> tuple[Because, ...]:
    """The uses as reasons."""
    return tuple(dict.fromkeys(Because(kind=use.kind, id=use.id) for use in uses))


def carry_out(place: Place, journal: Callable[[], Journal], ami: str, image: str, action: Action) -> Result:
    """Does what is planned with one AMI, unless something keeps it now. Raises NotAskedError, TfgenError.

    An AwsError that it raises is one that the next AMI would get too.
    """
    record = read_record(place.account, ami, image, action, place.gone)
    if record is None:
        return Result(result="gone")
    if _is_done(record, place.now()):
        return Result(result="already")
    reasons = (*_reasons(place, record), *place.uses(ami), *place.offspring(ami))
    if reasons:
        return Result(result="kept", because=reasons)
    journal().write(record)
    journal().write(Call(region=record.region, ami=ami, operation=_OPERATIONS[action]))
    more = {"DeprecateAt": place.now() + _SOON} if action == "deprecate" else {}
    try:
        place.account.call("ec2", _OPERATIONS[action], ImageId=ami, **more)
    except AwsError as error:
        if concerns_all(error):
            raise
        if error.code not in GONE:  # that is what a second try of a call that went through gets
            return _settled(journal(), record, Result(result="failed", error=str(error)))
    return finish(place, journal(), record, place.uses(ami) if action != "deprecate" else ())


def finish(place: Place, journal: Journal, record: Record, uses: tuple[Because, ...]) -> Result:
    """What is left after the call, also of a run that was killed. Raises as `carry_out`."""
    if record.action == "deregister":
        place.gone.add(record.ami)
    if uses and record.action != "deprecate":
        place.gone.discard(record.ami)
        restore = Restore(place.account, record, called=True)
        outcome = restore.run()
        error = "; ".join(restore.lacking) if outcome == "not-restored" else ""
        found = Result(result="failed" if error else "kept", because=uses, error=error)
        return found if error else _settled(journal, record, found)
    found = Result(result="done")
    if record.action == "deregister":
        _delete_snapshots(place, journal, record, found)
    return found if found.error else _settled(journal, record, found)


def _settled(journal: Journal, record: Record, found: Result) -> Result:
    journal.write(Settled(region=record.region, ami=record.ami, result=found.result, error=found.error))
    return found


def _is_done(record: Record, now: datetime) -> bool:
    if record.action == "deprecate" and record.deprecated_at:
        return datetime.fromisoformat(record.deprecated_at) <= now + _ALREADY
    return record.action != "deregister" and record.state == "disabled"


def _reasons(place: Place, record: Record) -> tuple[Because, ...]:
    """What the AMI itself says now against it."""
    found = [
        Because(kind="shared", id=next(iter(each.values()))) for each in record.permissions if each != {"Group": "all"}
    ]
    if record.public:
        found.append(Because(kind="public", id=record.ami))
    if record.protection not in UNPROTECTED:
        found.append(Because(kind="deregistration-protection", id=record.protection))
    if record.state not in ("available", "disabled"):
        found.append(Because(kind="state", id=record.state))
    if record.last_launched and datetime.fromisoformat(record.last_launched) > place.now() - LAUNCHED_WITHIN:
        found.append(Because(kind="launched", id=record.last_launched))
    if record.action == "deregister" and not place.no_undo:
        found += [Because(kind="no-recycle-bin", id=each) for each in unkept(place, record)]
    return tuple(found)


def unkept(place: Place, record: Record) -> list[str]:
    """What of an AMI no rule of the Recycle Bin keeps. Raises AwsError."""
    # Of an AMI without EBS snapshots there is nothing that the bin could keep.
    found = [record.ami] if not record.snapshots or not place.bin.keeps(IMAGE, record.tags) else []
    found += [each.id for each in record.snapshots if each.goes and not place.bin.keeps(SNAPSHOT, each.tags)]
    return found


def _delete_snapshot(place: Place, snapshot: str) -> None:
    """Tries again as long as EC2 takes it for one of the AMI that is gone. Raises AwsError."""
    for look in range(_LOOKS):
        try:
            place.account.call("ec2", "delete_snapshot", SnapshotId=snapshot)
            return
        except AwsError as error:
            if error.code != _IN_USE or look + 1 == _LOOKS or holders(place.account, [snapshot], place.gone):
                raise
        time.sleep(POLL)


def _delete_snapshots(place: Place, journal: Journal, record: Record, found: Result) -> None:
    """Those that no other AMI has now; what is left of one that should go is an error."""
    others = holders(place.account, [each.id for each in record.snapshots], place.gone)
    for each in record.snapshots:
        if each.id in others or not each.goes:
            found.left[each.id] = f"{others.get(each.id, 'another AMI')} has it"
            continue
        call = Call(region=record.region, ami=record.ami, operation="delete_snapshot", snapshot=each.id)
        journal.write(call)
        try:
            _delete_snapshot(place, each.id)
        except AwsError as error:
            if concerns_all(error):
                raise
            if error.code == _IN_USE and (other := holders(place.account, [each.id], place.gone)):
                found.left[each.id] = f"{other[each.id]} has it"
                continue
            if error.code != SNAPSHOT_GONE:
                found.left[each.id] = str(error)
                found.result, found.error = "unfinished", f"{each.id} is left: {error}"
                continue
        found.deleted.append(each.id)
