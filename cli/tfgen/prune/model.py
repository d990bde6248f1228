"""What `tfgen prune` prints and writes: the plan. Times are ISO 8601 in UTC."""

from __future__ import annotations

from typing import Literal

import msgspec

Action = Literal["keep", "deprecate", "disable", "deregister"]
#: From the mildest to the strongest.
ACTIONS: tuple[Action, ...] = ("keep", "deprecate", "disable", "deregister")


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """A reason: its kind, and the id of the resource, or the value, that it is about."""

    kind: str
    id: str


class PlannedAmi(msgspec.Struct, frozen=True, kw_only=True):
    """An AMI and what becomes of it.

    `gb` is what its snapshots hold that no AMI before it in the plan has (each snapshot counts once, for one that is
    kept first); at most that much where `gb_at_most` is true; null without a snapshot that is known. `usd_month` is
    null where no price is known.
    """

    image: str
    region: str
    ami: str
    action: Action
    because: tuple[Because, ...]
    gb: float | None = None
    gb_at_most: bool = False
    usd_month: float | None = None
    name: str = ""
    account: str = ""
    created: str = ""
    snapshots: tuple[str, ...] = ()


class LeftSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot with the tags of our builds that no AMI has. It is listed, nothing is done to it."""

    region: str
    id: str
    template: str
    gb: float | None = None
    gb_at_most: bool = False
    usd_month: float | None = None


class UnreadableSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that could not be asked: all AMIs of the region stay."""

    region: str
    source: str
    error: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document; what goes stands first, children before parents, then what is kept.

    `patterns` are those that name AMIs without our tags.
    """

    amis: tuple[PlannedAmi, ...]
    unreadable: tuple[UnreadableSource, ...] = ()
    snapshots: tuple[LeftSnapshot, ...] = ()
    made_at: str = ""
    tfgen: str = ""
    accounts: dict[str, str] = {}
    patterns: tuple[str, ...] = ()
    skipped_sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    prices_of: str = ""

    @property
    def going(self) -> list[PlannedAmi]:
        """Those to which something is done, in the order in which it is done."""
        return [each for each in self.amis if each.action != "keep"]
