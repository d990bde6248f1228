"""Wildcards of paths as regular expressions that try nothing twice.

What follows a wildcard has a fixed number of characters, or of folders, so that the first place where it fits is as
good as any later one. Atomic groups keep that place: a match takes the pattern's length times the path's at most.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

#: Pieces of expressions: characters of one name; of any number of folders, or of some; of a whole path.
STAR, FOLDERS, SOME_FOLDERS, ANYTHING = "[^/]*", "(?:[^/]*/)*?", "(?:[^/]*/)+?", ".*?"
_GAPS = frozenset({FOLDERS, SOME_FOLDERS, ANYTHING})
#: Characters of a path (PATH_MAX of Linux): a longer name, with wildcards or without, is one of no file.
LONGEST = 4096


def expression(units: Sequence[str]) -> str:
    """One expression (DOTALL, without an end) for `units`: the wildcards above, and expressions of fixed widths."""
    units = _merged([unit for unit in units if unit])
    found: list[str] = []
    start, gap = 0, ""
    for end, unit in enumerate(units):
        if unit in _GAPS:
            found += _piece(gap, units[start:end], last=False)
            start, gap = end + 1, unit
    return "".join((*found, *_piece(gap, units[start:], last=True)))


def _merged(units: Sequence[str]) -> list[str]:
    """The same with one wildcard where several follow each other of which one is anything."""
    found: list[str] = []
    for unit in units:
        if found and ANYTHING in (unit, found[-1]) and {unit, found[-1]} <= {*_GAPS, STAR}:
            found[-1] = ANYTHING
        else:
            found.append(unit)
    return found


def from_stars(text: str, star: str) -> str:
    """The expression for a text in which `star` is anything."""
    units = [unit for part in text.split(star) for unit in (ANYTHING, re.escape(part))]
    return expression(units[1:])


def _piece(gap: str, units: Sequence[str], *, last: bool) -> Iterator[str]:
    """What stands behind a gap. `(?>` keeps the first place where it fits: no other would do better."""
    ends = [number for number, unit in enumerate(units) if unit == STAR] + [len(units)]
    yield gap if last else f"(?>{gap}"
    yield from units[: ends[0]]
    for star, end in itertools.pairwise(ends):
        text = "".join(units[star + 1 : end])
        yield f"{STAR}{text}" if last and end == len(units) else f"(?>[^/]*?{text})"
    yield "" if last else ")"
