"""`tfgen adopt` on real Terraform: an applied pipeline continues; what would destroy it is not written."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.conftest import JSON, TOY_MODULE, Command, Repo
from tests.terraform.conftest import ROOT
from tfgen.terraform.binary import find_terraform

MAIN = "terraform/test.tf"


def estate(repo: Repo) -> Path:
    """The legacy estate with a module that Terraform has here, applied by hand."""
    case = ROOT / "tests/data/cases/legacy-estate"
    text = (case / MAIN).read_text()
    text = text[text.index("# The web") :].replace(
        "git::ssh://git@git.example.com/platform/tfmodule-codepipeline.git?ref=v1.0", "./pipeline"
    )
    templates = {path.name: path.read_bytes() for path in case.glob("packer-*.json")}
    root = repo(
        {
            **templates,
            "buildspec.yml": (case / "buildspec.yml").read_bytes(),
            MAIN: text,
            "terraform/pipeline/main.tf": TOY_MODULE,
        }
    )
    for arguments in (("init",), ("apply", "-auto-approve")):
        subprocess.run([*find_terraform().argv, *arguments], cwd=root / "terraform", capture_output=True, check=True)
    return root


def test_what_is_applied_continues(repo: Repo, tfgen: Command) -> None:
    root = estate(repo)
    before = (root / "terraform/terraform.tfstate").read_bytes()
    result = tfgen("adopt", "--write").expect(0)
    assert "proven by a plan: 1 to move, 0 to import, 1 to add, 0 to change, 0 to destroy" in result.err
    assert (root / "terraform/terraform.tfstate").read_bytes() == before
    plan = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["moved"], image["changed"], image["destroyed"]) for image in plan["images"]] == [
        ("proxy", 0, 0, 0),
        ("web", 1, 0, 0),
    ]


def test_what_would_be_destroyed_is_not_written(repo: Repo, tfgen: Command) -> None:
    """Another place of the state: what is applied would be made anew."""
    root = estate(repo)
    (root / MAIN).write_text((root / MAIN).read_text().replace("example-web-ami", "other-web-ami"))
    before = (root / MAIN).read_bytes()
    result = tfgen("adopt", "--write").expect(3)
    assert "module.web.terraform_data.pipeline would be replaced" in result.err
    assert "[templates.web.names]" in result.err
    assert (root / MAIN).read_bytes() == before
    assert not (root / "tfgen.toml").exists()
    assert "nothing" in tfgen("adopt", "--undo").expect(0).err


def test_without_a_plan_it_is_said(repo: Repo, tfgen: Command) -> None:
    call = 'module "a" {\n  source = "./none"\n  e = { PACKER_SCRIPT = "packer/web.json" }\n}\n'
    module = 'terraform {\n  required_providers {\n    x = { source = "127.0.0.1/x/x" }\n  }\n}\nvariable "e" {}\n'
    repo({"packer/web.json": JSON, "terraform/pipelines/x.tf": call, "terraform/pipelines/none/main.tf": module})
    result = tfgen("adopt", "--write").expect(0)
    assert "warning: no plan could be made" in result.err
    assert "not proven by a plan" in result.err
