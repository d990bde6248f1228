"""`tfgen affected` as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def ask_command(root: Path) -> frozenset[str]:
    """The names that the command prints for the work tree at `root`, against its last commit."""
    argv = [sys.executable, "-m", "tfgen", "affected", "--base", "HEAD", "--format", "names"]
    done = subprocess.run(
        argv, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return frozenset(done.stdout.split())
