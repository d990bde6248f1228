"""Actions of Packer's own templates, `{{ ... }}`, in a text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Action(msgspec.Struct, frozen=True):
    """One action: where it begins and ends, and its words, without `-` and white space around them."""

    start: int
    end: int
    words: str


def actions(text: str) -> Iterator[Action]:
    """Every action that has an end, in order. Not by an expression: that would look for each end again."""
    end = 0
    while (start := text.find("{{", end)) >= 0 and (closing := text.find("}}", start + 2)) >= 0:
        end = closing + 2
        yield Action(start, end, text[start + 2 : closing].removeprefix("-").removesuffix("-").strip())
