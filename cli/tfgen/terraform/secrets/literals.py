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
_LONGEST = 4_000
#: Fewer bytes in base64 are found in many words.
_SHORTEST_ENCODED = 6


class Literals:
    """Values as one pattern."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form[:_LONGEST] for value in values for form in _forms(value)}
        written = [_BETWEEN.join(map(re.escape, form)) for form in sorted(forms, key=lambda form: (-len(form), form))]
        self._pattern = re.compile("|".join(written)) if written else None

    def hidden(self, text: str) -> str:
        """`text` with `(sensitive)` where a value stood."""
        return self._pattern.sub(HIDDEN, text) if self._pattern is not None else text


def _forms(value: str) -> Iterator[str]:
    for written in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
        yield _bare(written)
    for written in (value.lower(), value.upper(), quote(value, safe=""), quote(value)):
        yield _bare(written)
    data = value.encode("utf-8", "replace")
    if len(data) >= _SHORTEST_ENCODED:
        yield data.hex()
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield from _encoded(data, encode)


def _encoded(data: bytes, encode: object) -> Iterator[str]:
    """In base64, wherever in a longer text it begins: the signs that hold nothing but its bits."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        begin = (before * 8 + 5) // 6
        whole = (before + len(data)) * 8 // 6
        found = text[begin:whole]
        yield found if encode is base64.b64encode else found.replace("+", "-").replace("/", "_")


def _bare(text: str) -> str:
    """Without what `_BETWEEN` allows anywhere."""
    return re.sub(_BETWEEN.removesuffix("*"), "", text)
