"""Runs the shell of the written recipes as each host does: the recipe's own text, from a checkout of its own.

What a `uses:` step or the host itself does is done here in a few lines, each named. The network is not there, so two
programs are stand-ins on PATH: `python -m pip install` of tfgen (it is installed) and GitHub's `gh`, which asks the
local server what the real one would ask the API.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Files, write_tree
from tests.e2e.tools import SEARCH_PATH, require_tool
from tests.functional.pr_hosts import GitHub, Reply, Request

_PYTHON = """\
#!/bin/bash
if [ "$1 $2 $3 $4" = "-I -m pip install" ]; then
  printf '%s\\n' "${@: -1}" >>"$INSTALLED"
  exit 0
fi
exec "$PYTHON" "$@"
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
_GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")


class GitHubWithActions(GitHub):
    """GitHub with what the apply job asks for: pull requests of a commit, runs of a workflow, their artifacts."""

    def __init__(self) -> None:
        super().__init__()
        self.pulls: dict[str, list[dict[str, Any]]] = {}
        self.runs: list[dict[str, Any]] = []
        self.artifacts: dict[tuple[str, str], bytes] = {}

    def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/repos/org/images/")
        if found := re.fullmatch(r"commits/(\w+)/pulls", path):
            return Reply(body=self.pulls.get(found[1], []))
        if path == "actions/workflows/tfgen.yml/runs":
            asked = request.query
            fits = [
                run
                for run in reversed(self.runs)
                if (run["event"], run["head_sha"], run["conclusion"])
                == (asked["event"], asked["head_sha"], asked["status"])
            ]
            return Reply(body={"total_count": len(fits), "workflow_runs": fits})
        if found := re.fullmatch(r"actions/runs/(\w+)/artifacts/([\w-]+)", path):
            data = self.artifacts.get((found[1], found[2]))
            return Reply(body=data) if data else Reply(status=404, body={"message": "Not Found"})
        return super().answer(request)


