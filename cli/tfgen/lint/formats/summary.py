"""What people are shown of many findings: how many each rule has, and one line for those that are alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tfgen.console import one_line, printable, styled
from tfgen.lint.formats.shown import Result
from tfgen.phrases import counted
from tfgen_generators.lint.engine import Judged

STYLES = {"error": "red", "warning": "yellow", "note": "cyan"}
_SEVERITIES = ("error", "warning", "note")
#: More findings of one rule and one shape than this are one line.
MOST_ALIKE = 20
#: With more findings than this, all of them together have not more lines than that.
_MANY, _MOST_LINES = 200, 40
#: What differs between findings of one shape: quoted texts, paths, names with digits.
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*[/\d]\S*")


def by_rule(result: Result) -> str:
    """How many findings each rule has, the worst first; "" where no rule has more than one."""
    found = Counter((_SEVERITIES.index(one.severity), one.finding.rule) for one in result.open)
    if max(found.values(), default=0) < 2:
        return ""
    width = len(str(max(found.values())))
    rows = sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    return "".join(
        f"{number:>{width}}  {styled(f'{_SEVERITIES[level]}[{rule}]', STYLES[_SEVERITIES[level]])}\n"
        for (level, rule), number in rows
    )


def shape_of(judged: Judged) -> tuple[str, str, str]:
    """Rule, severity, and the message without what is one finding's own."""
    image = judged.finding.image
    message = _without_own(judged.finding.message)
    if image and image in message:
        message = re.sub(rf"\b{re.escape(image)}\b", "*", message)
    return judged.finding.rule, judged.severity, message


@lru_cache(maxsize=5000)
def _without_own(message: str) -> str:
    return _OWN.sub("*", message)


def grouped(result: Result) -> Iterator[Sequence[Judged]]:
    """The open findings by place: each alone, or those of one line together at the place of the first."""
    found = result.open
    once: dict[tuple[str, str, str], tuple[str, str, str]] = {}
    shape_of_each = [once.setdefault(shape, shape) for shape in map(shape_of, found)]
    shapes = Counter(shape_of_each)
    alike = {shape for shape, number in shapes.items() if number > MOST_ALIKE}
    whole = _whole_rules(len(found), shapes, alike)
    groups: dict[object, list[Judged]] = {}
    for number, (one, shape) in enumerate(zip(found, shape_of_each, strict=True)):
        rule = one.finding.rule
        key: object = shape if shape in alike else rule if rule in whole else number
        groups.setdefault(key, []).append(one)
    yield from groups.values()


def _whole_rules(number: int, shapes: Counter[tuple[str, str, str]], alike: set[tuple[str, str, str]]) -> set[str]:
    """The rules whose other findings are one line too, where `number` of findings are too many to be read."""
    if number <= _MANY:
        return set()
    left = Counter({rule: 0 for rule, _, _ in shapes})
    for shape, alone in shapes.items():
        left[shape[0]] += alone if shape not in alike else 1
    whole: set[str] = set()
    lines = sum(left.values()) * 2
    for rule, of_rule in left.most_common():
        if lines <= _MOST_LINES:
            break
        whole.add(rule)
        lines -= of_rule * 2 - 2
    return whole


def one_line_of(findings: Sequence[Judged]) -> str:
    """Many findings as one line: how many in how many files, the first of them, and what shows all."""
    first = findings[0]
    files = len({one.finding.path for one in findings})
    severity = styled(f"{first.severity}[{first.finding.rule}]", STYLES[first.severity])
    place = one_line(printable(first.finding.path)) + f":{first.finding.line}" * (first.finding.line > 0)
    said = one_line(printable(first.finding.message))
    return f"{severity} {counted(len(findings), 'finding')} in {counted(files, 'file')}, the first: {place}: {said}"
