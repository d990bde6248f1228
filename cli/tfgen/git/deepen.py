"""Deepening a shallow clone: the one look of git's that may use the network, and so cannot go through
`tfgen.git.repository`.

It adds history (and the remote's branch that is compared with), and changes no branch, no file and no setting. It never
asks for a password.
"""

from __future__ import annotations

import os
from pathlib import Path

from tfgen.git.push import ELSEWHERE

#: Seconds for a fetch.
TIMEOUT = 600
_DEEPEN = 200
_SETTINGS = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", f"core.hooksPath={os.devnull}")
_OPTIONS = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")


def deepen(root: Path, branch: str, *, whole: bool) -> str:
    """Fetches more history of `origin`, with `branch` of it where that is known; "" when it worked, else why not.

    `whole` fetches all that is missing, else some two hundred commits.
    """
    depth = "--unshallow" if whole else f"--deepen={_DEEPEN}"
    refs = [f"+refs/heads/{branch}:refs/remotes/origin/{branch}"] if branch else []
    return (
        _fetch(root, depth, *refs)
        if not refs or not (failed := _fetch(root, depth, *refs))
        else _fetch(root, depth) or failed
    )


def _fetch(root: Path, *arguments: str) -> str:
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    depth, *refs = arguments
    argv = ["git", *_SETTINGS, "fetch", *_OPTIONS, depth, "origin", *refs]
    try:
        done = subprocess.run(
            argv, cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"git fetch took more than {TIMEOUT} seconds"
    except OSError as error:
        return f"git cannot be started: {error.strerror}"
    if done.returncode == 0:
        return ""
    said = [line for line in os.fsdecode(done.stderr).splitlines() if line.strip()]
    fatal = next((line for line in said if line.startswith("fatal: ")), said[-1] if said else "")
    return fatal.removeprefix("fatal: ") or f"git fetch failed with exit code {done.returncode}"
