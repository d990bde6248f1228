"""Pipelines started and followed to their end: stages, the builds' logs, and what became of each image."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.build_log import BuildLog
from tfgen.aws.pipelines.executions import ENDED, Action, Execution, PipelineRun, is_passing, is_signed_out
from tfgen.aws.pipelines.reason import failure_text, label_of
from tfgen.build.progress import PlainTeller
from tfgen.codebuild.outcome import BuildOutcome
from tfgen.phrases import duration
from tfgen_generators.errors import TfgenError

#: The variable that buildspec.yml exports.
_AMI = "AMI_ID"
#: Seconds between two looks; and for how long nothing but trouble is borne.
_POLL = 5.0
_PATIENCE = 900.0
#: How often the log of a build that has ended is read in vain, and the pause before: its last lines come late.
_LAST_READS = 2
_LOG = "the build's log"
_LAST_PAUSE = 1.0
_ENDINGS = {
    "Stopped": "it was stopped",
    "Superseded": "superseded by a newer execution",
    "Cancelled": "its pipeline was changed during the execution (Cancelled)",
}


class Following:
    """One image's execution, from its start to its outcome."""

    def __init__(self, name: str, run: PipelineRun, teller: PlainTeller) -> None:
        self.name, self.run = name, run
        self.outcome: BuildOutcome | None = None
        self._teller = teller
        self._since = time.monotonic()
        self._logs: dict[str, BuildLog] = {}
        self._refused: set[str] = set()
        self._seen: dict[tuple[str, str], str] = {}
        self._told: set[str] = set()
        self._trouble_since: float | None = None

    @property
    def running_builds(self) -> list[str]:
        """The ids of builds of which it is not known that they have ended."""
        return [log.build.id for log in self._logs.values() if not log.build.has_ended]

    def start(self) -> None:
        """One attempt; `run.id` says whether it worked. Raises AwsError when it makes no sense to try again."""
        self._borne(self.run.start)

    def step(self) -> None:
        """One look. Raises AwsError when it makes no sense to look again."""
        self._borne(self._look)

    def _borne(self, call: Callable[[], object]) -> None:
        try:
            call()
        except AwsError as error:
            now = time.monotonic()
            self._trouble_since = self._trouble_since or now
            if not is_passing(error) or now - self._trouble_since > _PATIENCE:
                raise
            self._tell_once(f"{error.message}; retrying")
        else:
            self._trouble_since = None

    def _look(self) -> None:
        execution = self.run.look()
        for action in execution.actions:
            if action.status == "InProgress":
                self._report(action)
            if action.is_build and action.external_id:
                self._follow_log(action)
            self._report(action)
        if execution.status in ENDED:
            for log in self._logs.values():
                self._read_to_the_end(log)
            self._end(execution)
        elif execution.status == "Stopping":
            self._tell_once("stopping")
        elif all(action.status != "InProgress" for action in execution.actions) and (reason := self.run.waits_for()):
            self._teller.is_at(self.name, "waiting")
            self._tell_once(f"waiting: {reason}")

    def _report(self, action: Action) -> None:
        key, label = (action.stage, action.name), _label(action)
        if self._seen.get(key) == action.status:
            return
        self._seen[key] = action.status
        if action.status == "InProgress":
            self._teller.is_at(self.name, label)
            if action.category == "Approval":
                self._tell_once(f"{label} is waiting for approval: {self.run.console}")
                for text in action.asks:
                    self._tell_once(f"{label}: {text}")
            else:
                self._teller.says(self.name, f"{label} started")
        else:
            words = {"Succeeded": "succeeded", "Failed": "failed", "Abandoned": "was abandoned"}
            self._teller.says(self.name, f"{label} {words.get(action.status, action.status)}")

    def _follow_log(self, action: Action) -> None:
        """The log of a build that has ended is read on, since what comes next may take long: an approval."""
        log = self._logs.setdefault(action.external_id, BuildLog(self.run.account, action.external_id))
        if log.build.has_ended:
            if log.read_in_vain < _LAST_READS:
                self._read_the_rest(log)
            return
        self._where_allowed("the build", log.look)
        if log.build.phase:
            self._teller.is_at(self.name, f"{_label(action)}: {log.build.phase}")
        self._where_allowed(_LOG, partial(self._show, log))

    def _show(self, log: BuildLog) -> int:
        """What has come of the log; gives how many lines."""
        count = 0
        for line in log.lines():
            self._teller.log(self.name, line)
            count += 1
        return count

    def _read_the_rest(self, log: BuildLog) -> None:
        log.read_in_vain = 0 if self._where_allowed(_LOG, partial(self._show, log)) else log.read_in_vain + 1

    def _read_to_the_end(self, log: BuildLog) -> None:
        self._where_allowed("the build", log.look)
        while log.build.log_stream and _LOG not in self._refused and log.read_in_vain < _LAST_READS:
            self._read_the_rest(log)
            if log.read_in_vain:
                time.sleep(min(_LAST_PAUSE, poll_seconds()))

    def _where_allowed(self, what: str, call: Callable[[], object]) -> object:
        """What `call` gives; None when AWS refuses it, which is said once, and it is not asked again."""
        if what in self._refused:
            return None
        try:
            return call()
        except AwsError as error:
            if is_passing(error) or is_signed_out(error):
                raise
            self._refused.add(what)
            self._teller.says(self.name, f"{what} cannot be read: {error}", style="yellow")
            return None

    def _end(self, execution: Execution) -> None:
        failed = next((action for action in execution.actions if action.status == "Failed"), None)
        builds = [log.build for log in self._logs.values()]
        told = self._logs[failed.external_id].build if failed and failed.external_id in self._logs else None
        told = told or next(reversed(builds), None)
        exported = [build.exported for build in builds] + [action.outputs for action in execution.actions]
        succeeded = execution.status == "Succeeded"
        ami = next((found[_AMI] for found in reversed(exported) if found.get(_AMI)), "") if succeeded else ""
        self.outcome = BuildOutcome(
            name=self.name,
            succeeded=succeeded,
            reason="" if succeeded else self._reason(execution, failed),
            ami_id=ami,
            region=self.run.account.region,
            seconds=round(time.monotonic() - self._since, 1),
            build_id=told.id if told else "",
            log=told.log_link if told else "",
        )
        if succeeded and not ami:
            self._teller.says(self.name, f"warning: its build does not export {_AMI}", style="yellow")
        self._teller.says(self.name, f"{'succeeded' if succeeded else 'failed'} after {duration(self.outcome.seconds)}")
        self._teller.has_ended(self.name)

    def _reason(self, execution: Execution, failed: Action | None) -> str:
        if execution.status in _ENDINGS:
            newest = self.run.newest() if execution.status == "Superseded" else ""
            more = [execution.summary, newest and newest != self.run.id and f"see {newest}"]
            more += [f"its build {build} is still running" for build in self.running_builds]
            return ": ".join(text for text in (_ENDINGS[execution.status], *more) if text)
        if failed is None:
            return execution.summary or "its pipeline failed without a message"
        log = self._logs.get(failed.external_id)
        words = (log and log.failure) or failed.message or execution.summary
        return failure_text(_label(failed), words)

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._teller.says(self.name, text, style="yellow")


