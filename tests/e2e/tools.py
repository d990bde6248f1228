"""Outside programs of the end-to-end tests: found or the reason said, and run with nothing of the user's."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.conftest import GO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
# The environment's own programs (ansible, yamllint) need not be activated; the system's stand beside them.
SEARCH_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
# Read here, before a test's fixtures hide the user's environment.
PLUGINS = {name: os.environ[name] for name in ("PACKER_PLUGIN_PATH",) if name in os.environ}


def give_up(reason: str) -> NoReturn:
    """Skip the test and say why; in CI nothing may be skipped, so fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def require_tool(name: str, get: str = "apt-get install") -> str:
    """Path of the program `name`; gives up, and says how to get it, when it is missing."""
    path = shutil.which(name, path=SEARCH_PATH)
    return path or give_up(f"{name} not found: {get} {name}")


def bare_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment with no credentials, no profile and `home` as the home folder, plus `extra`."""
    return {
        "PATH": SEARCH_PATH,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CHECKPOINT_DISABLE": "1",
        **GO,
        **PLUGINS,
        **(extra or {}),
    }


def linked(folder: Path, programs: str) -> str:
    """A new folder for PATH that has only these programs of the system."""
    folder.mkdir()
    for name in programs.split():
        (folder / name).symlink_to(shutil.which(name) or "/nowhere")
    return str(folder)


def require_packer() -> str:
    """Path of a Packer that has the amazon and ansible plugins; gives up when there is none."""
    packer = require_tool("packer")
    version = packer_version()
    if tuple(map(int, version.split(".")[:2])) >= (1, 10) and not PLUGINS:
        give_up(f"Packer {version} bundles no plugins: install amazon and ansible and set PACKER_PLUGIN_PATH")
    return packer


@functools.cache
def packer_version() -> str:
    """The installed Packer's, without a v."""
    with tempfile.TemporaryDirectory() as home:
        said = run(["packer", "version"], env=bare_environment(Path(home))).stdout
    return said.split()[1].removeprefix("v")


def run(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path = ROOT, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run to the end, or kill it with all its children; stdout and stderr come as one text in `stdout`."""
    process = subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return finish(process, timeout)


def finish(process: subprocess.Popen[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Wait for the end of the leader of a session, or kill it with all its children."""
    with process:
        try:
            out, _ = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out)
