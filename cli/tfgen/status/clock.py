"""The time that ages are counted from: AWS's own where this machine's clock is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tfgen.phrases import duration

if TYPE_CHECKING:
    from tfgen.aws.session import Account

#: By so much clocks differ without a word.
SKEW = timedelta(minutes=5)


def time_now(accounts: Iterable[Account]) -> tuple[datetime, str]:
    """The time, and a line where this machine's clock is wrong ("" else); `accounts` were opened just now."""
    from tfgen.aws.channels.read import time_of

    here = datetime.now(UTC)
    there = next((time_of(account.identity) for account in accounts), here)
    difference = here - there
    if abs(difference) <= SKEW:
        return here, ""
    way = "ahead of" if difference > timedelta() else "behind"
    seconds = abs(difference).total_seconds()
    return there, f"this machine's clock is {duration(seconds)} {way} AWS's: ages are counted by AWS's clock"
