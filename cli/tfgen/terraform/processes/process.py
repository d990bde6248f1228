"""The one runner of processes: own session, both streams drained, interrupts in order.

First Ctrl-C (or SIGTERM, or a terminal that closes): SIGINT to Terraform, which stops in order. Second, or after
the grace period: it and its providers are killed. Trouble of ours (nobody reads our output, a full disk) never
reaches Terraform: its output is drained to the end, by a keeper when tfgen itself is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import msgspec

from tfgen.terraform.processes.keeper import Keeper, KeptLog
from tfgen.terraform.processes.streams import Pump
from tfgen_generators.errors import TerraformError

#: How long Terraform may take to stop in order, in seconds.
GRACE = 300.0


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """How a process ended. `stderr` holds its end; `interrupted`, whether we were told to stop it.

    `cut` counts lines of its stdout that were too long to be kept whole.
    """

    code: int
    stderr: str
    interrupted: bool
    killed: bool
    timed_out: bool = False
    cut: int = 0


class _Stop:
    """Turns the signals that we get into what the child gets; one that comes before its start reaches it then."""

    def __init__(self, on_stop: Callable[[bool], None], grace: float) -> None:
        self.on_stop = on_stop
        self.interrupted = self.killed = self._must_die = False
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: Keeper | None = None
        self._timer = threading.Timer(grace, self.kill)
        self._timer.daemon = True

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.interrupted:
            self.kill()
            return
        self.interrupted = True
        self._interrupt()
        self._timer.start()
        self._tell()

    def started(self, process: subprocess.Popen[bytes], keeper: Keeper | None) -> None:
        self._process, self._keeper = process, keeper
        if self.interrupted:
            self._interrupt()
        if self._must_die:
            self.kill()

    def kill(self) -> None:
        self._must_die = True
        if not self.killed and self._process is not None:
            self.killed = True
            kill_group(self._process)
            self._tell()

    def cancel_timer(self) -> None:
        self._timer.cancel()

    def _interrupt(self) -> None:
        if self._process is None:
            return
        if self._keeper is not None:
            self._keeper.stopping()  # first, or it might send a second one, which kills
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGINT)

    def _tell(self) -> None:
        with contextlib.suppress(Exception):
            self.on_stop(self.killed)


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[bytes], None],
    on_stop: Callable[[bool], None],
    on_stderr: Callable[[bytes], None] = lambda _: None,
    on_output: Callable[[bytes], None] = lambda _: None,
    on_tick: Callable[[], None] = lambda: None,
    grace: float = GRACE,
    whole_lines: bool = True,
    timeout: float = float("inf"),
    kept_log: KeptLog | None = None,
    uncut: bytes = b"",
) -> Finished:
    """Runs `argv` to its end, handing each line of its stdout to `on_line`; raw pieces without `whole_lines`.

    `on_output` gets all that it writes, `on_stderr` stderr alone. `on_stop(killed)` is called when a signal stops it,
    `on_tick` several times a second. After `timeout` seconds it is killed. With `kept_log` it is stopped in order even
    when tfgen is killed. A line with `uncut` in its
    beginning is handed on whole, however long. Raises TerraformError when it cannot be started, and, once it has ended,
    what a callback has raised.
    """
    stop = _Stop(on_stop, grace)
    deadline, expired = time.monotonic() + timeout, False

    def tick() -> None:
        nonlocal expired
        if not expired and time.monotonic() > deadline:
            expired = True
            kill_group(process)
        on_tick()

    pump = Pump(on_line, on_stderr, on_output, tick, whole_lines=whole_lines, uncut=uncut)
    with contextlib.ExitStack() as stack:
        stack.callback(stop.cancel_timer)
        stack.enter_context(handling(stop))
        out, out_end = _pipe(stack)
        err, err_end = _pipe(stack)
        keeper = Keeper(out, err, kept_log) if kept_log else None
        if keeper is not None:
            stack.callback(keeper.dismiss)
        process = _start(argv, cwd, env, out_end, err_end)
        if keeper is not None:
            keeper.started(process.pid)
        stop.started(process, keeper)
        pump.drain(process, out, err)
        code = process.wait()
    if pump.trouble is not None:
        raise pump.trouble
    return Finished(
        code=code,
        stderr=pump.tail.decode("utf-8", "replace"),
        interrupted=stop.interrupted,
        killed=stop.killed,
        timed_out=expired,
        cut=pump.lines.cut,
    )


def stop_signals() -> list[signal.Signals]:
    """The signals that stop a run: not a terminal's closing when nohup has told us to ignore that."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([] if ignored else [signal.SIGHUP])]


def ending(code: int) -> str:
    """How a process ended, in words; a shell in between says 128 more than the signal."""
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name if number > 0 else ""
    except ValueError:
        name = ""
    if code == 0:
        return "reported an error, although its exit code is 0"
    if not name:
        return f"failed (exit code {code})"
    how = f"was killed by signal {number} ({name})"
    if number == signal.SIGKILL:
        return f"{how}, possibly out of memory (see the kernel log)"
    if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL):
        return f"{how}: it crashed"
    return how


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends `process` and its providers at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _pipe(stack: contextlib.ExitStack) -> tuple[int, int]:
    """The read end, closed with `stack`, and the write end, which `_start` closes."""
    reading, writing = os.pipe()
    stack.callback(os.close, reading)
    return reading, writing


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str], out: int, err: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    except OSError as error:
        raise TerraformError(f"{argv[0]} cannot be run: {error.strerror}", fix="use --terraform PATH") from None
    finally:
        os.close(out)
        os.close(err)


@contextlib.contextmanager
def handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals that would end tfgen go to `handler`; only the main thread can be asked for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = stop_signals()
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)
