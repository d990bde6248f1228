"""For people who look at one rule after the other: each rule with its places below it."""

from __future__ import annotations

from tfgen.console import one_line, printable, styled
from tfgen.lint.formats.shown import Result
from tfgen.lint.formats.summary import MOST_ALIKE, STYLES
from tfgen.phrases import counted
from tfgen_generators.lint.engine import Judged


def as_grouped(result: Result) -> str:
    """The rules, those with most findings first; of many places the first ones, unless all are asked for."""
    by_rule: dict[str, list[Judged]] = {}
    for one in result.open:
        by_rule.setdefault(one.finding.rule, []).append(one)
    found = sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0]))
    return "\n".join(_group(rule, judged, result) for rule, judged in found)


def _group(rule: str, judged: list[Judged], result: Result) -> str:
    severity = styled(f"{judged[0].severity}[{rule}]", STYLES[judged[0].severity])
    summary = next((one.summary for one in result.rules if one.id == rule), "")
    lines = [f"{severity} {counted(len(judged), 'finding')}: {summary}"]
    shown = judged if result.all or len(judged) <= MOST_ALIKE else judged[: MOST_ALIKE // 4]
    lines += [_place(one) for one in shown]
    if len(shown) < len(judged):
        lines.append(f"  {styled(f'and {len(judged) - len(shown)} more (--all shows them)', 'dim')}")
    return "\n".join(lines) + "\n"


def _place(judged: Judged) -> str:
    found = judged.finding
    place = one_line(printable(found.path)) + f":{found.line}" * (found.line > 0)
    return f"  {styled(place, 'bold')}: {one_line(printable(found.message))}"
