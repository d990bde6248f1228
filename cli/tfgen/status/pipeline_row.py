"""A pipeline's facts as the cells of its row. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tfgen.aws.pipelines.reason import builds_in, closed_transition, is_before, waits_for_approval
from tfgen.aws.pipelines.runs import GOOD, SHOWN, RunFacts, failures_since_good
from tfgen.status.facts import Expected, PipelineFacts, PlaceFacts
from tfgen.status.model import Execution, Pipeline, State
from tfgen_generators.pipeline.cron import next_time

_ENDED: Mapping[str, State] = {
    GOOD: "green",
    "Superseded": "superseded",
    "Failed": "red",
    "Stopped": "red",
    "Cancelled": "red",
}
_NAMED_BY_TERRAFORM = "its name in AWS is known only to Terraform"


def pipeline_row(expected: Expected, place: PlaceFacts, now: datetime) -> Pipeline:
    """The pipeline of one image in one place."""
    if not expected.pipeline:
        return Pipeline(name="", state="unknown", reason=_NAMED_BY_TERRAFORM)
    facts = place.pipelines.get(expected.pipeline)
    if facts is None or facts.exists is False:
        return Pipeline(name=expected.pipeline, state="missing" if facts else "unknown")
    runs = facts.runs or ()
    state, reason = _state(facts)
    failed = failures_since_good(runs)
    found = Pipeline(
        name=facts.name,
        state=state,
        reason=reason,
        failures=len(failed),
        next_start=next_start(expected, place, now),
        executions=tuple(map(_execution, runs[:SHOWN])),
    )
    if not failed:
        return found
    first = failed[-1]
    reasons = (facts.reason, reason) if state == "red" else (reason, facts.reason)
    return replace(found, since=iso(first.ended or first.started), reason="; ".join(text for text in reasons if text))


def _state(facts: PipelineFacts) -> tuple[State, str]:
    """The state, and why where that is not a failure's reason."""
    if facts.runs is None:
        return "unknown", ""
    newest = facts.runs[0] if facts.runs else None
    if newest is not None and newest.status in ("InProgress", "Stopping"):
        return _going(newest, facts)
    closed = closed_transition(facts.stages or ())
    status = newest.status if newest else ""
    state = _ENDED.get(status) if newest else "never-ran"
    if state is None:
        return "unknown", f"its newest execution is {status or 'in no state'}"
    if closed and state in ("green", "never-ran"):
        return "disabled", closed
    return state, closed or (newest.summary if newest and state == "superseded" else "")


def _going(newest: RunFacts, facts: PipelineFacts) -> tuple[State, str]:
    stages = facts.stages or ()
    if action := waits_for_approval(stages, newest.id):
        return "waiting", f"{action} waits for approval"
    if is_before(stages, newest.id):
        return "disabled", closed_transition(stages)
    return "running", ""


def next_start(expected: Expected, place: PlaceFacts, now: datetime) -> str:
    """What starts the pipeline next, by its rules in EventBridge; by its module block where they could not be read."""
    noticed = "the dispatcher, after a push" if expected.push == "dispatcher" else "push"
    push = f"{noticed} to {expected.branch}" if expected.branch else noticed
    if place.rules is None:
        return ", ".join(text for text in (push, scheduled(expected.schedule, now)) if text)
    rules = place.rules_by_name
    short = short_name(expected.pipeline)
    starts = []
    source, schedule = rules.get(f"{short}-source"), rules.get(f"{short}-schedule")
    if source is None or _is_on(source):
        starts.append(push)
    if schedule is not None and _is_on(schedule):
        starts.append(scheduled(str(schedule.get("ScheduleExpression") or ""), now))
    off = [name for name, rule in (("push", source), ("schedule", schedule)) if rule is not None and not _is_on(rule)]
    return "; ".join(
        text for text in (", ".join(starts), *(f"the rule for {name} is disabled" for name in off)) if text
    )


def scheduled(expression: str, now: datetime) -> str:
    """When a schedule starts next: `2026-12-06 04:00 UTC (cron(0 4 ? * SUN *))`; a rate as it is.

    A rate counts from when its rule was made or enabled, which EventBridge does not tell.
    """
    if not expression.startswith("cron("):
        return expression
    try:
        found = next_time(expression, now)
    except ValueError:
        return expression
    return f"{found:%Y-%m-%d %H:%M} UTC ({expression})" if found else f"not again ({expression})"


def short_name(project: str) -> str:
    """How the module's rules and roles begin: `short_name` in terraform/modules/codepipeline/main.tf."""
    if len(project) <= 51:
        return project
    return f"{project[:42]}-{hashlib.sha256(project.encode()).hexdigest()[:8]}"


def _is_on(rule: Mapping[str, Any]) -> bool:
    return bool(rule.get("State", "ENABLED") != "DISABLED")


def iso(moment: datetime | None) -> str:
    """As the document writes times; "" for none."""
    if moment is None:
        return ""
    there = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{there.isoformat()[:19]}Z"  # half of what strftime takes


def _execution(run: RunFacts) -> Execution:
    return Execution(
        id=run.id, status=run.status, started_at=iso(run.started), ended_at=iso(run.ended), commit=run.commit
    )


def execution_of(build: str, commit: str, built: datetime, facts: PipelineFacts | None) -> str:
    """The execution that a build was part of: by the state, else the good one of that commit and time."""
    if facts is None:
        return ""
    for execution, known in builds_in(facts.stages or ()):
        if known == build:
            return execution
    return _by_time(facts.runs or (), commit, built)


def _by_time(runs: Sequence[RunFacts], commit: str, built: datetime) -> str:
    for run in runs:
        is_then = run.started is not None and run.started <= built and (run.ended is None or built <= run.ended)
        if run.status == GOOD and run.commit == commit and is_then:
            return run.id
    return ""
