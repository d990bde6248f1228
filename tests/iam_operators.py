"""IAM's condition operators, policy variables and wildcards.

Sources: "IAM JSON policy elements: Condition operators", "Multivalued context keys" and "IAM policy elements: Variables
and tags" in the IAM User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

#: Condition key -> its value in a request, or several of them.
Context = Mapping[str, str | list[str]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
#: ${*}, ${?} and ${$} are these characters themselves.
_ITSELF = frozenset("*?$")
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": eq,
    "LessThan": lt,
    "LessThanEquals": le,
    "GreaterThan": gt,
    "GreaterThanEquals": ge,
}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def values_of(context: Context, key: str) -> list[str]:
    """The key's values, none where the request does not have it. Names of keys have no case."""
    return [value for name, found in context.items() if name.lower() == key.lower() for value in as_list(found)]


def is_like(value: str, pattern: str, context: Context | None = None, *, wild: bool = True, case: bool = True) -> bool:
    """Whether `pattern` describes `value`: * and ? are wildcards, and nothing else is.

    With a `context` its variables count; one that the request lacks, and that has no default, describes nothing.
    """
    regex = _wild(pattern, wild) if context is None or "${" not in pattern else _filled(pattern, context, wild=wild)
    return regex is not None and _compiled(regex, case).fullmatch(value) is not None


def is_arn_like(value: str, pattern: str, context: Context | None = None) -> bool:
    """As is_like, but each of an ARN's six parts by itself: a wildcard does not reach over a colon."""
    values, patterns = value.split(":", 5), pattern.split(":", 5)
    # A variable holds a colon, too: aws:username.
    if _VARIABLE.search(":".join(patterns[:5])) or len(patterns) < 6:
        return is_like(value, pattern, context)
    return len(values) == 6 and all(is_like(*pair, context) for pair in zip(values, patterns, strict=True))


def _filled(pattern: str, context: Context, *, wild: bool) -> str | None:
    found, at = [], 0
    for variable in _VARIABLE.finditer(pattern):
        value = _value_of(variable[1], context)
        if value is None:
            return None
        found += [_wild(pattern[at : variable.start()], wild), re.escape(value)]
        at = variable.end()
    return "".join([*found, _wild(pattern[at:], wild)])


@cache
def _compiled(regex: str, case: bool) -> re.Pattern[str]:
    return re.compile(regex, re.DOTALL | (0 if case else re.IGNORECASE))


@cache
def _wild(text: str, wild: bool) -> str:
    escaped = re.escape(text)
    return escaped.replace(r"\*", ".*").replace(r"\?", ".") if wild else escaped


def _value_of(variable: str, context: Context) -> str | None:
    if variable in _ITSELF:
        return variable
    name, comma, default = (part.strip() for part in variable.partition(","))
    values = values_of(context, name)
    if values:
        return values[0]
    return default.strip("'") if comma else None


def holds(operator: str, key: str, wanted: str | list[str], context: Context) -> bool:
    """Whether one key of a condition holds in a request. Raises AssertionError for an operator that IAM lacks."""
    found, values = values_of(context, key), as_list(wanted)
    if operator == "Null":
        return [value.lower() for value in values] == ["false" if found else "true"]
    quantifier, _, name = operator.rpartition(":")
    if name.endswith("IfExists"):
        name = name.removesuffix("IfExists")
        if not found:
            return True
    negated, test = name in _NEGATED, _test(_NEGATED.get(name, name), context)
    matches = [any(test(each, value) for value in values) is not negated for each in found]
    if quantifier == "ForAllValues":
        return all(matches)  # also where there is none
    if quantifier == "ForAnyValue":
        return any(matches)
    assert quantifier == "", f"IAM has no {quantifier}"
    # What is not there is none of the values.
    return all(matches) if negated else any(matches)


def _test(name: str, context: Context) -> Callable[[str, str], bool]:
    tests: dict[str, Callable[[str, str], bool]] = {
        "StringEquals": lambda value, wanted: is_like(value, wanted, context, wild=False),
        "StringEqualsIgnoreCase": lambda value, wanted: is_like(value, wanted, context, wild=False, case=False),
        "StringLike": lambda value, wanted: is_like(value, wanted, context),
        "ArnEquals": lambda value, wanted: is_arn_like(value, wanted, context),
        "ArnLike": lambda value, wanted: is_arn_like(value, wanted, context),
        "Bool": lambda value, wanted: value.lower() == wanted.lower(),
        "IpAddress": lambda value, wanted: ip_address(value) in ip_network(wanted),
        **{f"Numeric{order}": _ordered(float, test) for order, test in _ORDERS.items()},
        **{f"Date{order}": _ordered(datetime.fromisoformat, test) for order, test in _ORDERS.items()},
    }
    assert name in tests, f"IAM has no {name}"
    return tests[name]


def _ordered(read: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: test(read(value), read(wanted))
