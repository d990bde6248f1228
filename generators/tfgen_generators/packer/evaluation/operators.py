"""What HCL's operators make of values that are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from tfgen_generators.packer.evaluation.bound import attribute
from tfgen_generators.packer.evaluation.calls import is_marked
from tfgen_generators.packer.evaluation.convert import (
    RefusedError,
    SetOf,
    UndecidedError,
    boolean,
    decimal,
    of_decimal,
    text,
)
from tfgen_generators.packer.syntax.values import Expression, Value

ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal | bool]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "%": lambda one, other: one % other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
CONVERSIONS: Mapping[str, Callable[[Value], Value]] = {
    "string": text,
    "bool": boolean,
    "number": lambda value: of_decimal(decimal(value)),
    "any": lambda value: value,
}


def element(base: Value, key: Value) -> Value:
    """An element of a list or map. Raises RefusedError without it."""
    if isinstance(base, Expression) or isinstance(key, Expression) or is_marked(key):
        raise UndecidedError
    if isinstance(base, dict):
        return attribute(base, [text(key)])
    if not isinstance(base, list) or isinstance(base, SetOf):
        raise RefusedError("nothing has elements but lists and maps")
    at = decimal(key)
    if at != at.to_integral_value() or not 0 <= at < len(base):
        raise RefusedError("no such element")
    return base[int(at)]


def mapped(rows: Sequence[tuple[Value, Value]], *, grouping: bool) -> Value:
    found: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    for key, value in rows:
        if isinstance(key, Expression) or is_marked(key):
            raise UndecidedError
        if text(key) in found and not grouping:
            raise RefusedError("the same key twice")
        found[text(key)] = value
        groups.setdefault(text(key), []).append(value)
    return dict(groups) if grouping else found


def keeps_types(chosen: Value, other: Value) -> bool:
    """Whether a list or map stays as it is, although both sides of a condition become one type."""
    numbers, texts = [any(_holds(value, kinds) for value in (chosen, other)) for kinds in ((bool, int, float), (str,))]
    return not (numbers and texts)


def _holds(value: Value, kinds: tuple[type, ...]) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, kinds) or any(_holds(item, kinds) for item in inner)


def _form(value: Value) -> type:
    """The types between which nothing is converted."""
    return type(value) if isinstance(value, list | dict | Expression) else str


def alike(one: Value, other: Value) -> bool:
    """Whether a condition may have both on its sides; what is not known may be anything."""
    if one is None or other is None or isinstance(other, Expression):
        return True
    flags = [isinstance(side, bool) for side in (one, other)]
    numbers = [isinstance(side, int | float) and not flag for side, flag in zip((one, other), flags, strict=True)]
    return _form(one) is _form(other) and not (any(flags) and any(numbers))