@dataclass(kw_only=True)
class Repository:
    """A repository that a team shares, the place where CI checks it out, and what CI's machine has."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tools = self.folder / "bin"
        write_tree(tools, {"python": _PYTHON, "gh": _GH})
        for tool in tools.iterdir():
            tool.chmod(0o755)
        require_tool("jq")
        self.env = {
            **os.environ,
            **self.env,
            "PATH": os.pathsep.join([str(tools), SEARCH_PATH]),
            "PYTHON": sys.executable,
            "INSTALLED": str(self.folder / "installed"),
        }
        self.git("init", "-q", "-b", "main", str(self.origin), cwd=self.folder)

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
        sync = [sys.executable, "-m", "tfgen", "sync"]
        subprocess.run(sync, cwd=self.origin, env=self.env, check=True, capture_output=True)
        self.git("add", "-A")
        self.git("commit", "-qm", f"on {branch}")
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


@dataclass(kw_only=True)
class GitHubJob:
    """One job of .github/workflows/tfgen.yml on GitHub's runner."""

    repository: Repository
    server: GitHubWithActions
    event: str
    revision: str
    run: str = "1"
    #: The commit that the run is listed under: of a pull request, its branch's last.
    head: str = ""
    ref: str = "refs/heads/main"
    labels: tuple[str, ...] = ()

    def start(self, name: str) -> Outcome:
        """Runs the job `name`; a job whose plan was kept is listed among the runs."""
        outcome, carried = Outcome(), dict[str, str]()
        folder = self.repository.check_out(self.revision)
        workflow = yaml.safe_load((folder / ".github/workflows/tfgen.yml").read_text())
        env = {**self.repository.env, **self.server.env, **self._variables(), **self._filled(workflow["env"])}
        env.pop("GITHUB_TOKEN")  # a step gets it when it asks
        for step in workflow["jobs"][name]["steps"]:
            if not self._holds(step.get("if"), outcome):
                continue
            if "uses" in step:
                carried |= self._use(step["uses"], step.get("with", {}))
                continue
            code, text = self._shell(step, {**env, **carried, **self._filled(step.get("env", {}))}, carried)
            outcome.text += text
            outcome.steps[step["name"]] = code
            outcome.code = outcome.code or code
        conclusion = "failure" if outcome.code else "success"
        self.server.runs.append(
            {
                "id": int(self.run),
                "event": self.event,
                "head_sha": self.head or self.revision,
                "conclusion": conclusion,
                "head_repository": {"full_name": "org/images"},
            }
        )
        return outcome

    def _variables(self) -> dict[str, str]:
        return {
            "CI": "true",
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_SHA": self.revision,
            "GITHUB_REF": self.ref,
            "GITHUB_RUN_ID": self.run,
            "GITHUB_WORKSPACE": str(self.repository.checkout),
            "GITHUB_WORKFLOW_REF": f"org/images/.github/workflows/tfgen.yml@{self.ref}",
        }

    def _filled(self, env: Mapping[str, Any]) -> dict[str, str]:
        known = {
            "github.token": "test",
            "vars.AWS_REGION": "eu-west-1",
            "toJSON(github.event.pull_request.labels.*.name)": json.dumps(list(self.labels)),
        }
        return {name: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: known[m[1]], str(value)) for name, value in env.items()}

    def _holds(self, condition: str | None, outcome: Outcome) -> bool:
        """The step's `if`; without one it runs as long as nothing has failed."""
        if condition is None:
            return outcome.code == 0
        text = condition.removeprefix("${{ ").removesuffix(" }}")
        text = text.replace("!cancelled()", "True").replace("&&", "and").replace("github.event_name", repr(self.event))
        folder = self.repository.checkout
        hashed = re.sub(r"hashFiles\('([\w.]+)'\)", lambda m: repr("x" if (folder / m[1]).exists() else ""), text)
        return bool(eval(hashed, {"__builtins__": {}}))

    def _use(self, action: str, given: Mapping[str, Any]) -> dict[str, str]:
        """What the action does, as far as it matters here."""
        name = action.partition("@")[0]
        if name == "aws-actions/configure-aws-credentials":
            return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}
        if name == "actions/upload-artifact":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                for path in given["path"].split():
                    archive.write(self.repository.checkout / path, path)
            self.server.artifacts[self.run, given["name"]] = packed.getvalue()
        else:
            assert name in ("actions/checkout", "actions/setup-python"), f"nobody knows here what {name} does"
        return {}

    def _shell(self, step: Mapping[str, Any], env: dict[str, str], carried: dict[str, str]) -> tuple[int, str]:
        notes = self.repository.folder / "github-env"
        notes.write_text("")
        temporary = self.repository.folder / "runner-temp"
        temporary.mkdir(exist_ok=True)
        files = {
            "RUNNER_TEMP": str(temporary),
            "GITHUB_ENV": str(notes),
            "GITHUB_STEP_SUMMARY": str(self.repository.folder / "summary.md"),
        }
        code, text = shell(step["run"], {**env, **files}, self.repository.checkout)
        carried |= dict(line.split("=", 1) for line in notes.read_text().splitlines())
        return code, text


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


def codebuild(repository: Repository, file: str, env: Mapping[str, str]) -> Outcome:
    """A build of CodeBuild: a failed command ends its phase; post_build runs after build all the same."""
    spec = yaml.safe_load((repository.checkout / file).read_text())
    assert spec["version"] == 0.2
    variables = {**repository.env, **spec["env"]["variables"], **env, "CODEBUILD_SRC_DIR": str(repository.checkout)}
    outcome = Outcome()
    for phase in ("install", "build", "post_build"):
        for command in spec["phases"][phase]["commands"]:
            code, text = shell(command, variables, repository.checkout)
            outcome.text += text
            outcome.steps[command] = code
            if code:
                outcome.code = outcome.code or code
                break
        if outcome.code and phase == "install":
            break
    return outcome
