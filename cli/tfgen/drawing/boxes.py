"""A card as a box: its texts with their places in it, and the size that they need."""

from __future__ import annotations

import math

import msgspec

from tfgen.drawing.diagram import Card
from tfgen.drawing.widths import shortened, width_of, wrapped

TITLE, MEMBER, SMALL = 13.0, 12.0, 11.0
_WIDEST = 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 12.0, 9.0, 9.0
_LINE, _PILL, _PILL_GAP, _PILL_PADDING = 15.0, 20.0, 5.0, 8.0
#: A card of members grows to the right first, then down.
_ROWS, _COLUMNS = 4, 4
_NARROWEST = 72.0


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A text in a box: `x` and `y` are where it begins and its base line; `full` is what was shortened."""

    text: str
    x: float
    y: float
    size: float
    style: str
    full: str = ""


class Pill(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of a member."""

    x: float
    y: float
    width: float
    height: float


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in a card, from its upper left corner on."""

    card: Card
    width: float
    height: float
    words: tuple[Word, ...]
    pills: tuple[Pill, ...] = ()


def box_of(card: Card, first: str = "") -> Box:
    """The box of a card; `first` is a small line above the others."""
    words: list[Word] = []
    pills: list[Pill] = []
    y = _TOP
    if card.title:
        short = shortened(card.title, _WIDEST, TITLE, bold=True)
        words.append(_word(short, _LEFT, y + 11, TITLE, "title", card.title))
        y += 18
    if card.members:
        y = _members(card.members, y, words, pills)
    for style, line in (*((("via", first),) if first else ()), *(("small", line) for line in card.lines)):
        for short in wrapped(line.split(" "), _WIDEST, SMALL):
            words.append(_word(short, _LEFT, y + 10, SMALL, style, ""))
            y += _LINE
    right = max(
        [word.x + width_of(word.text, word.size, bold=word.style == "title") for word in words]
        + [pill.x + pill.width for pill in pills]
    )
    return Box(
        card=card,
        width=math.ceil(max(right + _RIGHT, _NARROWEST)),
        height=math.ceil(y + _BOTTOM - 3),
        words=tuple(words),
        pills=tuple(pills),
    )


def _word(text: str, x: float, y: float, size: float, style: str, full: str) -> Word:
    return Word(text=text, x=x, y=y, size=size, style=style, full=full if full != text else "")


def _members(members: tuple[str, ...], y: float, words: list[Word], pills: list[Pill]) -> float:
    """Names in columns, from top to bottom; gives the height at which they end."""
    columns = min(_COLUMNS, math.ceil(len(members) / _ROWS))
    rows = math.ceil(len(members) / columns)
    x = _LEFT - 2
    for start in range(0, len(members), rows):
        column = [(name, shortened(name, _WIDEST, MEMBER)) for name in members[start : start + rows]]
        width = max(width_of(short, MEMBER) for _, short in column) + 2 * _PILL_PADDING
        for row, (name, short) in enumerate(column):
            top = y + row * (_PILL + _PILL_GAP)
            pills.append(Pill(x=x, y=top, width=width, height=_PILL))
            words.append(_word(short, x + _PILL_PADDING, top + 14, MEMBER, "member", name))
        x += width + _PILL_GAP
    return y + rows * (_PILL + _PILL_GAP) + 2
