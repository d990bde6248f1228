"""What happens while Terraform runs: a live bar on a terminal, plain lines in a pipe. All of it on stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tfgen.console import heartbeat, is_terminal, note, printable
from tfgen.terraform.interruption import stopping_text
from tfgen.terraform.reports.actions import hooked_invocation
from tfgen.terraform.reports.events import Diagnostic, Event, Hook, wording
from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.plan import image_of, owner_of
from tfgen.terraform.reports.record import STEPS

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_DOING = {"create": "creating", "update": "changing", "delete": "destroying", "read": "reading", "replace": "replacing"}
_DOING |= {"invoke": "invoking", "open": "opening", "renew": "renewing", "close": "closing"}
_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "read": "read", "replace": "replaced"}
_BEGINS = frozenset({"apply_start", "refresh_start", "action_start", "ephemeral_op_start"})
_ENDS = frozenset(
    {
        *("apply_complete", "apply_errored", "refresh_complete", "action_complete", "action_errored"),
        *("ephemeral_op_complete", "ephemeral_op_errored"),
    }
)
_ACTIONS = {"action_complete": "invoked", "action_errored": "failed"}


class PlainWatcher:
    """Lines that a CI log can hold: one for each command, and for each resource that apply has dealt with."""

    def __init__(self) -> None:
        self.product = "terraform"
        self.total = self.done = 0
        self._command = ""
        self._since = self._said = self._heard = time.monotonic()
        self._images: frozenset[str] = frozenset()
        self._shared: frozenset[str] = frozenset()
        self._looked_at: set[str] = set()
        self._at_work: dict[str, str] = {}
        self._heartbeat = heartbeat()

    def modules(self, modules: RootModules, targets: tuple[str, ...]) -> None:
        self._images, self._shared = frozenset(targets or modules.images), modules.shared

    def started(self, command: str) -> None:
        self._begin(command)
        note(f"{self.product} {command} ...")

    def event(self, event: Event) -> None:
        self._heard = time.monotonic()
        if event.hook is not None:
            self._hook(event.type, event.hook)
        elif event.type == "planned_change" and event.change and self._command == "apply":
            self.total += STEPS.get(event.change.action, 0)
        elif event.list_complete is not None:
            self.line(f"{event.list_complete.address}: {event.list_complete.total} found")

    def tick(self) -> None:
        now = time.monotonic()
        if now - self._said >= self._heartbeat:
            self.line(f"still {self._alive(now)}")

    def stopping(self, *, killed: bool) -> None:
        note(stopping_text(self.product, killed=killed), style="red" if killed else "yellow")

    def finished(self) -> None:
        if self._command == "plan":
            note(f"{self.product} plan took {time.monotonic() - self._since:.1f}s")

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        note(wording(diagnostic), style="red" if diagnostic.severity == "error" else "yellow")

    def text(self, text: str) -> None:
        if text:
            note(text)

    def line(self, text: str) -> None:
        self._said = time.monotonic()
        note(text)

    def _begin(self, command: str) -> None:
        self._command = command
        self._since = self._said = self._heard = time.monotonic()
        self.total = self.done = 0
        self._looked_at.clear()
        self._at_work.clear()

    def _hook(self, kind: str, hook: Hook) -> None:
        address = hook.address
        image = image_of(address, self._shared)
        if kind in _BEGINS:
            self._at_work[address] = _DOING.get(hook.verb, "refreshing")
            self._looked_at.add(image)
        elif kind in _ENDS:
            self._at_work.pop(address, None)
        if kind == "apply_complete" and self._command == "apply":
            self.done += hook.verb != "read"
            what = _DONE.get(hook.verb, hook.verb)
            self.line(f"{image}: {address} {what} after {hook.elapsed_seconds:.0f}s{self._count()}")
        elif kind == "apply_errored" and self._command == "apply":
            self.line(f"{image}: {address} failed after {hook.elapsed_seconds:.0f}s")
        elif kind in _ACTIONS:
            owner = owner_of(hooked_invocation(address, hook.lifecycle), self._shared)
            self.line(f"{owner}: {address} {_ACTIONS[kind]}")
        elif kind == "ephemeral_op_errored":
            self.line(f"{image}: {address} failed ({hook.verb})")

    def _count(self) -> str:
        return f"  [{self.done}/{self.total}]" if self.total else ""

    def _alive(self, now: float) -> str:
        """`applying after 120s: creating web; nothing heard for 60s`."""
        text = f"{self._activity()} after {now - self._since:.0f}s"
        silent = now - self._heard
        return f"{text}; no output from {self.product} for {silent:.0f}s" if silent >= self._heartbeat else text

    def _activity(self) -> str:
        """What Terraform is at, with the images concerned."""
        images = sorted({image_of(address, self._shared) for address in self._at_work})
        if not images:
            return f"in {self.product} {self._command}".rstrip()
        shown = ", ".join(images[:4]) + (f" and {len(images) - 4} more" if len(images) > 4 else "")
        looked = len(self._looked_at & self._images)
        of = f" ({looked} of {len(self._images)})" if self._command == "plan" and len(self._images) > 1 else ""
        return f"{'/'.join(sorted(set(self._at_work.values())))} {shown}{of}"


class LiveWatcher(PlainWatcher):
    """The same on a terminal: a bar, the images at work, the time; lines scroll above it."""

    def __init__(self) -> None:
        super().__init__()
        self._stops: list[str] = []
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def started(self, command: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        self._begin(command)
        # The text gives way on a narrow terminal, not the bar.
        text = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
        columns = [SpinnerColumn(), text, TimeElapsedColumn()]
        if command == "apply" or (command == "plan" and len(self._images) > 1):
            columns[1:1] = [BarColumn(bar_width=30), MofNCompleteColumn()]
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(f"{self.product} {command}", total=None)
        self._progress.start()

    def tick(self) -> None:
        while self._stops:
            self.line(self._stops.pop(0))
        self._draw()

    def stopping(self, *, killed: bool) -> None:
        # It comes in a signal handler, perhaps amid a redraw; the next tick shows it.
        self._stops.append(stopping_text(self.product, killed=killed))

    def finished(self) -> None:
        self.tick()
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
        text = f"{self.product} {self._command}" + (f": {self._activity()}" if self._at_work else "")
        done, total = self.done, self.total
        if self._command == "plan":
            done, total = len(self._looked_at & self._images), len(self._images)
        self._progress.update(self._task, description=printable(text), completed=done, total=total or None)


def make_watcher() -> PlainWatcher:
    """The watcher that suits stderr."""
    return LiveWatcher() if is_terminal(sys.stderr) else PlainWatcher()
