"""What a call passes, as tfgen.toml writes it, and as a text by which two values are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfgen_generators.hcl.write import Interpolated, Reference, Value, is_identifier, quote
from tfgen_generators.packer.syntax.values import Expression, is_known
from tfgen_generators.root_module.hand_written import Given

_EXPLICIT = frozenset({"fact", "expression", "pattern", "literal"})
_COMMENT = re.compile(r"#|//|/\*")


class CannotSayError(Exception):
    """What stands at `line` cannot be said in tfgen.toml."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def item_of(given: Given) -> Any:
    """An argument as an input of tfgen.toml: a literal or `{ expression = "..." }`. Raises CannotSayError."""
    value = given.value
    if is_known(value) and not _has_null(value):
        explicit = isinstance(value, dict) and value and value.keys() <= _EXPLICIT
        return {"literal": value} if explicit else value
    return {"expression": written(given)}


def variable_of(given: Given) -> Any:
    """An item of the environment: text or `{ expression = "..." }`, which keeps numbers what they are."""
    return given.value if isinstance(given.value, str) else {"expression": written(given)}


def written(given: Given) -> str:
    """An expression on one line. Raises CannotSayError."""
    raw = given.raw.strip()
    if "\n" not in raw and not _COMMENT.search(_without_text(raw)):
        return raw
    if given.items is not None:
        return _object({name: written(item) for name, item in given.items.items()})
    return _text(given.value, given)


def canonical(value: Value) -> str:
    """A text that is the same for values that mean the same."""
    if isinstance(value, str | Interpolated):
        return quote(value)
    if isinstance(value, Reference):
        return re.sub(r"\s+", " ", value.expression).strip()
    if isinstance(value, Mapping):
        return _object({key: canonical(value[key]) for key in sorted(value)})
    if isinstance(value, Sequence):
        return f"[{', '.join(map(canonical, value))}]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)


def passed(item: Any) -> Value:
    """What the module is given by an item of tfgen.toml that is a literal or an expression."""
    if isinstance(item, dict):
        if item.keys() == {"expression"}:
            return Reference(expression=str(item["expression"]))
        if item.keys() == {"literal"}:
            value: Value = item["literal"]
            return value
    plain: Value = item
    return plain


def environment_of(given: Given) -> dict[str, Any] | None:
    """The variables of a call, as tfgen.toml writes them; None where they are one expression."""
    if given.items is None:
        return None
    return {name: variable_of(item) for name, item in given.items.items()}


def _text(value: Any, given: Given) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(_text(item, given) for item in value)}]"
    if isinstance(value, dict):
        return _object({key: _text(item, given) for key, item in value.items()})
    if isinstance(value, Expression):
        return _expression(value, given)
    raise CannotSayError(f"{given.name} is not one expression on one line", given.line)


def _expression(value: Expression, given: Given) -> str:
    text = value.text.strip()
    if "\n" not in text and not _COMMENT.search(_without_text(text)):
        return f'"{text}"' if value.op == "template" or text.startswith(("${", "%{")) else text
    if value.op == "call":
        name, *arguments = value.args
        return f"{name}({', '.join(_text(argument, given) for argument in arguments)})"
    raise CannotSayError(f"the expression of {given.name} has several lines", given.line)


def _object(items: Mapping[str, str]) -> str:
    inner = ", ".join(f"{name if is_identifier(name) else quote(name)} = {text}" for name, text in items.items())
    return f"{{ {inner} }}" if inner else "{}"


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    return any(map(_has_null, value)) if isinstance(value, list) else value is None


def _without_text(raw: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', raw)
