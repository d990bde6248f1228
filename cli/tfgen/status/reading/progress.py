"""How far the reading is: a bar on a terminal once it takes longer than a second, on stderr; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from tfgen.console import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

#: Seconds in which most are done.
_PATIENCE = 1.0


class Progress:
    """Told by many threads; `with` it begins and ends."""

    def __init__(self, *, is_wanted: bool = True) -> None:
        self._lock = threading.Lock()
        self._total = self._done = 0
        self._text = "reading pipelines"
        self._bar: Bar | None = None
        self._timer: threading.Timer | None = None
        if is_wanted and is_terminal(sys.stderr):
            self._timer = threading.Timer(_PATIENCE, self._start)
            self._timer.daemon = True

    def __enter__(self) -> Progress:
        if self._timer is not None:
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def begin(self, total: int) -> None:
        """So many pipelines are to be read."""
        with self._lock:
            self._total = total
            self._show()

    def tick(self) -> None:
        """One more is read."""
        with self._lock:
            self._done += 1
            self._show()

    def say(self, text: str) -> None:
        """All are read: what is done now takes as long as it takes."""
        with self._lock:
            self._text, self._total = text, 0
            self._show()

    def _start(self) -> None:
        with self._lock:
            if self._timer is None:  # it has ended meanwhile
                return
            self._bar = _started()
            self._task = self._bar.add_task(self._text, total=None)
            self._show()

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=self._text, total=self._total or None, completed=self._done)


def _started() -> Bar:
    from rich.console import Console
    from rich.progress import Progress as Bar

    bar = Bar(console=Console(stderr=True), transient=True, redirect_stdout=False)
    bar.start()
    return bar
