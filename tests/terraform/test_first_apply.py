"""A first apply does not start every pipeline at once: a real Terraform makes three on the emulator, and one builds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, write_tree
from tests.terraform.conftest import Estate
from tests.terraform.pipelines_on_aws import Pipelines
from tfgen.emulator.override import override_text
from tfgen.emulator.pipeline_run import BEGUN

NAMES = ("a", "b", "c")
MAIN = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "names" {
  default = ["a", "b", "c"]
}

resource "aws_iam_role" "this" {
  name = "pipelines"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codepipeline.amazonaws.com" }
    }]
  })
}

resource "aws_codepipeline" "this" {
  for_each = toset(var.names)
  name     = each.key
  role_arn = aws_iam_role.this.arn

  artifact_store {
    type     = "S3"
    location = "artefacts"
  }

  stage {
    name = "Source"
    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      output_artifacts = ["source"]
      configuration    = { RepositoryName = "r", BranchName = "main" }
    }
  }

  stage {
    name = "Build"
    action {
      name            = "Build"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["source"]
      configuration   = { ProjectName = each.key }
    }
  }
}
"""


@pytest.fixture
def begun() -> Iterator[None]:
    BEGUN.update(NAMES)
    yield
    BEGUN.clear()


@pytest.mark.usefixtures("begun")
def test_all_but_one_are_stopped(estate: Estate, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(
        tmp_path / "repository",
        {
            "tfgen.toml": 'source_repository = "r"\nterraform_dir = "terraform"\nmax_in_flight = 1\n',
            "terraform/main.tf": MAIN,
            "terraform/emulator_override.tf": override_text(estate.emulator),
            "packer/.gitkeep": "",
        },
    )
    monkeypatch.chdir(root)
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", estate.emulator.endpoint)
    monkeypatch.setenv("AWS_REGION", estate.emulator.region)
    cli("plan", "--out", "saved").expect(0)
    done = cli("apply", "saved").expect(0)
    assert "1 of 3 new pipelines build now (max_in_flight); stopped: " in done.err
    assert "to start one: tfgen build NAME" in done.err
    pipelines = Pipelines(client=estate.emulator.client)
    found = sorted(pipelines.executions(name)[0]["status"] for name in NAMES)
    assert found == ["InProgress", "Stopping", "Stopping"]
