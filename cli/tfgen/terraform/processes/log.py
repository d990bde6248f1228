"""One log a run in `.tfgen/log/`: all that Terraform says, as it comes. It may hold secrets, so only we read it."""

from __future__ import annotations

import os
from pathlib import Path

from tfgen.phrases import stamp
from tfgen.terraform.processes.keeper import KeptLog
from tfgen_generators.errors import TfgenError

#: How many bytes one log may hold.
LIMIT = 100_000_000
#: How many logs are kept, this one included.
KEPT = 20
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class RunLog:
    """An open log. A disk that is full costs the log, never the run: `trouble` says so afterwards."""

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        self.path, self.trouble = path, ""
        self._left, self._limit = limit, limit
        try:
            self._descriptor = os.open(path, _FLAGS, 0o600)
        except OSError as error:
            raise TfgenError(f"cannot be written: {error.strerror}", where=str(path)) from None

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def kept(self) -> KeptLog:
        """What a keeper needs to go on with it."""
        return KeptLog(descriptor=self._descriptor, limit=self._limit)

    def write(self, data: bytes) -> None:
        """Adds `data`, or its beginning and a line that says that the rest is cut."""
        if not self._left:
            return
        if len(data) > self._left:
            data = data[: self._left] + b"\n(tfgen: the rest is cut, a log holds %d MB)\n" % (self._limit // 1_000_000)
            self._left = 0
        else:
            self._left -= len(data)
        try:
            os.write(self._descriptor, data)
        except OSError as error:
            self.trouble = error.strerror or str(error)


def open_log(folder: Path, command: str) -> RunLog:
    """A new log in `folder`, from which the oldest are deleted. Raises TfgenError."""
    now = stamp()
    try:
        for old in sorted(folder.glob("*.log"))[: 1 - KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise TfgenError(f"cannot be cleaned up: {error.strerror}", where=str(folder)) from None
    return RunLog(folder / f"{now}-{command}-{os.getpid()}.log")
