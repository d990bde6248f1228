"""After `tfgen init`, lint, sync --check and a plan on the emulator pass: in an empty repository and in others."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Command, write_tree
from tests.terraform.conftest import Estate
from tfgen.emulator.override import write_override
from tfgen.workspace import open_workspace

HCL = """\
source "amazon-ebs" "db" {
  ami_name      = "db-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  instance_type = "t3.micro"
  region        = "eu-west-1"
  source_ami    = "ami-0123456789abcdef0"
  ssh_username  = "ec2-user"
}

build {
  sources = ["source.amazon-ebs.db"]

  post-processor "manifest" {
    output = "packer-manifest.json"
  }
}
"""
JSON = """\
{
  "builders": [
    {
      "type": "amazon-ebs",
      "ami_name": "web-{{timestamp}}",
      "instance_type": "t3.micro",
      "source_ami": "ami-0123456789abcdef0",
      "ssh_username": "ec2-user"
    }
  ],
  "post-processors": [{ "type": "manifest", "output": "packer-manifest.json" }]
}
"""
#: As an older repository has it: Packer takes its keys for what they mean.
OLDER = JSON.replace('"builders"', '"Builders"')
ROOT = """\
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 3.39"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

data "aws_caller_identity" "current" {}

locals {
  team = "web"
}
"""
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - packer build $PACKER_SCRIPT.json\n"
#: Files, the folder to begin in, and the images that are planned then, each with what its PACKER_SCRIPT is.
LAYOUTS: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    "empty": ({}, ".", {}),
    "hcl": ({"packer/db.pkr.hcl": HCL}, ".", {"db": "packer/db.pkr.hcl"}),
    "root": (
        {"packer-web.json": OLDER, "packer-db.json": OLDER, "buildspec.yml": BUILDSPEC},
        ".",
        {"db": "packer-db", "web": "packer-web"},
    ),
    "folders": (
        {"images/web/web.json": JSON, "images/db/db.pkr.hcl": HCL},
        ".",
        {"db-db": "images/db/db.pkr.hcl", "web-web": "images/web/web.json"},
    ),
    "monorepo": (
        {"service/main.py": "", "service/images/packer/web.json": JSON},
        "service/images",
        {"web": "packer/web.json"},
    ),
    "terraform": (
        {"packer/web.json": JSON, "terraform/pipelines/main.tf": ROOT, "terraform/pipelines/locals.tf": "locals {}\n"},
        ".",
        {"web": "packer/web.json"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_passes_at_once(
    layout: str, estate: Estate, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, folder, images = LAYOUTS[layout]
    repository = write_tree(tmp_path / "repository", files)
    repository.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    monkeypatch.chdir(repository)
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    begun = sum(os.times()[:2])
    made = cli("-C", folder, "init").expect(0)
    assert sum(os.times()[:2]) - begun < 2, "seconds of this process"
    assert "mirror of providers has AWS provider 3.39.0" in made.err or layout == "terraform"
    monkeypatch.chdir(repository / folder)
    assert {path: (repository / path).read_text() for path in files} == files

    cli("lint").expect(0)
    cli("sync", "--check").expect(0)
    write_override(open_workspace().terraform_dir, estate.emulator)
    planned = json.loads(cli("plan", "--format", "json").expect(0).out)
    named = {image["name"]: image["action"] for image in planned["images"] if image["name"] in images}
    assert named == dict.fromkeys(images, "created")
    for name, script in images.items():
        generated = (open_workspace().terraform_dir / f"pipeline_{name}.gen.tf").read_text()
        assert f'PACKER_SCRIPT = "{script}"' in generated
