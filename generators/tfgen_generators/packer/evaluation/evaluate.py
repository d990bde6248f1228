"""What an expression comes to without running Packer: as far as literals, locals and a few pure functions decide."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from tfgen_generators.packer.syntax.values import LARGEST, Expression, Value, as_text, is_known

#: Where locals name each other in a circle, or an expression is nested beyond reason.
_DEEPEST = 40
_WORKING_DIR = re.compile(r"\{\{-?\s*pwd\s*-?\}\}/?")
_TEMPLATE_DIR = re.compile(r"\{\{-?\s*template_dir\s*-?\}\}/?")

#: What a name means, evaluated already.
Lookup: TypeAlias = Callable[[tuple[str, ...]], Value]


def evaluate(value: Value, lookup: Lookup, depth: int = 0) -> Value:
    """`value` with everything computed that `lookup` and the literals decide; the rest stays an Expression.

    What `lookup` gives is evaluated already.
    """
    if isinstance(value, list):
        return [evaluate(item, lookup, depth) for item in value]
    if isinstance(value, dict):
        return {key: evaluate(item, lookup, depth) for key, item in value.items()}
    if not isinstance(value, Expression) or depth > _DEEPEST:
        return value
    handler = _OPERATIONS.get(value.op)
    return handler(value, lookup, depth + 1) if handler else value


def _reference(expression: Expression, lookup: Lookup, depth: int) -> Value:
    found = lookup(tuple(name for name in expression.args if isinstance(name, str)))
    return found if is_known(found) else expression


def _peek(value: Value, lookup: Lookup, depth: int) -> Value:
    """`value` evaluated, or what a reference means although something in it is not known."""
    found = evaluate(value, lookup, depth)
    if isinstance(found, Expression) and found.op == "ref":
        return lookup(tuple(name for name in found.args if isinstance(name, str)))
    return found


def _index(expression: Expression, lookup: Lookup, depth: int) -> Value:
    base, key = _peek(expression.args[0], lookup, depth), evaluate(expression.args[1], lookup, depth)
    found: Value = expression
    if isinstance(base, dict) and isinstance(key, str):
        found = evaluate(base[key], lookup, depth) if key in base else expression
    elif isinstance(base, list) and isinstance(key, int) and 0 <= key < len(base):
        found = evaluate(base[key], lookup, depth)
    return found if is_known(found) else expression


def _logic(expression: Expression, lookup: Lookup, depth: int) -> Value:
    sides = [evaluate(side, lookup, depth) for side in expression.args]
    if not all(is_known(side) for side in sides):
        return expression
    if expression.op in ("==", "!="):
        return (sides[0] == sides[1]) is (expression.op == "==")
    if not all(isinstance(side, bool) for side in sides):
        return expression
    if expression.op == "!":
        return not sides[0]
    return all(sides) if expression.op == "&&" else any(sides)


def _template(expression: Expression, lookup: Lookup, depth: int) -> Value:
    parts = [evaluate(part, lookup, depth) for part in expression.args]
    if all(isinstance(part, str | bool | int | float) for part in parts):
        text = "".join(as_text(part) for part in parts)
        return text if len(text) <= LARGEST else expression
    return expression


def _call(expression: Expression, lookup: Lookup, depth: int) -> Value:
    name, *arguments = expression.args
    if name == "lookup" and len(arguments) in (2, 3):
        found = _index(Expression(expression.text, "index", tuple(arguments[:2])), lookup, depth)
        if is_known(found):
            return found
        base, key = _peek(arguments[0], lookup, depth), evaluate(arguments[1], lookup, depth)
        missing = isinstance(base, dict) and isinstance(key, str) and key not in base and len(arguments) == 3
        return evaluate(arguments[2], lookup, depth) if missing else expression
    function = _FUNCTIONS.get(name) if isinstance(name, str) else None
    values = [evaluate(argument, lookup, depth) for argument in arguments]
    if function is None or not all(is_known(value) for value in values):
        return expression
    try:
        found = function(*values)
    except (TypeError, ValueError, AttributeError):
        return expression
    return expression if isinstance(found, str | list) and len(found) > LARGEST else found


def possible_texts(value: Value, lookup: Lookup, depth: int = 0) -> list[str] | None:
    """Every text that `value` may hold or be, whatever its conditions and keys say; None when it may be any text."""
    value = evaluate(value, lookup, depth)
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | dict):
        return _all_possible(value.values() if isinstance(value, dict) else value, lookup, depth)
    if not isinstance(value, Expression):
        return []
    if value.op == "ref":
        meant = lookup(tuple(name for name in value.args if isinstance(name, str)))
        unknown = isinstance(meant, Expression) and (not meant.op or meant == value)
        return None if unknown or depth > _DEEPEST else _all_possible([meant], lookup, depth)
    chosen = _choices(value)
    return None if chosen is None or depth > _DEEPEST else _all_possible(chosen, lookup, depth)


def _choices(value: Expression) -> Iterable[Value] | None:
    """What an expression chooses from, None when it makes something new."""
    if value.op == "if":
        return value.args[1:]
    if value.op == "index":
        return value.args[:1]
    if value.op == "call" and value.args[0] == "lookup":
        return (*value.args[1:2], *value.args[3:])
    return value.args[1:] if value.op == "call" and value.args[0] in _CHOOSING else None


def _all_possible(values: Iterable[Value], lookup: Lookup, depth: int) -> list[str] | None:
    found: list[str] = []
    for value in values:
        inner = possible_texts(value, lookup, depth + 1)
        if inner is None:
            return None
        found += inner
        if len(found) > LARGEST:
            return None
    return found


def _condition(expression: Expression, lookup: Lookup, depth: int) -> Value:
    condition, then, otherwise = expression.args
    condition = evaluate(condition, lookup, depth)
    if not isinstance(condition, bool):
        return expression
    chosen = evaluate(then if condition else otherwise, lookup, depth)
    return chosen if is_known(chosen) else expression


def _concat(*lists: Value) -> Value:
    found: list[Value] = []
    for item in lists:
        if not isinstance(item, list):
            raise TypeError
        found += item
    return found


def _distinct(items: Value) -> Value:
    if not isinstance(items, list):
        raise TypeError
    return [item for number, item in enumerate(items) if item not in items[:number]]


def _join(separator: Value, items: Value) -> Value:
    if not isinstance(separator, str) or not isinstance(items, list):
        raise TypeError
    return separator.join(as_text(item) for item in items)


def _flatten(items: Value) -> Value:
    if not isinstance(items, list):
        raise TypeError
    found: list[Value] = []
    for item in items:
        inner = _flatten(item) if isinstance(item, list) else [item]
        found += inner if isinstance(inner, list) else []
    return found


def _compact(items: Value) -> Value:
    if not isinstance(items, list):
        raise TypeError
    return [item for item in items if item not in ("", None)]


def _split(separator: Value, text: Value) -> Value:
    if not isinstance(separator, str) or not isinstance(text, str):
        raise TypeError
    return list(text.split(separator))


def _contains(items: Value, wanted: Value) -> Value:
    if not isinstance(items, list):
        raise TypeError
    return wanted in items


def _of_text(function: Callable[[str], str]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        if not isinstance(value, str):
            raise TypeError
        return function(value)

    return apply


_OPERATIONS: Mapping[str, Callable[[Expression, Lookup, int], Value]] = {
    "ref": _reference,
    "template": _template,
    "call": _call,
    "if": _condition,
    "index": _index,
    **dict.fromkeys(("==", "!=", "&&", "||", "!"), _logic),
}
#: Functions that give nothing but elements of what they are given.
_CHOOSING = frozenset(
    {
        "coalesce",
        "coalescelist",
        "compact",
        "concat",
        "distinct",
        "flatten",
        "reverse",
        "sort",
        "tolist",
        "toset",
        "values",
    }
)
#: Functions whose result depends on nothing but their arguments, as far as paths and lists of sources use them.
_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "abspath": _of_text(str),
    "basename": _of_text(posixpath.basename),
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "dirname": _of_text(posixpath.dirname),
    "distinct": _distinct,
    "flatten": _flatten,
    "join": _join,
    "lower": _of_text(str.lower),
    "split": _split,
    "tolist": _concat,
    "toset": _distinct,
    "upper": _of_text(str.upper),
}


def fill_template_dir(text: str, folder: str) -> str | None:
    """`text` with Packer's `{{template_dir}}` and `{{pwd}}` filled in; None when another `{{ }}` stands in it."""
    if "{{" not in text:
        return text
    filled = _WORKING_DIR.sub("./", _TEMPLATE_DIR.sub(lambda _: f"{folder}/", text))
    return None if "{{" in filled else filled
