"""What the module refuses, and that what is committed is formatted and valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terraform.conftest import Estate

GOOD = {
    "project_name": '"p1"',
    "project_description": '"d"',
    "artefact_bucket_name": '"bucket"',
    "source_repository": '"repo"',
    "environment_vars": '{ PACKER_SCRIPT = "p.json" }',
}
BAD = {
    "project_name": ('"has space"', f'"{"n" * 101}"', '"-st"', "null"),
    "project_description": (f'"{"d" * 256}"',),
    "artefact_bucket_name": ('"UPPER"', f'"{"b" * 64}"', '"a.b"', '"-a-"'),
    "source_repository": ('"https://example.org/x.git"', '"x.git"', '""'),
    "environment_vars": ("{}", '{ PACKER_SCRIPT = "" }', '{ PACKER_SCRIPT = "a", "1X" = "b" }', "null"),
    "branch": ('"a b"', '""'),
    "buildspec": ('"/etc/buildspec.yml"', '"buildspec.sh"'),
    "build_timeout": ("4", "481", "10.5"),
    "compute_type": ('"BUILD_LAMBDA_1GB"',),
    "image": ('""',),
    "image_regions": ('["Ireland"]',),
    "log_retention_days": ("0", "2"),
    "kms_key_arn": ('"alias/mine"', '"arn:aws:kms:eu-west-1:123456789012:alias/mine"'),
    "permissions_boundary": ('"boundary"',),
    "build_policy_arns": ('{ a = "x" }',),
    "tags": ('{ "aws:x" = "y" }',),
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


def test_every_bad_input_is_refused_by_name(estate: Estate) -> None:
    blocks = []
    for number, (name, value) in enumerate(CASES):
        inputs = "\n".join(f"  {key} = {text}" for key, text in {**GOOD, name: value}.items())
        blocks.append(f'module "bad{number}" {{\n  source = "../modules/codepipeline"\n{inputs}\n}}\n')
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    said = estate.terraform("plan", "-input=false", "-no-color", expect=1).stderr
    missing = [case for number, case in enumerate(CASES) if f'in module "bad{number}"' not in said]
    assert missing == [], said
    assert "Invalid value for variable" in said


@pytest.mark.parametrize("folder", ["pipelines", "modules/codepipeline", "modules/codepipeline/examples/basic"])
def test_each_folder_is_valid(estate: Estate, folder: str) -> None:
    where = estate.folder.parent / folder
    estate.init(where)
    assert "The configuration is valid." in estate.terraform("validate", "-no-color", cwd=where).stdout


def test_everything_is_formatted(estate: Estate) -> None:
    estate.terraform("fmt", "-check", "-recursive", "-diff", "-no-color", cwd=estate.folder.parent)


def test_the_readme_lists_every_input_and_output(estate: Estate) -> None:
    module = estate.folder.parent / "modules" / "codepipeline"
    readme = (module / "README.md").read_text(encoding="utf-8")
    for kind, file in (("variable", "variables.tf"), ("output", "outputs.tf")):
        for name in declared(module / file, kind):
            assert f"| `{name}` |" in readme, f"{kind} {name} is not in the module's README"


def declared(file: Path, kind: str) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.split('"')[1] for line in lines if line.startswith(f"{kind} ")]
