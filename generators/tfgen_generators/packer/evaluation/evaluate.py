"""What an expression comes to without running Packer: as far as literals, locals and its pure functions decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from tfgen_generators.packer.evaluation.bound import Bound, Lookup, spend
from tfgen_generators.packer.evaluation.calls import absolute, call, is_marked, is_of_build_folder
from tfgen_generators.packer.evaluation.convert import (
    RefusedError,
    UndecidedError,
    boolean,
    decimal,
    equal,
    of_decimal,
    text,
)
from tfgen_generators.packer.evaluation.operators import ARITHMETIC, CONVERSIONS, alike, element, keeps_types, mapped
from tfgen_generators.packer.syntax.values import LARGEST, Expression, Value, composed, is_known

#: Where locals name each other in a circle, or an expression is nested beyond reason.
_DEEPEST = 40

Handler = Callable[[Expression, Lookup, int], Value]


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
    try:
        return _computed(value, lookup, depth + 1)
    except (RefusedError, UndecidedError):
        return _open(value, lookup, depth + 1)


def _computed(value: Expression, lookup: Lookup, depth: int) -> Value:
    """Raises RefusedError where Packer does."""
    handler = _OPERATIONS.get(value.op)
    return handler(value, lookup, depth) if handler else value


def _open(value: Expression, lookup: Lookup, depth: int) -> Value:
    """What is not known. Within a `for`, with the meanings of what that binds, which nobody knows outside."""
    if not isinstance(lookup, Bound) or value.op in ("", "ref", "for", "map"):
        return value
    return Expression(value.text, value.op, tuple(evaluate(part, lookup, depth) for part in value.args), value.line)


def _reference(expression: Expression, lookup: Lookup, _depth: int) -> Value:
    names = tuple(name for name in expression.args if isinstance(name, str))
    found = lookup(names)
    if isinstance(lookup, Bound) and names[0] in lookup.names:
        return found
    return found if is_known(found) else expression


def _strict(value: Value, lookup: Lookup, depth: int) -> Value:
    """As `evaluate`. Raises RefusedError where Packer does."""
    if isinstance(value, list):
        return [_strict(item, lookup, depth) for item in value]
    if isinstance(value, dict):
        return {key: _strict(item, lookup, depth) for key, item in value.items()}
    if not isinstance(value, Expression) or depth > _DEEPEST:
        return evaluate(value, lookup, depth)
    try:
        return _computed(value, lookup, depth + 1)
    except UndecidedError:
        return _open(value, lookup, depth + 1)


def _peek(value: Value, lookup: Lookup, depth: int) -> Value:
    """`value` evaluated, or what a reference means although something in it is not known."""
    found = _strict(value, lookup, depth)
    if isinstance(found, Expression) and found.op == "ref":
        return lookup(tuple(name for name in found.args if isinstance(name, str)))
    return found


def _index(expression: Expression, lookup: Lookup, depth: int) -> Value:
    base, key = _peek(expression.args[0], lookup, depth), evaluate(expression.args[1], lookup, depth)
    return evaluate(element(base, key), lookup, depth)


def _splat(expression: Expression, lookup: Lookup, depth: int) -> Value:
    base, *keys = expression.args
    found = _peek(base, lookup, depth)
    if isinstance(found, Expression):
        raise UndecidedError
    items = found if isinstance(found, list) else [] if found is None else [found]
    taken: list[Value] = []
    for item in items:
        current = item
        for key in keys:
            current = evaluate(element(current, evaluate(key, lookup, depth)), lookup, depth)
        taken.append(current)
    return taken


def _loop(expression: Expression, lookup: Lookup, depth: int) -> Value:
    """`for` and `map`: a list, or an object."""
    first, second, collection, condition, grouping, key, result = expression.args
    found = _peek(collection, lookup, depth)
    if isinstance(found, Expression) and found.op == "call" and found.args[0] == "fileset":
        folder = [evaluate(part, lookup, depth) for part in found.args[1:]]
        found = lookup(("fileset", *map(str, folder))) if all(isinstance(one, str) for one in folder) else found
    if not isinstance(found, list | dict):
        raise UndecidedError
    pairs: Iterable[tuple[Value, Value]] = enumerate(found) if isinstance(found, list) else sorted(found.items())
    scope = Bound(lookup)
    rows: list[tuple[Value, Value]] = []
    for at, value in pairs:
        scope.bind((str(first), str(second)), at, value)
        taken = evaluate(condition, scope, depth)
        if isinstance(taken, Expression):
            raise UndecidedError
        if boolean(taken):
            rows.append((evaluate(key, scope, depth), evaluate(result, scope, depth)))
    return [value for _, value in rows] if expression.op == "for" else mapped(rows, grouping=grouping is True)


def _object(expression: Expression, lookup: Lookup, depth: int) -> Value:
    written, *computed = expression.args
    if not isinstance(written, dict):
        raise UndecidedError
    keys = {str(computed[at]): computed[at + 1] for at in range(0, len(computed) - 1, 2)}
    rows = [
        (evaluate(keys.get(name, name), lookup, depth), evaluate(item, lookup, depth)) for name, item in written.items()
    ]
    return mapped(list({str(key): (key, value) for key, value in rows}.values()), grouping=False)


def _logic(expression: Expression, lookup: Lookup, depth: int) -> Value:
    sides = [(_strict if expression.op in ("==", "!=") else evaluate)(side, lookup, depth) for side in expression.args]
    if not all(is_known(side) for side in sides) or any(map(is_marked, sides)):
        raise UndecidedError
    if expression.op in ("==", "!="):
        return equal(sides[0], sides[1]) is (expression.op == "==")
    flags = [boolean(side) for side in sides]
    if expression.op == "!":
        return not flags[0]
    return all(flags) if expression.op == "&&" else any(flags)


def _arithmetic(expression: Expression, lookup: Lookup, depth: int) -> Value:
    values = [evaluate(side, lookup, depth) for side in expression.args]
    if not all(is_known(value) for value in values):
        raise UndecidedError
    sides = [decimal(value) for value in values]
    try:
        found = ARITHMETIC[expression.op](*sides) if len(sides) == 2 else _negative(sides[0])
    except (InvalidOperation, ZeroDivisionError):
        raise UndecidedError from None
    return found if isinstance(found, bool) else of_decimal(found)


def _negative(value: Decimal) -> Decimal:
    if not value:
        raise UndecidedError  # as a text it keeps its sign
    return -value


def _template(expression: Expression, lookup: Lookup, depth: int) -> Value:
    parts = [evaluate(part, lookup, depth) for part in expression.args]
    if not all(isinstance(part, (str, bool, int, float)) for part in parts):
        raise UndecidedError
    found = "".join(text(part) for part in parts)
    if len(found) > LARGEST:
        raise UndecidedError
    return composed(found)


def _call(expression: Expression, lookup: Lookup, depth: int) -> Value:
    name, *arguments = expression.args
    from tfgen_generators.packer.evaluation.functions import OF_PATHS

    if name in ("try", "can"):
        return _tried(name == "can", arguments, lookup, depth)
    if name == "convert":
        return _converted(arguments, lookup, depth)
    if name == "env" and len(arguments) == 1 and isinstance(arguments[0], str):
        return _given(lookup(("env", arguments[0])))
    if name == "lookup" and len(arguments) > 1:
        arguments[0] = _peek(arguments[0], lookup, depth)
        if isinstance(arguments[0], dict) and not is_known(arguments[0]):
            return _looked_up(arguments, lookup, depth)
    given = [_strict(argument, lookup, depth) for argument in arguments]
    if name == "abspath" and len(given) == 1 and isinstance(given[0], str):
        return absolute(given[0], lookup)
    if name not in OF_PATHS and any(map(is_of_build_folder, arguments, given)):
        raise UndecidedError
    found = call(str(name), given)
    spend(lookup, len(found) // 100 if isinstance(found, (str, list)) else 0)
    return found


def _given(value: Value) -> Value:
    if not is_known(value):
        raise UndecidedError
    return value


def _spread(expression: Expression, lookup: Lookup, depth: int) -> Value:
    name, *arguments = expression.args
    *first, last = [evaluate(argument, lookup, depth) for argument in arguments]
    if not isinstance(last, list):
        raise UndecidedError
    return call(str(name), [*first, *last])


def _looked_up(arguments: Sequence[Value], lookup: Lookup, depth: int) -> Value:
    """An element of a map in which something is not known."""
    base, key = arguments[0], evaluate(arguments[1], lookup, depth)
    if not isinstance(base, dict) or not isinstance(key, str) or is_marked(key):
        raise UndecidedError
    if len(arguments) > 2 and arguments[2] is None:
        raise RefusedError("an argument is null")
    if key not in base and len(arguments) < 3:
        raise RefusedError("no such key, and no default")
    return evaluate(base[key] if key in base else arguments[2], lookup, depth)


def _tried(only_asked: bool, arguments: Sequence[Value], lookup: Lookup, depth: int) -> Value:
    """`try`: the first argument that Packer does not refuse. `can`: whether it refuses one."""
    if only_asked and len(arguments) != 1:
        raise RefusedError("one argument is required")
    for argument in arguments:
        try:
            found = _strict(argument, lookup, depth)
            is_sure = _is_sure(argument, lookup, depth)
        except RefusedError:
            continue
        if not is_known(found) or not is_sure:
            raise UndecidedError
        return True if only_asked else found
    if only_asked:
        return False
    raise RefusedError("no argument without an error")


def _is_sure(value: Value, lookup: Lookup, depth: int) -> bool:
    """Whether Packer certainly refuses nothing of which a list or an object is made, also where that is not taken."""
    if isinstance(value, Expression):
        looked_at = value.args if value.op in ("call", "index", "object", "splat", "template") else ()
        return depth <= _DEEPEST and all(_is_sure(part, lookup, depth + 1) for part in looked_at)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        found = _strict(item, lookup, depth)
        named = is_known(found) or (isinstance(found, Expression) and found.op == "ref")
        if not named or not _is_sure(item, lookup, depth):
            return False
    return True


def _converted(arguments: Sequence[Value], lookup: Lookup, depth: int) -> Value:
    value, kind = evaluate(arguments[0], lookup, depth), arguments[-1]
    name = kind.text if isinstance(kind, Expression) else ""
    if name not in CONVERSIONS or is_marked(_given(value)):
        raise UndecidedError
    return value if value is None else CONVERSIONS[name](value)


def _condition(expression: Expression, lookup: Lookup, depth: int) -> Value:
    condition, then, otherwise = expression.args
    condition = evaluate(condition, lookup, depth)
    if isinstance(condition, Expression) or is_marked(condition):
        raise UndecidedError
    sides = [evaluate(side, lookup, depth) for side in (then, otherwise)]
    chosen, other = sides if boolean(condition) else sides[::-1]
    if is_known(chosen) and not alike(chosen, other):
        raise RefusedError("the two sides are of different types")
    if isinstance(chosen, bool | int | float) and isinstance(other, str | Expression):
        return text(chosen) if isinstance(other, str) else _given(other)  # both are of one type
    if not is_known(chosen) or (isinstance(chosen, list | dict) and not keeps_types(chosen, other)):
        raise UndecidedError
    return chosen


_OPERATIONS: Mapping[str, Handler] = {
    "ref": _reference,
    "template": _template,
    "call": _call,
    "spread": _spread,
    "if": _condition,
    "index": _index,
    "splat": _splat,
    "for": _loop,
    "map": _loop,
    "object": _object,
    **dict.fromkeys(("==", "!=", "&&", "||", "!"), _logic),
    **dict.fromkeys(ARITHMETIC, _arithmetic),
}
