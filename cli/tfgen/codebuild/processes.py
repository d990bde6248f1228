"""tfgen's side of the supervisor: one command after the other, the log shown as it grows, interrupts in order."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import msgspec

from tfgen.console import note
from tfgen.terraform.processes.streams import Lines
from tfgen_generators.errors import TfgenError

#: How long what runs may take to clean up, in seconds: Packer deletes its instance, key pair and security group.
GRACE = 600.0
#: How often the log is looked at, in seconds.
_TICK = 0.1
_CHUNK = 1 << 16
#: The longest line that is shown.
_LONGEST = 1 << 16
#: How far what is shown may be behind the log, in bytes; of a flood that is faster the end alone is shown.
_BEHIND = 1 << 23
#: A line that was written over: a progress, if it ends without a word. And what curl and wget write around theirs.
_WORD = re.compile(r"[A-Za-z]{3}")
_PROGRESS = re.compile(r"\s*(?:% Total .*Xferd|Dload\s+Upload\s|\d+K[ .]+\d+%)")

_STOPPING = (
    "the build has 10 minutes to clean up (Packer deletes its instance, key pair and security group); "
    "press Ctrl-C again to kill it, which leaves them behind"
)


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended; `said` is the end of what it has written, `last` the last line of that."""

    code: int
    said: str
    last: str


def talk(text: str, style: str = "") -> None:
    """A line to stderr, if anybody reads it: a build goes on without, and its log has it all."""
    with contextlib.suppress(OSError):
        note(text, style=style)


class LogView:
    """The log's file: what is added to it is shown on stderr, line by line. `trouble` says why it cannot be written."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.descriptor = descriptor
        self.last = self.trouble = ""
        self._reading = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._at, self._lines = 0, Lines(_LONGEST)
        self._open = self._ended = False
        self._said = bytearray()

    def write(self, text: str) -> None:
        """Adds a line of the runner's own."""
        line = f"{chr(10) if self._open else ''}[tfgen] {text}\n"
        try:
            os.write(self.descriptor, line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self.trouble = error.strerror or str(error)
        self.look()
        self.last = ""
        self._said.clear()

    def look(self, *, whole: bool = False) -> None:
        """Shows what is new by now; with `whole` a last line without an end too."""
        end = os.fstat(self._reading).st_size
        if end - self._at > _BEHIND:
            self._skip(end - _CHUNK)
        while self._at < end and (data := os.read(self._reading, _CHUNK)):
            self._at += len(data)
            self._said += data
            del self._said[:-_CHUNK]
            self._open = not data.endswith(b"\n")
            self._show(self._lines.feed(data.removeprefix(b"\n") if self._ended else data))
            self._ended = False
        if whole:
            rest = self._lines.end()
            self._show(rest)
            self._ended = self._ended or bool(rest)

    def said(self) -> str:
        """The end of what was written since the runner's last own line."""
        return self._said.decode("utf-8", "replace")

    def close(self) -> None:
        self.look(whole=True)
        os.close(self._reading)

    def _skip(self, to: int) -> None:
        self._show(self._lines.end())
        talk(f"[tfgen] {(to - self._at) // 1_000_000} MB of output not shown; see the log", "bold")
        self._at = os.lseek(self._reading, to, os.SEEK_SET)

    def _show(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            text, is_progress = seen(line.decode("utf-8", "replace").rstrip("\r\n"))
            self.last = (self.last if is_progress else text.strip()) or self.last
            talk(text, "bold" if text.startswith("[tfgen] ") else "")


def seen(line: str) -> tuple[str, bool]:
    """What a terminal shows of a line, after its last return; and whether that is a progress, no message."""
    text = next((part for part in reversed(line.split("\r")) if part.strip()), "")
    return text, bool(_PROGRESS.match(text)) or ("\r" in line and not _WORD.search(text))


class Processes:
    """The processes of one build. Stopped by the timeout, or by a signal (`interrupted`); the next signal kills."""

    def __init__(self, folder: Path, log: LogView, *, keep: bool, timeout: float, grace: float = GRACE) -> None:
        self.log = log
        self.stopped = self.timed_out = self.interrupted = self.killed = False
        self._signals, self._deadline = 0, time.monotonic() + timeout
        self._answers = b""
        program = Path(__file__).with_name("supervisor.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(program), str(folder), str(int(keep)), str(grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.descriptor,
            start_new_session=True,
        )

    def run(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Ended:
        """Runs one command to its end, or not at all once stopped. Raises TfgenError when the supervisor is gone."""
        self._obey()
        if self.stopped:
            return Ended(code=-signal.SIGTERM, said="", last="")
        self._tell(json.dumps({"argv": list(argv), "cwd": str(cwd), "env": dict(env)}))
        code = self._wait()
        self.log.look(whole=True)
        return Ended(code=code, said=self.log.said(), last=self.log.last)

    def end(self) -> None:
        """The build is over: what it has left running is killed."""
        self._tell("end")
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def signalled(self, _number: int, _frame: FrameType | None) -> None:
        """Takes note of a signal; `_wait` does the rest."""
        self._signals += 1

    def _wait(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 it is a pipe
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._answers:
            if select.select([descriptor], [], [], _TICK)[0]:
                data = os.read(descriptor, 256)
                if not data:
                    with contextlib.suppress(OSError):
                        os.killpg(self._process.pid, signal.SIGTERM)
                    raise TfgenError(
                        "the process that runs the build's commands was killed",
                        fix="to find leftover resources, run: tfgen reap",
                    )
                self._answers += data
            self.log.look()
            self._obey()
        line, _, self._answers = self._answers.partition(b"\n")
        return int(line.split()[1])

    def _obey(self) -> None:
        """Does what the clock and the signals say."""
        if not self.stopped and (self._signals or time.monotonic() > self._deadline):
            self.stopped, self.interrupted, self.timed_out = True, bool(self._signals), not self._signals
            self._tell("stop")
            self.log.write(f"{'timeout' if self.timed_out else 'interrupted'}; {_STOPPING}")
        elif self._signals > int(self.interrupted) and not self.killed:
            self.interrupted = self.killed = True
            self._tell("kill")
            self.log.write("killed")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 it is a pipe
        with contextlib.suppress(OSError):
            data = f"{line}\n".encode()
            while data:
                data = data[os.write(self._process.stdin.fileno(), data) :]
