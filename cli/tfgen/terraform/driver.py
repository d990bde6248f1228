"""Drives one root module: init when needed, plan into a file, apply exactly that file."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from tfgen.terraform import init as init_inputs
from tfgen.terraform.argv import apply_argv, init_argv, plan_argv
from tfgen.terraform.binary import Binary, find_terraform
from tfgen.terraform.events import Diagnostic, Event, read_event
from tfgen.terraform.plan import PlanSummary, summarize
from tfgen.terraform.process import Finished, run
from tfgen.terraform.version import require_removed_blocks, require_supported
from tfgen.workspace import Workspace
from tfgen_generators.errors import (
    BusyError,
    InterruptedRunError,
    RefusedError,
    TerraformError,
    TfgenError,
    UsageError,
)

_KEPT_LOGS = 20


class Watcher(Protocol):
    """Who is told what happens while Terraform runs."""

    def started(self, command: str) -> None: ...
    def event(self, event: Event) -> None: ...
    def stopping(self, *, killed: bool) -> None: ...
    def finished(self) -> None: ...
    def diagnostic(self, diagnostic: Diagnostic) -> None: ...
    def text(self, text: str) -> None: ...


@dataclass
class _Record:
    """What one run said."""

    events: list[Event] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def diagnostics(self) -> list[Diagnostic]:
        """Each once: Terraform repeats some."""
        return list(dict.fromkeys(event.diagnostic for event in self.events if event.diagnostic))

    def errors(self) -> list[str]:
        return [diagnostic.summary for diagnostic in self.diagnostics() if diagnostic.severity == "error"]


class Driver:
    """Terraform for one workspace. Every method raises TfgenError, in Terraform's words where it spoke."""

    def __init__(
        self,
        workspace: Workspace,
        watcher: Watcher,
        *,
        terraform: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.workspace, self.watcher = workspace, watcher
        self.folder = workspace.terraform_dir
        if not self.folder.is_dir():
            raise TfgenError(
                "there is no such folder", where=workspace.settings.terraform_dir, fix="set terraform_dir in tfgen.toml"
            )
        self.binary: Binary = find_terraform(terraform)
        self.cache = workspace.make_state_dir("cache")
        self.version = require_supported(self.binary, self.cache)
        require_removed_blocks(self.binary, self.version, self.folder, workspace.settings.terraform_dir)
        self.env = _environment(os.environ if env is None else env)

    def plan(self, out: Path) -> PlanSummary:
        """Plans into `out`, which appears only when the plan is good. Runs init before if need be."""
        check_plan_target(out)
        beside = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            changed, record = self._plan_once(beside)
            try:
                beside.chmod(0o600)  # a plan holds every value, the secret ones too
                beside.replace(out)
            except OSError as error:
                raise TfgenError(f"cannot be written: {error.strerror}", where=str(out)) from None
        finally:
            beside.unlink(missing_ok=True)
        return summarize(record.events, changed=changed)

    def apply(self, plan: Path) -> PlanSummary:
        """Applies the saved `plan`; what it summarizes is what was done."""
        self._init_if_needed()
        finished, record = self._run("apply", apply_argv(self.binary, str(plan.absolute())))
        self._raise_for("apply", finished, record, good=(0,))
        return summarize(record.events, changed=True)

    def _plan_once(self, out: Path) -> tuple[bool, _Record]:
        """Whether there are changes, and all that was said."""
        fresh = self._init_if_needed()
        argv = plan_argv(self.binary, out=str(out.absolute()))
        finished, record = self._run("plan", argv)
        if finished.code == 1 and not fresh and any(init_inputs.NEEDS_INIT.search(text) for text in record.errors()):
            self._init()
            finished, record = self._run("plan", argv)
        self._raise_for("plan", finished, record, good=(0, 2))
        return finished.code == 2, record

    def _init_if_needed(self) -> bool:
        """Whether init has run now."""
        if init_inputs.is_done(self.folder, self._init_mark, self._init_inputs(), self.env):
            return False
        self._init()
        return True

    def _init(self) -> None:
        self._init_mark.unlink(missing_ok=True)
        finished, record = self._run("init", init_argv(self.binary))
        self._raise_for("init", finished, record, good=(0,))
        self._init_mark.write_text(self._init_inputs())

    @property
    def _init_mark(self) -> Path:
        return self.cache / "init"

    def _init_inputs(self) -> str:
        return init_inputs.fingerprint(self.folder, self.version, self.env)

    def _run(self, command: str, argv: Sequence[str]) -> tuple[Finished, _Record]:
        record = _Record()
        with self._log(command) as log:

            def line(data: bytes) -> None:
                event = read_event(data)
                if event is None:
                    record.other.append(data.decode("utf-8", "replace").rstrip("\n"))
                else:
                    record.events.append(event)
                with contextlib.suppress(OSError):  # a full disk costs the log, never the run
                    log.write(data)
                if event is not None:
                    self.watcher.event(event)

            self.watcher.started(command)
            try:
                finished = run(
                    argv,
                    cwd=self.folder,
                    env=self.env,
                    on_line=line,
                    on_stop=lambda killed: self.watcher.stopping(killed=killed),
                )
            finally:
                self.watcher.finished()
            with contextlib.suppress(OSError):
                log.write(finished.stderr.encode())
        for diagnostic in record.diagnostics():
            self.watcher.diagnostic(diagnostic)
        return finished, record

    def _log(self, command: str) -> BinaryIO:
        folder = self.workspace.make_state_dir("log")
        stamp = time.strftime("%Y%m%d-%H%M%S")
        try:
            for old in sorted(folder.glob("*.log"))[:-_KEPT_LOGS]:
                old.unlink(missing_ok=True)
            return (folder / f"{stamp}-{command}-{os.getpid()}.log").open("ab", buffering=0)
        except OSError as error:
            raise TfgenError(f"cannot be written: {error.strerror}", where=str(folder)) from None

    def _raise_for(self, command: str, finished: Finished, record: _Record, *, good: Sequence[int]) -> None:
        if finished.interrupted:
            complete = finished.code in good
            raise InterruptedRunError(_after_stop(command, record, complete=complete, killed=finished.killed))
        if finished.code in good:
            return
        if not record.errors():
            # Before it can speak in events, Terraform writes to stderr; its words are shown as they are.
            self.watcher.text("\n".join([*record.other[-40:], finished.stderr.rstrip()]).strip())
        told = " ".join([*record.errors(), finished.stderr])
        if "Error acquiring the state lock" in told:
            raise BusyError("somebody else holds Terraform's state lock", fix="try again when that run is done")
        if "Saved plan is stale" in told:
            raise RefusedError(
                "the state has changed since this plan was made", fix="run: tfgen plan, and review it again"
            )
        how = f"was killed by signal {-finished.code}" if finished.code < 0 else f"failed (exit code {finished.code})"
        raise TerraformError(f"{self.binary.product} {command} {how}")


def _environment(user: Mapping[str, str]) -> dict[str, str]:
    env = {**user, "TF_IN_AUTOMATION": "1"}
    # Terraform collects garbage for most of a plan; measured: 0.88 of the time with this (benchmarks/).
    env.setdefault("GOGC", "400")
    return env


def check_plan_target(out: Path) -> None:
    """Raises TfgenError when a plan cannot, or should not, be written to `out`: before minutes are spent on it."""
    folder = out.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"--out {out}: there is no folder {folder}", fix="make it, or name another file")
    if not os.access(folder, os.W_OK):
        raise TfgenError("a plan cannot be written there", where=str(folder), fix="make the folder writable")
    if out.is_dir() or not out.name:
        raise UsageError(f"--out {out or '.'} is a folder", fix="name a file")
    if os.path.lexists(out) and not is_plan(out):
        raise RefusedError(f"--out {out} is there and is no plan", fix="name another file, or delete that one")


def is_plan(file: Path) -> bool:
    """Whether `file` begins like a saved plan of Terraform's, which is a zip archive."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(2) == b"PK"


def _after_stop(command: str, record: _Record, *, complete: bool, killed: bool) -> str:
    if command != "apply":
        return f"{command} was interrupted; nothing has changed in AWS"
    if complete:
        return "apply was interrupted, but everything had been applied already"
    done = sum(event.type == "apply_complete" for event in record.events)
    text = f"apply was interrupted after {done} resource change{'' if done == 1 else 's'}"
    if killed:
        return (
            f"{text} and Terraform was killed: its state may miss what was being made, and its lock may be held; "
            "see what is there, then run: tfgen plan"
        )
    return f"{text}; Terraform has stopped in order and its state is saved. To see what is left, run: tfgen plan"
