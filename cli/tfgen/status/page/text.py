"""Texts of others on a page: each sign is seen, and stays where its text is."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from tfgen.drawing.widths import ELLIPSIS

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)")
#: Controls, formats (zero width, direction), surrogates, unassigned, and ends of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """`text` with all that is not seen, or that turns the direction of what follows, written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def _escaped(char: str) -> str:
    return _NAMED.get(char) or f"\\x{ord(char):02x}"


def name(text: str) -> str:
    """`text` as a heading of a row, which may not be empty."""
    return visible(text) if text.strip() else "(no name)"


def cut(text: str, most: int) -> str:
    """At most `most` signs of `text`."""
    text = visible(text)
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS


def moment(text: str) -> str:
    """`2026-01-31 12:00 UTC` of a time in ISO 8601; another text stays what it is."""
    match = _TIME.fullmatch(text)
    return f"{match[1]} {match[2]} UTC" if match else text


def days_between(start: str, end: str) -> float | None:
    """Days from one time to another; None where one of them is none."""
    if not (_TIME.fullmatch(start) and _TIME.fullmatch(end)):
        return None
    try:
        passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except ValueError:
        return None
    return passed / timedelta(days=1)


def age(days: float) -> str:
    """`3 days`, `5 hours`: the whole ones that have passed."""
    if days < 0:
        return "in the future"
    if days * 24 < 1:
        return "less than an hour"
    if days < 1:
        hours = int(days * 24)
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{int(days):,} day{'' if int(days) == 1 else 's'}"
