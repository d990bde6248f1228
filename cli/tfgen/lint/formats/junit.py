"""For test reports: what GitLab and Jenkins read. Checked against junit-10.xsd of Jenkins' xunit plugin.

A test case is one finding; it fails where the finding makes the exit code 1. GitLab shows the class name as the suite
and leaves out a second case of the same names, so that the name holds the place.
"""

from __future__ import annotations

from html import escape  # xml.sax.saxutils imports urllib.request

from tfgen.console import printable
from tfgen.lint.formats.shown import Result, readable
from tfgen_generators.lint.engine import Judged


def as_junit(result: Result) -> str:
    """One suite; where nothing was found, its one case says so."""
    names: dict[str, int] = {}
    cases = [_case(result, judged, names) for judged in result.judged]
    if not cases:
        cases = ['<testcase classname="tfgen" name="lint"/>']
    failures = sum(map(result.fails, result.judged))
    skipped = len(result.judged) - len(result.open)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {counts}>",
        f'<testsuite name="tfgen lint" {counts} skipped="{skipped}">',
        *cases,
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(result: Result, judged: Judged, names: dict[str, int]) -> str:
    found, off = judged.finding, judged.suppressed
    place = found.path + f":{found.line}" * (found.line > 0) + f":{found.column}" * (found.column > 0)
    name = f"{found.rule} {place}"
    names[name] = names.get(name, 0) + 1
    name += f" ({names[name]})" * (names[name] > 1)
    head = f"<testcase classname={_attribute(found.path)} name={_attribute(name)}>"
    message = f"{judged.severity}: {found.message}" + f"; {found.fix}" * bool(found.fix)
    if off is not None:
        return f"{head}<skipped message={_attribute(off.reason)}/></testcase>"
    if result.fails(judged):
        text = f"{place}: {message}"
        return (
            f'{head}<failure type="{found.rule}" message={_attribute(found.message)}>{_text(text)}</failure></testcase>'
        )
    return f"{head}<system-out>{_text(f'{place}: {message}')}</system-out></testcase>"


def _clean(text: str) -> str:
    """XML has no control characters, not even escaped, and no U+FFFE and U+FFFF."""
    return printable(readable(text)).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _attribute(text: str) -> str:
    return '"' + _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


def _text(text: str) -> str:
    return escape(_clean(text), quote=False)
