"""How far the reading is: a bar on a terminal once it takes longer than a second, on stderr; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from tfgen.console import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

#: Seconds in which most are done.
_PATIENCE = 1.0


class Progress:
    """Told by many threads; `with` it ends."""

    def __init__(self, *, is_wanted: bool = True) -> None:
        self._lock = threading.Lock()
        self._since = time.monotonic()
        self._total = self._done = 0
        self._bar: Bar | None = None
        self._is_wanted = is_wanted and is_terminal(sys.stderr)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_wanted = False
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def begin(self, total: int) -> None:
        """So many pipelines are to be read."""
        self._total = total

    def tick(self) -> None:
        """One more is read."""
        with self._lock:
            self._done += 1
            if not self._is_wanted or time.monotonic() - self._since < _PATIENCE:
                return
            if self._bar is None:
                self._bar = _started()
                self._task = self._bar.add_task("reading pipelines", total=self._total)
            self._bar.update(self._task, completed=self._done)


def _started() -> Bar:
    from rich.console import Console
    from rich.progress import Progress as Bar

    bar = Bar(console=Console(stderr=True), transient=True)
    bar.start()
    return bar
