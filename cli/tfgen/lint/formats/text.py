"""For people: `path:line:column: severity[rule] message`, and below it what to do."""

from __future__ import annotations

from tfgen.console import one_line, printable, styled
from tfgen.lint.formats.shown import Result
from tfgen_generators.lint.engine import Judged

_STYLES = {"error": "red", "warning": "yellow", "note": "cyan"}


def as_text(result: Result) -> str:
    """One finding a line, with a second one for what to do; nothing when there is none."""
    return "".join(f"{_shown(judged)}\n" for judged in result.open)


def _shown(judged: Judged) -> str:
    found = judged.finding
    place = one_line(printable(found.path))
    if place.startswith((":", "#")):
        place = f"./{place}"  # CI takes a line that begins so as a command
    place += f":{found.line}" * (found.line > 0) + f":{found.column}" * (found.line > 0 and found.column > 0)
    severity = styled(f"{judged.severity}[{found.rule}]", _STYLES[judged.severity])
    text = f"{styled(place, 'bold')}: {severity} {one_line(printable(found.message))}"
    if found.fix:
        text += f"\n  {styled('fix:', 'dim')} {one_line(printable(found.fix))}"
    return text + f" {styled('(--fix does it)', 'dim')}" * bool(found.edits)
