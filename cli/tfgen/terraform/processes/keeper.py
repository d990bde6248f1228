"""The program that takes over when tfgen is killed (standby.py), and the pipe by which it knows that tfgen lives."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec


class KeptLog(msgspec.Struct, frozen=True, kw_only=True):
    """The open file into which a keeper goes on writing when tfgen is killed, up to `limit` bytes.

    `program` is what it calls the program that it stops.
    """

    descriptor: int
    limit: int
    program: str = "terraform"


class Keeper:
    """Holds the read ends `out` and `err` too, until it is dismissed."""

    def __init__(self, out: int, err: int, log: KeptLog) -> None:
        theirs, self._life = os.pipe()
        passed = (theirs, out, err, log.descriptor)
        script = Path(__file__).with_name("standby.py")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(script), *map(str, passed), str(log.limit), log.program],
                pass_fds=passed,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(theirs)

    def started(self, pid: int) -> None:
        """Tells which process is Terraform's."""
        self._say(b"%d\n" % pid)

    def stopping(self) -> None:
        """Tells that Terraform has its interrupt: a second one would kill it."""
        self._say(b"stop\n")

    def dismiss(self) -> None:
        """Ends it: nothing is left to keep."""
        self._say(b"bye\n")
        os.close(self._life)
        self._process.wait()

    def _say(self, words: bytes) -> None:
        with contextlib.suppress(OSError):  # somebody has killed it: then we are as without one
            os.write(self._life, words)
