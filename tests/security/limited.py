"""tfgen, or a part of it, as a process that may use so much processor time and memory, and no more."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Result

#: Seconds of processor time. A small estate takes about one.
ENOUGH = 10
_MEMORY = 2 << 30


def limited(root: Path, *arguments: str, seconds: int = ENOUGH) -> Result:
    """How tfgen ends in `root`; an error where it is ended, or ends by a bug."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "tfgen", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60 * seconds,
        preexec_fn=limit,
    )
    result = Result(code=done.returncode, out=done.stdout, err=done.stderr)
    assert done.returncode >= 0, f"{arguments} was ended by signal {-done.returncode}\n{done.stderr[-2000:]}"
    assert done.returncode != 70, done.stderr[-2000:]
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return result


def in_child(work: Callable[[Callable[[str], None]], None], seconds: int = ENOUGH) -> str:
    """What `work` has said last, or its error, when it was ended; "" when it has ended by itself."""
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
