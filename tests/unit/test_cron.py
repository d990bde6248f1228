"""When a schedule of EventBridge comes next; the first ten are the examples of its user guide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tfgen_generators.pipeline.cron import next_time

#: A Tuesday.
NOW = datetime(2026, 12, 1, 11, 59, 30, tzinfo=UTC)


def _next(fields: str, after: datetime = NOW) -> str:
    found = next_time(f"cron({fields})", after)
    return f"{found:%a %Y-%m-%d %H:%M}" if found else "never"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 10 * * ? *", "Wed 2026-12-02 10:00"),
        ("15 12 * * ? *", "Tue 2026-12-01 12:15"),
        ("0 18 ? * MON-FRI *", "Tue 2026-12-01 18:00"),
        ("0 8 1 * ? *", "Fri 2027-01-01 08:00"),
        ("0/15 * * * ? *", "Tue 2026-12-01 12:00"),
        ("0/10 * ? * MON-FRI *", "Tue 2026-12-01 12:00"),
        ("0/5 8-17 ? * MON-FRI *", "Tue 2026-12-01 12:00"),
        ("0 9 ? * 2#1 *", "Mon 2026-12-07 09:00"),
        ("0/30 20-2 ? * MON-FRI *", "Tue 2026-12-01 20:00"),
        ("15 10 ? * 6L 2022-2027", "Fri 2026-12-25 10:15"),
        ("1/10 * * * ? *", "Tue 2026-12-01 12:01"),
        ("59 11 * * ? *", "Wed 2026-12-02 11:59"),  # this minute has begun
        ("0 0 L * ? *", "Thu 2026-12-31 00:00"),
        ("0 0 L-2 * ? *", "Tue 2026-12-29 00:00"),
        ("0 0 LW 1 ? 2027", "Fri 2027-01-29 00:00"),  # the 31st is a Sunday
        ("0 0 3W 1 ? *", "Mon 2027-01-04 00:00"),  # the 3rd is a Sunday
        ("0 0 1W 5 ? *", "Mon 2027-05-03 00:00"),  # the 1st is a Saturday
        ("0 0 31W 10 ? *", "Fri 2027-10-29 00:00"),  # the 31st is a Sunday
        ("0 0 31W * ? *", "Thu 2026-12-31 00:00"),
        ("0 0 1,15 FEB,MAR ? *", "Mon 2027-02-01 00:00"),
        ("0 4 ? * 1 *", "Sun 2026-12-06 04:00"),
        ("0 4 ? * L *", "Sat 2026-12-05 04:00"),
        ("0 4 ? * FRI-MON *", "Fri 2026-12-04 04:00"),
        ("0 4 ? * TUE#5 *", "Tue 2026-12-29 04:00"),
        ("0 4 ? * 3#5 2027", "Tue 2027-03-30 04:00"),
        ("0 4 29 2 ? *", "Tue 2028-02-29 04:00"),
        ("0 4 30 2 ? *", "never"),
        ("0 4 * * ? 2025", "never"),
        ("0 4 * * ? 2026/2", "Wed 2026-12-02 04:00"),
        ("*/20 3 ? 1-3 mon,wed 2027,2030", "Mon 2027-01-04 03:00"),
        ("*  *  *  *  ?  *", "Tue 2026-12-01 12:00"),
    ],
)
def test_the_next_time(fields: str, expected: str) -> None:
    assert _next(fields) == expected


def test_time_zones_and_the_end_of_a_year() -> None:
    assert _next("0 0 1 1 ? *", NOW.astimezone(timezone(timedelta(hours=-8)))) == "Fri 2027-01-01 00:00"
    assert _next("30 23 31 12 ? *", datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "Fri 2027-12-31 23:30"


@pytest.mark.parametrize(
    "text",
    [
        *("rate(1 day)", "cron()", "0 4 * * ? *", "cron(0 4 * * *)", "cron(0 4 * * * *)", "cron(0 4 ? * ? *)"),
        *("cron(60 4 * * ? *)", "cron(0 24 * * ? *)", "cron(0 4 0 * ? *)", "cron(0 4 32 * ? *)"),
        *("cron(0 4 * 13 ? *)", "cron(0 4 ? * 0 *)", "cron(0 4 ? * 8 *)", "cron(0 4 ? * FOO *)"),
        *("cron(0 4 ? * 2#6 *)", "cron(0 4 * * ? 99)", "cron(0/0 4 * * ? *)", "cron(*-3 4 * * ? *)"),
        *("cron(, 4 * * ? *)", "cron(0 4 W * ? *)", "cron(0/* 4 * * ? *)", "cron(0 4 ? * 2#1,3#1 *)"),
        *("cron(0 4 * * ? 2030-2026)", "cron(\u0661 4 * * ? *)", "cron(0 4 ? * MON-FRI#1 *)"),
    ],
)  # fmt: skip
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        next_time(text, NOW)


def test_equal_to_a_look_at_each_minute() -> None:
    """Of schedules that need no calendar: the first minute whose fields are all named."""
    for minutes, hours, days, months in (
        ("7,50", "1-3", "5,28-2", "*"),
        ("*/25", "22-1", "*/9", "2,11"),
        ("0", "0", "31", "*"),
    ):
        moment = datetime(2027, 1, 30, 2, 55, tzinfo=UTC)
        for _ in range(6):
            expected = _next_by_looking(minutes, hours, days, months, moment)
            assert next_time(f"cron({minutes} {hours} {days} {months} ? *)", moment) == expected
            moment = expected


def _next_by_looking(minutes: str, hours: str, days: str, months: str, moment: datetime) -> datetime:
    named = {
        "7,50": {7, 50}, "*/25": {0, 25, 50}, "0": {0}, "1-3": {1, 2, 3}, "22-1": {22, 23, 0, 1},
        "5,28-2": {5, 28, 29, 30, 31, 1, 2}, "*/9": {1, 10, 19, 28}, "31": {31}, "2,11": {2, 11},
        "*": set(range(1, 32)),
    }  # fmt: skip
    while True:
        moment += timedelta(minutes=1)
        if moment.day not in named[days] or moment.month not in named[months]:
            moment = moment.replace(hour=23, minute=59)
        elif moment.minute in named[minutes] and moment.hour in named[hours]:
            return moment
