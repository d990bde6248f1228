"""What happens while Terraform runs: a live bar on a terminal, plain lines in a pipe. All of it on stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tfgen.console import is_terminal, note, printable
from tfgen.terraform.events import Diagnostic, Event, wording
from tfgen.terraform.plan import image_of

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_DOING = {"create": "creating", "update": "changing", "delete": "destroying", "read": "reading", "replace": "replacing"}
_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "read": "read", "replace": "replaced"}
#: How many resources one planned change makes apply report: a replacement is a destruction and a creation.
_STEPS = {"create": 1, "update": 1, "delete": 1, "replace": 2}


class PlainWatcher:
    """Lines that a CI log can hold: one for each command, and for each resource that apply has dealt with."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self._command, self._since = "", 0.0

    def started(self, command: str) -> None:
        self._begin(command)
        note(f"terraform {command} ...")

    def event(self, event: Event) -> None:
        if self._command != "apply":
            return
        if event.type == "planned_change" and event.change:
            self.total += _STEPS.get(event.change.action, 0)
        if event.hook is None:
            return
        address = event.hook.resource.addr
        image = image_of(address)
        if event.type == "apply_complete":
            self.done += 1
            what = _DONE.get(event.hook.action, event.hook.action)
            self.line(f"{image}: {address} {what} after {event.hook.elapsed_seconds:.0f}s{self._count()}")
        elif event.type == "apply_errored":
            self.line(f"{image}: {address} failed after {event.hook.elapsed_seconds:.0f}s")

    def stopping(self, *, killed: bool) -> None:
        if killed:
            note("terraform is killed", style="red")
        else:
            note("stopping: terraform finishes what it has begun; once more kills it", style="yellow")

    def finished(self) -> None:
        if self._command == "plan":
            note(f"terraform plan took {time.monotonic() - self._since:.1f}s")

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        note(wording(diagnostic), style="red" if diagnostic.severity == "error" else "yellow")

    def text(self, text: str) -> None:
        if text:
            note(text)

    def line(self, text: str) -> None:
        note(text)

    def _begin(self, command: str) -> None:
        self._command, self._since = command, time.monotonic()
        self.total = self.done = 0

    def _count(self) -> str:
        return f"  [{self.done}/{self.total}]" if self.total else ""


class LiveWatcher(PlainWatcher):
    """The same on a terminal: a bar, the images at work, the time; lines scroll above it."""

    _progress: Progress | None = None
    _task: TaskID | None = None

    def started(self, command: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._begin(command)
        self._at_work: dict[str, str] = {}
        counted = command == "apply"
        columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()]
        if counted:
            columns[1:1] = [BarColumn(bar_width=30), MofNCompleteColumn()]
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(f"terraform {command}", total=None)
        self._progress.start()

    def event(self, event: Event) -> None:
        super().event(event)
        if event.hook is not None:
            address = event.hook.resource.addr
            if event.type in ("apply_start", "refresh_start"):
                self._at_work[address] = _DOING.get(event.hook.action, "refreshing")
            elif event.type in ("apply_complete", "apply_errored", "refresh_complete"):
                self._at_work.pop(address, None)
        self._draw()

    def finished(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        super().finished()

    def line(self, text: str) -> None:
        if self._progress is None:
            note(text)
        else:
            self._progress.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def _draw(self) -> None:
        if self._progress is None or self._task is None:
            return
        images = sorted({image_of(address) for address in self._at_work})
        shown = ", ".join(images[:4]) + (f" and {len(images) - 4} more" if len(images) > 4 else "")
        doing = sorted(set(self._at_work.values()))
        text = f"terraform {self._command}" + (f": {'/'.join(doing)} {printable(shown)}" if images else "")
        self._progress.update(self._task, description=text, completed=self.done, total=self.total or None)


def make_watcher() -> PlainWatcher:
    """The watcher that suits stderr."""
    return LiveWatcher() if is_terminal(sys.stderr) else PlainWatcher()
