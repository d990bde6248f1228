"""HCL's functions of lists and maps. Source: go-cty's function/stdlib/collection.go, set.go and sequence.go."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from decimal import Decimal

from tfgen_generators.packer.evaluation.convert import (
    RefusedError,
    UndecidedError,
    as_set,
    boolean,
    decimal,
    distinct,
    elements,
    equal,
    mapping,
    of_decimal,
    ordered,
    text,
    texts,
    unified,
    whole,
    within,
)
from tfgen_generators.packer.syntax.values import Value

#: Packer's own limit.
_LONGEST_RANGE = 1024


def _chunklist(items: Value, size: Value) -> Value:
    found, length = unified(elements(items)), whole(size)
    if length < 0:
        raise RefusedError("the size is negative")
    if not found:
        return []
    return [found[at : at + length] for at in range(0, len(found), length)] if length else [found]


def _coalesce(*values: Value) -> Value:
    found = unified([value for value in values if value is not None])
    for value in found:
        if value != "":
            return value
    raise RefusedError("no value that is not null or empty")


def _coalescelist(*lists: Value) -> Value:
    for items in [*map(ordered, lists)]:
        if items:
            return items
    raise RefusedError("no list that is not empty")


def _compact(items: Value) -> Value:
    return [text(item) for item in elements(items) if item not in ("", None)]


def _concat(*lists: Value) -> Value:
    if not lists:
        raise RefusedError("no argument")
    within(sum(len(ordered(items)) for items in lists))
    return [item for items in lists for item in elements(items)]


def _contains(items: Value, wanted: Value) -> Value:
    return any(equal(item, wanted) for item in elements(items))


def _element(items: Value, at: Value) -> Value:
    found, index = ordered(items), whole(at)
    if not found or index < 0:
        raise RefusedError("an empty list, or a negative index")
    return found[index % len(found)]


def _flatten(items: Value) -> Value:
    found: list[Value] = []
    pending = [iter(elements(items))]
    while pending:
        for item in pending[-1]:
            if isinstance(item, list):
                pending.append(iter(item))
                break
            found.append(item)
        else:
            pending.pop()
        within(len(found) + len(pending))
    return found


def _index(items: Value, wanted: Value) -> Value:
    for at, item in enumerate(ordered(items)):
        if equal(item, wanted):
            return at
    raise RefusedError("not in the list")


def _join(separator: Value, *lists: Value) -> Value:
    if not lists:
        raise RefusedError("no list")
    return text(separator).join(item for items in lists for item in texts(items))


def _length(value: Value) -> Value:
    if isinstance(value, str):
        from tfgen_generators.packer.evaluation.strings import graphemes

        return len(graphemes(value))
    if isinstance(value, list | dict):
        return len(value)
    raise RefusedError("it has no length")


def _lookup(items: Value, key: Value, otherwise: Value) -> Value:
    return mapping(items).get(text(key), otherwise)


def _merge(*maps: Value) -> Value:
    found: dict[str, Value] = {}
    for one in maps:
        found |= {} if one is None else mapping(one)
    return found


def _range(*limits: Value) -> Value:
    numbers = [decimal(limit) for limit in limits]
    if not 1 <= len(numbers) <= 3:
        raise RefusedError("one to three numbers are required")
    start, end = (Decimal(0), numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) == 3 else Decimal(1 if end >= start else -1)
    if (end - start) * step < 0 or (step == 0 and start != end):
        raise RefusedError("the step leads away from the end")
    if any(Decimal(float(each)) != each for each in (start, step)):
        raise UndecidedError  # the sums of rounded decimals are none
    found: list[Value] = []
    while (start < end) if step > 0 else (start > end):
        if len(found) == _LONGEST_RANGE:
            raise RefusedError("too many values")
        found.append(of_decimal(start))
        start += step
    return found


def _setproduct(*lists: Value) -> Value:
    if len(lists) < 2:
        raise RefusedError("two lists are required")
    size = 1
    for items in lists:
        size = within(size * len(elements(items)))
    return [list(row) for row in itertools.product(*(unified(elements(items)) for items in lists))]


def _setunion(*sets: Value) -> Value:
    if not sets:
        raise RefusedError("no set")
    return as_set(item for items in sets for item in unified(elements(items)))


def _setintersection(*sets: Value) -> Value:
    if not sets:
        raise RefusedError("no set")
    within(sum(len(elements(items)) for items in sets) * len(elements(sets[0])) // 100)
    alike = iter(unified([item for items in sets for item in unified(elements(items))]))
    first, *rest = [[next(alike) for _ in elements(items)] for items in sets]
    return as_set(item for item in first if all(any(equal(item, one) for one in other) for other in rest))


def _slice(items: Value, start: Value, end: Value) -> Value:
    found, first, last = ordered(items), whole(start), whole(end)
    if not 0 <= first <= last <= len(found):
        raise RefusedError("outside of the list")
    return found[first:last]


def _split(separator: Value, whole_text: Value) -> Value:
    parting, found = text(separator), text(whole_text)
    return list(found.split(parting)) if parting else list(found)


def _sum(items: Value) -> Value:
    if not elements(items):
        raise RefusedError("an empty list")
    return of_decimal(sum((decimal(item) for item in elements(items)), Decimal(0)))


def _zipmap(keys: Value, values: Value) -> Value:
    names, found = texts(keys), ordered(values)
    if len(names) != len(found):
        raise RefusedError("not as many keys as values")
    return dict(zip(names, found, strict=True))


def _flags(items: Value) -> list[bool]:
    return [item is not None and boolean(item) for item in elements(items)]


def _alltrue(items: Value) -> Value:
    return all(_flags(items))


def _anytrue(items: Value) -> Value:
    return any(_flags(items))


def _reverse(items: Value) -> Value:
    return elements(items)[::-1]


def _distinct(items: Value) -> Value:
    return distinct(unified(elements(items)))


def _sort(items: Value) -> Value:
    found: list[Value] = []
    found += sorted(texts(items))
    return found


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "alltrue": _alltrue,
    "anytrue": _anytrue,
    "chunklist": _chunklist,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "flatten": _flatten,
    "index": _index,
    "join": _join,
    "keys": lambda items: list(mapping(items)),
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "range": _range,
    "reverse": _reverse,
    "setintersection": _setintersection,
    "setproduct": _setproduct,
    "setunion": _setunion,
    "slice": _slice,
    "sort": _sort,
    "split": _split,
    "sum": _sum,
    "values": lambda items: list(mapping(items).values()),
    "zipmap": _zipmap,
}
