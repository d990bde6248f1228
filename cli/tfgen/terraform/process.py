"""The one runner of processes: own session, both streams drained, interrupts in order.

First Ctrl-C (or SIGTERM): SIGINT to Terraform, which stops in order. Second, or after the grace period: it
and its providers are killed.
"""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from tfgen_generators.errors import TerraformError

#: How long Terraform may take to stop in order, in seconds.
GRACE = 300.0
_KEPT_LINES = 200


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
        self.on_stop(False)

    def kill(self) -> None:
        if not self.killed and self.process.poll() is None:
            self.killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.on_stop(True)

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
    try:
        with _handling(stop):
            for line in _lines(process.stdout):
                on_line(line)
            code = process.wait()
    except BaseException:
        _end(process)
        raise
    finally:
        stop.cancel_timer()
    reader.join(timeout=5)
    text = b"".join(tail).decode("utf-8", "replace")
    return Finished(code=code, stderr=text, interrupted=stop.interrupted, killed=stop.killed)


def _lines(stream: IO[bytes] | None) -> Iterator[bytes]:
    return iter(stream) if stream is not None else iter(())


def _drain(stream: IO[bytes] | None, tail: collections.deque[bytes]) -> None:
    for line in _lines(stream):
        tail.append(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    """After an error of ours: Terraform is asked to stop, and waited for."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)
    if process.stdout is not None:
        process.stdout.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def _handling(stop: _Stop) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
