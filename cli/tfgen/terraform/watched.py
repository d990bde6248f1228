"""One command of Terraform's, watched: what it says goes to the log, to the watcher and into a record."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec.structs import replace

from tfgen.terraform.binary import TITLES
from tfgen.terraform.processes.log import open_log
from tfgen.terraform.processes.process import Finished, run
from tfgen.terraform.reports.events import EMERGENCY, Diagnostic, Event
from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.record import Record

if TYPE_CHECKING:
    from tfgen.terraform.secrets.redaction import Redaction

_SHOWN_LINES = 40


class Watcher(Protocol):
    """Who is told what happens while Terraform runs. `tick` comes several times a second, whatever Terraform does.

    `product` is what messages call the program.
    """

    product: str

    def started(self, command: str) -> None: ...
    def modules(self, modules: RootModules, targets: tuple[str, ...]) -> None: ...
    def event(self, event: Event) -> None: ...
    def tick(self) -> None: ...
    def stopping(self, *, killed: bool) -> None: ...
    def finished(self) -> None: ...
    def diagnostic(self, diagnostic: Diagnostic) -> None: ...
    def text(self, text: str) -> None: ...


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A command that has ended, and what it said."""

    command: str
    finished: Finished
    record: Record
    log: Path


def run_watched(
    command: str,
    argv: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str],
    logs: Path,
    watcher: Watcher,
    record: Record,
) -> Run:
    """Runs `argv` in `folder`; an apply ends in order even when tfgen is killed. Raises TfgenError.

    What it complained of is for the caller to `tell`.
    """
    with open_log(logs, command) as log:

        def line(data: bytes) -> None:
            event = record.line(data)
            if event is not None:
                watcher.event(event)

        watcher.started(command)
        try:
            finished = run(
                argv,
                cwd=folder,
                env=env,
                on_line=line,
                on_output=log.write,
                on_tick=watcher.tick,
                on_stop=lambda killed: watcher.stopping(killed=killed),
                kept_log=replace(log.kept, program=watcher.product) if command == "apply" else None,
                uncut=EMERGENCY.encode() if command == "apply" else b"",
            )
        finally:
            watcher.finished()
    if log.trouble:
        watcher.text(f"the log {log.path} is incomplete: {log.trouble}")
    return Run(command=command, finished=finished, record=record, log=log.path)


def tell(watcher: Watcher, run: Run, redaction: Redaction) -> None:
    """Tells `watcher` what the run complained of, but for what may be secret."""
    record, log = run.record, os.path.relpath(run.log)
    for diagnostic in record.diagnostics:
        watcher.diagnostic(redaction.diagnostic(diagnostic, log))
    for warning in record.warnings():
        watcher.text(redaction.plain(warning, log))
    for severity, number in sorted(record.dropped.items()):
        watcher.text(f"{number} more {severity}s are in the log")
    # A plan that is good shows it itself.
    for item in record.summarizer.unknown.result() if run.command == "apply" or run.finished.code not in (0, 2) else ():
        watcher.text(f"not understood: {item}")
    if run.finished.cut:
        watcher.text(f"{run.finished.cut} of {TITLES[watcher.product]}'s lines were longer than 4 MB and were cut")


def last_words(run: Run, redaction: Redaction) -> str:
    """What a run said that could not speak in events: the end of it, but for what may be secret."""
    said = redaction.plain(f"{run.record.other()}\n{run.finished.stderr.rstrip()}", os.path.relpath(run.log))
    return "\n".join(line[:2000] for line in said.splitlines()[-_SHOWN_LINES:]).strip()
