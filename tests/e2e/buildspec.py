"""buildspec.yml as the tests need it: its blocks, and a runner that carries the environment from phase to phase."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.e2e.tools import ROOT, run

if TYPE_CHECKING:
    import subprocess

BUILDSPEC = ROOT / "buildspec.yml"
PHASES = ("install", "pre_build", "build", "post_build")


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

    def run(self, phase: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a phase; a failed one tells the next, as CodeBuild does."""
        with tempfile.NamedTemporaryFile() as exported:
            script = "\n".join([f"trap 'env -0 >{exported.name}' EXIT", *blocks(phase)])
            done = run(["bash", "-c", script], env=self.env, cwd=self.folder, timeout=timeout)
            for entry in Path(exported.name).read_text(encoding="utf-8").split("\0"):
                name, equals, value = entry.partition("=")
                if equals:
                    self.env[name] = value
        if done.returncode != 0:
            self.env["CODEBUILD_BUILD_SUCCEEDING"] = "0"
        return done
