"""One image, looked at: what became of its claim, whether it must be built, and whether somebody builds it already."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.dispatch_state import Item, StateTable
from tfgen.aws.pipelines.history import Execution, PipelineHistory, is_about_one, is_lost
from tfgen.dispatch.backoff import LONGEST, MOST_TRIES, delay
from tfgen.dispatch.model import AffectedSince, Job, Status

#: How often a running execution is asked which commit it builds, before another one is started to be sure.
_LOOKS = 10


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Why an image is not started now; `until` is when it may be, in seconds since 1970, 0: not for this commit."""

    status: Status
    why: str
    until: int = 0


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says why the image must be built, "" that it need not; `running` is an execution that will do."""

    item: Item
    reason: str
    running: Execution | None = None
    hold: Hold | None = None

    @property
    def others(self) -> str:
        """The execution that builds it without a claim; "" when there is none."""
        return self.running.id if self.running is not None and self.running.id != self.item.execution else ""


class Assessor:
    """Looks at images for one dispatch. Raises AwsError."""

    def __init__(
        self,
        job: Job,
        table: StateTable,
        affected_since: AffectedSince,
        pause: Callable[[], float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.job, self.table, self._since, self._pause = job, table, affected_since, pause
        self.clock = clock

    def history(self, name: str) -> PipelineHistory:
        """The executions of an image's pipeline."""
        return PipelineHistory(self.table.account, self.job.pipelines[name], self._pause)

    def assess(self, item: Item, planned: Item | None = None) -> Assessment:
        """The image of `item` as it is now; what is learnt is written to the table.

        `planned` is the item as this dispatch has planned with it: what was claimed since began after our commit was
        pushed, so that it builds that or a later one; and what is due since is others' to see to.
        """
        while True:
            found = self._assessed(item, planned)
            if found is not None:
                return found
            item = self.table.get(item.image)

    def settle(self, item: Item, execution: Execution | None) -> Item | None:
        """Its claim's execution has ended, or is not there (any more); None when the item has changed meanwhile."""
        refused = (
            execution is not None
            and execution.status == "Failed"
            and self.history(item.image).was_refused(execution.id)
        )
        return self.table.swap(item, settled(item, execution, refused_at=self.clock() if refused else None))

    def _assessed(self, item: Item, planned: Item | None) -> Assessment | None:
        """None when the item has changed meanwhile."""
        running: Execution | None = None
        if item.token:
            resumed = self._resumed(item)
            if resumed is None:
                return None
            item, running = resumed
        reason = self._reason(item, planned)
        if not reason:
            return Assessment(item=item, reason="")
        if running is None:
            newer = self._by_others(item)
            if newer is None:
                return None
            item, running = newer
            reason = self._reason(item, planned)
        if not reason:
            return Assessment(item=item, reason="")
        if running is not None and self._will_do(item, running, planned):
            return Assessment(item=item, reason=reason, running=running)
        return Assessment(item=item, reason=reason, hold=self._hold(item))

    def _hold(self, item: Item) -> Hold | None:
        if self.clock() < item.not_before <= self.clock() + LONGEST:
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(item.not_before))
            why = f"CodeBuild's queue was full ({item.tries} of {MOST_TRIES} tries); started again after {at}"
            return Hold(status="waiting", why=why, until=item.not_before)
        if self.job.retry or self.job.commit not in item.failed:
            return None
        stopped = item.end == "stopped"
        why = f"its execution {'was stopped' if stopped else 'failed'}; the next push starts it again"
        return Hold(status="stopped" if stopped else "failed", why=why)

    def _resumed(self, item: Item) -> tuple[Item, Execution | None] | None:
        """A claim looked at: its execution while it runs. Without one it is started, or found again, by its token."""
        history = self.history(item.image)
        if not item.execution:
            try:
                started = replace(item, execution=history.start(item.token))
            except AwsError as error:
                if not is_about_one(error):
                    raise
                started = item.unclaimed()
            swapped = self.table.swap(item, started)
            if swapped is None or not swapped.execution:
                return None if swapped is None else (swapped, None)
            item = swapped
        try:
            execution = self._look(history, item.execution)
        except AwsError as error:
            if not is_lost(error):
                raise
            execution = None
        if execution is not None and not execution.has_ended:
            return item, execution
        settled_ = self.settle(item, execution)
        return None if settled_ is None else (settled_, None)

    def _look(self, history: PipelineHistory, id_: str) -> Execution | None:
        """The execution, once it is known what it builds or that it has ended; else as it was last."""
        execution = history.look(id_)
        for _ in range(_LOOKS if self.job.wait else 0):
            if execution is None or execution.has_ended or execution.revision:
                break
            time.sleep(self._pause())
            execution = history.look(id_)
        return execution

    def _by_others(self, item: Item) -> tuple[Item, Execution | None] | None:
        """What executions that no dispatcher claimed have built since, or are building; None as above."""
        try:
            latest = self.history(item.image).latest()
        except AwsError as error:
            if not is_lost(error):
                raise
            return item, None
        good = next((each for each in latest if each.status == "Succeeded" and each.revision), None)
        if good is not None and good.id != item.basis:
            built = replace(item, good=good.revision, basis=good.id, built=0)
            swapped = self.table.swap(item, replace(built, failed=frozenset(), end="", tries=0, not_before=0))
            if swapped is None:
                return None
            item = swapped
        running = next((each for each in latest if each.status == "InProgress"), None)
        # What has not read its source yet may build an older commit: who does not wait looks again at its end.
        return item, running if running and (running.revision or not self.job.wait) else None

    def _reason(self, item: Item, planned: Item | None) -> str:
        if not item.good:
            return "no successful build yet"
        is_newer = planned is not None and item.built > planned.claims
        if not is_newer and (because := self._since(item.good).get(item.image)):
            return because
        return "its parent was built" if self._due(item, planned) else ""

    def _due(self, item: Item, planned: Item | None) -> frozenset[str]:
        if not self.job.children:
            return frozenset()
        return item.due if planned is None else item.due & (planned.due | {self.job.commit})

    def _will_do(self, item: Item, running: Execution, planned: Item | None) -> bool:
        """Whether an execution builds what is wanted: these files, on top of parents that are built already."""
        is_claimed = running.id == item.execution
        if is_claimed and not running.revision and not self.job.wait:
            return True
        if not self._due(item, planned) <= (item.covers if is_claimed else frozenset()):
            return False
        if is_claimed and planned is not None and item.claims > planned.claims:
            return True
        if not running.revision:
            return not self.job.wait or (is_claimed and item.target == self.job.commit)
        return running.revision == self.job.commit or item.image not in self._since(running.revision)


def settled(item: Item, execution: Execution | None, *, refused_at: float | None = None) -> Item:
    """The item after its claim's execution. Without success what was good stays, and what is due.

    `refused_at`: CodeBuild's queue was full; that is known at this time.
    """
    free = item.unclaimed()
    if execution is None or execution.status not in ("Succeeded", "Failed", "Stopped"):
        return free
    if execution.status == "Succeeded":
        return replace(
            free,
            good=execution.revision or item.target,
            basis=execution.id,
            built=item.claims,
            due=item.due - item.covers,
            failed=frozenset(),
            end="",
            tries=0,
            not_before=0,
        )
    if refused_at is not None:
        tries = item.tries + 1
        if tries < MOST_TRIES:
            return replace(free, tries=tries, not_before=int(refused_at + delay(item.image, tries)))
    end = "stopped" if execution.status == "Stopped" else "failed"
    return replace(free, failed=frozenset({item.target, execution.revision} - {""}), end=end, tries=0, not_before=0)
