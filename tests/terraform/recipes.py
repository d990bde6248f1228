"""Runs the shell of the written recipes as each host does: the recipe's own text, from a checkout of its own.

What a `uses:` step or the host itself does is done here in a few lines, each named. The network is not there, so two
programs are stand-ins on PATH: `python -m pip install` of tfgen (it is installed) and GitHub's `gh`, which asks the
local server what the real one would ask the API.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import JSON, Command, Files, write_tree
from tests.e2e.tools import SEARCH_PATH, require_tool
from tests.functional.git_repo import SETTINGS
from tests.pinned import ADDRESS
from tfgen.hosts.recipe import RECIPES

_PYTHON = """\
#!/bin/bash
if [ "$1 $2 $3 $4" = "-I -m pip install" ]; then
  printf '%s\\n' "${@: -1}" >>"$INSTALLED"
  ls -A >>"$INSTALLED.found"
  exit 0
elif [ "$1 $2 $3" = "-I -m venv" ]; then
  mkdir -p "$4/bin"
  ln -s "$0" "$4/bin/python"
  ln -s "$(command -v tfgen)" "$4/bin/tfgen"
  exit 0
fi
exec "$REAL_PYTHON" "$@"
"""
_GH = """\
#!/usr/bin/env python3
import io, os, subprocess, sys, urllib.request, zipfile

def get(path):
    headers = {"Authorization": "Bearer " + os.environ["GH_TOKEN"]}
    try:
        request = urllib.request.Request(f"{os.environ['GITHUB_API_URL']}/{path}", headers=headers)
        return urllib.request.urlopen(request).read()
    except OSError as error:
        sys.exit(f"gh: {error}")

if sys.argv[1] == "api":
    path, flag, expression = sys.argv[2:]
    assert flag == "--jq"
    sys.exit(subprocess.run(["jq", "-rc", expression], input=get(path)).returncode)
run, _, repository, _, name, _, folder = sys.argv[3:]
zipfile.ZipFile(io.BytesIO(get(f"repos/{repository}/actions/runs/{run}/artifacts/{name}"))).extractall(folder)
"""
#: Hand-written Terraform that starts a program when it is planned.
PROGRAM = 'data "external" "x" {{\n  program = ["touch", "{ran}"]\n}}\n'
_GIT = ("git", *SETTINGS, "-c", "commit.gpgsign=false")


@dataclass(kw_only=True)
class Repository:
    """A repository that a team shares, the place where CI checks it out, and what CI's machine has."""

    folder: Path
    #: The command as a process: what the team runs before it commits.
    tfgen: Command
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        write_tree(self.tools, {"python": _PYTHON, "gh": _GH})
        for tool in self.tools.iterdir():
            tool.chmod(0o755)
        require_tool("jq")
        self.env = {
            **os.environ,
            **self.env,
            "PATH": os.pathsep.join([str(self.tools), SEARCH_PATH]),
            "REAL_PYTHON": sys.executable,
            "INSTALLED": str(self.folder / "installed"),
        }
        self.git("init", "-q", "-b", "main", str(self.origin), cwd=self.folder)

    @property
    def tools(self) -> Path:
        """The first folder on PATH."""
        return self.folder / "bin"

    @property
    def origin(self) -> Path:
        return self.folder / "origin"

    @property
    def checkout(self) -> Path:
        """The same path in every job, as hosts have it."""
        return self.folder / "work" / "images"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run([*_GIT, *arguments], cwd=cwd or self.origin, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, branch: str, files: Files, *, remove: str = "") -> str:
        """A commit on `branch` (made from what is checked out where it is new) with `files`, synced. Its name."""
        if branch not in ("main", self.git("branch", "--list", branch, "--format=%(refname:short)")):
            self.git("checkout", "-q", "-b", branch)
        elif self.git("branch", "--list", branch):
            self.git("checkout", "-q", branch)
        write_tree(self.origin, files)
        if remove:
            (self.origin / remove).unlink()
        with contextlib.chdir(self.origin):
            self.tfgen("sync", **self.env).expect(0)
        self.git("add", "-A")
        self.git("commit", "-qm", f"on {branch}")
        return self.git("rev-parse", "HEAD")

    def forget_to_sync(self, branch: str) -> str:
        """A commit on `branch` with one more template and without its generated file. Its name."""
        self.commit(branch, {"packer/late.json": JSON})
        self.git("rm", "-q", "terraform/pipelines/pipeline_late.gen.tf")
        self.git("commit", "-qm", "forgot")
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str) -> str:
        """Merges `branch` into main, as the host's button does. The merge commit's name."""
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        return self.git("rev-parse", "HEAD")

    def check_out(self, revision: str) -> Path:
        """A fresh clone at `revision`, where the last one was."""
        shutil.rmtree(self.checkout.parent, ignore_errors=True)
        self.checkout.parent.mkdir(parents=True)
        self.git("clone", "-q", str(self.origin), str(self.checkout), cwd=self.folder)
        self.git("checkout", "-q", "--detach", revision, cwd=self.checkout)
        return self.checkout


