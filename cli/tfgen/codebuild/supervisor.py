"""Runs a build's commands one after the other, in a session of its own, and ends them in order.

A program of its own (`python -I -S supervisor.py FOLDER KEEP GRACE`), which imports nothing but the standard library:
it outlives tfgen. Its stderr is the log, and that of the commands. On stdin it hears, a line each:

    {"argv": [...], "cwd": "...", "env": {...}}   run that, and answer `exit CODE`
    stop   SIGTERM to all that runs, in whatever session; SIGKILL after GRACE seconds; answer when all have ended
    kill   SIGKILL to all that runs
    end    the build is over: SIGKILL to what it has left behind

An end of stdin without `end` is the death of tfgen: then it stops as if told to, and removes FOLDER unless KEEP is 1.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
#: How long what was killed may take to be gone, in seconds.
_DYING = 5.0


class Supervisor:
    """At most one command at a time, and whatever processes the commands have left behind."""

    def __init__(self, grace: float) -> None:
        self.grace = grace
        self.over = self.orphaned = self.stopping = False
        self._adopts = _adopt_orphans()
        self._current: subprocess.Popen[bytes] | None = None
        self._code: int | None = None
        self._deadline = float("inf")
        self._heard = b""

    def run(self) -> None:
        """Until the build is over and nothing of it runs."""
        waking = _wake_on_child()
        while not (self.over or (self.orphaned and self._code is None and self._current is None)):
            wanted = [waking] if self.orphaned else [0, waking]
            left = max(0.0, self._deadline - time.monotonic())
            ready = select.select(wanted, [], [], None if left == float("inf") else left)[0]
            if waking in ready:
                os.read(waking, 4096)
            self._reap()
            if 0 in ready:
                self._hear(os.read(0, 1 << 16))
            if time.monotonic() >= self._deadline:
                self._deadline = float("inf")
                self.kill()
        self.kill()

    def kill(self) -> None:
        """SIGKILL to everything that this build has started."""
        until = time.monotonic() + _DYING
        while time.monotonic() < until and self._kill_children():
            time.sleep(0.01)
            self._reap()

    def _hear(self, data: bytes) -> None:
        if not data:
            self.orphaned = True
            _say("tfgen was killed; stopping the build")
            self._stop()
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            if line == b"stop":
                self._stop()
            elif line == b"kill":
                self.kill()
            elif line == b"end":
                self.over = True
            else:
                self._start(json.loads(line))

    def _start(self, order: dict[str, object]) -> None:
        try:
            self._current = subprocess.Popen(
                order["argv"],  # type: ignore[call-overload]
                cwd=order["cwd"],
                env=order["env"],
                stdin=subprocess.DEVNULL,
                stdout=2,
            )
        except OSError as error:
            _say(f"the shell cannot be started: {error.strerror}")
            self._code = 126
        self._answer()

    def _stop(self) -> None:
        if not self.stopping:
            self.stopping = True
            self._deadline = time.monotonic() + self.grace
            others = _in_other_groups()
            with contextlib.suppress(OSError):
                os.killpg(0, signal.SIGTERM)
            _send(others, signal.SIGTERM)
        self._answer()

    def _reap(self) -> None:
        """Takes leave of all that has ended."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if self._current is not None and ended[0] == self._current.pid:
                    self._code = os.waitstatus_to_exitcode(ended[1])
                    self._current.returncode = self._code
                    self._current = None
        self._answer()

    def _answer(self) -> None:
        """Tells how the command has ended: when stopping, not before all that it started has ended too."""
        if self._code is None or (self.stopping and self._adopts and _has_children()):
            return
        with contextlib.suppress(OSError):
            os.write(1, f"exit {self._code}\n".encode())
        self._code = None

    def _kill_children(self) -> bool:
        """SIGKILL to our children; theirs become ours. Whether there were any."""
        me = os.getpid()
        found = [pid for pid, (parent, _) in _processes().items() if parent == me]
        found = found or ([self._current.pid] if self._current is not None else [])
        _send(found, signal.SIGKILL)
        return bool(found)


def _adopt_orphans() -> bool:
    """Whether processes whose parents have ended become our children (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    return False


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _processes() -> dict[int, tuple[int, int]]:
    """All that lives: process -> its parent and its group, by /proc."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent, group = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            if state != "Z":
                found[int(entry.name)] = (int(parent), int(group))
    return found


def _in_other_groups() -> list[int]:
    """What the build has started that has left our group: a signal for the group does not reach it."""
    table, mine = _processes(), {os.getpid()}
    while more := {pid for pid, (parent, _) in table.items() if parent in mine} - mine:
        mine |= more
    return [pid for pid in mine if pid in table and table[pid][1] != os.getpgrp()]


def _send(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def _wake_on_child() -> int:
    """A descriptor that can be read when a child has ended. Signals meant for the build do not end us."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)  # not SIG_IGN: the commands would inherit that
    return reading


def _say(words: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"[tfgen] {words}\n".encode())


def main() -> None:
    """Serves tfgen until the build is over."""
    folder, keep, grace = sys.argv[1:4]
    supervisor = Supervisor(float(grace))
    supervisor.run()
    if supervisor.orphaned:
        if keep != "1":
            shutil.rmtree(folder, ignore_errors=True)
        _say("the build has ended")


if __name__ == "__main__":
    main()
