"""A clock on which simulated things happen: nothing waits in fact, and one thread runs at a time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable


class Clock:
    """Virtual seconds: what is due happens in its order, and threads wait for their time one at a time."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._back = threading.Semaphore(0)
        self._error: BaseException | None = None

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._count), act))

    def run(self, is_over: Callable[[], bool]) -> None:
        while self._due and not is_over():
            self.now, _, act = heapq.heappop(self._due)
            act()
            if self._error is not None:
                raise self._error

    def sleep(self, seconds: float) -> None:
        """For a thread made by `spawn`: back when so much time has passed."""
        go = threading.Semaphore(0)
        self.after(seconds, lambda: self._hand_over(go.release))
        self._back.release()
        go.acquire()

    def spawn(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 the test's thread raises it
                self._error = error
            self._back.release()

        self._hand_over(threading.Thread(target=run, daemon=True).start)

    def _hand_over(self, start: Callable[[], None]) -> None:
        start()
        self._back.acquire()
