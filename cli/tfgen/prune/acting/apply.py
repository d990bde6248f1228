"""A plan carried out: everything is asked again, then one AMI after the other, children before parents."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen.aws.failures import AwsError
from tfgen.prune.acting.broken_off import done_before, finish_runs
from tfgen.prune.acting.journal import FOLDER, FORMAT, Journal, begin, moment, new_name
from tfgen.prune.acting.model import Applied, AppliedAmi, Begun, Ended
from tfgen.prune.acting.recycle_bin import require_rules
from tfgen.prune.acting.step import NotAskedError, Place, Result, carry_out
from tfgen.prune.acting.watch import WatchingAsker
from tfgen.prune.decide import relatives
from tfgen.prune.make import Request, Survey, required, survey
from tfgen.prune.model import ACTIONS, Because, Plan, PlannedAmi, UnreadableSource
from tfgen.prune.read import open_regions, time_now
from tfgen.workspace import locked
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.aws.usage.model import Failure
    from tfgen.prune.decide import Decision
    from tfgen.workspace import Workspace

Key = tuple[str, str]
Say = Callable[[str], None]

#: How old a plan may be, and how far from the future, should clocks differ.
_OLDEST, _AHEAD = timedelta(days=7), timedelta(hours=1)
#: Seconds after which everything is asked again, not only what is asked before each call.
FRESH = 900.0
_AGAIN = "make it again: tfgen prune --out FILE"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """`no_undo`: deregister also what no Recycle Bin keeps."""

    no_undo: bool = False
    dry_run: bool = False


def apply(workspace: Workspace, plan: Plan, options: Options, say: Say) -> Applied:
    """Carries out `plan`, after what an earlier run has begun. A dry run asks only.

    Raises RefusedError for a plan that is too old or of another account, or without a Recycle Bin rule; BusyError,
    UsageError, TfgenError.
    """
    required(workspace)
    lock = nullcontext() if options.dry_run else locked(workspace, "prune", timeout=0)
    with lock, ExitStack() as stack:
        return _Application(workspace, plan, options, say, stack).run()


class _Application:
    def __init__(self, workspace: Workspace, plan: Plan, options: Options, say: Say, stack: ExitStack) -> None:
        self._workspace, self._plan, self._options, self._say, self._stack = workspace, plan, options, say, stack
        self._todo: dict[Key, PlannedAmi] = {(each.region, each.ami): each for each in plan.going}
        self._results: dict[Key, Result] = {}
        self._blocked: dict[Key, Because] = {}
        self._failures: list[Failure] = []
        self._stopped = ""
        self._before: set[Key] = set()
        self._journal: Journal | None = None
        previous = required(workspace).previous
        self._askers, self._closed = open_regions(tuple(plan.accounts), previous, stack, WatchingAsker)
        for asker in self._askers:
            asker.skipped = tuple(required(workspace).skip_sources)
        _check(plan, self._askers)
        no_undo = options.no_undo
        self._places = {one.region: Place(one, _ahead(one), no_undo=no_undo) for one in self._askers}
        for place in self._places.values():
            place.everywhere = tuple(asker.account for asker in self._askers)

    def run(self) -> Applied:
        finished: tuple[AppliedAmi, ...] = ()
        self._before = done_before(self._folder)
        first = True
        while first or len(self._results) < len(self._todo):
            request = Request(
                regions=tuple(self._plan.accounts), patterns=self._plan.patterns, amis=frozenset(self._todo)
            )
            looked = survey(self._workspace, request, self._askers, self._closed, self._stack)
            if first:
                self._require_rules(looked)
                if not self._options.dry_run:
                    finished = finish_runs(self._folder, self._places, looked, self._say)
            first = False
            self._round(looked)
        if self._journal is not None and not self._stopped and not self._failures:
            self._journal.write(Ended(at=moment(datetime.now(UTC))))
        return self._document(looked, finished)

    def _round(self, looked: Survey) -> None:
        """Each AMI in its order; ends early when what was asked is no longer fresh."""
        began = time.monotonic()
        decided = {each.candidate.key: each for each in looked.decisions}
        for place in self._places.values():
            place.known = frozenset(decided)
        ordered = dict.fromkeys((*(key for key in decided if key in self._todo), *self._todo))
        acted = False
        for key in ordered:
            if key in self._results:
                continue
            if acted and time.monotonic() - began > FRESH:
                return
            result = self._results[key] = self._one(key, decided.get(key))
            acted = True
            self._tell(key, result)
            if result.result not in ("done", "already", "gone", "planned") and key in decided:
                for kind, other in relatives(decided[key].candidate.ami):
                    self._blocked.setdefault(other, Because(kind=kind, id="/".join(key)))

    def _one(self, key: Key, decision: Decision | None) -> Result:
        planned, place = self._todo[key], self._places.get(key[0])
        if place is None or key[0] in {each.region for each in self._failures} or self._stopped:
            return Result(result="not-done", error=self._stopped)
        if decision is None:
            return Result(result="already" if key in self._before else "gone")
        if (found := _now(planned, decision)) is not None:
            return found
        if key in self._blocked:
            return Result(result="kept", because=(self._blocked[key],))
        if self._options.dry_run:
            return Result(result="planned", because=decision.because)
        return self._carried_out(place, planned)

    def _carried_out(self, place: Place, planned: PlannedAmi) -> Result:
        begun: list[Journal] = []

        def journal() -> Journal:
            begun.append(self._begun())
            return begun[0]

        try:
            return carry_out(place, journal, planned.ami, planned.image, planned.action)
        except NotAskedError as error:
            self._failures += error.failures
            return Result(result="unfinished" if begun else "not-done")
        except AwsError as error:
            self._stopped = f"the run stopped before it: {error}"
            return Result(result="unfinished" if begun else "failed", error=str(error))

    def _begun(self) -> Journal:
        if self._journal is None:
            now = datetime.now(UTC)
            first = Begun(
                format=FORMAT,
                run=new_name(now),
                at=moment(now),
                tfgen=self._plan.tfgen,
                accounts={asker.region: asker.account.id for asker in self._askers},
                no_undo=self._options.no_undo,
            )
            self._journal = self._stack.enter_context(begin(self._folder, first))
            self._say(f"run {first.run}: tfgen prune --undo {first.run} takes it back")
        return self._journal

    @property
    def _folder(self) -> Path:
        return self._workspace.make_state_dir(FOLDER)

    def _require_rules(self, looked: Survey) -> None:
        if self._options.no_undo:
            return
        going = [
            each.candidate.ami
            for each in looked.decisions
            if each.action == "deregister"
            and (planned := self._todo.get(each.candidate.key))
            and planned.action == "deregister"
        ]
        everything = [each.candidate.ami for each in looked.decisions]
        require_rules({name: place.bin for name, place in self._places.items()}, going, everything, looked.snapshots)

    def _tell(self, key: Key, result: Result) -> None:
        planned = self._todo[key]
        why = result.error or ", ".join(f"{each.kind} {each.id}" for each in result.because[:2])
        text = f"[{len(self._results)}/{len(self._todo)}] {planned.action} {planned.ami} ({planned.image}, {key[0]})"
        self._say(f"{text}: {result.result}{f' ({why})' if why else ''}")

    def _document(self, looked: Survey, finished: tuple[AppliedAmi, ...]) -> Applied:
        ended = {(each.region, each.ami) for each in finished}
        amis = [
            _applied(self._todo[key], result)
            for key, result in ((key, self._results[key]) for key in self._todo)
            if key not in ended or result.result not in ("gone", "already")
        ]
        failures = [
            UnreadableSource(region=each.region, source=each.source, error=each.error)
            for each in dict.fromkeys(self._failures)
        ]
        plan = {name: getattr(looked.plan, name) for name in looked.plan.__struct_fields__}
        return Applied(
            **{**plan, "unreadable": (*looked.plan.unreadable, *failures), "amis": (*amis, *finished)},
            run=self._journal.run if self._journal else "",
        )


def _applied(planned: PlannedAmi, result: Result) -> AppliedAmi:
    fields = {name: getattr(planned, name) for name in planned.__struct_fields__}
    return AppliedAmi(
        **{**fields, "because": result.because or planned.because},
        result=result.result,
        error=result.error,
        deleted=tuple(result.deleted),
        left=result.left,
    )


def _now(planned: PlannedAmi, decision: Decision) -> Result | None:
    """What is found now in place of what was planned; None where it still is to be done."""
    if ACTIONS.index(decision.action) >= ACTIONS.index(planned.action):
        return None
    kinds = {each.kind for each in decision.because}
    if Because(kind="already", id=f"{planned.action}d") in decision.because:
        return Result(result="already")
    if "unreadable" in kinds:
        return Result(result="not-done", because=decision.because)
    weaker = () if decision.action == "keep" else (Because(kind="now", id=decision.action),)
    return Result(result="kept", because=(*weaker, *decision.because))


def _check(plan: Plan, askers: list[WatchingAsker]) -> None:
    for asker in askers:
        if (of := plan.accounts[asker.region]) != asker.account.id:
            message = f"the plan is of account {of}, and the credentials are of {asker.account.id} ({asker.region})"
            raise RefusedError(message, fix=_AGAIN)
    made, now = datetime.fromisoformat(plan.made_at), time_now(askers)
    if made < now - _OLDEST:
        raise RefusedError(f"the plan is of {plan.made_at}, more than {_OLDEST.days} days ago", fix=_AGAIN)
    if made > now + _AHEAD:
        message = f"the plan is of {plan.made_at}, and it is {moment(now)} now: a clock was wrong"
        raise RefusedError(message, fix=_AGAIN)


def _ahead(asker: WatchingAsker) -> timedelta:
    """How far AWS's clock is ahead of this machine's."""
    said = asker.account.identity.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(said) - datetime.now(UTC)
    except (TypeError, ValueError):
        return timedelta()
