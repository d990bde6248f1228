"""Which characters a time, or a text that a function has changed, can have: a stamp never is `web`."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence

from tfgen_generators.ancestry.patterns import ANYTHING, Pattern, Wild, alphabet, joined

_DIGITS = string.digits
_ZONE = "+-:Z" + _DIGITS
#: RFC 3339.
STAMP = _DIGITS + "-:TZ+"
UUID = "-" + string.hexdigits[:16]
_WORDS_OF_LAYOUT = re.compile(r"Jan|Mon|MST|PM|pm")
_WORDS_OF_FORMAT = re.compile(r"MMM|EEE|AA|aa")
_CLASS = re.compile(r"\[[^]\[^]+\]")
_QUOTED = re.compile(r"'([^']*)'")


def characters_of_layout(layout: str | None) -> str:
    """Characters of a time in a Go layout (`2006-01-02`); RFC 3339 without one."""
    if layout is None:
        return STAMP
    words = string.ascii_letters + _ZONE if _WORDS_OF_LAYOUT.search(layout) else ""
    return "".join(sorted({*layout, *_DIGITS, *words, *("+-:Z" if "07" in layout else "")}))


def characters_of_format(form: str | None) -> str | None:
    """Characters of a time in `formatdate`'s format (`YYYYMMDDhhmmss`); None (all) without one."""
    if form is None:
        return None
    quoted = "".join(_QUOTED.findall(form))
    bare = _QUOTED.sub("", form)
    words = string.ascii_letters if _WORDS_OF_FORMAT.search(bare) else ""
    zone = _ZONE if "Z" in bare else ""
    return "".join(sorted({*quoted, *_DIGITS, *words, *zone, *(char for char in bare if not char.isalpha())}))


def _of_pieces(change: Callable[[str], str]) -> Callable[[Pattern, Sequence[object]], Pattern]:
    """A function of single characters: it changes what is known and what can be."""

    def apply(text: Pattern, _others: Sequence[object]) -> Pattern:
        return joined(
            change(piece)
            if isinstance(piece, str)
            else Wild(many=piece.many, chars=None if piece.chars is None else "".join(sorted(set(change(piece.chars)))))
            for piece in text
        )

    return apply


def _mixed(text: Pattern, others: Sequence[Sequence[Pattern]]) -> Pattern:
    """A function that takes away and puts in: no character comes from elsewhere."""
    chars = set(alphabet(text) or "")
    if alphabet(text) is None:
        return (ANYTHING,)
    for other in (pattern for texts in others[-1:] for pattern in texts):
        found = alphabet(other)
        if found is None:
            return (ANYTHING,)
        chars.update(found)
    return (Wild(chars="".join(sorted(chars))),)


def _replaced(text: Pattern, others: Sequence[Sequence[Pattern]]) -> Pattern:
    """`replace` and `regex_replace`: character by character where they look for single ones."""
    exact = [found[0][0] for found in others if len(found) == 1 and len(found[0]) == 1 and isinstance(found[0][0], str)]
    empty = others[-1:] == [((),)]
    if len(exact) == 2 or (len(exact) == 1 and empty):
        wanted, new = exact[0], "" if empty else exact[1]
        if len(wanted) == 1 or _CLASS.fullmatch(wanted):
            try:
                single = re.compile(wanted if len(wanted) > 1 else re.escape(wanted))
            except re.error:
                return _mixed(text, others)
            return _of_pieces(lambda piece: single.sub(lambda _: new, piece))(text, [])
    return _mixed(text, others)


def _shortened(text: Pattern, _others: Sequence[object]) -> Pattern:
    """A function that only takes away."""
    return _mixed(text, [])


#: HCL's functions of a text, and what becomes of its pattern.
CLEAN: Mapping[str, Callable[[Pattern, Sequence[Sequence[Pattern]]], Pattern]] = {
    "lower": _of_pieces(str.lower),
    "upper": _of_pieces(str.upper),
    "clean_resource_name": _of_pieces(lambda text: re.sub(r"[^A-Za-z0-9()\[\] ./'@_-]", "-", text)),
    "replace": _replaced,
    "regex_replace": _replaced,
    "substr": _shortened,
    "trim": _shortened,
    "trimprefix": _shortened,
    "trimspace": _shortened,
    "trimsuffix": _shortened,
    "chomp": _shortened,
    "strrev": _shortened,
}
#: Functions that give a time or a number nobody knows, by the layout that they are given.
STAMPS: Mapping[str, Callable[[str | None], str | None]] = {
    "formatdate": characters_of_format,
    "timestamp": lambda _: STAMP,
    "timeadd": lambda _: STAMP,
    "isotime": characters_of_layout,
    "legacy_isotime": characters_of_layout,
    "uuidv4": lambda _: UUID,
    "uuidv5": lambda _: UUID,
}
