"""What became of each AMI, for a person and as JSON."""

from __future__ import annotations

from collections import Counter

from tfgen.console import note, one_line, out_json, out_table
from tfgen.prune.acting.model import Applied, AppliedAmi

_HEADER = ("IMAGE", "REGION", "AMI", "ACTION", "RESULT", "WHY")
_RUNS = ("RUN", "BEGAN", "STATE", "AMIS")
_MOST = 2


def tell(text: str) -> None:
    """A line of progress."""
    note(one_line(text))


def show(applied: Applied, format_: str) -> None:
    """The results to stdout; what could not be asked, what is left and the sums to stderr."""
    if format_ == "json":
        _json(applied)
    elif applied.amis:
        out_table(_HEADER, [_row(each) for each in applied.amis])
    for each in applied.unreadable:
        message = (
            f"error: {each.source} ({each.region}) could not be asked, so nothing more is done there: {each.error}"
        )
        note(one_line(message), style="red")
    for text in applied.notes:
        note(one_line(f"note: {text}"), style="yellow")
    for ami in applied.amis:
        for snapshot, why in ami.left.items():
            note(one_line(f"{snapshot} of {ami.ami} stays: {why}"))
    counts = Counter(each.result for each in applied.amis)
    note(", ".join(f"{number} {result}" for result, number in counts.items()) or "nothing to do")


def show_runs(applied: Applied, format_: str) -> None:
    """The runs, the newest first."""
    if format_ == "json":
        _json(applied)
        return
    if not applied.runs:
        note("no runs")
        return
    rows = [
        (each.run, each.at, each.state, ", ".join(f"{number} {action}" for action, number in each.amis.items()) or "-")
        for each in applied.runs
    ]
    out_table(_RUNS, rows)


def _json(applied: Applied) -> None:
    from msgspec import to_builtins

    out_json(to_builtins(applied))


def _row(each: AppliedAmi) -> tuple[str, ...]:
    said = ", ".join(f"{one.kind} {one.id}".strip() for one in each.because[:_MOST])
    more = len(each.because) - _MOST
    why = each.error or (f"{said} and {more} more" if more > 0 else said)
    return each.image, each.region, each.ami, each.action, each.result, why
