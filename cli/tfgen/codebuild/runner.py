"""The phases of a build, in CodeBuild's order.

Each command gets a shell of its own, as CodeBuild's agent does it: variables and the current folder are carried to
the next command, whatever the phase; shell options, functions, aliases and traps are not.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Literal

import msgspec

from tfgen.codebuild.buildspec import FILE_NAME, Buildspec, Command, Phase
from tfgen.codebuild.processes import Ended, Processes

Status = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"]
#: How much of a command's last line is part of the reason.
_SAID = 400
#: Lines that say nothing of what a command is for: comments, `set -e`, functions of one line.
_PREPARES = re.compile(r"#|set -|[\w-]+ *\(\) *{.*}$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a build ended. `retry` is how often its buildspec wants it tried again, should it fail like that."""

    status: Status
    reason: str = ""
    exported: dict[str, str] = {}
    retry: int = 0


class Run:
    """One run of a buildspec in `source`; `state` is a folder for the shells' state.

    `shell` and `env_program` are paths: what becomes of PATH in the build does not matter to them.
    """

    def __init__(
        self,
        spec: Buildspec,
        processes: Processes,
        environment: dict[str, str],
        *,
        source: Path,
        state: Path,
        shell: str,
        env_program: str,
        attempt: int = 0,
        path: str = FILE_NAME,
    ) -> None:
        self.spec, self.processes, self.environment = spec, processes, dict(environment)
        self.source, self.folder, self.state = source, source, state
        self.attempt, self.path = attempt, path
        self._shell, self._env_program = shell, env_program
        self._reasons: list[str] = []
        self._log = processes.log

    def run(self) -> Result:
        """All phases. Raises TfgenError when the processes' supervisor is gone."""
        for phase in self.spec.phases:
            failed = self._phase(phase)
            if self.processes.stopped:
                return self._result("STOPPED" if self.processes.interrupted else "TIMED_OUT")
            if failed is None or phase.on_failure == "CONTINUE":
                continue
            if phase.on_failure == "RETRY" and self.attempt < phase.retries and _matches(phase.pattern, failed):
                self._log.write(f"on-failure {phase.on_failure}: attempt {self.attempt + 1} of {phase.retries} follows")
                return msgspec.structs.replace(self._result("FAILED"), retry=phase.retries)
            if phase.on_failure == "ABORT" or phase.name in ("install", "pre_build"):
                break
        return self._result("FAILED" if self._reasons else "SUCCEEDED")

    def _phase(self, phase: Phase) -> Ended | None:
        """Runs one phase; how the command ended that made it fail."""
        self._log.write(f"Entering phase {phase.name.upper()}")
        failed = self._commands(phase, phase.commands)
        if not self.processes.stopped:
            failed_last = self._commands(phase, phase.last)
            failed = failed or failed_last
        state = "STOPPED" if self.processes.stopped else "FAILED" if failed else "SUCCEEDED"
        self._log.write(f"Phase complete: {phase.name.upper()} State: {state}")
        return failed

    def _commands(self, phase: Phase, commands: tuple[Command, ...]) -> Ended | None:
        for command in commands:
            ended = self._command(command)
            if self.processes.stopped:
                return ended
            if ended.code != 0:
                self._fail(phase, command, ended)
                return ended
        return None

    def _fail(self, phase: Phase, command: Command, ended: Ended) -> None:
        self.environment["CODEBUILD_BUILD_SUCCEEDING"] = "0"
        message = f"Error while executing command: {shown(command)}. Reason: {how(ended.code)}"
        self._log.write(f"Phase context status code: COMMAND_EXECUTION_ERROR Message: {message}")
        said = f": {ended.last[:_SAID]}" if ended.last else ""
        if self._log.trouble:
            said = f"{said} (the log cannot be written: {self._log.trouble})"
        self._reasons.append(f"{phase.name} ({self.path}:{command.line}): {how(ended.code)}{said}")

    def _command(self, command: Command) -> Ended:
        """One command in a shell of its own, which leaves its variables and its folder for the next one."""
        self._log.write(f"Running command {shown(command)} ({self.path}:{command.line})")
        variables, folder, script = self.state / "variables", self.state / "folder", self.state / "script.sh"
        env, into, where = (shlex.quote(str(path)) for path in (self._env_program, variables, folder))
        script.write_text(
            f"set -a\n{command.text}\nCODEBUILD_LAST_EXIT=$?\n"
            f"{env} -0 >{into} && pwd >{where} ||\n"
            "  { echo 'the variables cannot be kept for the next command' >&2; exit 1; }\n"
            'exit "$CODEBUILD_LAST_EXIT"\n',
            encoding="utf-8",
        )
        for file in (variables, folder):
            file.unlink(missing_ok=True)
        ended = self.processes.run([self._shell, str(script)], cwd=self._where(), env=self.environment)
        here = folder.read_bytes().decode("utf-8", "surrogateescape") if folder.is_file() else ""
        if here.endswith("\n"):  # else the command has ended its shell itself, or was killed
            self.folder = Path(here.removesuffix("\n"))
            self._carry(variables.read_bytes().decode("utf-8", "surrogateescape"))
        return ended

    def _carry(self, dumped: str) -> None:
        succeeding = self.environment["CODEBUILD_BUILD_SUCCEEDING"]
        pairs = (entry.partition("=") for entry in dumped.split("\0"))
        self.environment = {name: value for name, sign, value in pairs if sign and _NAME.fullmatch(name)}
        self.environment["CODEBUILD_BUILD_SUCCEEDING"] = succeeding

    def _where(self) -> Path:
        if not self.folder.is_dir():
            self._log.write(f"{self.folder} no longer exists; the next command runs in the source folder")
            self.folder = self.source
        return self.folder

    def _result(self, status: Status) -> Result:
        exported = {name: self.environment[name] for name in self.spec.exported if name in self.environment}
        reason = "; ".join(self._reasons)
        if status == "TIMED_OUT":
            reason = "timeout (--timeout); it was stopped"
        elif status == "STOPPED":
            reason = "interrupted"
        return Result(status=status, reason=reason, exported=exported)


def shown(command: Command) -> str:
    """A command in one line: its first one that does something."""
    lines = [line.strip() for line in command.text.strip().splitlines()]
    first = next((line for line in lines if line and not _PREPARES.match(line)), lines[0] if lines else "")
    return f"{first} ..." if len(lines) > 1 else first


def how(code: int) -> str:
    """How a command ended."""
    return f"exit status {code}" if code >= 0 else f"killed by signal {-code}"


def _matches(pattern: str, failed: Ended) -> bool:
    return re.search(pattern, f"{failed.said}\n{how(failed.code)}") is not None
