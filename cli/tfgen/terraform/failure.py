"""A run that did not end well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tfgen.terraform.binary import TITLES
from tfgen.terraform.interruption import applied, failed_actions
from tfgen.terraform.processes.process import Finished, ending
from tfgen.terraform.reports.record import Record

CRASH = re.compile(
    r"Plugin did not respond|The plugin encountered an error|plugin (?:process )?(?:exited|crashed)"
    r"|TERRAFORM CRASH|OPENTOFU CRASH|^panic: |^fatal error: ",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A run that did not end well: `what` begins every message (`terraform plan failed (exit code 1)`)."""

    product: str
    command: str
    finished: Finished
    record: Record
    env: Mapping[str, str]
    log: str
    folder: str = "."

    @property
    def what(self) -> str:
        failed = "".join(f"; {text}" for text in failed_actions(self.record))
        return f"{self.product} {self.command} {ending(self.finished.code)}{applied(self.record)}{failed}"

    @property
    def title(self) -> str:
        return TITLES[self.product]

    @property
    def is_crash(self) -> bool:
        """Whether what it wrote last is a stack trace, which is for its makers."""
        return CRASH.search(self.told) is not None

    @property
    def told(self) -> str:
        """Its errors; where it could not speak in events, all that it wrote."""
        errors = [f"{error.summary}\n{error.detail}" for error in self.record.errors()]
        return "\n".join(errors or [self.record.other(), self.finished.stderr])
