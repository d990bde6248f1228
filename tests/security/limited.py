"""tfgen as a process that may use so much processor time and memory, and no more."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
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
