"""The real `ansible-playbook` command under strace: proof that ansible_server.py sees the same."""

from __future__ import annotations

import posixpath
import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.tools import bare_environment, require_tool

_CALL = re.compile(r'^\d+\s+open(?:at)?\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"(.*)$', re.MULTILINE)


def opened_below(folder: Path, trace: str) -> set[str]:
    """Absolute paths of files below `folder` that were opened, according to strace -y."""
    found: set[str] = set()
    for base, path, rest in _CALL.findall(trace):
        whole = posixpath.normpath(posixpath.join(base or str(folder), path))
        if whole.startswith(f"{folder}/") and " = -1 " not in rest and Path(whole).is_file():
            found.add(whole)
    return found


def opened_by_ansible(argv: list[str], *, cwd: Path, environment: dict[str, str], scratch: Path) -> set[str]:
    """What `ansible-playbook` itself opens below `cwd`; modules are run, and write to `scratch` only."""
    trace = scratch / "trace"
    program = require_tool("ansible-playbook", "pip install -e '.[test]' brings")
    own = {"PYTHONDONTWRITEBYTECODE": "1", "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    subprocess.run(
        [
            require_tool("strace"),
            "-f",
            "-y",
            "-qq",
            "--seccomp-bpf",
            "-e",
            "trace=open,openat",
            "-o",
            str(trace),
            program,
            *argv,
        ],
        cwd=cwd,
        env=bare_environment(scratch, {**own, **environment}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=180,
        check=False,
    )
    return opened_below(cwd, trace.read_text(errors="surrogateescape"))
