"""Finds values in a text, however the text writes them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

#: What stands where a value was.
HIDDEN = "(sensitive)"
#: What a text may put between two characters of a value: wrapped lines, and the bar before each.
_BETWEEN = r"[\s│]*"
#: Of a longer value every piece is looked for.
_PIECE = 200
#: Fewer bytes in base64 are found in many words.
_SHORTEST_ENCODED = 6


class Literals:
    """Values as one pattern."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {piece for value in values for form in _forms(value) for piece in _pieces(form)}
        written = [_BETWEEN.join(map(re.escape, form)) for form in sorted(forms, key=lambda form: (-len(form), form))]
        self._pattern = re.compile("|".join(written)) if written else None

    def hidden(self, text: str) -> str:
        """`text` with `(sensitive)` where a value stood."""
        return self._pattern.sub(HIDDEN, text) if self._pattern is not None else text


def _pieces(form: str) -> Iterator[str]:
    """All of it; the last piece is no shorter than the others."""
    for begin in range(0, len(form), _PIECE):
        yield form[max(min(begin, len(form) - _PIECE), 0) : begin + _PIECE]


def _forms(value: str) -> Iterator[str]:
    for written in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
        yield _bare(written)
    for written in (value.lower(), value.upper(), quote(value, safe=""), quote(value)):
        yield _bare(written)
    data = value.encode("utf-8", "replace")
    if len(data) >= _SHORTEST_ENCODED:
        yield data.hex()
        for found in _encoded(data):
            yield found
            yield found.replace("+", "-").replace("/", "_")


def _encoded(data: bytes) -> Iterator[str]:
    """In base64, wherever in a longer text it begins: the signs that hold nothing but its bits."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        begin = (before * 8 + 5) // 6
        whole = (before + len(data)) * 8 // 6
        yield text[begin:whole]


def _bare(text: str) -> str:
    """Without what `_BETWEEN` allows anywhere."""
    return re.sub(_BETWEEN.removesuffix("*"), "", text)
