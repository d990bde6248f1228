"""A plan for a person, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfgen.console import note, one_line, out_json, out_table
from tfgen.phrases import counted
from tfgen.prune.model import ACTIONS, Because, LeftSnapshot, Plan, PlannedAmi

_HEADER = ("IMAGE", "REGION", "AMI", "ACTION", "GB", "$/MONTH", "WHY")
_MOST_REASONS = 2


def show(plan: Plan, format_: str) -> None:
    """The plan to stdout, what could not be read and the sums to stderr."""
    if format_ == "json":
        from msgspec import to_builtins

        out_json(to_builtins(plan))
    else:
        _table(plan)
    for each in plan.unreadable:
        message = f"error: {each.source} ({each.region}) could not be asked, so all AMIs there stay: {each.error}"
        note(one_line(message), style="red")
    for text in plan.notes:
        note(one_line(f"note: {text}"), style="yellow")
    if plan.skipped_sources:
        note(f"not asked (retention.skip_sources): {', '.join(plan.skipped_sources)}")
    if format_ == "table":
        for line in _sums(plan):
            note(line)


def _table(plan: Plan) -> None:
    ours = [each for each in plan.amis if each.image]
    if ours:
        out_table(_HEADER, [_row(each) for each in ours], right=(4, 5))


def _row(each: PlannedAmi) -> Sequence[str]:
    return (
        each.image,
        each.region,
        each.ami,
        each.action,
        _gb(each),
        "-" if each.usd_month is None else f"{each.usd_month:.2f}",
        _why(each.because),
    )


def _gb(each: PlannedAmi | LeftSnapshot) -> str:
    if each.gb is None:
        return "-"
    return f"at most {each.gb:g}" if each.gb_at_most else f"{each.gb:g}"


def _why(because: Sequence[Because]) -> str:
    said = ", ".join(f"{each.kind} {each.id}".strip() for each in because[:_MOST_REASONS])
    more = len(because) - _MOST_REASONS
    return f"{said} and {more} more" if more > 0 else said


def _sums(plan: Plan) -> Iterable[str]:
    for action in ACTIONS[1:]:
        chosen = [each for each in plan.going if each.action == action]
        if not chosen:
            continue
        line = f"{action}: {counted(len(chosen), 'AMI')}"
        # A disabled AMI's snapshots are still paid for.
        yield f"{line}, {_freed(chosen, plan)}" if action == "deregister" else line
    others = sum(not each.image for each in plan.amis)
    if others:
        yield f"{counted(others, 'AMI')} without the tag Template left alone (--name PATTERN includes them)"
    if plan.snapshots:
        yield f"{counted(len(plan.snapshots), 'snapshot')} of builds without an AMI: {_freed(plan.snapshots, plan)}"
        for each in plan.snapshots[:10]:
            yield f"  {each.id} ({each.region}, {each.template}): {_gb(each)} GB"
    if not plan.going:
        yield "nothing to do"


def _freed(each: Sequence[PlannedAmi | LeftSnapshot], plan: Plan) -> str:
    """GB and dollars; what is not known of one is left out, and said."""
    gb = sum(one.gb or 0 for one in each)
    at_most = "at most " if any(one.gb_at_most for one in each) else ""
    known = [one.usd_month for one in each if one.usd_month is not None]
    text = f"{at_most}{gb:g} GB"
    if not known:
        return f"{text}, no price known for the region"
    without = len(each) - len(known)
    some = f" (without {without} whose price is not known)" if without else ""
    return f"{text}, {at_most}${sum(known):.2f} a month{some} at the prices of {plan.prices_of}"
