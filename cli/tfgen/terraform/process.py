"""The one runner of processes: own session, both streams drained, interrupts in order.

First Ctrl-C (or SIGTERM, or a terminal that closes): SIGINT to Terraform, which stops in order. Second, or after
the grace period: it and its providers are killed. Trouble of ours (nobody reads our output, a full disk) never
reaches Terraform: its output is drained to the end.
"""

from __future__ import annotations

import collections
import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from tfgen_generators.errors import TerraformError

#: How long Terraform may take to stop in order, in seconds.
GRACE = 300.0
_KEPT_LINES = 200
#: How long a child of Terraform's may keep its stdout open after Terraform has ended, in seconds.
_LINGER = 2.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a process ended. `stderr` holds its last lines; `interrupted`, whether we were told to stop it."""

    code: int
    stderr: str
    interrupted: bool
    killed: bool


class _Stop:
    """Turns the signals that we get into what the child gets."""

    def __init__(self, process: subprocess.Popen[bytes], on_stop: Callable[[bool], None], grace: float) -> None:
        self.process, self.on_stop = process, on_stop
        self.interrupted = self.killed = False
        self._timer = threading.Timer(grace, self.kill)
        self._timer.daemon = True

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.interrupted:
            self.kill()
            return
        self.interrupted = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGINT)
        self._timer.start()
        self._tell()

    def kill(self) -> None:
        if not self.killed:
            self.killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self._tell()

    def _tell(self) -> None:
        with contextlib.suppress(Exception):
            self.on_stop(self.killed)

    def cancel_timer(self) -> None:
        self._timer.cancel()


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[bytes], None],
    on_stop: Callable[[bool], None],
    grace: float = GRACE,
) -> Finished:
    """Runs `argv` to its end, handing each line of its stdout to `on_line`.

    `on_stop(killed)` is called when a signal stops it. Raises TerraformError when it cannot be started.
    """
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise TerraformError(
            f"{argv[0]} cannot be run: {error.strerror}", fix="name one with --terraform PATH"
        ) from None
    stop = _Stop(process, on_stop, grace)
    tail: collections.deque[bytes] = collections.deque(maxlen=_KEPT_LINES)
    reader = threading.Thread(target=_drain, args=(process.stderr, tail), daemon=True)
    reader.start()
    trouble: Exception | None = None
    try:
        with _handling(stop):
            for line in _lines(process):
                try:
                    on_line(line)
                except Exception as error:  # noqa: BLE001 kept, and raised once Terraform has ended
                    trouble = trouble or error
            code = process.wait()
    finally:
        stop.cancel_timer()
    reader.join(timeout=_LINGER)
    if trouble is not None:
        raise trouble
    text = b"".join(tail).decode("utf-8", "replace")
    return Finished(code=code, stderr=text, interrupted=stop.interrupted, killed=stop.killed)


def stop_signals() -> list[signal.Signals]:
    """The signals that stop a run: not a terminal's closing when nohup has told us to ignore that."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if ignored else [signal.SIGHUP])]


def _lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Lines of stdout until its end, or until _LINGER after the process's: a grandchild may hold it open."""
    if process.stdout is None:
        return
    descriptor, rest, ended = process.stdout.fileno(), b"", None
    while ended is None or time.monotonic() - ended < _LINGER:
        if select.select([descriptor], [], [], 0.2)[0]:
            data = os.read(descriptor, 1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            yield from (line + b"\n" for line in lines)
        elif ended is None and process.poll() is not None:
            ended = time.monotonic()
    if rest:
        yield rest


def _drain(stream: IO[bytes] | None, tail: collections.deque[bytes]) -> None:
    for line in stream or ():
        tail.append(line)


@contextlib.contextmanager
def _handling(stop: _Stop) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = stop_signals()
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
