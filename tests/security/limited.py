"""tfgen, or a part of it, as a process that may use so much processor time and memory, and no more.

The process is forked from the tests' own, where commands have run before, so that none imports and prepares what all
need; under `--deep` it is a real start.
"""

from __future__ import annotations

import functools
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tests import depth, kept
from tests.conftest import Result
from tfgen.main import EXIT_BUG, run

#: Seconds of processor time. A small estate takes about one.
ENOUGH = 10
_MEMORY = 2 << 30

_prepare = functools.cache(kept.use_commands)


def limited(root: Path, *arguments: str, seconds: int = ENOUGH) -> Result:
    """How tfgen ends in `root`; an error where it is ended, or ends by a bug."""
    result = (_started if depth.is_on() else _forked)(root, arguments, seconds)
    assert result.code >= 0, f"{arguments} was ended by signal {-result.code}\n{result.err[-2000:]}"
    assert result.code != EXIT_BUG, result.err[-2000:]
    assert "Traceback" not in result.err, result.err[-2000:]
    return result


def _started(root: Path, arguments: Sequence[str], seconds: int) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "tfgen", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60 * seconds,
        preexec_fn=lambda: _limit(seconds, _MEMORY),
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def _forked(root: Path, arguments: Sequence[str], seconds: int) -> Result:
    _prepare()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                sys.stdout, sys.stderr = out, err
                os.chdir(root)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                for stream, number in ((out, 1), (err, 2)):
                    os.dup2(stream.fileno(), number)
                _limit(seconds, _size() + _MEMORY)
                code = run(list(arguments))
            except BaseException:  # noqa: BLE001 the parent reads it
                traceback.print_exc(file=err)
            finally:
                out.flush()
                err.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        for stream in (out, err):
            stream.seek(0)
        return Result(code=os.waitstatus_to_exitcode(status), out=out.read(), err=err.read())


def _limit(seconds: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.alarm(60 * seconds)  # what waits for ever uses no processor


def _size() -> int:
    """The address space of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def in_child(work: Callable[[Callable[[str], None]], None], seconds: int = ENOUGH) -> str:
    """What `work` has said last, or its error, when it was ended; "" when it has ended by itself."""
    _prepare()
    reading, writing = os.pipe()

    def say(said: str) -> None:
        os.write(writing, f"\n{said}".encode("utf-8", "replace"))

    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(60 * seconds)  # what waits for ever uses no processor
            work(say)
            code = 0
        except BaseException:  # noqa: BLE001 the parent tells of it
            say(traceback.format_exc()[-1500:])
        finally:
            os._exit(code)
    os.close(writing)
    said = b""
    with os.fdopen(reading, "rb") as pipe:
        for piece in iter(lambda: pipe.read(1 << 16), b""):
            said = (said + piece)[-2000:]
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return f"ended with {code} at{said.decode('utf-8', 'replace')}" if code else ""
