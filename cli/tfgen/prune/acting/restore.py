"""One AMI given back as its record has it. What is so already is not touched, so a restore that was killed goes on.

Source: EC2's API reference (RestoreImageFromRecycleBin, EnableImage, EnableImageDeprecation).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tfgen.aws.failures import AwsError, concerns_all
from tfgen.prune.acting.model import Outcome, Record, SnapshotRecord
from tfgen.prune.acting.record import read_record, readers, snapshots_there
from tfgen.prune.model import Action

if TYPE_CHECKING:
    from tfgen.aws.session import Account

#: Seconds between two looks at an AMI that comes back, and how many.
POLL, _LOOKS = 2.0, 60
_READY = ("available", "disabled")
_RESTORE = "restore_image_from_recycle_bin"


class Restore:
    """`changed`: something was to be done; `lacking`: what could not be, each as a text.

    `called`: the record's call was just made, so EC2 may still list the AMI as it was before.
    """

    def __init__(self, account: Account, record: Record, *, called: bool = False) -> None:
        self._account, self._record, self._called = account, record, called
        self.changed = False
        self.lacking: list[str] = []
        self._from_bin: set[str] = set()

    def run(self) -> Outcome:
        """Raises AwsError where no further call makes sense: the next run goes on."""
        record = self._record
        if record.action == "deregister":
            self._snapshots()
        now = read_record(self._account, record.ami, record.image, "keep")
        if record.action == "deregister":
            now = self._image(now)
        elif now is None:
            self.lacking.append(f"{record.ami} was deregistered by somebody else")
        if now is None:
            return "not-restored"
        self._state(now)
        for step in _STEPS[record.action]:
            step(self, now)
        if record.action == "deregister":
            self._readers()
        self._compare()
        return "not-restored" if self.lacking else "restored" if self.changed else "nothing"

    def _image(self, now: Record | None) -> Record | None:
        """From the bin; also where EC2 lists the AMI, which may be a listing of before its deregistration."""
        if now is None or self._called:
            self._do(_RESTORE, "the AMI", ImageId=self._record.ami)
            return self._settled()
        try:
            self._account.call("ec2", _RESTORE, ImageId=self._record.ami)
        except AwsError as error:  # that it is in no bin, where it is there
            if concerns_all(error):
                raise
            return now
        self.changed = True
        return self._settled()

    def _do(self, operation: str, what: str, **arguments: object) -> bool:
        self.changed = True
        try:
            self._account.call("ec2", operation, **arguments)
        except AwsError as error:
            if concerns_all(error):
                raise
            self.lacking.append(f"{what}: {error}")
            return False
        return True

    def _snapshots(self) -> None:
        """Also one that another AMI had then: it may have gone with that one since."""
        there = snapshots_there(self._account, [each.id for each in self._record.snapshots])
        for each in self._record.snapshots:
            restored = each.id not in there and self._do(
                "restore_snapshot_from_recycle_bin", each.id, SnapshotId=each.id
            )
            if restored or each.goes:
                self._from_bin.add(each.id)

    def _settled(self, state: str = "") -> Record | None:
        """The AMI, once it is ready (in `state`)."""
        record, found = self._record, None
        for look in range(_LOOKS):
            if look:
                time.sleep(POLL)
            found = read_record(self._account, record.ami, record.image, "keep")
            if found is None and self.lacking:
                return None
            if found and (found.state == state if state else found.state in _READY):
                break
        return found

    def _state(self, now: Record) -> None:
        wanted = self._record.state
        called = self._called and self._record.action == "disable"
        if (now.state == wanted and not called) or wanted not in _READY:
            return
        done = self._do("enable_image" if wanted == "available" else "disable_image", "state", ImageId=now.ami)
        if done:
            self._settled(wanted)

    def _deprecation(self, now: Record) -> None:
        wanted = self._record.deprecated_at
        if wanted == now.deprecated_at:
            return
        if not wanted:
            self._do("disable_image_deprecation", "deprecation", ImageId=now.ami)
            return
        at = datetime.fromisoformat(wanted)
        if at <= datetime.now(UTC) + timedelta(minutes=1):  # EC2 takes no time that is over
            if not now.deprecated_at:
                self._do(
                    *("enable_image_deprecation", "deprecation"),
                    ImageId=now.ami,
                    DeprecateAt=datetime.now(UTC) + timedelta(minutes=2),
                )
            return
        self._do("enable_image_deprecation", "deprecation", ImageId=now.ami, DeprecateAt=at)

    def _description(self, now: Record) -> None:
        if now.description != self._record.description:
            text = {"Value": self._record.description}
            self._do("modify_image_attribute", "description", ImageId=now.ami, Description=text)

    def _tags(self, now: Record) -> None:
        self._tag(now.ami, self._record.tags, now.tags)

    def _tag(self, id_: str, wanted: dict[str, str], have: dict[str, str]) -> None:
        missing = {key: value for key, value in _own(wanted).items() if have.get(key) != value}
        if missing:
            tags = [{"Key": key, "Value": value} for key, value in missing.items()]
            self._do("create_tags", f"tags of {id_}", Resources=[id_], Tags=tags)

    def _permissions(self, now: Record) -> None:
        missing = [each for each in self._record.permissions if each not in now.permissions]
        if missing:
            self._do(
                *("modify_image_attribute", "launch permissions"), ImageId=now.ami, LaunchPermission={"Add": missing}
            )

    def _readers(self) -> None:
        """Tags of the snapshots that were deleted, and who may read them."""
        there = snapshots_there(self._account, sorted(self._from_bin))
        for each in self._record.snapshots:
            if each.id not in there:
                continue
            self._tag(each.id, each.tags, there[each.id])
            users, groups = readers(self._account, each.id)
            missing = [
                *({"UserId": user} for user in each.users if user not in users),
                *({"Group": group} for group in each.groups if group not in groups),
            ]
            if missing:
                self._do(
                    *("modify_snapshot_attribute", f"permissions of {each.id}"),
                    SnapshotId=each.id,
                    Attribute="createVolumePermission",
                    CreateVolumePermission={"Add": missing},
                )

    def _compare(self) -> None:
        """What differs now although every call was taken."""
        if not self.changed or self.lacking:
            return
        record = self._record
        now = read_record(self._account, record.ami, record.image, record.action)
        self.lacking += [f"{record.ami} is gone again"] if now is None else differences(record, now)


_STEPS: dict[Action, tuple[Callable[[Restore, Record], None], ...]] = {
    "keep": (),
    "deprecate": (Restore._deprecation,),
    "disable": (Restore._permissions,),
    "deregister": (Restore._deprecation, Restore._description, Restore._tags, Restore._permissions),
}


def differences(record: Record, now: Record) -> list[str]:
    """What of the record, as far as its action changes it, is not so now."""
    return [f"{what} was {was!r}, is {is_!r}" for what, was, is_ in _compared(record, now) if was != is_]


def _compared(record: Record, now: Record) -> Iterator[tuple[str, object, object]]:
    if record.action in ("disable", "deregister"):
        yield "state", record.state, now.state
        yield (
            "launch permissions",
            [*record.permissions],
            [each for each in now.permissions if each in record.permissions],
        )
    if record.action in ("deprecate", "deregister"):
        yield "deprecation", _minute(record.deprecated_at), _minute(now.deprecated_at)
    if record.action != "deregister":
        return
    yield "description", record.description, now.description
    yield "tags", _own(record.tags), _own({key: now.tags[key] for key in record.tags if key in now.tags})
    after = {each.id: each for each in now.snapshots}
    for each in record.snapshots:
        if each.goes:
            yield f"snapshot {each.id}", _shown(each), _shown(after.get(each.id))


def _shown(snapshot: SnapshotRecord | None) -> object:
    return (_own(snapshot.tags), snapshot.users, snapshot.groups) if snapshot else "gone"


def _own(tags: dict[str, str]) -> dict[str, str]:
    """Without those that AWS sets."""
    return {key: value for key, value in sorted(tags.items()) if not key.startswith("aws:")}


def _minute(text: str) -> str:
    """EC2 keeps a deprecation by the minute."""
    return text[:16]
