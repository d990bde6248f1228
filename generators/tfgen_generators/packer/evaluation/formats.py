"""HCL's `format` and `formatlist`. Source: go-cty's function/stdlib/format.go."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from tfgen_generators.packer.evaluation.convert import (
    RefusedError,
    UndecidedError,
    boolean,
    decimal,
    elements,
    number,
    text,
    within,
)
from tfgen_generators.packer.evaluation.encodings import json_text
from tfgen_generators.packer.evaluation.strings import graphemes
from tfgen_generators.packer.syntax.values import Value

_VERB = re.compile(r"%([ +#0-]*)(\d*)(?:\.(\d*))?(?:\[(\d+)\])?(.)?", re.DOTALL)
#: Of one piece; wider ones fill memory.
_WIDEST = 1000
_BASES = {"b": "b", "o": "o", "x": "x", "X": "X", "d": "d"}


class _Pieces:
    """A format's arguments, and which of them is next."""

    def __init__(self, arguments: tuple[Value, ...]) -> None:
        self.arguments, self.next, self.used = arguments, 0, 0

    def fill(self, match: re.Match[str]) -> str:
        flags, width, precision, which, verb = match.groups()
        if verb == "%" and not (flags or width or precision is not None or which):
            return "%"
        self.next = int(which) - 1 if which else self.next
        if not 0 <= self.next < len(self.arguments):
            raise RefusedError("not enough arguments")
        value = self.arguments[self.next]
        self.next += 1
        self.used = max(self.used, self.next)
        wide, exact = int(width or 0), int(precision or 0) if precision is not None else None
        if max(wide, exact or 0) > _WIDEST:
            raise UndecidedError
        if value is None:
            raise UndecidedError
        if verb == "v":
            return _padded(_natural(value, flags, exact), wide, flags, signs="")
        found = _piece(verb or "", value, flags, exact)
        return found if verb == "t" else _padded(found, wide, flags)


def _natural(value: Value, flags: str, precision: int | None) -> str:
    """As `%v`: each type in its own way."""
    if "#" in flags or isinstance(value, list | dict):
        return json_text(value)
    if isinstance(value, bool):
        return text(value)
    return _piece("s" if isinstance(value, str) else "g", value, "", precision)


def _piece(verb: str, value: Value, flags: str, precision: int | None) -> str:
    if verb == "t":
        return text(boolean(value))
    if verb in ("s", "q"):
        found = text(value)
        found = "".join(graphemes(found)[:precision]) if precision is not None else found
        return _quoted(found) if verb == "q" else found
    if verb in _BASES:
        return _integer(verb, value, flags, precision)
    if verb in ("e", "E", "f", "g", "G"):
        return _signed(_float(verb, number(value), precision), flags)
    raise RefusedError("no such verb")


def _integer(verb: str, value: Value, flags: str, precision: int | None) -> str:
    found = decimal(value)
    if found != found.to_integral_value():
        raise RefusedError("an integer is required")
    if "#" in flags or precision is not None:
        raise UndecidedError
    return _signed(format(int(found), _BASES[verb]), flags)


def _float(verb: str, value: float, precision: int | None) -> str:
    if verb in ("g", "G"):
        if precision is not None or verb == "G":
            raise UndecidedError
        return _general(value)
    exact = Decimal(text(value)) if verb == "f" else float(value)
    return format(exact, f".{6 if precision is None else precision}{verb}")


def _general(value: float) -> str:
    """The shortest digits; with an exponent from a million on."""
    plain = text(value)
    found = Decimal(plain).normalize()
    if not found or -4 <= found.adjusted() < 6:
        return plain
    digits = "".join(map(str, found.as_tuple().digits))
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{'-' * found.is_signed()}{digits[0]}{fraction}e{found.adjusted():+03}"


def _signed(found: str, flags: str) -> str:
    if found.startswith("-"):
        return found
    return ("+" if "+" in flags else " " if " " in flags else "") + found


def _padded(found: str, width: int, flags: str, signs: str = "+- ") -> str:
    missing = width - len(graphemes(found))
    if missing <= 0:
        return found
    if "-" in flags:
        return found + " " * missing
    if "0" in flags:
        sign = found[:1] if found[:1] in (*signs,) else ""
        return sign + "0" * missing + found[len(sign) :]
    return " " * missing + found


def _quoted(found: str) -> str:
    if not found.isascii() or not found.isprintable():
        raise UndecidedError
    return '"' + found.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _format(layout: Value, *arguments: Value) -> str:
    if None in arguments:
        raise UndecidedError
    pieces = _Pieces(arguments)
    found = _VERB.sub(pieces.fill, text(layout))
    if pieces.used < len(arguments):
        raise RefusedError("too many arguments")
    within(len(found))
    return found


def _formatlist(layout: Value, *arguments: Value) -> Value:
    text(layout)
    lengths = {len(elements(argument)) for argument in arguments if isinstance(argument, list)}
    if len(lengths) > 1:
        raise RefusedError("lists of different lengths")
    length = lengths.pop() if lengths else 1
    within(length * max(len(arguments), 1))
    rows = ([one[at] if isinstance(one, list) else one for one in arguments] for at in range(length))
    return [_format(layout, *row) for row in rows]


FUNCTIONS: Mapping[str, Callable[..., Value]] = {"format": _format, "formatlist": _formatlist}
