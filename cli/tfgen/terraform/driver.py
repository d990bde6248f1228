"""Drives one root module: init when needed, plan into a file, apply exactly that file."""

from __future__ import annotations

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
from tfgen.terraform.version import require_supported
from tfgen.workspace import Workspace
from tfgen_generators.errors import BusyError, InterruptedRunError, RefusedError, TerraformError, TfgenError

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
        self.env = _environment(os.environ if env is None else env)

    def plan(self, out: Path) -> PlanSummary:
        """Plans into `out`, which appears only when the plan is good. Runs init before if need be."""
        beside = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            record = self._plan_once(beside)
            beside.chmod(0o600)  # a plan holds every value, the secret ones too
            beside.replace(out)
        except OSError as error:
            raise TfgenError(f"cannot be written: {error.strerror}", where=str(out)) from None
        finally:
            beside.unlink(missing_ok=True)
        return summarize(record.events)

    def apply(self, plan: Path) -> PlanSummary:
        """Applies the saved `plan`; what it summarizes is what was done."""
        self._init_if_needed()
        finished, record = self._run("apply", apply_argv(self.binary, str(plan.absolute())))
        self._raise_for("apply", finished, record, good=(0,))
        return summarize(record.events)

    def _plan_once(self, out: Path) -> _Record:
        fresh = self._init_if_needed()
        argv = plan_argv(self.binary, out=str(out.absolute()))
        finished, record = self._run("plan", argv)
        if finished.code == 1 and not fresh and any(init_inputs.NEEDS_INIT.search(text) for text in record.errors()):
            self._init()
            finished, record = self._run("plan", argv)
        self._raise_for("plan", finished, record, good=(0, 2))
        return record

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
                log.write(data)
                event = read_event(data)
                if event is None:
                    record.other.append(data.decode("utf-8", "replace").rstrip("\n"))
                else:
                    record.events.append(event)
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
            log.write(finished.stderr.encode())
        for diagnostic in record.diagnostics():
            self.watcher.diagnostic(diagnostic)
        return finished, record

    def _log(self, command: str) -> BinaryIO:
        folder = self.workspace.make_state_dir("log")
        for old in sorted(folder.glob("*.log"))[:-_KEPT_LOGS]:
            old.unlink(missing_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        return (folder / f"{stamp}-{command}-{os.getpid()}.log").open("ab")

    def _raise_for(self, command: str, finished: Finished, record: _Record, *, good: Sequence[int]) -> None:
        if finished.code in good:
            return
        if finished.interrupted:
            raise InterruptedRunError(_after_stop(command, record, killed=finished.killed))
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


def _after_stop(command: str, record: _Record, *, killed: bool) -> str:
    if command != "apply":
        return f"{command} was interrupted; nothing has changed in AWS"
    done = sum(event.type == "apply_complete" for event in record.events)
    text = f"apply was interrupted after {done} resource change{'' if done == 1 else 's'}"
    if killed:
        return (
            f"{text} and Terraform was killed: its state may miss what was being made, and its lock may be held; "
            "see what is there, then run: tfgen plan"
        )
    return f"{text}; Terraform has stopped in order and its state is saved. To see what is left, run: tfgen plan"
