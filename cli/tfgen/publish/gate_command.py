"""The command of a gate: a program that the repository names, and its arguments; no shell.

It is started here and not in another room: it is neither git, Terraform nor a build, and no other command starts one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_gate(command: Sequence[str], variables: Mapping[str, str], root: Path) -> str:
    """Runs it in `root` with `variables` besides our own; gives why it did not pass, "" when it ended with 0.

    What it prints goes to stderr: stdout is for data. It reads nothing.
    """
    try:
        done = subprocess.run(
            list(command),
            cwd=root,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            check=False,
        )
    except OSError as error:
        return f"{command[0]} could not be started: {error.strerror or error}"
    if done.returncode < 0:
        return f"{command[0]} was ended by signal {-done.returncode}"
    return f"{command[0]} ended with {done.returncode}" if done.returncode else ""
