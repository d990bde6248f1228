"""What a person sees. stdout is data; stderr is talk, progress and errors.

rich is imported only when a table or a live display is drawn on a terminal.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Literal

Format = Literal["table", "json"]

#: Seconds between two lines that say that something is still at work, in a log.
_HEARTBEAT = 60.0

# C0, DEL and C1 controls, the bidirectional overrides, Unicode's ends of lines and its byte order mark: text from a
# file must not steer a terminal, nor begin a line for those who read the log.
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
# What a CI that reads the log would obey. GitHub's runner: `::name` at a line's start, spaces before it or not, and
# `##[name]` anywhere in it (actions/runner, ActionCommand.cs). Azure Pipelines: `##vso[` too; TeamCity: `##teamcity[`.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:[A-Za-z])|#(?=#[A-Za-z]*\[)", re.MULTILINE)
_STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2"}


def printable(text: str) -> str:
    """`text` that steers nobody: control characters, and the beginning of a CI's command, as escapes.

    Newlines and tabs stay. A command loses its first sign to an escape, for spaces before it would keep none out.
    """
    text = without_controls(text)
    if "::" in text or "##" in text:
        text = _COMMAND.sub(_without_command, text)
    return text


def without_controls(text: str) -> str:
    """`text` with control characters written as escapes; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_CONTROL, lambda match: f"\\x{ord(match.group()):02x}", text)


def _without_command(match: re.Match[str]) -> str:
    return "\\x23" if match[1] is None else f"{match[1]}\\x3a"


def printable_json(text: str) -> str:
    """A JSON document that steers nobody and says the same: in JSON these signs stand in strings alone."""
    text = re.sub(_CONTROL, lambda match: f"\\u{ord(match.group()):04x}", text)
    return re.sub(r"#(?=#[A-Za-z]*\[)", r"\\u0023", text)


def one_line(text: str) -> str:
    """`text` with its line breaks written as escapes: a file's name must not look like a second message."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def out(text: str = "", *, style: str = "") -> None:
    """One piece of data to stdout."""
    sys.stdout.write(f"{styled(printable(text), style)}\n")


def note(text: str = "", *, style: str = "") -> None:
    """One line of talk to stderr."""
    sys.stdout.flush()
    sys.stderr.write(f"{styled(printable(text), style, sys.stderr)}\n")


def out_json(document: object) -> None:
    """One JSON document to stdout, keys in the order given."""
    import json

    sys.stdout.write(printable_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")


def styled(text: str, style: str, stream: object = None) -> str:
    """`text` in colour where `stream` (stdout by default) shows colour."""
    if style and has_colour(sys.stdout if stream is None else stream):
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
    return text


def has_colour(stream: object) -> bool:
    """Whether colour is wanted there: a terminal, no NO_COLOR, no TERM=dumb."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: object) -> bool:
    """Whether a live display works there."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and os.environ.get("TERM") != "dumb"


def out_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """A table to stdout: aligned columns, nothing cut; `right` names the columns that hold numbers."""
    cells = [[one_line(printable(cell)) for cell in row] for row in [header, *rows]]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(header))]
    for number, row in enumerate(cells):
        padded = [
            " " * (width - _width(cell)) + cell if column in right else cell + " " * (width - _width(cell))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(padded).rstrip()
        sys.stdout.write(f"{styled(line, 'bold') if number == 0 else line}\n")


def out_diff(text: str) -> None:
    """A unified diff to stdout, coloured as git does on a terminal."""
    for line in text.splitlines():
        style = ""
        if line.startswith(("+++", "---")):
            style = "bold"
        elif line.startswith("@@"):
            style = "cyan"
        elif line.startswith(("+", "-")):
            style = "green" if line.startswith("+") else "red"
        sys.stdout.write(f"{styled(printable(line), style)}\n")


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def heartbeat() -> float:
    """TFGEN_HEARTBEAT in seconds; a CI that ends silent jobs sooner than others sets it lower."""
    try:
        return max(float(os.environ.get("TFGEN_HEARTBEAT", "")), 0.1)
    except ValueError:
        return _HEARTBEAT
