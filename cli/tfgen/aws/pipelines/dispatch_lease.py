"""Who dispatches: one item of the dispatcher's table. It saves work, and nothing depends on it: an owner may die."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.dispatch_state import Attributes, StateTable, if_version, image_key, number
from tfgen_generators.errors import BusyError

#: The item; no image can have this name.
LEASE = "#dispatcher"
#: Seconds after which nobody counts on the owner any more.
_SECONDS = 300
_TRIES = 50
_TEXTS = ("owner", "build", "commit")
_NUMBERS = ("version", "until", "wanted")


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """`wanted`: others have come for the same commit since the owner looked. `build` is its build in CodeBuild."""

    version: int = 0
    owner: str = ""
    build: str = ""
    commit: str = ""
    until: int = 0
    wanted: int = 0


def _held(found: Attributes) -> _Held:
    given: dict[str, Any] = {name: str(found[name]["S"]) for name in _TEXTS if name in found}
    given |= {name: number(found[name]) for name in _NUMBERS if name in found}
    return _Held(**given)


class Lease:
    """The right to be the only one who dispatches `commit`. Every call raises AwsError, BusyError."""

    def __init__(self, table: StateTable, commit: str, *, build: str = "", is_alive: Callable[[str], bool]) -> None:
        self.table, self.commit, self.build, self._is_alive = table, commit, build, is_alive

    def take(self, *, force: bool = False) -> bool:
        """Whether we have it. Else its owner will look again before it ends: it dispatches the same commit.

        `force`: also from an owner who is at work.
        """
        for _ in range(_TRIES):
            held = self._read()
            now = self.table.clock()
            # A later end is that of a clock which is wrong: it would hold everybody back.
            is_taken = (
                now < held.until <= now + 2 * _SECONDS
                and held.commit == self.commit
                and held.owner != self.table.writer
            )
            if is_taken and not force and (not held.build or self._is_alive(held.build)):
                if self._write(held, replace(held, wanted=held.wanted + 1)):
                    return False
            elif self._write(held, self._ours(now)):
                return True
        raise BusyError("other dispatchers keep changing the table", fix="try again when they have finished")

    def give_back(self) -> bool:
        """Whether it is over; False when somebody has come since, so that the owner must look again."""
        for _ in range(_TRIES):
            held = self._read()
            if held.owner != self.table.writer:
                return True
            now = self.table.clock()
            if self._write(held, self._ours(now) if held.wanted else replace(held, until=0)):
                return not held.wanted
        raise BusyError("other dispatchers keep changing the table", fix="try again when they have finished")

    def _ours(self, now: float) -> _Held:
        return _Held(owner=self.table.writer, build=self.build, commit=self.commit, until=int(now) + _SECONDS)

    def _read(self) -> _Held:
        answer = self.table.call("get_item", TableName=self.table.name, Key=image_key(LEASE), ConsistentRead=True)
        return self.table.readable(LEASE, _held, answer.get("Item") or {})

    def _write(self, old: _Held, new: _Held) -> bool:
        new = replace(new, version=old.version + 1)
        item: dict[str, dict[str, object]] = {"image": {"S": LEASE}}
        item |= {name: {"N": str(getattr(new, name))} for name in _NUMBERS}
        item |= {name: {"S": value} for name in _TEXTS if (value := getattr(new, name))}
        try:
            self.table.call("put_item", TableName=self.table.name, Item=item, **if_version(old.version))
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            return self._read() == new
        return True
