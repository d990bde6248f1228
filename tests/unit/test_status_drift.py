"""Differences without AWS: the modern module, what is shared, modules of somebody's own, tags of AMIs."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import JSON, TOML, Repo
from tests.terraform.computed import instance
from tfgen.aws.images.model import OwnedImage
from tfgen.aws.resources.model import RoleFacts
from tfgen.status.drift.amis import ami_drift
from tfgen.status.drift.calls import Calls, read_calls
from tfgen.status.drift.commits import Commits
from tfgen.status.drift.compare.differences import Differences
from tfgen.status.drift.compare.pipelines import pipeline_drift, transitions_drift
from tfgen.status.drift.compare.projects import project_drift
from tfgen.status.drift.compare.roles import role_drift
from tfgen.status.drift.orphans import orphans_of
from tfgen.status.drift.own_modules import certain_drift
from tfgen.status.facts import Expected, PlaceFacts
from tfgen.status.facts import Place as Where
from tfgen.status.model import Drift
from tfgen.workspace import open_workspace
from tfgen_generators.module.resources.instance import Instance
from tfgen_generators.module.resources.model import Place, is_decided
from tfgen_generators.module.resources.text import read_text
from tfgen_generators.settings.model import Settings

ACCOUNT = "123456789012"
PLACE = Place(account=ACCOUNT, partition="aws", region="eu-west-1")
HERE = Where(account="", account_id=ACCOUNT, partition="aws", region="eu-west-1")
CONNECTION = f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/0a1b2c3d-0000-4000-8000-000000000000"
GIVEN = {
    "project_name": '"web"',
    "project_description": '"d"',
    "artefact_bucket_name": '"bucket"',
    "source_repository": '"owner/repo"',
    "source_type": '"codeconnections"',
    "connection_arn": f'"{CONNECTION}"',
    "file_paths": '["packer/**"]',
    "execution_mode": '"QUEUED"',
    "environment_vars": '{ PACKER_SCRIPT = "p.json" }',
}
FOUND: dict[str, Any] = {
    "name": "web",
    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/web-codepipeline",
    "pipelineType": "V2",
    "executionMode": "QUEUED",
    "artifactStore": {"type": "S3", "location": "bucket"},
    "stages": [
        {
            "name": "Source",
            "actions": [
                {
                    "name": "Source",
                    "actionTypeId": {
                        "category": "Source",
                        "owner": "AWS",
                        "provider": "CodeStarSourceConnection",
                        "version": "1",
                    },
                    "configuration": {
                        "BranchName": "main",
                        "ConnectionArn": CONNECTION,
                        "FullRepositoryId": "owner/repo",
                        "DetectChanges": "true",
                    },
                    "outputArtifacts": [{"name": "source"}],
                }
            ],
        },
        {
            "name": "Build",
            "actions": [
                {
                    "name": "Build",
                    "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
                    "configuration": {"ProjectName": "web"},
                    "inputArtifacts": [{"name": "source"}],
                    "outputArtifacts": [{"name": "build"}],
                }
            ],
        },
    ],
    "triggers": [
        {
            "providerType": "CodeStarSourceConnection",
            "gitConfiguration": {
                "sourceActionName": "Source",
                "push": [{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["packer/**"]}}],
            },
        }
    ],
}


def modern(**changed: Any) -> list[tuple[str, str, str]]:
    found = json.loads(json.dumps(FOUND)) | changed
    (resource,) = instance("codepipeline", GIVEN).resources().of("aws_codepipeline")
    return said(pipeline_drift(resource, found, {}))


def said(drifts: list[Drift]) -> list[tuple[str, str, str]]:
    return [(each.field, each.expected, each.found) for each in drifts]


def test_the_modern_pipeline_is_as_its_module_makes_it() -> None:
    assert modern() == []


def test_what_only_a_modern_pipeline_has_is_compared() -> None:
    assert modern(pipelineType="V1") == [("pipeline_type", "V2", "V1")]
    assert modern(executionMode="PARALLEL") == [("execution_mode", "QUEUED", "PARALLEL")]
    push = {"branches": {"includes": ["main", "dev"]}}
    triggers = [{"gitConfiguration": {"sourceActionName": "Source", "push": [push]}}]
    assert modern(triggers=triggers) == [
        ("trigger.branches.includes", "main", "dev, main"),
        ("trigger.file_paths.includes", "packer/**", "(none)"),
    ]
    assert modern(triggers=[]) == [("trigger", "1 of them", "0 of them")]


def test_a_disabled_transition_is_a_difference() -> None:
    stages = [
        {"stageName": "Source", "inboundTransitionState": {"enabled": True}},
        {"stageName": "Build", "inboundTransitionState": {"enabled": False, "disabledReason": "holidays"}},
    ]
    assert said(transitions_drift("web", stages)) == [("transition to Build", "enabled", "disabled: holidays")]


def test_the_same_policy_in_other_words_is_no_difference() -> None:
    made = instance("codepipeline", {**GIVEN, "full_clone": "true"}).resources()
    role = next(one for one in made.of("aws_iam_role") if one.name == "codepipeline")
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": ["codepipeline.amazonaws.com"]},
            "Action": ["sts:AssumeRole"],
            "Condition": {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}},
        },
    }
    found = RoleFacts(trust=trust, description="CodePipeline runs web")
    assert role_drift(role, made, found, alone=True) == []


FOREIGN = TOML + '[module]\nsource = "git::https://example.com/pipeline.git"\n'


def test_of_a_module_elsewhere_only_what_is_certain_is_compared(repo: Repo) -> None:
    call = calls_of(repo, FOREIGN + '[environment]\nA = "1"\nB = { expression = "var.b" }\n').by_image["web"]
    assert call.resources is None
    variables = {"PACKER_SCRIPT": "packer/web.json", "A": "1", "B": "anything", "OF_THE_MODULE": "x"}
    assert said(list(certain_drift(call, "web", {"web": built(variables)}))) == []
    found = said(list(certain_drift(call, "web", {"web": built({"PACKER_SCRIPT": "packer/web.json", "A": "2"})})))
    assert found == [("environment.A", "1", "2"), ("environment.B", "(known to Terraform)", "(none)")]
    assert said(list(certain_drift(call, "web", {}))) == [("", "exists", "does not exist")]


def calls_of(repo: Repo, toml: str, **files: str) -> Calls:
    from tfgen.sync.run import synchronize

    tree = {"tfgen.toml": toml, "packer/web.json": JSON, "terraform/pipelines/locals.tf": "", **files}
    repo({**tree})
    assert not synchronize(open_workspace()).problems
    return read_calls(open_workspace(), ["web"], PLACE)


def built(variables: dict[str, str]) -> dict[str, Any]:
    listed = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()]
    return {"name": "web", "environment": {"environmentVariables": listed}}


OWN = """\
variable "project_name" {}
variable "project_description" {}
variable "artefact_bucket_name" {}
variable "source_repository" {}
variable "environment_vars" { type = map(string) }
variable "size" { default = "SMALL" }

