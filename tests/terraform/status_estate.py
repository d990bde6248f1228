"""Six images in a git repository, with pipelines, builds and AMIs in the emulator: the states that status tells apart.

Everything is made by calls of the API; only the times of what happened are set in the emulator itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.terraform.dispatch_estate import git, playbook, template
from tests.terraform.gap_probes import Make
from tests.terraform.pipelines_on_aws import Pipelines
from tests.terraform.state_estate import Aws
from tfgen.emulator.pipeline_run import HEADS, PLAYS, Play

TOML = 'source_repository = "r"\n'
REPOSITORY = "r"  # as tests/terraform/pipelines_on_aws.py names it
IMAGES = ("app", "base", "cache", "db", "web", "worker")
#: CodeBuild's line behind what the buildspec says of a failure.
REFUSED = "[Container] 2026/11/23 05:33:43.000000 Command did not exit successfully set -e exit status 1"
FILES = {
    "tfgen.toml": TOML,
    "packer/base.pkr.hcl": template("base", playbook="ansible/base.yml"),
    "packer/web.pkr.hcl": template("web", "base", "ansible/web.yml"),
    **{f"packer/{name}.pkr.hcl": template(name) for name in ("app", "cache", "db", "worker")},
    **{f"ansible/{name}.yml": playbook(name) for name in ("base", "web")},
    **{f"ansible/roles/{name}/tasks/main.yml": "- ping:\n" for name in ("base", "web")},
    "buildspec.yml": "version: 0.2\nphases:\n  build:\n    commands: [true]\n",
    "README.md": "images\n",
    "terraform/pipelines/main.tf": "",
}


@dataclass
class StatusEstate:
    """The repository at `root`; `client` makes clients of the emulator."""

    root: Path
    aws: Aws
    client: Make = field(init=False)
    pipelines: Pipelines = field(init=False)

    def __post_init__(self) -> None:
        self.client = cache(self.aws.emulator.client)
        self.pipelines = Pipelines(client=self.client)

    def commit(self, files: Mapping[str, str] | None = None, message: str = "x") -> str:
        for path, text in (files or {}).items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "--allow-empty", "-m", message)
        return git(self.root, "rev-parse", "HEAD")

    def make(self, *images: str, approval: dict[str, str] | None = None) -> None:
        for image in images:
            self.pipelines.make(f"{image}-ami-pipeline", approval=approval)

    def execute(self, image: str, commit: str, *, days: float = 0.0, play: Play | None = None) -> tuple[str, str]:
        """An execution of so many days ago, as far as it goes; gives its id and its build's."""
        name = f"{image}-ami-pipeline"
        before, HEADS[REPOSITORY], PLAYS[name] = HEADS.get(REPOSITORY), commit, play or Play()
        try:
            run = self._run(name)
        finally:
            # What is under way stays so only as long as its play does.
            if run.execution.status != "InProgress":
                del PLAYS[name]
            del HEADS[REPOSITORY]
            if before is not None:
                HEADS[REPOSITORY] = before
        moment = datetime.now(UTC) - timedelta(days=days)
        run.execution.start_time = (moment - timedelta(minutes=20)).replace(tzinfo=None)
        run.execution.last_update_time = moment.replace(tzinfo=None)
        for detail in run.details:
            detail |= {"startTime": moment.timestamp() - 1200, "lastUpdateTime": moment.timestamp()}
        if run.build:
            run.build |= {"startTime": moment.timestamp() - 1100, "endTime": moment.timestamp() - 5}
        return run.id, str(run.build.get("id", ""))

    def _run(self, name: str) -> Any:
        """Started, and asked for until nothing more happens."""
        from moto.codepipeline.models import codepipeline_backends

        codepipeline = self.client("codepipeline")
        id_ = codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
        backend: Any = codepipeline_backends["123456789012"][self.aws.emulator.region]
        run = backend.pipelines[name].executions[id_].run
        for _ in range(40):
            run.step()
        return run

    def ami(self, image: str, build: str, commit: str, *, days: float = 0.0, parent: str = "none", **tags: str) -> str:
        """An AMI as buildspec.yml tags it."""
        from moto.ec2.models import ec2_backends

        ec2 = self.client("ec2")
        found = ec2.register_image(Name=f"{image}-{time.time_ns()}", RootDeviceName="/dev/xvda", Architecture="x86_64")[
            "ImageId"
        ]
        given = {
            "BuiltBy": "Packer",
            "CodeBuildProject": build,
            "SourceVersion": commit,
            "Template": f"packer/{image}.pkr.hcl",
            "ParentAmi": parent,
        } | tags
        ec2.create_tags(Resources=[found], Tags=[{"Key": key, "Value": value} for key, value in given.items()])
        backend = ec2_backends["123456789012"][self.aws.emulator.region]
        backend.amis[found].creation_date = (datetime.now(UTC) - timedelta(days=days, minutes=2)).replace(tzinfo=None)
        return str(found)

    def built(self, image: str, commit: str, *, days: float = 0.0, parent: str = "none", **tags: str) -> str:
        """A good execution and its AMI."""
        play = Play(exported={})
        _, build = self.execute(image, commit, days=days, play=play)
        ami = self.ami(image, build, commit, days=days, parent=parent, **tags)
        self.export(build, ami)
        return ami

    def export(self, build: str, ami: str) -> None:
        """The build has exported its AMI."""
        from moto.codebuild.models import codebuild_backends

        backend = codebuild_backends["123456789012"][self.aws.emulator.region]
        for builds in backend.build_metadata_history.values():
            for each in builds:
                if each["id"] == build:
                    each["exportedEnvironmentVariables"] = [{"name": "AMI_ID", "value": ami}]
