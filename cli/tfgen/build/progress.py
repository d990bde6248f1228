"""What builds on AWS are at: a live line for each on a terminal, plain lines in a pipe. All of it on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.console import heartbeat, is_terminal, note, one_line, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class PlainTeller:
    """Lines that a CI log can hold, each with the image's name."""

    def __init__(self, names: Sequence[str]) -> None:
        self._at = dict.fromkeys(names, "starting")
        self._width = max(map(len, names))
        self._since = self._said = time.monotonic()
        self._heartbeat = heartbeat()

    def __enter__(self) -> PlainTeller:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def log(self, name: str, line: str) -> None:
        """A line of the build's own log."""
        self._line(f"{name.ljust(self._width)} | {line}")

    def says(self, name: str, text: str, *, style: str = "") -> None:
        """Something that we have to say."""
        self._line(f"{name.ljust(self._width)} > {one_line(text)}", style)

    def is_at(self, name: str, text: str) -> None:
        """What the image is at: for the display, no line of its own."""
        self._at[name] = text

    def has_ended(self, name: str) -> None:
        """Nothing more comes of this image."""
        del self._at[name]

    def tick(self) -> None:
        """All is alive, although nothing was said for long."""
        now = time.monotonic()
        if now - self._said >= self._heartbeat:
            going = ", ".join(f"{name} ({text})" for name, text in self._at.items())
            self._line(f"still building after {now - self._since:.0f}s: {going}")

    def _line(self, text: str, style: str = "") -> None:
        self._said = time.monotonic()
        note(text, style=style)


class LiveTeller(PlainTeller):
    """The same on a terminal: what each image is at, and for how long; lines scroll above it."""

    def __enter__(self) -> PlainTeller:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        # The text gives way on a narrow terminal, not the time.
        text = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
        self._progress: Progress = Progress(
            SpinnerColumn(), text, TimeElapsedColumn(), console=Console(stderr=True), transient=True
        )
        self._tasks: dict[str, TaskID] = {name: self._progress.add_task(name, total=None) for name in self._at}
        for name, at in list(self._at.items()):
            self.is_at(name, at)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def is_at(self, name: str, text: str) -> None:
        super().is_at(name, text)
        description = printable(one_line(f"{name.ljust(self._width)}  {text}"))
        self._progress.update(self._tasks[name], description=description, refresh=True)

    def has_ended(self, name: str) -> None:
        super().has_ended(name)
        self._progress.remove_task(self._tasks[name])

    def tick(self) -> None:
        pass  # the clock runs by itself

    def _line(self, text: str, style: str = "") -> None:
        console = self._progress.console
        console.print(printable(text), markup=False, highlight=False, soft_wrap=True, style=style or None)


def make_teller(names: Sequence[str]) -> PlainTeller:
    """The one that suits stderr."""
    return LiveTeller(names) if is_terminal(sys.stderr) else PlainTeller(names)
