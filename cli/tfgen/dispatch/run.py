"""A dispatch from its plan to its end: pipelines are started, parents before children, and waited for."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.dispatch_state import Full, Item
from tfgen.aws.pipelines.history import Execution, is_about_one, is_lost
from tfgen.dispatch.assess import Assessor, Hold
from tfgen.dispatch.model import Outcome, Status
from tfgen.dispatch.plan import Plan

_ENDS: dict[str, tuple[Status, str]] = {
    "Succeeded": ("succeeded", ""),
    "Failed": ("failed", "its execution failed"),
    "Stopped": ("stopped", "its execution was stopped"),
    "Cancelled": ("stopped", "its pipeline was changed during the execution (Cancelled)"),
    "Superseded": ("superseded", "superseded by a newer execution"),
}


#: Seconds after which what others have under way is looked at again.
_LOOK_AGAIN = 60.0


class _Going(msgspec.Struct, kw_only=True):
    """An execution that is followed."""

    execution: str
    reason: str


class Dispatch:
    """Builds what the plan says. `outcomes` has what is known so far, also when it is interrupted."""

    def __init__(
        self, assessor: Assessor, plan: Plan, tell: Callable[[str, str], None], pause: Callable[[], float]
    ) -> None:
        self.assessor, self.plan, self.job = assessor, plan, assessor.job
        self.outcomes: dict[str, Outcome] = {}
        self._going: dict[str, _Going] = {}
        #: No more can be started in this round; when an image that CodeBuild refused may be started again.
        self._full: Full | None = None
        self._until: dict[str, int] = {}
        #: Images whose executions wait for an approval, or before a closed transition: they take no place of CodeBuild.
        self._resting: set[str] = set()
        self._looked = 0.0
        self._tell, self._pause = tell, pause

    @property
    def going(self) -> dict[str, str]:
        """Images whose executions go on, and those."""
        return {name: each.execution for name, each in self._going.items()}

    def run(self) -> list[Outcome]:
        """Until each image has its outcome; in the plan's order. Raises AwsError."""
        while True:
            self._full = None
            for name in self.plan.reasons:
                if name not in self.outcomes and name not in self._going:
                    self._consider(name)
            for name in list(self._going) if self.job.wait else ():
                self._look(name)
            if len(self.outcomes) == len(self.plan.reasons):
                return [self.outcomes[name] for name in self.plan.reasons]
            if self.job.wait and (self._going or self._full or self._until):
                time.sleep(self._pause())

    def _consider(self, name: str) -> None:
        """Starts it when its parents are built; what cannot be built any more, or not be waited for, ends here."""
        parents = [each for each in self.job.earlier_parents(name) if each in self.plan.reasons]
        known = {each: self.outcomes[each].status for each in parents if each in self.outcomes}
        if broken := next(
            (each for each, status in known.items() if status not in ("succeeded", "started", "waiting")), ""
        ):
            status: Status = "superseded" if known[broken] == "superseded" else "blocked"
            self._end(name, status, f"its parent {broken} was not built ({known[broken]})")
        elif len(known) == len(parents) and all(status == "succeeded" for status in known.values()):
            self._begin_in_time(name)
        elif not self.job.wait:
            self._end(name, "waiting", f"its parent {parents[0]} is being built: dispatch again when it has finished")

    def _begin_in_time(self, name: str) -> None:
        if self._until.get(name, 0) > self.assessor.clock():
            return
        is_under_way = bool(self.plan.items[name].token) or name in self.plan.others
        if self._full is not None and not is_under_way:
            self._put_off(name, self._full)
        else:
            self._begin(name)

    def _begin(self, name: str) -> None:
        try:
            self._begun(name)
        except AwsError as error:
            if not is_about_one(error):
                raise
            self._tell(name, error.message)
            pipeline = self.job.pipelines[name]
            self._end(name, "lost", f"pipeline {pipeline} not found, or not allowed to start it ({error.code})")

    def _begun(self, name: str) -> None:
        """Follows what another dispatcher has begun, if that will do; else claims the image and starts its pipeline."""
        item = self.assessor.table.get(name)
        while True:
            found = self.assessor.assess(item, self.plan.items[name])
            if not found.reason:
                self._end(name, "succeeded", f"{self.plan.reasons[name]}; already built", found.item.good)
                return
            if found.running is not None:
                self._follow(name, found.running.id, "already running")
                return
            if found.hold is not None:
                self._hold(name, found.hold)
                return
            claim = self._claim(found.item)
            if isinstance(claim, Full):
                if not self._make_room(claim):
                    self._put_off(name, claim)
                    return
            elif claim is not None:
                self._start(claim)
                return
            item = self.assessor.table.get(name)

    def _hold(self, name: str, hold: Hold) -> None:
        """What may not be started now ends here, or is tried again when it may be."""
        if self.job.wait and hold.until:
            if self._until.get(name) != hold.until:
                self._tell(name, f"waiting: {hold.why}")
            self._until[name] = hold.until
        else:
            self._end(name, hold.status, f"{self.plan.reasons[name]}; {hold.why}")

    def _put_off(self, name: str, full: Full) -> None:
        """As many executions as may be are under way: the next round, or the next dispatch, starts it."""
        self._full = full
        if not self.job.wait:
            self._end(name, "waiting", f"{self.plan.reasons[name]}; {len(full.running)} executions are under way")

    def _make_room(self, full: Full) -> bool:
        """Whether fewer are under way than the table says: some had ended, rest, or are of what is gone."""
        now, room = self.assessor.clock(), False
        if now < self._looked + _LOOK_AGAIN:
            return False
        self._looked = now
        for name in sorted(full.running - self._going.keys()):
            item = self.assessor.table.get(name)
            # Without a claim a person has changed the table: the slot was left behind.
            if name not in self.job.pipelines or not (item.token or name in self.plan.others):
                room |= self.assessor.table.release(item) is not None
                continue
            if item.token:
                item = self.assessor.assess(item).item
                room |= not item.token
            execution = item.execution or self.plan.others.get(name, "")
            if execution and self.assessor.history(name).rests(execution, now):
                self._resting.add(name)
                room = True
        return room

    def _claim(self, item: Item) -> Item | Full | None:
        claim = replace(
            item,
            token=str(uuid.uuid4()),
            target=self.job.commit,
            execution="",
            covers=item.due & (self.plan.items[item.image].due | {self.job.commit}),
            claims=item.claims + 1,
        )
        return self.assessor.table.claim(item, claim, self.job.most, others=self.plan.others, resting=self._resting)

    def _start(self, claim: Item) -> None:
        try:
            execution = self.assessor.history(claim.image).start(claim.token)
        except AwsError:
            self.assessor.table.swap(claim, claim.unclaimed())
            raise
        # Where the item is another one by now, somebody has found the same execution by the claim's token.
        self.assessor.table.swap(claim, replace(claim, execution=execution))
        self._follow(claim.image, execution, "started")

    def _follow(self, name: str, execution: str, what: str) -> None:
        reason = self.plan.reasons[name]
        if self.job.wait:
            self._going[name] = _Going(execution=execution, reason=reason)
        else:
            self._end(name, "started", reason, execution=execution)
        self._tell(name, f"{what} ({execution}): {reason}")

    def _look(self, name: str) -> None:
        going = self._going[name]
        try:
            execution = self.assessor.history(name).look(going.execution)
        except AwsError as error:
            if not is_lost(error):
                raise
            execution = None
        if execution is not None and not execution.has_ended:
            return
        item = self._settle(name, going.execution, execution)
        del self._going[name]
        if item.not_before > self.assessor.clock():  # refused; the next round waits for that time
            return
        status, why = _ENDS[execution.status] if execution else ("lost", "its execution was not found")
        reason = f"{going.reason}; {why}" if why else going.reason
        self._end(name, status, reason, execution.revision if execution else "", going.execution)

    def _settle(self, name: str, id_: str, execution: Execution | None) -> Item:
        """Keeps what became of the claim, unless it is somebody else's by now: then they look after it."""
        while True:
            item = self.assessor.table.get(name)
            if item.execution != id_:
                return item
            if (settled := self.assessor.settle(item, execution)) is not None:
                return settled

    def _end(self, name: str, status: Status, reason: str, commit: str = "", execution: str = "") -> None:
        self.outcomes[name] = Outcome(name=name, status=status, reason=reason, commit=commit, execution=execution)
        if status != "started":
            self._tell(name, f"{status}: {reason}")