def start(all_: Sequence[Following]) -> None:
    """Starts each, in order; what may pass is waited for. Raises TfgenError; none is started when one is not there."""
    for each in all_:
        each.run.require()
    for each in all_:
        each.start()
        while not each.run.id:
            time.sleep(poll_seconds())
            each.start()


def follow(all_: Sequence[Following], teller: PlainTeller, seconds: float | None) -> None:
    """Looks until each has its outcome. Raises TfgenError after `seconds`, AwsError."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        going = [each for each in all_ if each.outcome is None]
        for each in going:
            each.step()
        if not any(each.outcome is None for each in going):
            return
        if end is not None and time.monotonic() >= end:
            raise TfgenError("timeout before all images were built", fix="use a longer --timeout")
        teller.tick()
        time.sleep(poll_seconds())


def how_to_stop(all_: Iterable[Following]) -> list[str]:
    """For each that goes on: that it does, and the commands that end it."""
    lines = []
    for each in all_:
        run, region = each.run, f" --region {each.run.account.region}"
        if run.in_doubt:
            lines.append(f"it is not known whether {each.name} was started: {run.console}")
        if not run.id or each.outcome:
            continue
        lines.append(f"{each.name} is still running: {run.console}")
        stop = f"--pipeline-name {run.pipeline} --pipeline-execution-id {run.id}"
        lines.append(f"  to stop it, run: aws codepipeline stop-pipeline-execution {stop} --abandon{region}")
        lines += [
            f"  and its build, run: aws codebuild stop-build --id {build}{region}" for build in each.running_builds
        ]
    return lines


def poll_seconds() -> float:
    """TFGEN_POLL, in seconds."""
    try:
        return max(float(os.environ.get("TFGEN_POLL", "")), 0.01)
    except ValueError:
        return _POLL


def _label(action: Action) -> str:
    return label_of(action.stage, action.name)
