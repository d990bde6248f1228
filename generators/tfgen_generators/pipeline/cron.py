"""When EventBridge's cron(...) comes next: minutes, hours, day of the month, month, day of the week, year, in UTC.

Source: EventBridge user guide, "Cron expressions reference". Its numbers of days of the week begin with Sunday, 1.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CRON = re.compile(r"cron\(([^()]*)\)", re.IGNORECASE)
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", re.ASCII)
_FROM_THE_END = re.compile(r"L(?:-(\d+))?(W?)", re.ASCII)
_SATURDAY = 7


def next_time(expression: str, after: datetime) -> datetime | None:
    """The first minute after `after`; None when there is none. Raises ValueError for what is no such expression."""
    match = _CRON.fullmatch(expression.strip())
    fields = match[1].upper().split() if match else []
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(expression)
    minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    months, years = _values(fields[3], 1, 12, _MONTHS), _values(fields[5], 1970, 2199)
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for year in [year for year in years if year >= moment.year]:
        for month in months:
            for day in sorted(_days(fields[2], fields[4], year, month)):
                if (year, month, day) < (moment.year, moment.month, moment.day):
                    continue
                for hour in hours:
                    for minute in minutes:
                        if (found := datetime(year, month, day, hour, minute, tzinfo=UTC)) >= moment:
                            return found
    return None


def _days(of_month: str, of_week: str, year: int, month: int) -> set[int]:
    last = calendar.monthrange(year, month)[1]
    if of_week == "?":
        return {day for part in of_month.split(",") for day in _of_month(part, year, month, last) if 1 <= day <= last}
    if "#" in of_week:
        name, _, number = of_week.partition("#")
        (wanted,), (nth,) = _values(name, 1, 7, _DAYS), _values(number, 1, 5)
        return set(_weekdays(wanted, year, month, last)[nth - 1 : nth])
    found: set[int] = set()
    for part in of_week.split(","):
        if part != "L" and part.endswith("L"):
            (wanted,) = _values(part[:-1], 1, 7, _DAYS)
            found.add(_weekdays(wanted, year, month, last)[-1])
        else:
            for wanted in [_SATURDAY] if part == "L" else _values(part, 1, 7, _DAYS):
                found.update(_weekdays(wanted, year, month, last))
    return found


def _of_month(part: str, year: int, month: int, last: int) -> Iterator[int]:
    if match := _FROM_THE_END.fullmatch(part):
        day = last - int(match[1] or 0)
        yield _nearest(day, year, month, last) if match[2] else day
    elif part.endswith("W"):
        (day,) = _values(part[:-1], 1, 31)
        if day <= last:
            yield _nearest(day, year, month, last)
    else:
        yield from _values(part, 1, 31)


def _nearest(day: int, year: int, month: int, last: int) -> int:
    """The Monday to Friday that is nearest to a day, in the same month."""
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _weekdays(wanted: int, year: int, month: int, last: int) -> list[int]:
    return [day for day in range(1, last + 1) if (calendar.weekday(year, month, day) + 1) % 7 + 1 == wanted]


def _values(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> list[int]:
    """What a field of parts says, in order; a range may go on from the end to the beginning (20-2, FRI-MON)."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]):
            raise ValueError(part)
        first = least if match[1] == "*" else _number(match[1], least, most, names)
        end = _number(match[2], least, most, names) if match[2] else most if match[1] == "*" or match[3] else first
        step = int(match[3] or 1)
        if not step or (end < first and least == 1970):
            raise ValueError(part)
        size = most - least + 1
        found.update(least + (first - least + more) % size for more in range(0, (end - first) % size + 1, step))
    return sorted(found)


def _number(text: str, least: int, most: int, names: tuple[str, ...]) -> int:
    number = names.index(text) + least if text in names else int(text) if text.isascii() and text.isdigit() else -1
    if not least <= number <= most:
        raise ValueError(text)
    return number
