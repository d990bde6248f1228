"""A repository with a buildspec, built by `tfgen build web --local`, and what became of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import JSON, TOML, Command, Files, Repo, Result


class Estate:
    """The repository at `root`; `build` runs the command in this process, `start` as one of its own."""

    def __init__(self, root: Path, cli: Command) -> None:
        self.root, self._cli = root, cli

    def build(self, *arguments: str) -> Result:
        return self._cli("build", "web", "--local", "--region", "eu-west-1", *arguments)

    def outcome(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The one build, as --format json gives it."""
        (build,) = json.loads(self.build("--format", "json", *arguments).expect(code).out)["builds"]
        assert isinstance(build, dict)
        return build

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tfgen", "build", "web", "--local", "--region", "eu-west-1", *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kept(self, name: str) -> str:
        """An artefact's text."""
        return (self.root / ".tfgen" / "build" / "web" / name).read_text()

    def variables(self, name: str = "variables") -> dict[str, str]:
        """An artefact that `env -0` has written."""
        pairs = (entry.partition("=") for entry in self.kept(name).split("\0") if entry)
        return {key: value for key, _, value in pairs}


def estate(repo: Repo, cli: Command, spec: Mapping[str, object] | str, files: Files | None = None) -> Estate:
    """A repository with the template `web` and this buildspec."""
    text = spec if isinstance(spec, str) else yaml.safe_dump(spec, sort_keys=False)
    return Estate(repo({"tfgen.toml": TOML, "packer/web.json": JSON, "buildspec.yml": text, **(files or {})}), cli)


def spec(
    said: Mapping[str, object] | None = None, /, *, shell: str = "bash", files: Sequence[str] = ("*",), **more: object
) -> dict[str, Any]:
    """A buildspec of phases: lists of commands, or mappings as they are."""
    phases = {**(said or {}), **more}
    return {
        "version": "0.2",
        "env": {"shell": shell},
        "phases": {name: {"commands": said} if isinstance(said, list) else said for name, said in phases.items()},
        "artifacts": {"files": list(files)},
    }


def wait_for(condition: Callable[[], object], what: str, process: subprocess.Popen[str] | None = None) -> None:
    """Until `condition` holds; fails loudly where it never does."""
    for _ in range(600):
        if condition():
            return
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.1)
    if process is not None:
        process.send_signal(signal.SIGKILL)
        raise AssertionError(f"never: {what}\n{process.communicate()}")
    raise AssertionError(f"never: {what}")


def alive(pid: int) -> bool:
    """Whether the process still runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
