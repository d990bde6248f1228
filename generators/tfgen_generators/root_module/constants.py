"""What is constant in hand-written Terraform: values of locals and variables that no run is needed for.

A variable is its default, or what a file of values that Terraform reads by itself says. Functions are those that
people make names and maps of variables with; what any other makes is UNKNOWN.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfgen_generators.packer.syntax.values import Expression, Value

#: What only Terraform knows.
UNKNOWN: Any = object()
_DEEPEST = 40
Names = Mapping[tuple[str, str], Value]


def constant(value: Value, names: Names, depth: int = 0) -> Any:
    """The plain value of `value`, UNKNOWN where it, or the part of it, is none; `names` are ("local", "x") -> value."""
    if depth > _DEEPEST:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: constant(inner, names, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [constant(inner, names, depth + 1) for inner in value]
    if not isinstance(value, Expression):
        return value
    reader = _READERS.get(value.op)
    return reader(value, names, depth + 1) if reader else UNKNOWN


def _reference(value: Expression, names: Names, depth: int) -> Any:
    words = [str(word) for word in value.args]
    if len(words) < 2 or (words[0], words[1]) not in names:
        return UNKNOWN
    found = constant(names[words[0], words[1]], names, depth)
    for word in words[2:]:
        found = _part(found, word)
    return found


def _part(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(str(key), UNKNOWN)
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return UNKNOWN


def _index(value: Expression, names: Names, depth: int) -> Any:
    what, key = (constant(part, names, depth) for part in value.args[:2])
    return UNKNOWN if key is UNKNOWN else _part(what, key)


def _template(value: Expression, names: Names, depth: int) -> Any:
    parts = [_text(constant(part, names, depth)) for part in value.args]
    return UNKNOWN if any(part is None for part in parts) else "".join(part or "" for part in parts)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _choice(value: Expression, names: Names, depth: int) -> Any:
    decided = constant(value.args[0], names, depth)
    if decided is True or decided is False:
        return constant(value.args[1 if decided else 2], names, depth)
    return UNKNOWN


def _equal(value: Expression, names: Names, depth: int) -> Any:
    sides = [constant(side, names, depth) for side in value.args]
    if len(sides) != 2 or any(side is UNKNOWN or not isinstance(side, str | int | bool) for side in sides):
        return UNKNOWN
    return (sides[0] == sides[1]) is (value.op == "==")


def _call(value: Expression, names: Names, depth: int) -> Any:
    name, *arguments = value.args
    given = [constant(argument, names, depth) for argument in arguments]
    if name == "merge":
        return _merged(given)
    function = _FUNCTIONS.get(str(name))
    if function is None or any(one is UNKNOWN for one in given):
        return UNKNOWN
    try:
        return function(*given)
    except (TypeError, ValueError, AttributeError, KeyError):
        return UNKNOWN


def _merged(given: Sequence[Any]) -> Any:
    """What an unknown map may set is unknown, unless a later one says it."""
    merged: dict[str, Any] = {}
    for one in given:
        if isinstance(one, dict):
            merged.update(one)
        elif one is not None:
            merged = dict.fromkeys(merged, UNKNOWN)
    return merged


def _format(text: str, *given: Any) -> Any:
    """`%s` and `%d` alone: of other verbs only Terraform knows what they make."""
    if text.count("%s") + text.count("%d") != len(given) or text.count("%") != len(given):
        return UNKNOWN
    return text % tuple(given)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "format": _format,
    "join": lambda between, items: between.join(items),
    "lookup": lambda table, key, *other: table.get(key, *other) if other else table[key],
    "lower": str.lower,
    "replace": lambda text, old, new: UNKNOWN if old.startswith("/") else text.replace(old, new),
    "tostring": _text,
    "tomap": lambda value: value,
    "trimprefix": lambda text, start: text.removeprefix(start),
    "trimspace": str.strip,
    "trimsuffix": lambda text, end: text.removesuffix(end),
    "upper": str.upper,
}
_READERS: Mapping[str, Callable[[Expression, Names, int], Any]] = {
    "ref": _reference,
    "index": _index,
    "template": _template,
    "if": _choice,
    "==": _equal,
    "!=": _equal,
    "call": _call,
}
