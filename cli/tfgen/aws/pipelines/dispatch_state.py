"""The dispatcher's table in DynamoDB: one item an image, written by compare and swap.

An item is only ever replaced by one made from it (`version` counts), so that of two dispatchers one wins and the other
looks again. One more item, SLOTS, has the images with a claim; it changes in the same transaction as a claim, so it is
right whoever is killed. What an item means: docs/adr/0019-the-dispatcher.md, 0029-a-dispatcher-does-not-wait.md.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account
from tfgen_generators.errors import BusyError, TfgenError

#: Items of one BatchGetItem.
_MOST_KEYS = 100
_TEXTS = ("good", "basis", "token", "target", "execution", "by", "changed", "end")
_SETS = ("due", "covers", "failed")
_NUMBERS = ("claims", "built", "tries", "not_before")
_SLOT_NUMBERS = ("version", "most", "refused", "raised")
#: The item that has all claims; no image can have this name.
SLOTS = "#slots"
#: Seconds after a refusal in which no more is tried than was taken then, and after which one more is; and in which
#: it is forgotten.
_CAREFUL, _LONG_AGO = 3600, 86400
_TRIES = 50
_CONFLICTS = ("TransactionConflictException", "TransactionCanceledException", "TransactionInProgressException")


Attributes = Mapping[str, Mapping[str, Any]]
_T = TypeVar("_T")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one image. `version` 0: nothing yet.

    `good` is a commit whose files give the image as it was last built, `basis` the execution that built it. `due` are
    commits for which a parent is built, so that this one must be, too. A claim is `token` (of the start), `target` (the
    commit for which), `covers` (those of `due` that it answers) and `execution`, "" until the start's answer is kept;
    `claims` counts them, and `built` is the number of the one that gave `good` (0: no claim did). `failed` are commits
    for which it was built without success, and `end` says how ("failed", "stopped"). `tries` counts the executions that
    CodeBuild's full queue refused; none is started before `not_before` (seconds since 1970).
    """

    image: str
    version: int = 0
    good: str = ""
    basis: str = ""
    due: frozenset[str] = frozenset()
    token: str = ""
    target: str = ""
    execution: str = ""
    covers: frozenset[str] = frozenset()
    claims: int = 0
    built: int = 0
    failed: frozenset[str] = frozenset()
    end: str = ""
    tries: int = 0
    not_before: int = 0
    by: str = ""
    changed: str = ""

    def unclaimed(self) -> Item:
        """The same without a claim."""
        return replace(self, token="", target="", execution="", covers=frozenset())


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """The images whose executions are under way. `most`: no more than these were taken by CodeBuild's queue (0: all).

    It is from a refusal at `refused` (seconds since 1970), and was raised at `raised`.
    """

    version: int = 0
    running: frozenset[str] = frozenset()
    most: int = 0
    refused: int = 0
    raised: int = 0

    def limit(self, wanted: int) -> int:
        """How many may be under way where `wanted` may; 0: any number."""
        return min((each for each in (wanted, self.most) if each), default=0)

    def after(self, old: Item, new: Item, now: float) -> Slots:
        """The slots once `new` has taken the place of `old`."""
        running = self.running | {new.image} if new.token else self.running - {new.image}
        slots = replace(self, version=self.version + 1, running=running)
        if new.tries > old.tries:
            # One place less: a dispatcher needs it.
            return replace(slots, most=max(1, len(running) - 1), refused=int(now), raised=int(now))
        if not slots.most or new.basis == old.basis or 0 <= now - slots.raised < _CAREFUL:
            return slots
        return replace(slots, most=0 if now - slots.refused > _LONG_AGO else slots.most + 1, raised=int(now))


class Full(msgspec.Struct, frozen=True, kw_only=True):
    """No claim was made: these executions are under way, and no more may be than `limit`."""

    running: frozenset[str]
    limit: int


