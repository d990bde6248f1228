"""The shipped estate, from its templates to pipelines in the emulator, by the commands that a user types."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.conftest import Command, read_tree
from tests.documented import console_blocks
from tests.terraform.conftest import ROOT, Estate
from tfgen.demo import run as demo
from tfgen_generators.settings.read import parse_settings

NAMES = ("base-ami-pipeline", "wordpress-ami-pipeline")


@pytest.fixture
def shipped(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the whole estate whose provider talks to the emulator."""
    root = estate.folder.parents[1]
    estate.generated.unlink()
    for part in ("packer", "ansible"):
        shutil.copytree(ROOT / part, root / part)
    for part in ("buildspec.yml", "tfgen.toml"):
        shutil.copyfile(ROOT / part, root / part)
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(root)
    return root


def _but_for_the_digests(file: Path) -> list[str]:
    """The lines of a generated file; sync leaves the digest of a template as it is while nothing else changes."""
    return [line for line in file.read_text().splitlines() if not line.startswith("# tfgen:")]


def test_from_packer_files_to_pipelines(shipped: Path, estate: Estate, tfgen: Command) -> None:
    tfgen("sync").expect(0)
    for name in ("base", "wordpress"):
        made, kept = (folder / f"pipeline_{name}.gen.tf" for folder in (estate.folder, ROOT / "terraform/pipelines"))
        assert _but_for_the_digests(made) == _but_for_the_digests(kept)
    planned = tfgen("plan", "--detailed-exitcode", "--format", "json", "--out", "saved").expect(2)
    assert [(image["name"], image["action"]) for image in json.loads(planned.out)["images"]] == [
        ("base", "created"),
        ("wordpress", "created"),
    ]
    tfgen("apply", "saved").expect(0)
    tfgen("plan", "--detailed-exitcode").expect(0)
    check_pipelines(estate)

    (shipped / "packer/blog.json").write_bytes((shipped / "packer/wordpress.json").read_bytes())
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["action"]) for image in document["images"]] == [("blog", "created")]

    (shipped / "packer/blog.json").unlink()
    text = (shipped / "tfgen.toml").read_text()
    (shipped / "tfgen.toml").write_text(text.replace("subnet-0a1b2c3d4e5f60718", "subnet-0new"))
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--format", "json", "--out", "second").expect(0).out)
    assert [(image["name"], image["changed"], image["created"]) for image in document["images"]] == [
        ("wordpress", 1, 0)
    ]
    tfgen("apply", "second").expect(0)
    assert variables(estate, "wordpress-ami-pipeline")["SUBNET_ID"] == "subnet-0new"


def variables(estate: Estate, project: str) -> dict[str, str]:
    (found,) = estate.emulator.client("codebuild").batch_get_projects(names=[project])["projects"]
    return {item["name"]: item["value"] for item in found["environment"]["environmentVariables"]}


def check_pipelines(estate: Estate) -> None:
    client = estate.emulator.client
    listed = client("codepipeline").list_pipelines()["pipelines"]
    assert sorted(item["name"] for item in listed) == sorted(NAMES)
    projects = client("codebuild").batch_get_projects(names=list(NAMES))["projects"]
    roles = {project["serviceRole"] for project in projects}
    for name in NAMES:
        pipeline = client("codepipeline").get_pipeline(name=name)["pipeline"]
        roles.add(pipeline["roleArn"])
        bucket = pipeline["artifactStore"]["location"]
        block = client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert all(block.values())
        assert len(block) == 4
    assert len(roles) == 4
    assert variables(estate, "wordpress-ami-pipeline") == {
        "PACKER_SCRIPT": "packer/wordpress.json",
        "SUBNET_ID": "subnet-0a1b2c3d4e5f60718",
        "VPC_ID": "vpc-04f99e5833c3a909b",
    }


def test_without_the_mirror_the_demo_takes_the_shipped_module_and_says_why() -> None:
    text, reason = demo._settings(demo._Network(vpc="vpc-1", subnets=("subnet-1", "subnet-2")), "")
    assert "[module]" not in text
    assert parse_settings(text).module.source == "../modules/codepipeline"
    assert reason.startswith("module codepipeline, for AWS provider 5.70 or newer, with the newest that")


def _but_for_the_moment(line: str) -> str:
    """A line without what differs from run to run: durations, counters, who made a plan, when and of which commit."""
    line = re.sub(r"that \S+ made at \S+?(, of commit \w+)?$", "", line.removesuffix("  (exit code 3)"))
    return re.sub(r"\[\d+/(\d+)\]|\b\d+(\.\d+)?s\b", "", line)


def test_the_demo_tells_its_story_and_leaves_the_page_alone(tfgen: Command) -> None:
    """With the embedded Terraform, nothing on PATH, and settings that would break it if it read them."""
    home, temporary = Path(os.environ["HOME"]), Path(tempfile.mkdtemp(prefix="t"))  # a provider's socket wants it short
    (home / ".aws").mkdir()
    (home / ".aws/config").write_text("[broken\n")
    before = read_tree(home)
    result = tfgen(
        "demo",
        PATH="/nowhere",
        TMPDIR=str(temporary),
        AWS_PROFILE="not-there",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_CA_BUNDLE="/nowhere/ca.pem",
        TF_CLI_ARGS="-nonsense",
        TF_VAR_region="nowhere",
    ).expect(0)
    assert 'source = "../modules/codepipeline_v1"' in result.out
    assert (
        "module codepipeline_v1 with AWS provider 3.39.0: the one that the Python package index has, so the demo needs "
        "no registry. Your pipelines get the module codepipeline, for AWS provider 5.70 or newer."
    ) in " ".join(result.err.split())
    for line in ("$ tfgen sync", "$ tfgen plan --out images.tfplan", "$ tfgen apply images.tfplan"):
        assert line in result.out
    assert "blog   created       14        0         0          0" in result.out
    assert "blog-ami-pipeline" in result.out
    assert "PACKER_SCRIPT=packer/wordpress.json" in result.out
    assert "\nNo changes. AWS matches the templates.\n" in result.out
    last = "error: the plan destroys or replaces resources without permission: blog (14 destroyed)"
    assert any(line.startswith(last) for line in result.out.splitlines())
    page = Path(result.err.splitlines()[-1].removeprefix("the page of the images' state: "))
    assert result.out.splitlines()[-1] == f"$ tfgen status --format html > {page}"
    assert not list(page.parent.glob(page.name.removesuffix("-status.html"))), "the folder is gone"
    assert "<title>AMI status: 2 images</title>" in page.read_text("utf-8")
    documented = console_blocks("README.md")
    shown = [line for command, text in documented.items() if ".tfplan" in command for line in text.splitlines() if line]
    said = {_but_for_the_moment(line) for line in f"{result.out}\n{result.err}".splitlines()}
    missing = [line for line in shown if _but_for_the_moment(line) not in said]
    assert missing == ["...", "to apply this plan, run: tfgen apply blog.tfplan", "..."]
    assert read_tree(home) == before
    page.unlink()
    temporary.rmdir()  # it is empty