@dataclass(kw_only=True)
class Outcome:
    """How a job ended: the first failed step's code, all output, and each step's name with its code."""

    code: int = 0
    text: str = ""
    steps: dict[str, int] = field(default_factory=dict)

    def expect(self, code: int) -> Outcome:
        assert self.code == code, f"exit code {self.code}, not {code}\n{self.steps}\n{self.text}"
        assert "Traceback" not in self.text
        return self


def shell(script: str, env: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Runs `script` as `bash -e`, as all three hosts do; its code, and both streams."""
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def bitbucket_step(repository: Repository, step: Mapping[str, Any], env: Mapping[str, str]) -> Outcome:
    """One step of Bitbucket Pipelines: all its scripts in one shell, in the checkout that is there."""
    variables = {**repository.env, **env, "CI": "true", "BITBUCKET_STEP_OIDC_TOKEN": "test", "AWS_REGION": "eu-west-1"}
    # Roles are taken by AWS's own libraries from the variables that the step sets; here the test's keys are.
    script = "\n".join([*step["script"], 'test "$AWS_ROLE_ARN" && test -s "$AWS_WEB_IDENTITY_TOKEN_FILE"'])
    code, text = shell(script, variables, repository.checkout)
    return Outcome(code=code, text=text)


def codebuild(repository: Repository, buildspec: str, env: Mapping[str, str]) -> Outcome:
    """A build of CodeBuild by the project's own buildspec: a failed command ends its phase, but not post_build.

    Exported variables are carried from command to command, as CodeBuild does it.
    """
    spec = yaml.safe_load(buildspec)
    assert spec["version"] == 0.2
    variables = {**repository.env, **spec["env"]["variables"], **env, "CODEBUILD_SRC_DIR": str(repository.checkout)}
    kept = repository.folder / "variables"
    outcome = Outcome()
    for phase in ("install", "build", "post_build"):
        for command in spec["phases"][phase]["commands"]:
            code, text = shell(f"{command}\nenv -0 >{kept}", variables, repository.checkout)
            outcome.text += text
            outcome.steps[command.strip()] = code
            if code:
                outcome.code = outcome.code or code
                break
            variables = dict(pair.split("=", 1) for pair in kept.read_text().split("\0") if pair)
        if outcome.code and phase == "install":
            break
    return outcome


def recipes(cli: Command) -> dict[str, str]:
    return {
        path: cli("ci", host, "--output", "-", "--install", ADDRESS).expect(0).out
        for host, (_, path) in RECIPES.items()
    }


def shared_state(folder: Path) -> str:
    """A state that outlives a checkout, as S3's does."""
    return f'terraform {{\n  backend "local" {{\n    path = "{folder}/shared.tfstate"\n  }}\n}}\n'


def images(folder: Path) -> set[str]:
    state = folder / "shared.tfstate"
    found = json.loads(state.read_text())["resources"] if state.exists() else []
    return {item["module"] for item in found if "module" in item}
