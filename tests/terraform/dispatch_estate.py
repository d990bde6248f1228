"""Four images in a git repository, their pipelines and table in the emulator: what tests of `dispatch` share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.conftest import Command, Result, write_tree
from tests.functional.git_repo import SETTINGS
from tests.pinned import REQUIREMENT
from tests.terraform.gap_probes import Make
from tests.terraform.pipelines_on_aws import Pipelines
from tests.terraform.state_estate import Aws
from tfgen.emulator.pipeline_run import HEADS

TABLE = "ami-builder-dispatcher"
TOML = f"""\
source_repository = "ami-builder"
trigger = "affected"

[dispatcher]
inputs = {{ tfgen_requirement = "{REQUIREMENT}" }}
"""
REPOSITORY = "r"  # as tests/terraform/pipelines_on_aws.py names it
IMAGES = ("app", "base", "other", "web")


def template(name: str, parent: str = "", playbook: str = "") -> str:
    """An HCL2 template that makes NAME-TIME, from `parent`'s AMI or from a public one."""
    owners, wanted = ('["self"]', f"{parent}-*") if parent else ('["136693071363"]', "debian-12-amd64-*")
    provisioner = f'  provisioner "ansible" {{\n    playbook_file = "{playbook}"\n  }}\n' if playbook else ""
    return (
        f'source "amazon-ebs" "{name}" {{\n  ami_name = "{name}-{{{{timestamp}}}}"\n  source_ami_filter {{\n'
        f'    filters = {{ name = "{wanted}" }}\n    owners = {owners}\n    most_recent = true\n  }}\n}}\n\n'
        f'build {{\n  sources = ["source.amazon-ebs.{name}"]\n{provisioner}}}\n'
    )


def playbook(role: str) -> str:
    return f"- hosts: all\n  roles: [{role}]\n"


FILES = {
    "tfgen.toml": TOML,
    "packer/base.pkr.hcl": template("base", playbook="ansible/base.yml"),
    "packer/web.pkr.hcl": template("web", "base", "ansible/web.yml"),
    "packer/app.pkr.hcl": template("app", "base"),
    "packer/other.pkr.hcl": template("other", playbook="ansible/other.yml"),
    **{f"ansible/{name}.yml": playbook(name) for name in ("base", "web", "other")},
    **{f"ansible/roles/{name}/tasks/main.yml": "- ping:\n" for name in ("base", "web", "other")},
    "buildspec.yml": "version: 0.2\nphases:\n  build:\n    commands: [true]\n",
    "README.md": "images\n",
}


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *SETTINGS, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass
class DispatchEstate:
    """The repository at `root`, whose commits are at once those of CodeCommit."""

    root: Path
    aws: Aws
    cli: Command
    pipelines: Pipelines = field(init=False)
    client: Make = field(init=False)

    def __post_init__(self) -> None:
        self.client = cache(self.aws.emulator.client)
        self.pipelines = Pipelines(client=self.client)
        for name in IMAGES:
            self.pipelines.make(f"{name}-ami-pipeline")
        self.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "image", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "image", "KeyType": "HASH"}],
        )
        git(self.root, "init", "--quiet")
        self.push(FILES)

    @property
    def dynamodb(self) -> Any:
        return self.client("dynamodb")

    def push(self, files: dict[str, str], *, gone: str = "") -> str:
        """A commit with these files, at which CodeCommit's branch is then; gives it."""
        write_tree(self.root, files)
        if gone:
            (self.root / gone).unlink()
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", "x")
        HEADS[REPOSITORY] = git(self.root, "rev-parse", "HEAD")
        return HEADS[REPOSITORY]

    def dispatch(self, *arguments: str, code: int = 0) -> Result:
        return self.cli("dispatch", "--table", TABLE, *arguments).expect(code)

    def images(self, *arguments: str, code: int = 0) -> dict[str, dict[str, str]]:
        """What a dispatch did, by image, in its order."""
        found = json.loads(self.dispatch("--format", "json", *arguments, code=code).out)["images"]
        return {each["name"]: each for each in found}

    def statuses(self, *arguments: str, code: int = 0) -> dict[str, str]:
        return {name: each["status"] for name, each in self.images(*arguments, code=code).items()}

    def begin(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        """A dispatcher as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tfgen", "dispatch", "--table", TABLE, "--format", "json", *arguments],
            cwd=cwd or self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def started(self, name: str) -> int:
        """How many executions the image's pipeline has."""
        return len(self.pipelines.executions(f"{name}-ami-pipeline"))

    def all_started(self) -> dict[str, int]:
        return {name: self.started(name) for name in IMAGES}

    def item(self, name: str) -> dict[str, Any]:
        found = self.dynamodb.get_item(TableName=TABLE, Key={"image": {"S": name}})["Item"]
        return {key: next(iter(value.values())) for key, value in found.items()}
