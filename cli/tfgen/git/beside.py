"""A question that is asked in a thread of its own, while the main one goes on.

As `concurrent.futures`, which takes 5 ms to import.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Beside(Generic[_T]):
    """`ask` runs at once."""

    def __init__(self, ask: Callable[[], _T]) -> None:
        self._ask = ask
        self._answers: list[_T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answers.append(self._ask())
        except BaseException as error:  # noqa: BLE001 it is raised where the answer is wanted
            self._error = error

    def wait(self) -> None:
        """Comes back when there is an answer, or an error."""
        self._thread.join()

    def result(self) -> _T:
        """The answer. Raises what `ask` has raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._answers[0]
