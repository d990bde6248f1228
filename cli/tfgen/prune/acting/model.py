"""What a run writes to its journal, and what it says at its end. Times are ISO 8601 in UTC."""

from __future__ import annotations

from typing import Literal

import msgspec

from tfgen.prune.model import Action, Plan, PlannedAmi

#: planned: by a dry run; already: nothing was left to do; kept: `because` says why; gone: somebody deregistered it;
#: unfinished: snapshots are left, the next run takes them; not-done: the run ended before it. By an undo: restored,
#: nothing (it is as it was), not-restored.
Outcome = Literal[
    "planned",
    "done",
    "already",
    "kept",
    "gone",
    "failed",
    "unfinished",
    "not-done",
    "restored",
    "nothing",
    "not-restored",
]
#: What leaves something to be done by a person or another run.
BAD: frozenset[Outcome] = frozenset({"failed", "unfinished", "not-done", "not-restored"})


class SnapshotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of an AMI as it was. `goes`: it is deleted with the AMI, for no other has it."""

    id: str
    tags: dict[str, str] = {}
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    goes: bool = True


class Record(msgspec.Struct, frozen=True, kw_only=True, tag="record"):
    """An AMI as it was before the first call; written before that."""

    region: str
    ami: str
    image: str
    action: Action
    state: str
    name: str = ""
    description: str = ""
    tags: dict[str, str] = {}
    deprecated_at: str = ""
    permissions: tuple[dict[str, str], ...] = ()
    protection: str = ""
    public: bool = False
    last_launched: str = ""
    snapshots: tuple[SnapshotRecord, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.region, self.ami


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """The first line. `inode` is that of the file: a copy, or what comes with a commit, has another."""

    format: int
    run: str
    at: str
    tfgen: str
    accounts: dict[str, str]
    no_undo: bool = False
    inode: int = 0


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """A call that is about to be made; `snapshot` is "" where it is about the AMI."""

    region: str
    ami: str
    operation: str
    snapshot: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True, tag="settled"):
    """Nothing is left to be done with an AMI."""

    region: str
    ami: str
    result: Outcome
    error: str = ""


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The run came to its end by itself."""

    at: str


class Undone(msgspec.Struct, frozen=True, kw_only=True, tag="undone"):
    """An AMI was given back, or what of it could not be."""

    region: str
    ami: str
    result: Outcome
    lacking: tuple[str, ...] = ()


Line = Begun | Record | Call | Settled | Ended | Undone


class AppliedAmi(PlannedAmi, frozen=True, kw_only=True):
    """An AMI of the plan and what became of it. `left` are snapshots of it that stay, with the reason."""

    result: Outcome
    error: str = ""
    deleted: tuple[str, ...] = ()
    left: dict[str, str] = msgspec.field(default_factory=dict)


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its journal has it; `state` is ended, broken off, or undone."""

    run: str
    at: str
    state: str
    accounts: dict[str, str]
    amis: dict[str, int]


class Applied(Plan, frozen=True, kw_only=True):
    """The document of a run or an undo: a plan whose AMIs have a result. `run` is "" where nothing was begun."""

    amis: tuple[AppliedAmi, ...] = ()
    run: str = ""
    runs: tuple[RunSummary, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where something is left to be done, 3 where it was refused: a source or the undo was missing."""
        if any(each.result in BAD and each.error for each in self.amis):
            return 1
        unkept = any(one.kind == "no-recycle-bin" for each in self.amis for one in each.because)
        return 3 if self.unreadable or unkept else 0
