"""What an expression may come to where its conditions and keys are not known."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tfgen_generators.packer.evaluation.bound import Lookup
from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.syntax.values import LARGEST, Expression, Value

_DEEPEST = 40
_WORKING_DIR = re.compile(r"\{\{-?\s*pwd\s*-?\}\}/?")
_TEMPLATE_DIR = re.compile(r"\{\{-?\s*template_dir\s*-?\}\}/?")
#: Functions that give nothing but elements of what they are given.
_CHOOSING = frozenset(
    {
        "coalesce",
        "coalescelist",
        "compact",
        "concat",
        "element",
        "distinct",
        "flatten",
        "reverse",
        "setproduct",
        "setunion",
        "slice",
        "sort",
        "try",
        "values",
    }
)


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


def fill_template_dir(text: str, folder: str) -> str | None:
    """`text` with Packer's `{{template_dir}}` and `{{pwd}}` filled in; None when another `{{ }}` stands in it."""
    if "{{" not in text:
        return text
    filled = _WORKING_DIR.sub("./", _TEMPLATE_DIR.sub(lambda _: f"{folder}/", text))
    return None if "{{" in filled else filled
