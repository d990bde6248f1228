"""Pieces of messages that several of them share."""

from __future__ import annotations

import time
from collections.abc import Sequence


def some(names: Sequence[str], most: int = 10) -> str:
    """`a, b, c and 2 more`: at the most `most` of the names."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """`1 resource`, `2 resources`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """`42s`, `3m05s`, `1h02m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def stamp() -> str:
    """The local time as part of a file's name, to the second."""
    return time.strftime("%Y%m%d-%H%M%S")
