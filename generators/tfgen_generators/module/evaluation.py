"""What an expression may be worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tfgen_generators.hcl.expressions import (
    Access,
    AnyExpression,
    Call,
    Either,
    Expression,
    For,
    Listed,
    Mapped,
    Null,
    Reference,
    Template,
    Text,
)
from tfgen_generators.module.functions import call_function
from tfgen_generators.module.values import MOST, UNKNOWN, Value, Values, elements, joined, part_of, plain_texts

_DEEPEST = 40
#: The values of a reference, by its names.
Look = Callable[[tuple[str, ...], int], Values]


def evaluate(one: Expression, look: Look, depth: int = 0) -> list[Value]:
    """The values that an expression may have; none where it is null."""
    if depth > _DEEPEST:
        return [UNKNOWN]
    depth += 1
    if isinstance(one, Text):
        return [one.value]
    if isinstance(one, Null):
        return []
    if isinstance(one, Reference):
        return list(look(one.names, depth))
    compose = _COMPOSED.get(type(one))
    found: list[Value] = compose(one, look, depth) if compose else [UNKNOWN]
    return [UNKNOWN] if len(found) > MOST else found


def _list(one: Listed, look: Look, depth: int) -> list[Value]:
    """One list; where an item may be several things, it has all of them: who takes one of it, takes any."""
    return [tuple(value for item in one.items for value in evaluate(item, look, depth))]


def _maps(one: Mapped, look: Look, depth: int) -> list[Value]:
    found: dict[str, Value] = {}
    for key, item in zip(one.items[::2], one.items[1::2], strict=True):
        values = evaluate(item, look, depth)
        for name in plain_texts(evaluate(key, look, depth)):
            if values:
                found[name] = values[0] if len(values) == 1 else tuple(values)
    return [found]


def bound(look: Look, names: Mapping[str, Values]) -> Look:
    """`look` with some names that stand for values."""

    def inner(asked: tuple[str, ...], depth: int) -> Values:
        if asked[0] in names:
            return [part for value in names[asked[0]] for part in part_of(value, asked[1:])]
        return look(asked, depth)

    return inner


def loop_names(one: For, look: Look, depth: int) -> dict[str, Values]:
    """What the names of a `for` stand for."""
    pairs = elements(evaluate(one.collection, look, depth))
    keys, values = [key for key, _ in pairs], [value for _, value in pairs]
    if len(one.names) < 2:
        return dict.fromkeys(one.names, values)
    return {one.names[0]: keys, one.names[1]: values}


def _for(one: For, look: Look, depth: int) -> list[Value]:
    inner = bound(look, loop_names(one, look, depth))
    results = [value for value in one.results if isinstance(value, AnyExpression)]
    if not one.is_object:
        return [tuple(evaluate(results[0], inner, depth))] if results else [UNKNOWN]
    if len(results) < 2:
        return [UNKNOWN]
    values = tuple(evaluate(results[1], inner, depth))
    return [dict.fromkeys(plain_texts(evaluate(results[0], inner, depth)), values)]


def _template(one: Template, look: Look, depth: int) -> list[Value]:
    return list(joined([plain_texts(evaluate(part, look, depth)) for part in one.parts], ""))


def _either(one: Either, look: Look, depth: int) -> list[Value]:
    return [value for option in one.items[:-1] for value in evaluate(option, look, depth)]


def _access(one: Access, look: Look, depth: int) -> list[Value]:
    return [part for base in evaluate(one.base, look, depth) for part in part_of(base, one.names)]


def _called(one: Call, look: Look, depth: int) -> list[Value]:
    return call_function(one.name, [evaluate(argument, look, depth) for argument in one.arguments])


_COMPOSED: Mapping[type, Callable[..., list[Value]]] = {
    Template: _template,
    Either: _either,
    Listed: _list,
    Mapped: _maps,
    Access: _access,
    For: _for,
    Call: _called,
}
