"""How wide a text is, in a font that is at least as wide as those that show it: nothing of it is cut off."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

#: Hundredths of the size, for ASCII's printable characters in DejaVu Sans, which is wider than most.
_PLAIN = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 "
    "68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 "
    "63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84 "
)
_BOLD = (
    "35 46 52 84 70 100 87 31 46 46 52 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 58 100 "
    "77 76 73 83 68 68 82 84 37 37 77 64 100 84 85 73 85 77 72 68 81 77 110 77 72 73 46 37 46 84 50 50 67 "
    "72 59 72 68 44 72 71 34 34 67 34 104 71 69 72 72 49 60 48 71 65 92 65 65 58 71 37 71 84 "
)
_TABLES = {bold: [int(width) for width in table.split()] for bold, table in ((False, _PLAIN), (True, _BOLD))}
_WIDE, _OTHER = 105, 84
ELLIPSIS = "\u2026"


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The width of `text` in pixels at a font size of `size` pixels."""
    table = _TABLES[bold]
    return sum(table[ord(char) - 32] if " " <= char <= "~" else _other(char) for char in text) * size / 100


def _other(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" else _OTHER


def shortened(text: str, widest: float, size: float, *, bold: bool = False) -> str:
    """`text`, or as much of its beginning and its end as there is room for."""
    if width_of(text, size, bold=bold) <= widest:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]
        if width_of(short, size, bold=bold) <= widest:
            return short
    return ELLIPSIS


def wrapped(words: Iterable[str], widest: float, size: float) -> list[str]:
    """`words` in lines, with spaces between them; a word that is too long is shortened."""
    lines: list[str] = []
    for word in words:
        short = shortened(word, widest, size)
        longer = f"{lines[-1]} {short}" if lines else short
        if lines and width_of(longer, size) <= widest:
            lines[-1] = longer
        else:
            lines.append(short)
    return lines
