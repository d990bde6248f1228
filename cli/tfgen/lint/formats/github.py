"""For GitHub: workflow commands, which it shows beside the lines of a pull request.

Source: GitHub's "Workflow commands" and the escaping in actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from tfgen.console import without_controls
from tfgen.lint.formats.shown import Result, readable
from tfgen_generators.lint.engine import Judged

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def as_github(result: Result) -> str:
    """One command a finding; whatever text of a template says, it stays the text of that command."""
    return "".join(f"{_command(judged)}\n" for judged in result.open)


def _command(judged: Judged) -> str:
    found = judged.finding
    properties = {"file": found.path, "line": str(max(found.line, 1))}
    if found.line and found.column:
        properties["col"] = str(found.column)
    properties["title"] = f"tfgen {found.rule}"
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = f"{found.message}; {found.fix}" if found.fix else found.message
    return f"::{_COMMANDS[judged.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    return _safe(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _safe(text: str) -> str:
    """No control characters but the line breaks that are escaped; the runner looks for one command in a line."""
    return "\n".join("\r".join(map(without_controls, line.split("\r"))) for line in readable(text).split("\n"))
