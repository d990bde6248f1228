"""Runs the jobs of GitHub's recipe, on a local server that stands in for GitHub: see recipes.py."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.functional.pr_hosts import GitHub, Reply, Request
from tests.terraform.recipes import Outcome, Repository, shell


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
    #: The branch that a pull request goes into, as its author has it.
    into: str = ""

    def start(self, name: str) -> Outcome:
        """Runs the job `name`; a job whose plan was kept is listed among the runs."""
        outcome, carried = Outcome(), dict[str, str]()
        shutil.rmtree(self.repository.checkout, ignore_errors=True)
        self.repository.checkout.mkdir(parents=True)
        workflow = yaml.safe_load(self.repository.git("show", f"{self.revision}:.github/workflows/tfgen.yml"))
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
            "GITHUB_BASE_REF": self.into,
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
        """The step's `if`; one that does not ask how the job is runs as long as nothing has failed."""
        if outcome.code and "cancelled()" not in (condition or "") and "failure()" not in (condition or ""):
            return False
        if condition is None:
            return True
        text = condition.removeprefix("${{ ").removesuffix(" }}")
        text = (
            text.replace("!cancelled()", "True")
            .replace("failure()", str(outcome.code != 0))
            .replace("&&", "and")
            .replace("github.event_name", repr(self.event))
        )
        folder = self.repository.checkout
        hashed = re.sub(r"hashFiles\('([\w.]+)'\)", lambda m: repr("x" if (folder / m[1]).exists() else ""), text)
        return bool(eval(hashed, {"__builtins__": {}}))

    def _use(self, action: str, given: Mapping[str, Any]) -> dict[str, str]:
        """What the action does, as far as it matters here."""
        name = action.partition("@")[0]
        if name == "actions/checkout":
            assert given.get("ref", "${{ github.sha }}") == "${{ github.sha }}"
            self.repository.check_out(self.revision)
            return {}
        if name == "aws-actions/configure-aws-credentials":
            return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}
        if name == "actions/upload-artifact":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                for path in given["path"].split():
                    archive.write(self.repository.checkout / path, path)
            self.server.artifacts[self.run, given["name"]] = packed.getvalue()
        else:
            assert name == "actions/setup-python", f"nobody knows here what {name} does"
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


def pull_request(
    repository: Repository,
    server: GitHubWithActions,
    branch: str,
    *,
    run: str = "1",
    labels: tuple[str, ...] = (),
    into: str = "main",
) -> Outcome:
    """The plan job, on what would be merged."""
    head = repository.git("rev-parse", branch)
    job = GitHubJob(
        repository=repository,
        server=server,
        event="pull_request",
        revision=head,
        head=head,
        ref="refs/pull/7/merge",
        run=run,
        labels=labels,
        into=into,
    )
    return job.start("plan")


def merge(repository: Repository, server: GitHubWithActions, branch: str, *, labels: tuple[str, ...] = ()) -> Outcome:
    """Merges the branch; the apply job on main."""
    head = repository.git("rev-parse", branch)
    merged = repository.merge(branch)
    server.pulls[merged] = [
        {"number": 3, "merged_at": None, "merge_commit_sha": "f" * 40, "head": {"sha": "f" * 40}},
        {
            "number": 7,
            "merged_at": "2026-01-01T00:00:00Z",
            "merge_commit_sha": merged,
            "head": {"sha": head},
            "base": {"ref": "main"},
            "labels": [{"name": label} for label in labels],
        },
    ]
    return GitHubJob(repository=repository, server=server, event="push", revision=merged, run="90").start("apply")
