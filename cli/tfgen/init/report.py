"""What `tfgen init` prints: files on stdout, the rest on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from tfgen.console import note, one_line, out, out_diff
from tfgen.init.existing import Call
from tfgen.init.planned import Planned

_DONE = {"create": "created", "change": "changed", "delete": "deleted"}
_MISSING = {"create": "missing", "change": "change", "delete": "delete"}
_STYLES = {"create": "green", "change": "yellow", "delete": "red"}
_SHOWN = (".toml", ".gitignore")


def show(planned: Planned, *, done: bool, diff: bool = False) -> None:
    """One line a file; `diff` shows the text of small ones, too."""
    for change in planned.changes:
        word = (_DONE if done else _MISSING)[change.action]
        out(one_line(f"{word.ljust(7)}  {change.path}"), style=_STYLES[change.action])
    for path in planned.kept:
        note(one_line(f"kept     {path}"))
    for text in planned.notes:
        note(one_line(f"note: {text}"), style="yellow")
    if diff:
        out_diff("".join(change.diff() for change in planned.changes if change.path.endswith(_SHOWN)))


def hand_written(calls: Sequence[Call]) -> None:
    """Pipelines that are there already, which sync would make a second time."""
    for call in calls:
        note(one_line(f"{call.path}:{call.line}: the pipeline {call.label} is written by hand"), style="yellow")
    note("to take them over, run: tfgen adopt")
