"""What a pipeline's state says of an execution: where it is, where it failed, and what keeps the next one out.

Source: CodePipeline's API reference (GetPipelineState: StageState, ActionState, TransitionState).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

Stage = Mapping[str, Any]


class FailedAction(msgspec.Struct, frozen=True, kw_only=True):
    """The action with which an execution failed; `build` is CodeBuild's id of its build, "" without one."""

    label: str
    message: str = ""
    build: str = ""


def failed_action(stages: Iterable[Stage], execution: str) -> FailedAction | None:
    """The one that failed in `execution`; None where the state says nothing of it (any more)."""
    for stage, action in _actions(stages, execution):
        latest = action.get("latestExecution") or {}
        if latest.get("status") != "Failed":
            continue
        details = latest.get("errorDetails") or {}
        build = str(latest.get("externalExecutionId") or "")
        return FailedAction(
            label=label_of(str(stage.get("stageName", "")), str(action.get("actionName", ""))),
            message=str(details.get("message") or latest.get("summary") or ""),
            build=build if ":" in build else "",
        )
    return None


def builds_in(stages: Iterable[Stage]) -> Iterator[tuple[str, str]]:
    """CodeBuild's ids of builds that the state still knows, each with its execution."""
    for stage in stages:
        execution = str((stage.get("latestExecution") or {}).get("pipelineExecutionId") or "")
        for action in stage.get("actionStates") or []:
            build = str((action.get("latestExecution") or {}).get("externalExecutionId") or "")
            if execution and ":" in build:
                yield execution, build


def waits_for_approval(stages: Iterable[Stage], execution: str) -> str:
    """The action that waits for one, as STAGE/ACTION: only such an action has a token. "" without."""
    for stage, action in _actions(stages, execution):
        latest = action.get("latestExecution") or {}
        if latest.get("status") == "InProgress" and latest.get("token"):
            return label_of(str(stage.get("stageName", "")), str(action.get("actionName", "")))
    return ""


def closed_transition(stages: Iterable[Stage]) -> str:
    """The first disabled transition, in one line; "" without."""
    for stage in stages:
        way = stage.get("inboundTransitionState") or {}
        if way.get("enabled") is False:
            reason = way.get("disabledReason")
            return f"the transition to stage {stage.get('stageName', '')} is disabled{f': {reason}' if reason else ''}"
    return ""


def is_before(stages: Iterable[Stage], execution: str) -> bool:
    """Whether the execution stands before a disabled transition."""
    for stage in stages:
        waiting = [stage.get("inboundExecution") or {}, *(stage.get("inboundExecutions") or [])]
        if (stage.get("inboundTransitionState") or {}).get("enabled") is False and any(
            each.get("pipelineExecutionId") == execution for each in waiting
        ):
            return True
    return False


def label_of(stage: str, action: str) -> str:
    """How messages name an action."""
    return stage if stage == action else f"{stage}/{action}"


def failure_text(label: str, words: str) -> str:
    """Why an execution failed, in one line."""
    return f"stage {label} failed{f': {words}' if words else ''}"


def _actions(stages: Iterable[Stage], execution: str) -> Iterator[tuple[Stage, Mapping[str, Any]]]:
    for stage in stages:
        if (stage.get("latestExecution") or {}).get("pipelineExecutionId") == execution:
            yield from ((stage, action) for action in stage.get("actionStates") or [])
