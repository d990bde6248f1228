"""HCL's functions of times. Source: go-cty's function/stdlib/datetime.go, Packer's hcl2template/function."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from tfgen_generators.packer.evaluation.convert import RefusedError, UndecidedError, text, whole
from tfgen_generators.packer.syntax.values import Value

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T](\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PART = re.compile(r"'(?:[^']|'')*('?)|([A-Za-z])\2*|[^A-Za-z']+")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": "1e-9", "us": "1e-6", "µs": "1e-6", "μs": "1e-6", "ms": "1e-3", "s": "1", "m": "60", "h": "3600"}
_MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
_MONTHS += ["August", "September", "October", "November", "December"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_LONGEST = 1000


def _time(value: Value) -> datetime.datetime:
    match = _RFC3339.fullmatch(text(value))
    if match is None:
        raise RefusedError("no RFC 3339 timestamp")
    if match[7]:
        raise UndecidedError  # fractions
    zone = match[8]
    try:
        offset = datetime.timedelta(0)
        if zone != "Z":
            offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:])) * (-1 if zone[0] == "-" else 1)
        return datetime.datetime(*map(int, match.groups()[:6]), tzinfo=datetime.timezone(offset))  # type: ignore[arg-type,misc]
    except ValueError:
        raise RefusedError("no such time") from None


def _zone(time: datetime.datetime, colon: str) -> str:
    minutes = int((time.utcoffset() or datetime.timedelta(0)).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


def _rfc3339(time: datetime.datetime) -> str:
    zone = _zone(time, ":")
    return f"{time.year:04}-{time:%m-%dT%H:%M:%S}{'Z' if zone == '+00:00' else zone}"


def _verbs(time: datetime.datetime) -> dict[str, str]:
    month, day = _MONTHS[time.month - 1], _DAYS[time.weekday()]
    hour, zone = (time.hour + 11) % 12 + 1, _zone(time, "")
    utc = zone == "+0000"
    return {
        "YY": f"{time.year % 100:02}",
        "YYYY": f"{time.year:04}",
        "M": str(time.month),
        "MM": f"{time.month:02}",
        "MMM": month[:3],
        "MMMM": month,
        "D": str(time.day),
        "DD": f"{time.day:02}",
        "EEE": day[:3],
        "EEEE": day,
        "h": str(time.hour),
        "hh": f"{time.hour:02}",
        "H": str(hour),
        "HH": f"{hour:02}",
        "AA": "AM" if time.hour < 12 else "PM",
        "aa": "am" if time.hour < 12 else "pm",
        "m": str(time.minute),
        "mm": f"{time.minute:02}",
        "s": str(time.second),
        "ss": f"{time.second:02}",
        "Z": "Z" if utc else _zone(time, ":"),
        "ZZZ": "UTC" if utc else zone,
        "ZZZZ": zone,
        "ZZZZZ": _zone(time, ":"),
    }


def _formatdate(layout: Value, value: Value) -> Value:
    known, found = _verbs(_time(value)), ""
    for match in _PART.finditer(text(layout)[:_LONGEST]):
        part = match.group()
        if part.startswith("'"):
            if not match[1]:
                raise RefusedError("a quote without an end")
            found += part[1:-1].replace("''", "'")
        elif match[2]:
            if part not in known:
                raise RefusedError("no such verb")
            found += known[part]
        else:
            found += part
    if len(text(layout)) > _LONGEST:
        raise UndecidedError
    return found


def _timeadd(value: Value, duration: Value) -> Value:
    written = text(duration)
    body = written.removeprefix("-") if written.startswith("-") else written.removeprefix("+")
    pieces = _DURATION.findall(body)
    if body != "0" and (not pieces or "".join(map("".join, pieces)) != body or len(body) > 100):
        raise RefusedError("no duration")
    seconds = sum((Decimal(amount) * Decimal(_SECONDS[unit]) for amount, unit in pieces), Decimal(0))
    seconds = -seconds if written.startswith("-") else seconds
    try:
        moved = _time(value) + datetime.timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        raise UndecidedError from None
    return _rfc3339(moved)


def _parts(time: datetime.datetime) -> dict[str, Value]:
    iso = time.isocalendar()
    return {
        "year": time.year,
        "year_day": time.timetuple().tm_yday,
        "day": time.day,
        "month": time.month,
        "month_name": _MONTHS[time.month - 1],
        "weekday": time.isoweekday() % 7,
        "weekday_name": _DAYS[time.weekday()],
        "hour": time.hour,
        "minute": time.minute,
        "second": time.second,
        "iso_year": iso.year,
        "iso_week": iso.week,
    }


def _rfc3339_parse(value: Value) -> Value:
    time = _time(value)
    return {**_parts(time), "unix": int(time.timestamp())}


def _unix_timestamp_parse(value: Value) -> Value:
    try:
        time = datetime.datetime.fromtimestamp(whole(value), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise UndecidedError from None
    return {**_parts(time), "rfc3339": _rfc3339(time)}


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "formatdate": _formatdate,
    "rfc3339_parse": _rfc3339_parse,
    "timeadd": _timeadd,
    "unix_timestamp_parse": _unix_timestamp_parse,
}
