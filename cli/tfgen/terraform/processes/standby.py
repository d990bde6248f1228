"""Stands by while Terraform applies, in case tfgen is killed: then Terraform stops in order all the same.

A program of its own (`python -I -S standby.py`), which imports nothing but the standard library. It holds the read
ends of Terraform's output, so that Terraform does not die of a broken pipe with its state unwritten, and one end of
a pipe whose other end tfgen holds. Over that it hears Terraform's process id, `stop` when tfgen has sent the
interrupt itself (a second one would kill), and `bye` at a good end. An end without `bye` is the death of tfgen.
"""

from __future__ import annotations

import os
import select
import signal
import sys

_CHUNK = 1 << 16


def main() -> None:
    """Waits for the end of tfgen; on its death interrupts Terraform once and drains its output into the log."""
    life, out, err, log, limit = (int(argument) for argument in sys.argv[1:6])
    program = os.fsencode(sys.argv[6])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    heard, handle = b"", None
    while piece := os.read(life, 256):
        heard += piece
        if handle is None and b"\n" in heard:
            handle = _handle(int(heard.split(b"\n")[0]))
    words = heard.split(b"\n")
    if b"bye" in words:
        return
    if b"stop" in words:
        _write(log, limit, b"tfgen was killed; " + program + b" was already stopping\n")
    else:
        _write(log, limit, b"tfgen was killed; stopping " + program + b"\n")
        if handle is not None:
            _interrupt(*handle)
    _drain([out, err], log, limit)
    _write(log, limit, program + b" has ended\n")


def _handle(pid: int) -> tuple[int, int | None]:
    """The process, and a handle that no other process can inherit where the system has such."""
    try:
        return pid, os.pidfd_open(pid)
    except (AttributeError, OSError):
        return pid, None


def _interrupt(pid: int, handle: int | None) -> None:
    try:
        if handle is not None:
            signal.pidfd_send_signal(handle, signal.SIGINT)
        else:
            os.kill(pid, signal.SIGINT)
    except OSError:
        return  # it has ended


def _drain(descriptors: list[int], log: int, limit: int) -> None:
    while descriptors:
        for descriptor in select.select(descriptors, [], [])[0]:
            data = os.read(descriptor, _CHUNK)
            if data:
                _write(log, limit, data)
            else:
                descriptors.remove(descriptor)


def _write(log: int, limit: int, data: bytes) -> None:
    try:
        if os.fstat(log).st_size < limit:
            os.write(log, data)
    except OSError:
        return  # a full disk costs the log, never the run


if __name__ == "__main__":
    main()
