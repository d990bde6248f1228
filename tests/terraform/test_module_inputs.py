"""What the module refuses, and that what is committed is formatted and valid."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hcl2
import pytest

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "terraform/modules/codepipeline"
SHIPPED = sorted(each.name for each in MODULE.parent.iterdir())
README = (MODULE / "README.md").read_text(encoding="utf-8")
EXAMPLES = ("modules/codepipeline/examples/basic", "modules/codepipeline/examples/complete")
GOOD = {
    "project_name": '"p1"',
    "project_description": '"d"',
    "artefact_bucket_name": '"bucket"',
    "source_repository": '"repo"',
    "environment_vars": '{ PACKER_SCRIPT = "p.json" }',
}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:images"
GOOD_SCHEDULES = (
    "rate(1 minute)",
    "rate(12 hours)",
    "rate(30 days)",
    "cron(0 10 * * ? *)",
    "cron(15 12 * * ? *)",
    "cron(0 18 ? * MON-FRI *)",
    "cron(0 8 1 * ? *)",
    "cron(0/15 * * * ? *)",
    "cron(0/10 * ? * MON-FRI *)",
    "cron(0,30 0-2 ? * 2#1 2026-2030)",
    "cron(0 4 L JAN,JUL ? *)",
    "cron(0 4 ? * 6L *)",
    "cron(0 4 LW * ? *)",
    "cron(0 4 3W * ? *)",
    "cron(*/5 */2 * 1/3 ? *)",
)
BAD_SCHEDULES = (
    "",
    "daily",
    "rate(1 hours)",
    "rate(2 hour)",
    "rate(0 days)",
    "rate(1 week)",
    "cron(0 4 * * *)",
    "cron(0 4 * * * *)",
    "cron(0 4 ? * ? *)",
    "cron(60 4 * * ? *)",
    "cron(0 24 * * ? *)",
    " rate(1 day)",
    "cron(0 4 ? * MON *) ",
)
BAD = {
    "project_name": ('"has space"', f'"{"n" * 101}"', '"-st"', "null"),
    "project_description": (f'"{"d" * 256}"',),
    "artefact_bucket_name": ('"UPPER"', f'"{"b" * 64}"', '"a.b"', '"-a-"'),
    "source_repository": ('"https://example.org/x.git"', '"x.git"', '""', '"owner/"', '"/x"', '"owner/x.git"'),
    "source_type": ('"github"',),
    "connection_arn": ('"connection"', '"arn:aws:iam::123456789012:role/x"'),
    "environment_vars": ("{}", '{ PACKER_SCRIPT = "" }', '{ PACKER_SCRIPT = "a", "1X" = "b" }', "null"),
    "branch": ('"a b"', '""'),
    "buildspec": ('"/etc/buildspec.yml"', '"buildspec.sh"'),
    "build_timeout": ("4", "2161", "10.5"),
    "compute_type": ('"BUILD_LAMBDA_1GB"',),
    "image": ('""',),
    "image_regions": ('["Ireland"]',),
    "log_retention_days": ("0", "2"),
    "kms_key_arn": ('"alias/mine"', '"arn:aws:kms:eu-west-1:123456789012:alias/mine"'),
    "permissions_boundary": ('"boundary"',),
    "build_policy_arns": ('{ a = "x" }',),
    "tags": ('{ "aws:x" = "y" }',),
    "build_features": ('["kms"]', '[""]'),
    "instance_profiles": (
        '{ "arn:aws:iam::123456789012:instance-profile/a" = "a" }',
        '{ a = "arn:aws:iam::123456789012:role/a" }',
    ),
    "network": ('"vpc"', '""'),
    "instance_tags": ('{ "aws:x" = ["y"] }', "{ Name = [] }"),
    "vpc_config": (
        '{ vpc_id = "x", subnet_ids = ["subnet-1"] }',
        '{ vpc_id = "vpc-1", subnet_ids = [] }',
        '{ vpc_id = "vpc-1", subnet_ids = ["x"] }',
        '{ vpc_id = "vpc-1", subnet_ids = null }',
        '{ vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["x"] }',
    ),
    "shared": (
        '{ codebuild_role_arn = "arn:aws:iam::123456789012:role/a" }',
        '{ codepipeline_role_arn = "arn:aws:iam::123456789012:role/a" }',
        '{ codepipeline_role_arn = "a", codebuild_role_arn = "a", events_role_arn = "a" }',
    ),
    "environment_secrets": (
        "{ DB = {} }",
        "{ DB = null }",
        '{ DB = { secret = "a", parameter = "b" } }',
        '{ DB = { secret = "a b" } }',
        '{ DB = { secret = "" } }',
        '{ DB = { secret = "arn:aws:ssm:eu-west-1:123456789012:parameter/a" } }',
        '{ DB = { parameter = "/a//b" } }',
        '{ PACKER_SCRIPT = { parameter = "/a" } }',
        '{ CODEBUILD_X = { parameter = "/a" } }',
        '{ "1" = { parameter = "/a" } }',
    ),
    "secret_key_arns": ('["alias/mine"]',),
    "vpc_id": ('"x"', '""'),
    "subnet_ids": ('["x"]', json.dumps([f"subnet-{number}" for number in range(11)])),
    "security_group_ids": ('["x"]', json.dumps([f"sg-{number}" for number in range(6)])),
    "publish_parameter": ('"images"', '"/aws/x"', '"/images/*"'),
    "share_with_accounts": ('["all"]', '["12345"]', json.dumps([f"{number:012}" for number in range(11)])),
    "approval": ('{ topic_arn = "images" }',),
    "notifications": (
        '{ topic_arn = "images" }',
        f'{{ topic_arn = "{TOPIC}", states = [] }}',
        f'{{ topic_arn = "{TOPIC}", states = ["BROKEN"] }}',
        "{ topic_arn = null }",
    ),
    "schedule": tuple(f'"{text}"' for text in BAD_SCHEDULES),
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


def test_every_bad_input_is_refused_by_name(estate: Estate) -> None:
    """By the variables alone: a hundred calls of all resources take Terraform ten times as long."""
    root, module = estate.folder.parent / "refused", estate.folder.parent / "modules/variables"
    for folder in (root, module):
        folder.mkdir()
    for file in (estate.folder.parent / "modules/codepipeline").glob("variables*.tf"):
        shutil.copy(file, module)
    blocks = []
    for number, (name, value) in enumerate(CASES):
        inputs = "\n".join(f"  {key} = {text}" for key, text in {**GOOD, name: value}.items())
        blocks.append(f'module "bad{number}" {{\n  source = "../modules/variables"\n{inputs}\n}}\n')
    (root / "main.tf").write_text("\n".join(blocks), encoding="utf-8")
    estate.init(root)
    said = estate.terraform("plan", "-input=false", "-no-color", expect=1, cwd=root).stderr
    missing = [case for number, case in enumerate(CASES) if f'in module "bad{number}"' not in said]
    assert missing == []
    assert "Invalid value for variable" in said


def test_every_good_schedule_is_taken(estate: Estate) -> None:
    blocks = []
    for number, text in enumerate(GOOD_SCHEDULES):
        inputs = "\n".join(f"  {key} = {value}" for key, value in {**GOOD, "schedule": f'"{text}"'}.items())
        blocks.append(f'module "good{number}" {{\n  source = "../modules/codepipeline"\n{inputs}\n}}\n')
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    estate.terraform("plan", "-input=false", "-no-color")


@pytest.mark.parametrize("folder", ["pipelines", *EXAMPLES, "modules/codepipeline"])
def test_each_folder_is_valid(estate: Estate, folder: str) -> None:
    where = estate.folder.parent / folder
    estate.init(where)
    assert "The configuration is valid." in estate.terraform("validate", "-no-color", cwd=where).stdout


def test_everything_is_formatted(estate: Estate) -> None:
    estate.terraform("fmt", "-check", "-recursive", "-diff", "-no-color", cwd=ROOT / "terraform")


def test_the_readmes_tables_are_made_of_the_files(tmp_path: Path) -> None:
    assert SHIPPED == ["ci_roles", "codepipeline", "codepipeline_v1", "dispatcher", "shared"]
    assert module_docs("--check", *(MODULE.parent / name for name in SHIPPED)).returncode == 0
    copy = Path(shutil.copytree(MODULE, tmp_path / "module", ignore=shutil.ignore_patterns(".terraform*")))
    outputs = copy / "outputs.tf"
    outputs.write_text(outputs.read_text("utf-8").replace("Name of the pipeline.", "What | it is."), encoding="utf-8")
    stale = module_docs("--check", copy)
    assert (stale.returncode, stale.stderr) == (1, f"{copy}/README.md: stale\n")
    assert module_docs(copy).returncode == 0
    changed = set((copy / "README.md").read_text("utf-8").splitlines()) ^ set(README.splitlines())
    assert changed == {"| pipeline_name | Name of the pipeline. |", "| pipeline_name | What \\| it is. |"}


def module_docs(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "tools/module_docs.py", *arguments], capture_output=True, text=True, timeout=60
    )


def test_every_input_is_typed_described_and_says_whether_it_may_be_null() -> None:
    texts = [(MODULE / f"{name}.tf").read_text("utf-8") for name in ("variables", "variables_shared", "variables_v2")]
    for declared in [each for text in texts for each in hcl2.loads(text)["variable"]]:
        ((name, body),) = ((label, body) for label, body in declared.items() if not label.startswith("__"))
        assert {"type", "description", "nullable"} <= body.keys(), name
        assert ("Null means" in body["description"]) == body["nullable"], name
        assert "validation" in body or body["type"] == "bool", name
        assert f"| {name.strip(chr(34))} |" in README
