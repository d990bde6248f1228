"""Runs of Terraform that nobody needs to see: what they complain of is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.terraform.reports.events import Diagnostic, Event
    from tfgen.terraform.reports.images import RootModules


class Collecting:
    """A watcher that shows nothing; `errors` are those of its run."""

    product = "terraform"

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []

    def started(self, command: str) -> None: ...
    def modules(self, modules: RootModules, targets: tuple[str, ...]) -> None: ...
    def event(self, event: Event) -> None: ...
    def tick(self) -> None: ...
    def stopping(self, *, killed: bool) -> None: ...
    def finished(self) -> None: ...
    def text(self, text: str) -> None: ...

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity == "error":
            self.errors.append(diagnostic)