resource "aws_codebuild_project" "p" {
  name          = var.project_name
  description   = "${data.aws_ssm_parameter.x.value} by hand"
  build_timeout = 30

  environment {
    compute_type = "BUILD_GENERAL1_${var.size}"
    image        = "own"

    dynamic "environment_variable" {
      for_each = merge(var.environment_vars, { MODULE = "own" })
      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  lifecycle {
    ignore_changes = [build_timeout]
  }
}
"""


def test_a_local_module_of_somebodys_own_is_compared_as_far_as_it_is_known(repo: Repo) -> None:
    source = 'source = "../modules/own"'
    toml = f'{TOML}[module]\n{source}\n[environment]\nA = {{ expression = "var.a" }}\n'
    calls = calls_of(repo, toml, **{"terraform/modules/own/main.tf": OWN})
    resources = calls.by_image["web"].resources
    assert resources is not None
    (project,) = resources.of("aws_codebuild_project")
    variables = {"PACKER_SCRIPT": "packer/web.json", "A": "whatever", "MODULE": "own"}
    found = built(variables) | {"description": "x", "timeoutInMinutes": 99}
    found["environment"] |= {"computeType": "BUILD_GENERAL1_SMALL", "image": "own"}
    assert project_drift(project, found) == []
    found["environment"]["environmentVariables"].pop()
    assert said(project_drift(project, found)) == [("environment.MODULE", "own", "(none)")]


def test_what_terraform_alone_knows_is_never_guessed() -> None:
    text = read_text(
        {
            "main.tf": b"""
variable "key" {
  type    = string
  default = null
}
variable "count" { type = number }
resource "aws_iam_role" "one" {
  count = var.key == null ? 0 : 1
  name  = "one"
}
resource "aws_iam_role" "two" {
  name = "two-${var.key}"
}
resource "aws_iam_role" "three" {
  name = timestamp()
}
"""
        }
    )
    from tfgen_generators.packer.syntax.values import Expression

    made = Instance(text, {"key": Expression("var.key", "ref", ("var", "key"))}, PLACE).resources()
    assert made.open_kinds == {"aws_iam_role"}
    assert [(one.name, is_decided(one.get("name"))) for one in made.made] == [("two", False), ("three", False)]
    assert [one.text("name") for one in made.made] == ["", ""]
    known = Instance(text, {"key": "k"}, PLACE).resources()
    assert [one.text("name") for one in known.made] == ["one", "two-k", ""]


def test_what_is_made_of_itself_is_not_known() -> None:
    text = read_text(
        {
            "main.tf": b"""
locals {
  a = local.b
  b = local.a
}
resource "aws_iam_role" "a" {
  name = aws_iam_role.b.name
}
resource "aws_iam_role" "b" {
  name = aws_iam_role.a.name
}
resource "aws_s3_bucket" "c" {
  for_each = aws_s3_bucket.c
  bucket   = local.a
}
""",
            "broken.tf": b"resource {",
        }
    )
    made = Instance(text, {}, PLACE).resources()
    assert [(one.kind, one.text("name")) for one in made.made] == [("aws_iam_role", ""), ("aws_iam_role", "")]
    assert made.open_kinds == {"aws_s3_bucket", "*"}


@pytest.mark.parametrize("module", ["ci_roles", "dispatcher", "shared", "codepipeline", "codepipeline_v1"])
def test_every_module_can_be_read_without_inputs(module: str) -> None:
    assert instance(module, {}).resources().made


NOW = datetime(2026, 1, 31, tzinfo=UTC)
COMMIT, GONE = "a" * 40, "b" * 40


def ami(number: int, image: str, days: int = 0, **tags: str) -> OwnedImage:
    given = {
        "Template": f"packer/{image}.json",
        "BuiltBy": "Packer",
        "SourceVersion": COMMIT,
        "CodeBuildProject": f"{image}-ami-pipeline:{number}",
        "ParentAmi": "none",
    }
    return OwnedImage(
        id=f"ami-{number}",
        name=image,
        region="eu-west-1",
        account=ACCOUNT,
        state="available",
        created=NOW - timedelta(days=days),
        tags={**given, **tags},
    )


def expected(image: str, *parents: str) -> Expected:
    return Expected(image=image, template=f"packer/{image}.json", pipeline=f"{image}-ami-pipeline", parents=parents)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ami(1, "web", ParentAmi="ami-9"), None),
        (ami(1, "web", ParentAmi="ami-elsewhere"), None),
        (ami(1, "web", SourceVersion=f"{COMMIT}-dirty"), None),
        (ami(1, "web", BuiltBy="Somebody"), ("BuiltBy", "Packer", "Somebody")),
        (ami(1, "web", SourceVersion=GONE), ("SourceVersion", "a commit of this repository", GONE)),
        (ami(1, "web", SourceVersion="main"), ("SourceVersion", "a commit of this repository", "main")),
        (ami(1, "web", ParentAmi="ami-8"), ("ParentAmi", "packer/base.json", "ami-8 of packer/db.json")),
    ],
)
def test_tags_are_held_against_git_and_the_images(found: OwnedImage, words: tuple[str, str, str] | None) -> None:
    images = (expected("base"), expected("db"), expected("web", "base"))
    facts = PlaceFacts(place=HERE, expected=images, amis=(found, ami(9, "base", 3), ami(8, "db", 3)))
    drifts = ami_drift(facts, lambda commit: commit == COMMIT, lambda *_: True)
    assert [(name, *said([each])[0]) for name, each in drifts] == ([("web", *words)] if words else [])


def test_an_older_ami_and_what_git_does_not_know_are_no_differences() -> None:
    images = (expected("base"), expected("db"), expected("web", "base"))
    older = ami(1, "web", 9, SourceVersion=GONE)
    facts = PlaceFacts(place=HERE, expected=images, amis=(older, ami(2, "web")))
    assert list(ami_drift(facts, lambda commit: commit == COMMIT, lambda *_: True)) == []
    facts = PlaceFacts(place=HERE, expected=images, amis=(older,))
    assert list(ami_drift(facts, lambda _: None, lambda *_: True)) == []
    moved = (ami(1, "web", ParentAmi="ami-8"), ami(8, "db", 3))
    facts = PlaceFacts(place=HERE, expected=images, amis=moved)
    assert list(ami_drift(facts, lambda _: True, lambda *_: None)) == []


def test_git_is_asked_once_for_all_commits(repo: Repo) -> None:
    root = repo({"packer/web.json": JSON})
    first = commit_all(root)
    (root / "packer/db.json").write_text(JSON)
    (root / "packer/web.json").write_text(f"{JSON} ")
    second = commit_all(root)
    asked = [(first, "packer/web.json"), (second, "packer/web.json"), (GONE, "packer/web.json"), ("main", "x\ny")]
    commits = Commits(root, asked)
    assert [commits.has(commit) for commit, _ in asked] == [True, True, False, False]
    assert [commits.is_same(*each) for each in asked] == [False, True, None, None]
    run("git", "clone", "-q", "--depth=1", root.as_uri(), str(root / "shallow"), cwd=root)
    assert Commits(root / "shallow", asked).has(first) is None
    assert Commits(root.parent, asked).has(first) is None


def commit_all(root: Path) -> str:
    if not (root / ".git").exists():
        run("git", "init", "-q", cwd=root)
    run("git", "add", "-A", cwd=root)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "c", cwd=root)
    return run("git", "rev-parse", "HEAD", cwd=root)


def run(*argv: str, cwd: Path) -> str:
    return subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def test_pipelines_of_another_repository_are_no_rows() -> None:
    names = ("web-ami-pipeline", "other-ami-pipeline", "lost-ami-pipeline")
    facts = PlaceFacts(
        place=HERE,
        expected=(expected("web"),),
        listed=tuple({"name": name} for name in names),
        projects={name: built({"PACKER_SCRIPT": f"packer/{name[:-13]}.json"}) for name in names},
    )
    repositories = {"other-ami-pipeline": "theirs", "lost-ami-pipeline": "ami-builder"}

    def definition(name: str) -> dict[str, Any]:
        source = {"actionTypeId": {"category": "Source"}, "configuration": {"RepositoryName": repositories[name]}}
        return {"stages": [{"actions": [source]}]}

    found = [
        (each.kind, each.name) for each in orphans_of(facts, Settings(source_repository="ami-builder"), definition)
    ]
    assert found == [("pipeline", "lost-ami-pipeline")]


def test_a_value_is_cut_and_a_secret_never_shown() -> None:
    seen = Differences("project web")
    seen.variable("A", "x" * 500, None)
    seen.variable("API_KEY", "1", "2")
    seen.variable("URL", "https://user:" + "word@example.com", None)
    assert len(seen.found[0].expected) == 300
    assert "word" not in repr(seen.found)
    assert "'2'" not in repr(seen.found)


def shipped(name: str) -> dict[str, str]:
    folder = Path(__file__).resolve().parents[2] / "terraform/modules" / name
    return {f"terraform/modules/{name}/{path.name}": path.read_text(encoding="utf-8") for path in folder.glob("*.tf")}


def test_what_is_shared_comes_from_its_own_block(repo: Repo) -> None:
    toml = TOML + "[shared]\nartefact_bucket = true\nroles = true\n"
    files = {**shipped("codepipeline"), **shipped("shared")}
    files["terraform/pipelines/locals.tf"] = (
        'data "aws_caller_identity" "me" {}\nlocals {\n  account_id = data.aws_caller_identity.me.account_id\n}\n'
    )
    calls = calls_of(repo, toml, **files)
    own, shared = calls.by_image["web"].resources, calls.shared.resources if calls.shared else None
    assert own is not None and shared is not None  # noqa: PT018 (for mypy)
    (pipeline,) = own.of("aws_codepipeline")
    assert pipeline.text("role_arn") == f"arn:aws:iam::{ACCOUNT}:role/ami-builder-shared-codepipeline"
    assert own.of("aws_iam_role") == own.of("aws_s3_bucket") == ()
    assert [one.text("name").rpartition("-")[2] for one in shared.of("aws_iam_role")] == [
        "codepipeline", "codebuild", "events",
    ]  # fmt: skip
    assert [one.text("bucket") for one in shared.of("aws_s3_bucket")] == [f"ami-builder-artefacts-{ACCOUNT}"]
    assert own.open_kinds == shared.open_kinds == frozenset()


def test_the_account_is_what_the_settings_call_it(repo: Repo) -> None:
    toml = TOML + '[names]\naccount_id = "var.account"\n[inputs]\nsource_repository = { expression = "local.name" }\n'
    locals_tf = 'locals {\n  name = "named"\n}\n'
    calls = calls_of(repo, toml, **shipped("codepipeline"), **{"terraform/pipelines/locals.tf": locals_tf})
    resources = calls.by_image["web"].resources
    assert resources is not None
    assert [one.text("bucket") for one in resources.of("aws_s3_bucket")] == [f"web-ami-builder-artefacts-{ACCOUNT}"]
    (rule,) = resources.of("aws_cloudwatch_event_rule")
    assert "named" in rule.text("event_pattern")
