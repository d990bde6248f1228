"""Texts of which only pieces are known, and whether two of them can be the same.

A pattern is what is known (texts) and what is not (`Wild`): `base-` and then digits, say. AWS's own wildcards in a
filter (`*`, `?`) become the same thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

import msgspec


class Wild(msgspec.Struct, frozen=True, array_like=True):
    """Characters that are not known: any number of them, or one. `chars` are those that it can be, None: all."""

    many: bool = True
    chars: str | None = None


Pattern: TypeAlias = tuple[str | Wild, ...]

#: Nothing is known.
ANYTHING = Wild()
_WILDCARD = re.compile(r"\\(.)|([*?])", re.DOTALL)


def joined(pieces: Iterable[str | Wild]) -> Pattern:
    """A pattern of `pieces`, in its shortest form."""
    found: list[str | Wild] = []
    for piece in pieces:
        last = found[-1] if found else None
        if piece == "" or (piece == last and isinstance(piece, Wild) and piece.many):
            continue
        if isinstance(piece, str) and isinstance(last, str):
            found[-1] = last + piece
        else:
            found.append(piece)
    return tuple(found)


def with_wildcards(pattern: Pattern) -> Pattern:
    """What EC2 takes a filter's value for: `*` and `?` are wildcards, a backslash takes that from them."""
    pieces: list[str | Wild] = []
    for piece in pattern:
        if isinstance(piece, Wild):
            pieces.append(piece)
            continue
        end = 0
        for match in _WILDCARD.finditer(piece):
            pieces.append(piece[end : match.start()])
            pieces.append(match.group(1) or (ANYTHING if match.group(2) == "*" else Wild(many=False)))
            end = match.end()
        pieces.append(piece[end:])
    return joined(pieces)


def is_exact(pattern: Pattern) -> bool:
    """Whether all of it is known."""
    return all(isinstance(piece, str) for piece in pattern)


def is_open(pattern: Pattern) -> bool:
    """Whether something in it can be anything at all."""
    return ANYTHING in pattern


def says_nothing(pattern: Pattern) -> bool:
    """Whether nearly every name fits it: no letter and no digit of it is known."""
    known = "".join(piece for piece in pattern if isinstance(piece, str))
    return is_open(pattern) and not any(char.isalnum() for char in known)


def prefix(pattern: Pattern) -> str:
    """The characters that it begins with, as far as they are known."""
    return pattern[0] if pattern and isinstance(pattern[0], str) else ""


def alphabet(pattern: Pattern) -> str | None:
    """Every character that can be in it, None for all."""
    found: set[str] = set()
    for piece in pattern:
        chars = piece if isinstance(piece, str) else piece.chars
        if chars is None:
            return None
        found.update(chars)
    return "".join(sorted(found))


def shown(pattern: Pattern) -> str:
    """The pattern as people write one."""
    return "".join(piece if isinstance(piece, str) else "*" if piece.many else "?" for piece in pattern)


def meet(left: Pattern, right: Pattern) -> bool:
    """Whether one text can be both."""
    if is_exact(left) and is_exact(right):
        return left == right
    return Wanted(right).meets(left)


class Wanted:
    """A pattern that many others are held against.

    It is a machine with a position before each of its characters: a bit of a number says that the machine can be there.
    """

    def __init__(self, pattern: Pattern) -> None:
        units = [unit for piece in pattern for unit in (piece if isinstance(piece, str) else (piece,))]
        self._end = 1 << len(units)
        self._optional = self._any = self._any_many = 0
        self._on: dict[str, int] = {}
        self._stay: dict[str, int] = {}
        for number, unit in enumerate(units):
            bit, many = 1 << number, isinstance(unit, Wild) and unit.many
            chars = unit if isinstance(unit, str) else unit.chars
            self._optional |= bit * many
            for char in () if chars is None else chars:
                table = self._stay if many else self._on
                table[char] = table.get(char, 0) | bit
            if chars is None and many:
                self._any_many |= bit
            elif chars is None:
                self._any |= bit
        self._start = self._skipped(1)

    def meets(self, pattern: Pattern) -> bool:
        """Whether one text can be both."""
        places = self._start
        for piece in pattern:
            if isinstance(piece, str):
                for char in piece:
                    places = self._step(places, self._on.get(char, 0), self._stay.get(char, 0))
            else:
                places = self._wild(places, piece)
            if not places:
                return False
        return bool(places & self._end)

    def _wild(self, places: int, wild: Wild) -> int:
        chars = {*self._on, *self._stay} if wild.chars is None else wild.chars
        on = stay = 0
        for char in chars:
            on |= self._on.get(char, 0)
            stay |= self._stay.get(char, 0)
        if not wild.many:
            return self._step(places, on, stay)
        before = 0
        while before != places:
            before, places = places, places | self._step(places, on, stay)
        return places

    def _step(self, places: int, on: int, stay: int) -> int:
        """The places after one character that those in `on` take and those in `stay` take any number of times."""
        return self._skipped((places & (on | self._any)) << 1 | (places & (stay | self._any_many)))

    def _skipped(self, places: int) -> int:
        while places | (places & self._optional) << 1 != places:
            places |= (places & self._optional) << 1
        return places