class StateTable:
    """The table `name`. Every call raises AwsError, and TfgenError when there is no such table."""

    def __init__(self, account: Account, name: str, clock: Callable[[], float] = time.time) -> None:
        self.account, self.name, self.clock = account, name, clock
        #: Who writes: so that an answer that was lost can be told from somebody else's write.
        self.writer = str(uuid.uuid4())

    def read(self, images: Collection[str]) -> dict[str, Item]:
        """The items of `images`, as they are now."""
        found = {image: Item(image=image) for image in images}
        names = sorted(found)
        for at in range(0, len(names), _MOST_KEYS):
            for item in self._batch(names[at : at + _MOST_KEYS]):
                found[item.image] = item
        return found

    def get(self, image: str) -> Item:
        """One item, as it is now."""
        answer = self.call("get_item", TableName=self.name, Key=image_key(image), ConsistentRead=True)
        found = answer.get("Item")
        return self.readable(image, _item, found) if found else Item(image=image)

    def slots(self) -> Slots:
        """Which claims there are, as it is now."""
        answer = self.call("get_item", TableName=self.name, Key=image_key(SLOTS), ConsistentRead=True)
        return self.readable(SLOTS, _read_slots, answer.get("Item") or {})

    def swap(self, old: Item, new: Item) -> Item | None:
        """Writes `new` in place of `old`; gives it as written, None when the item is no longer `old`.

        Raises BusyError when others change the table all the time.
        """
        new = self._signed(old, new)
        if bool(old.token) == bool(new.token):
            return self._put(old, new)
        return self._put_with_slots(old, new)

    def release(self, item: Item) -> Item | None:
        """As `swap`, for the item without its claim; it takes no slot then, whoever has changed the table by hand."""
        return self._put_with_slots(item, self._signed(item, item.unclaimed()))

    def _put_with_slots(self, old: Item, new: Item) -> Item | None:
        for _ in range(_TRIES):
            slots = self.slots()
            if self._put_both(old, new, slots, slots.after(old, new, self.clock())):
                return new
            if (now := self.get(new.image)).version != old.version:
                return new if now == new else None
        raise BusyError("other dispatchers keep changing the table", fix="try again when they have finished")

    def claim(
        self, old: Item, new: Item, most: int = 0, *, others: Collection[str] = (), resting: Collection[str] = ()
    ) -> Item | Full | None:
        """As `swap`, for a claim: Full where `most` executions (0: any number) are under way without it.

        `others` are images that are built without a claim, `resting` those whose executions build nothing.
        """
        if old.token:
            return self.swap(old, new)
        new = self._signed(old, new)
        for _ in range(_TRIES):
            slots = self.slots()
            running = (slots.running | frozenset(others)) - {new.image, *resting}
            if (limit := slots.limit(most)) and len(running) >= limit:
                return Full(running=running, limit=limit)
            if self._put_both(old, new, slots, slots.after(old, new, self.clock())):
                return new
            if (now := self.get(new.image)).version != old.version:
                return new if now == new else None
        raise BusyError("other dispatchers keep changing the table", fix="try again when they have finished")

    def _signed(self, old: Item, new: Item) -> Item:
        return replace(new, version=old.version + 1, by=self.writer, changed=_now(self.clock()))

    def _put(self, old: Item, new: Item) -> Item | None:
        for _ in range(_TRIES):
            try:
                self.call("put_item", TableName=self.name, Item=_attributes(new), **if_version(old.version))
            except AwsError as error:
                if error.code in _CONFLICTS:
                    time.sleep(0.1)
                    continue
                if error.code != "ConditionalCheckFailedException":
                    raise
                # boto3 asks again when an answer is lost: it may be our own write that is in the way.
                return new if self.get(new.image) == new else None
            return new
        raise BusyError("other dispatchers keep changing the table", fix="try again when they have finished")

    def _put_both(self, old: Item, new: Item, slots: Slots, after: Slots) -> bool:
        """Whether both were still as they were read, and are written."""
        puts = [
            {"Put": {"TableName": self.name, "Item": _attributes(new), **if_version(old.version)}},
            {"Put": {"TableName": self.name, "Item": _slots_attributes(after), **if_version(slots.version)}},
        ]
        try:
            self.call("transact_write_items", TransactItems=puts)
        except AwsError as error:
            if error.code not in _CONFLICTS:
                raise
            return False
        return True

    def _batch(self, names: Sequence[str]) -> list[Item]:
        found: list[Item] = []
        keys: Any = [image_key(name) for name in names]
        while keys:
            asked = {self.name: {"Keys": keys, "ConsistentRead": True}}
            answer = self.call("batch_get_item", RequestItems=asked)
            for item in answer.get("Responses", {}).get(self.name, []):
                found.append(self.readable(str(item["image"]["S"]), _item, item))
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if keys:
                time.sleep(1)
        return found

    def readable(self, name: str, read: Callable[[Attributes], _T], found: Attributes) -> _T:
        """The item `name`. Raises TfgenError for one that no dispatcher has written."""
        try:
            if found and not number(found["version"]):
                raise ValueError(name)
            return read(found)
        except (KeyError, TypeError, ValueError):
            fix = "delete it: a dispatcher makes it anew" if name.startswith("#") else "delete it: the image is built"
            raise TfgenError(f"table {self.name}: the item {name!r} was changed by hand", fix=fix) from None

    def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """One operation of DynamoDB."""
        try:
            return self.account.call("dynamodb", operation, **arguments)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise TfgenError(
                f"table {self.name} not found in region {self.account.region} of account {self.account.id}",
                fix="create it with tfgen apply, or use another --table",
            ) from None


def image_key(image: str) -> dict[str, dict[str, str]]:
    """The key of one item."""
    return {"image": {"S": image}}


def if_version(version: int) -> dict[str, Any]:
    """What a write needs to replace that version, and no other."""
    if not version:
        return {"ConditionExpression": "attribute_not_exists(image)"}
    values = {":version": {"N": str(version)}}
    return {"ConditionExpression": "version = :version", "ExpressionAttributeValues": values}


def number(found: Mapping[str, Any]) -> int:
    """A number of an item, which is never below 0. Raises KeyError, ValueError."""
    value = int(found["N"])
    if value < 0:
        raise ValueError(value)
    return value


def _slots_attributes(slots: Slots) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {"image": {"S": SLOTS}}
    found |= {name: {"N": str(getattr(slots, name))} for name in _SLOT_NUMBERS}
    return found | ({"running": {"SS": sorted(slots.running)}} if slots.running else {})


def _read_slots(found: Attributes) -> Slots:
    numbers = {name: number(found[name]) for name in _SLOT_NUMBERS if name in found}
    running = frozenset(map(str, found["running"]["SS"])) if "running" in found else frozenset()
    return Slots(running=running, **numbers)


def _attributes(item: Item) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {"image": {"S": item.image}, "version": {"N": str(item.version)}}
    found |= {name: {"N": str(value)} for name in _NUMBERS if (value := getattr(item, name))}
    found |= {name: {"S": value} for name in _TEXTS if (value := getattr(item, name))}
    return found | {name: {"SS": sorted(value)} for name in _SETS if (value := getattr(item, name))}


def _item(found: Attributes) -> Item:
    given: dict[str, Any] = {name: str(found[name]["S"]) for name in _TEXTS if name in found}
    given |= {name: number(found[name]) for name in _NUMBERS if name in found}
    given |= {name: frozenset(map(str, found[name]["SS"])) for name in _SETS if name in found}
    return Item(image=str(found["image"]["S"]), version=number(found["version"]), **given)


def _now(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
