"""The last executions as a small picture: what succeeded stands up, what failed hangs down, as long as it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from tfgen.phrases import counted
from tfgen.status.model import Execution
from tfgen.status.page.text import days_between

MOST = 20
_STEP, _MIDDLE, _SHORTEST, _LONGEST = 5, 9, 2, 8


class Spark(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of the bars in a box of 100 x 18, and the same as text."""

    succeeded: str
    failed: str
    other: str
    label: str


def spark_of(executions: Sequence[Execution]) -> Spark | None:
    """The newest ones, from left to right; None when there is none.

    The order is that of their starts; of those without one, the order given is CodePipeline's: the newest first.
    """
    oldest_first = executions[::-1]
    shown = sorted(oldest_first, key=lambda execution: execution.started_at)[-MOST:]
    if not shown:
        return None
    lengths = [max(days_between(one.started_at, one.ended_at) or 0.0, 0.0) for one in shown]
    longest = max(lengths)
    paths: dict[str, list[str]] = {"succeeded": [], "failed": [], "other": []}
    for number, (execution, length) in enumerate(zip(shown, lengths, strict=True), start=MOST - len(shown)):
        height = round(_SHORTEST + (_LONGEST - _SHORTEST) * length / longest) if longest else _LONGEST // 2
        paths[_kind(execution)].append(_bar(number, height, _kind(execution)))
    return Spark(
        succeeded="".join(paths["succeeded"]),
        failed="".join(paths["failed"]),
        other="".join(paths["other"]),
        label=_label(shown),
    )


def _bar(number: int, height: int, kind: str) -> str:
    x = _STEP * number + 2
    if kind == "other":
        return f"M{x} {_MIDDLE - 1}v3"
    return f"M{x} {_MIDDLE}V{_MIDDLE - height}" if kind == "succeeded" else f"M{x} {_MIDDLE}v{height}"


def _kind(execution: Execution) -> str:
    status = execution.status.lower()
    return status if status in {"succeeded", "failed"} else "other"


def _label(shown: Sequence[Execution]) -> str:
    counts = Counter(execution.status.lower() or "unknown" for execution in shown)
    first = [status for status in ("succeeded", "failed") if status in counts]
    rest = sorted(set(counts) - {"succeeded", "failed"})
    said = ", ".join(f"{counts[status]} {status}" for status in (*first, *rest))
    return f"{counted(len(shown), 'execution')}: {said}; newest {shown[-1].status.lower() or 'unknown'}"
