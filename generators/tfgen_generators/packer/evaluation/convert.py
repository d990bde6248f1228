"""HCL's conversions between types, as functions convert what they are given. Source: go-cty's convert package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

from tfgen_generators.packer.syntax.values import LARGEST, Expression, Value

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
#: What Go's parser of numbers reads as well: infinity, and exponents of two.
_ODD_NUMBER = re.compile(r"[+-]?(?:[iI]nf|[0-9.]+[pP].*)")
#: A number that a float holds with all its decimals.
_DIGITS = 15
_LARGEST_WHOLE = 2**63
_DEEPEST = 40


class RefusedError(Exception):
    """Packer ends with an error here."""


class UndecidedError(Exception):
    """Not known without running Packer, or too large to find out."""


def text(value: Value) -> str:
    """A value where a string is wanted."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    raise RefusedError("a string is required")


class SetOf(list[Value]):
    """The elements of a set, in HCL's order: nothing that has places takes it."""


def number_text(value: float) -> str:
    """A number without an exponent, as HCL writes it."""
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise UndecidedError
    found = format(Decimal(repr(value)), "f")
    return found.rstrip("0").rstrip(".") if "." in found else found


def number(value: Value) -> int | float:
    """A value where a number is wanted."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value) and len(value) < 100:
        return of_decimal(Decimal(value))
    if isinstance(value, str) and (_ODD_NUMBER.match(value) or len(value) >= 100):
        raise UndecidedError
    raise RefusedError("a number is required")


def whole(value: Value) -> int:
    """A value where a whole number is wanted."""
    found = number(value)
    if isinstance(found, float) and not found.is_integer():
        raise RefusedError("a whole number is required")
    if abs(found) >= _LARGEST_WHOLE:
        raise UndecidedError
    return int(found)


def of_decimal(value: Decimal) -> int | float:
    """A number whose decimals are all known; the others are for Packer to work out."""
    try:
        if value == value.to_integral_value():
            if abs(value) >= _LARGEST_WHOLE:
                raise UndecidedError
            return int(value)
    except InvalidOperation:
        raise UndecidedError from None
    if len(value.normalize().as_tuple().digits) > _DIGITS:
        raise UndecidedError
    return float(value)


def decimal(value: Value) -> Decimal:
    return Decimal(repr(found) if isinstance(found := number(value), float) else found)


def boolean(value: Value) -> bool:
    """A value where a bool is wanted."""
    found = {"true": True, "1": True, "false": False, "0": False}.get(value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise RefusedError("a bool is required")
    return found


def elements(value: Value) -> list[Value]:
    """A value where a list is wanted."""
    if not isinstance(value, list):
        raise RefusedError("a list is required")
    return value


def ordered(value: Value) -> list[Value]:
    """A value where a list is wanted that has places: not a set."""
    if isinstance(value, SetOf):
        raise RefusedError("a set has no places")
    return elements(value)


def mapping(value: Value) -> dict[str, Value]:
    """A value where a map or an object is wanted, in the order in which HCL goes through it."""
    if not isinstance(value, dict):
        raise RefusedError("a map is required")
    return {key: value[key] for key in sorted(value)}


def texts(value: Value) -> list[str]:
    """A value where a list of strings is wanted."""
    return [text(item) for item in elements(value)]


def unified(items: Sequence[Value]) -> list[Value]:
    """The elements of a tuple as those of a list: of one type."""
    kinds = {_kind(item) for item in items if item is not None}
    if len(kinds) < 2:
        if kinds & {"list", "dict"} and len({_shape(item) for item in items}) > 1:
            raise UndecidedError
        return list(items)
    if kinds <= {"str", "number", "bool"} and "str" in kinds:
        return [item if item is None else text(item) for item in items]
    raise UndecidedError


def _shape(value: Value, depth: int = 0) -> object:
    """The type of a value, with those of its elements."""
    if depth > _DEEPEST:
        raise UndecidedError
    if isinstance(value, list):
        return ("list", *(_shape(item, depth + 1) for item in value))
    if isinstance(value, dict):
        return ("dict", *((key, _shape(value[key], depth + 1)) for key in sorted(value)))
    return _kind(value)


def as_set(items: Iterable[Value]) -> list[Value]:
    """The elements of a set, in the order in which HCL goes through them, where that is known."""
    found = distinct(unified(list(items)))
    kinds = {_kind(item) for item in found}
    if len(found) > 1 and (len(kinds) > 1 or not kinds <= {"str", "number"}):
        raise UndecidedError
    return SetOf(sorted(found, key=lambda item: item if isinstance(item, str | int | float) else ""))


def distinct(items: Sequence[Value]) -> list[Value]:
    """Without those that came before; as fast as their kind allows."""
    if all(isinstance(item, str) for item in items):
        return list(dict.fromkeys(items))
    if len(items) > 1000:
        raise UndecidedError
    return [item for at, item in enumerate(items) if not any(equal(item, other) for other in items[:at])]


def equal(one: Value, other: Value) -> bool:
    """Whether two values are the same; those of two types never are."""
    if _kind(one) != _kind(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return one == other


def _kind(value: Value) -> str:
    if isinstance(value, Expression):
        raise UndecidedError
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def within(size: int) -> int:
    """`size`, where that many elements or characters are no more than is looked at."""
    if size > LARGEST:
        raise UndecidedError
    return size
