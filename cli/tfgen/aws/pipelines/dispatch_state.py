"""The dispatcher's table in DynamoDB: one item an image, written by compare and swap.

An item is only ever replaced by one made from it (`version` counts), so that of two dispatchers one wins and the other
looks again. What an item means: docs/adr/0019-the-dispatcher.md.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account
from tfgen_generators.errors import TfgenError

#: Items of one BatchGetItem.
_MOST_KEYS = 100
_TEXTS = ("good", "basis", "token", "target", "execution", "by", "changed")
_SETS = ("due", "covers")
_NUMBERS = ("claims", "built")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one image. `version` 0: nothing yet.

    `good` is a commit whose files give the image as it was last built, `basis` the execution that built it. `due` are
    commits for which a parent is built, so that this one must be, too. A claim is `token` (of the start), `target` (the
    commit for which), `covers` (those of `due` that it answers) and `execution`, "" until the start's answer is kept;
    `claims` counts them, and `built` is the number of the one that gave `good` (0: no claim did).
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
    by: str = ""
    changed: str = ""

    def unclaimed(self) -> Item:
        """The same without a claim."""
        return replace(self, token="", target="", execution="", covers=frozenset())


class StateTable:
    """The table `name`. Every call raises AwsError, and TfgenError when there is no such table."""

    def __init__(self, account: Account, name: str) -> None:
        self.account, self.name = account, name
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
        answer = self._call("get_item", TableName=self.name, Key=_key(image), ConsistentRead=True)
        return _item(answer["Item"]) if answer.get("Item") else Item(image=image)

    def swap(self, old: Item, new: Item) -> Item | None:
        """Writes `new` in place of `old`; gives it as written, None when the item is no longer `old`."""
        new = replace(new, version=old.version + 1, by=self.writer, changed=_now())
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(image)"}
        if old.version:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(old.version)}},
            }
        try:
            self._call("put_item", TableName=self.name, Item=_attributes(new), **condition)
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            # boto3 asks again when an answer is lost: it may be our own write that is in the way.
            return new if self.get(new.image) == new else None
        return new

    def _batch(self, names: Sequence[str]) -> list[Item]:
        found: list[Item] = []
        keys: Any = [_key(name) for name in names]
        while keys:
            asked = {self.name: {"Keys": keys, "ConsistentRead": True}}
            answer = self._call("batch_get_item", RequestItems=asked)
            found += map(_item, answer.get("Responses", {}).get(self.name, []))
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if keys:
                time.sleep(1)
        return found

    def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        try:
            return self.account.call("dynamodb", operation, **arguments)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise TfgenError(
                f"table {self.name} not found in region {self.account.region} of account {self.account.id}",
                fix="create it with tfgen apply, or use another --table",
            ) from None


def _key(image: str) -> dict[str, dict[str, str]]:
    return {"image": {"S": image}}


def _attributes(item: Item) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {"image": {"S": item.image}, "version": {"N": str(item.version)}}
    found |= {name: {"N": str(value)} for name in _NUMBERS if (value := getattr(item, name))}
    found |= {name: {"S": value} for name in _TEXTS if (value := getattr(item, name))}
    return found | {name: {"SS": sorted(value)} for name in _SETS if (value := getattr(item, name))}


def _item(found: Mapping[str, Mapping[str, Any]]) -> Item:
    given: dict[str, Any] = {name: str(found[name]["S"]) for name in _TEXTS if name in found}
    given |= {name: int(found[name]["N"]) for name in _NUMBERS if name in found}
    given |= {name: frozenset(map(str, found[name]["SS"])) for name in _SETS if name in found}
    return Item(image=str(found["image"]["S"]), version=int(found["version"]["N"]), **given)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
