"""What a variable makes of the value that it is given: its type's conversions and the defaults of `optional()`."""

from __future__ import annotations

from tfgen_generators.packer.evaluation.convert import RefusedError, UndecidedError, as_set, boolean, number, text
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.shell.marks import UNKNOWN

_DEEPEST = 20


def converted(value: Value, kind: Value, depth: int = 0) -> Value:
    """`value` as a variable of the type `kind` has it; what is not known, is not known after it."""
    if value is None or not isinstance(kind, Expression) or depth > _DEEPEST:
        return value
    if isinstance(value, Expression):
        return UNKNOWN if kind.text == "string" else value
    try:
        if kind.op == "call":
            return _composed(value, kind, depth)
        return _plain(value, kind.text)
    except (RefusedError, UndecidedError):
        return Expression(kind.text)


def _plain(value: Value, kind: str) -> Value:
    if kind == "string":
        return text(value)
    if kind == "number":
        return number(value)
    return boolean(value) if kind == "bool" else value


def _composed(value: Value, kind: Expression, depth: int) -> Value:
    name, *arguments = kind.args
    inner = arguments[0] if arguments else None
    if name == "object" and isinstance(value, dict) and isinstance(inner, dict):
        return {key: _attribute(value.get(key), one, depth) for key, one in inner.items()}
    if name == "map" and isinstance(value, dict):
        return {key: converted(one, inner, depth + 1) for key, one in value.items()}
    if name in ("list", "set") and isinstance(value, list):
        found = [converted(one, inner, depth + 1) for one in value]
        return as_set(found) if name == "set" else found
    return value


def _attribute(value: Value, kind: Value, depth: int) -> Value:
    if isinstance(kind, Expression) and kind.op == "call" and kind.args[0] == "optional":
        _, inner, *default = kind.args
        if value is None:
            value = default[0] if default else None
        return converted(value, inner, depth + 1)
    return converted(value, kind, depth + 1)
