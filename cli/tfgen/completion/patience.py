"""The time that a person waits for a Tab."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


class TooLongError(Exception):
    """What was wanted takes longer than a person waits."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TooLongError in the midst of what takes longer."""

    def stop(_number: int, _frame: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
