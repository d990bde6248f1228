"""buildspec.yml as the tests need it: its blocks, and a runner that carries the environment from phase to phase."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.tools import ROOT, finish

BUILDSPEC = ROOT / "buildspec.yml"
PHASES = ("install", "pre_build", "build", "post_build")
#: Between two blocks: the next one has the variables of the last one, but not its options and functions.
NEXT = "\n[ $? = 0 ] || exit\nset +eo pipefail\nunset -f fail\n"


def document() -> dict[str, Any]:
    """The whole document."""
    found = yaml.safe_load(BUILDSPEC.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def blocks(phase: str) -> list[str]:
    """The commands of a phase, in order."""
    return [str(command) for command in document()["phases"][phase]["commands"]]


def variables() -> dict[str, str]:
    """The variables that the buildspec sets itself."""
    return {name: str(value) for name, value in document()["env"]["variables"].items()}


class Build:
    """One build: phases run in `folder`, and what a phase exports is there in the next one."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = {**variables(), "CODEBUILD_SRC_DIR": str(folder), "CODEBUILD_BUILD_SUCCEEDING": "1", **env}

    def start(self, phase: str, first: str = ":") -> subprocess.Popen[str]:
        """Start a phase, after a command of the test's own, in a session of its own."""
        return subprocess.Popen(
            ["bash", "-c", NEXT.join([first, *blocks(phase)])],
            env=self.env,
            cwd=self.folder,
            text=True,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, phase: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a phase; a failed one tells the next, as CodeBuild does."""
        with tempfile.NamedTemporaryFile() as exported:
            done = finish(self.start(phase, f"trap 'env -0 >{exported.name}' EXIT"), timeout)
            for entry in Path(exported.name).read_text(encoding="utf-8").split("\0"):
                name, equals, value = entry.partition("=")
                if equals:
                    self.env[name] = value
        if done.returncode != 0:
            self.env["CODEBUILD_BUILD_SUCCEEDING"] = "0"
        return done
