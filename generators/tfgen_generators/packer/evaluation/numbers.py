"""HCL's functions of numbers and addresses. Source: go-cty's function/stdlib/number.go, go-cty-funcs' cidr."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tfgen_generators.packer.evaluation.convert import (
    RefusedError,
    UndecidedError,
    decimal,
    number,
    of_decimal,
    text,
    whole,
)
from tfgen_generators.packer.syntax.values import Value

_MOST_NETWORKS = 1000
#: By which a prefix may be extended.
_MOST_BITS = 32


def _chosen(choose: Callable[..., object]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        if not values:
            raise RefusedError("no number")
        return of_decimal(choose(map(decimal, values)))  # type: ignore[arg-type]

    return apply


def _log(value: Value, base: Value) -> Value:
    return _float(lambda: math.log(number(value)) / math.log(number(base)))


def _pow(value: Value, power: Value) -> Value:
    return _float(lambda: math.pow(number(value), number(power)))


def _float(compute: Callable[[], float]) -> Value:
    try:
        found = compute()
    except (ValueError, ZeroDivisionError, OverflowError):
        raise UndecidedError from None
    if not found.is_integer() or abs(found) > 2**53:
        raise UndecidedError  # the last digits may differ
    return int(found)


def _parseint(value: Value, base: Value) -> Value:
    if not isinstance(value, str):
        raise RefusedError("a string is required")
    digits, radix = value, whole(base)
    if not 2 <= radix <= 62:
        raise RefusedError("no such base")
    if radix > 36 or len(digits) > 100:
        raise UndecidedError
    prefixed = digits.lstrip("+-")[:2].lower() == {2: "0b", 8: "0o", 16: "0x"}.get(radix)
    if prefixed or not digits.lstrip("+-").isalnum() or not digits.isascii():
        raise RefusedError("no number")
    try:
        return int(digits, radix)
    except ValueError:
        raise RefusedError("no number of that base") from None


def _network(prefix: Value) -> tuple[int, int, int]:
    """Address, length of the prefix, and bits of a network."""
    import ipaddress

    try:
        found = ipaddress.ip_network(text(prefix), strict=False)
    except ValueError:
        raise RefusedError("no prefix") from None
    if found.version == 6 and found.network_address.ipv4_mapped is not None:
        raise UndecidedError  # Go takes it for one of both kinds
    if "/" not in text(prefix) or "." in text(prefix).partition("/")[2]:
        raise RefusedError("no prefix")
    return int(found.network_address), found.prefixlen, found.max_prefixlen


def _address(value: int, bits: int) -> str:
    import ipaddress

    return str(ipaddress.IPv4Address(value) if bits == 32 else ipaddress.IPv6Address(value))


def _cidrhost(prefix: Value, host: Value) -> Value:
    start, length, bits = _network(prefix)
    at, size = whole(host), 1 << (bits - length)
    if not -size <= at < size:
        raise RefusedError("no such host in the prefix")
    return _address(start + at % size, bits)


def _cidrnetmask(prefix: Value) -> Value:
    _, length, bits = _network(prefix)
    if bits != 32:
        raise UndecidedError
    return _address((1 << bits) - (1 << (bits - length)), bits)


def _cidrsubnet(prefix: Value, more: Value, at: Value) -> Value:
    start, length, bits = _network(prefix)
    longer = length + whole(more)
    if whole(more) < 0 or longer > bits or not 0 <= whole(at) < 1 << whole(more):
        raise RefusedError("no such network in the prefix")
    return f"{_address(start + (whole(at) << (bits - longer)), bits)}/{longer}"


def _cidrsubnets(prefix: Value, *more: Value) -> Value:
    start, length, bits = _network(prefix)
    if len(more) > _MOST_NETWORKS or not length:
        raise UndecidedError
    found: list[Value] = []
    at = start
    for each in more:
        size = bits - length - whole(each)
        if not 1 <= whole(each) <= _MOST_BITS or size < 0:
            raise RefusedError("not enough addresses")
        at = (at + (1 << size) - 1) >> size << size
        if at + (1 << size) > start + (1 << (bits - length)):
            raise RefusedError("not enough addresses")
        found.append(f"{_address(at, bits)}/{length + whole(each)}")
        at += 1 << size
    return found


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "abs": lambda value: of_decimal(abs(decimal(value))),
    "ceil": lambda value: math.ceil(decimal(value)),
    "cidrhost": _cidrhost,
    "cidrnetmask": _cidrnetmask,
    "cidrsubnet": _cidrsubnet,
    "cidrsubnets": _cidrsubnets,
    "floor": lambda value: math.floor(decimal(value)),
    "log": _log,
    "max": _chosen(max),
    "min": _chosen(min),
    "parseint": _parseint,
    "pow": _pow,
    "signum": lambda value: (whole(value) > 0) - (whole(value) < 0),
}
