"""For people: `path:line:column: severity[rule] message`, and below it what to do."""

from __future__ import annotations

from tfgen.console import one_line, printable, styled
from tfgen.lint.formats.shown import Result
from tfgen.lint.formats.summary import STYLES, grouped, one_line_of
from tfgen_generators.lint.engine import Judged


def as_text(result: Result) -> str:
    """One finding a line, with a second one for what to do; nothing when there is none.

    Many that are alike are one line, unless all are asked for.
    """
    if result.all:
        return "".join(f"{_shown(judged)}\n" for judged in result.open)
    groups = list(grouped(result))
    text = "".join(f"{_shown(group[0]) if len(group) == 1 else one_line_of(group)}\n" for group in groups)
    return text + f"{styled('--all shows each of them', 'dim')}\n" * any(len(group) > 1 for group in groups)


def _shown(judged: Judged) -> str:
    found = judged.finding
    place = one_line(printable(found.path))
    if place.startswith((":", "#")):
        place = f"./{place}"  # CI takes a line that begins so as a command
    place += f":{found.line}" * (found.line > 0) + f":{found.column}" * (found.line > 0 and found.column > 0)
    severity = styled(f"{judged.severity}[{found.rule}]", STYLES[judged.severity])
    text = f"{styled(place, 'bold')}: {severity} {one_line(printable(found.message))}"
    if found.fix:
        text += f"\n  {styled('fix:', 'dim')} {one_line(printable(found.fix))}"
    return text + f" {styled('(--fix does it)', 'dim')}" * bool(found.edits)
