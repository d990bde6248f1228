"""What sync writes, read by a real Terraform."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import HCL2, JSON, TOML, TOY, Command, Repo
from tfgen.terraform.binary import find_terraform
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline.pipeline import make_pipeline
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.verify import verify

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate

HOSTILE = [
    "${local.account_id}",
    "$${x}",
    "$$${x}",
    "%{if true}x%{endif}",
    "%%{x}",
    "%${x}",
    "$%{x}",
    'quote " back \\ slash',
    '"}\nresource "x" "y" {',
    "line\nline\r\n\ttab",
    "\\u0041 \\n \\${x}",
    "ends in $",
    "ends in %",
    "{",
    "<<EOT\nx\nEOT",
    "\x01\x02\x1b[31m\x7f",
    "\u2028\u2029\ufeff\u200b",
    "größe 日本 😀 \U0010ffff",
    "# no comment",
    "/* none */",
    "",
    " ",
    "~",
    "${~ x ~}",
]


def terraform(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [*find_terraform().argv, *arguments]
    return subprocess.run(argv, cwd=root / "terraform", capture_output=True, text=True, timeout=60, check=False)


def test_hostile_values_come_back_as_they_are(repo: Repo, tfgen: Command) -> None:
    lines = [f"V{number} = {json.dumps(value)}".replace("\\ud83d\\ude00", "😀") for number, value in enumerate(HOSTILE)]
    text = "\n".join(lines).replace("\\udbff\\udfff", "\U0010ffff").replace("\x7f", "\\u007f")
    root = repo({**TOY, "packer/web.json": JSON, "tfgen.toml": f"{TOY['tfgen.toml']}[environment]\n{text}\n"})
    tfgen("sync").expect(0)
    assert terraform(root, "fmt", "-check", "-recursive", ".").returncode == 0
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    state = json.loads((root / "terraform/pipelines/terraform.tfstate").read_text())
    values = state["resources"][0]["instances"][0]["attributes"]["input"]["value"]
    assert {f"V{number}": value for number, value in enumerate(HOSTILE)} == {
        name: value for name, value in values.items() if name != "PACKER_SCRIPT"
    }


def test_hostile_file_names_come_back_as_they_are(repo: Repo, tfgen: Command) -> None:
    paths = [
        'packer/a "q"/x.json',
        "packer/b ${local.account_id}/x.json",
        'packer/c"}\nresource "x" "y" {/x.json',
        "packer/d\\e/x.json",
        "packer/f %{if x}/x.pkr.hcl",
        "packer/g\x1b[31m/x.json",
    ]
    root = repo({**TOY, **{path: HCL2 if path.endswith("hcl") else JSON for path in paths}})
    tfgen("sync").expect(0)
    assert terraform(root, "fmt", "-check", "-recursive", ".").returncode == 0
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    state = json.loads((root / "terraform/pipelines/terraform.tfstate").read_text())
    found = [item["instances"][0]["attributes"]["input"]["value"]["PACKER_SCRIPT"] for item in state["resources"]]
    assert sorted(found) == sorted(paths)


def test_fmt_and_validate_pass_on_every_shape(repo: Repo, tfgen: Command) -> None:
    root = repo(
        {
            **TOY,
            "packer/web.json": JSON,
            "packer/a-rather-long-name-for-an-image/template.json": JSON,
            "tfgen.toml": TOY["tfgen.toml"] + '[environment]\nA = "1"\nMUCH_LONGER_NAME = "2"\n',
        }
    )
    tfgen("sync").expect(0)
    assert terraform(root, "fmt", "-check", "-recursive", ".").stdout == ""
    assert terraform(root, "-chdir=pipelines", "init", "-input=false").returncode == 0
    done = terraform(root, "-chdir=pipelines", "validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


def test_inputs_and_providers_suit_the_shipped_module(estate: Estate) -> None:
    toml = """\
source_repository = "ami-builder"

[inputs]
force_destroy = true
build_timeout = 90
image_regions = ["eu-central-1", "us-east-1"]
tags = { Team = "web", "cost centre" = "${not.an.expression}" }
kms_key_arn = { expression = "null" }

[templates.us]
providers = { aws = "aws.us_east_1" }
names = { account_id = "data.aws_caller_identity.us.account_id" }
inputs = { build_timeout = 30, buildspec = { pattern = "ci/{name}.yml" } }
"""
    made = [
        make_pipeline(Template(name=name, path=f"packer/{name}.json", format="json", kind="file"), parse_settings(toml))
        for name in ("eu", "us")
    ]
    estate.generated.write_text("\n".join(pipeline.body() for pipeline in made), encoding="utf-8")
    (estate.folder / "us.tf").write_text(
        'provider "aws" {\n  alias  = "us_east_1"\n  region = "us-east-1"\n}\n\n'
        'data "aws_caller_identity" "us" {\n  provider = aws.us_east_1\n}\n',
        encoding="utf-8",
    )
    estate.terraform("fmt", "-check", "-diff", "-no-color", estate.generated.name)
    estate.init()
    assert "The configuration is valid." in estate.terraform("validate", "-no-color").stdout
    assert [verify(pipeline.body(), pipeline) for pipeline in made] == ["", ""]


@pytest.mark.parametrize("name", ["w" * 200, "W_" * 60, "a-" * 49 + "b"])
def test_long_names_suit_the_shipped_module(estate: Estate, name: str) -> None:
    template = Template(name=name, path="packer/x.json", format="json", kind="file")
    body = make_pipeline(template, parse_settings(TOML)).body()
    estate.generated.write_text(body, encoding="utf-8")
    estate.init()
    # Only what the module's own rules say: the values are known without AWS.
    shown = estate.terraform("plan", "-input=false", "-no-color", "-refresh=false", expect=None)
    assert "Invalid value for variable" not in shown.stdout + shown.stderr
    assert "expected length of" not in shown.stdout + shown.stderr
    assert shown.returncode == 0, shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (
            "[inputs]\nproject_nam = 1\n",
            "tfgen.toml:3: the module in terraform/modules/codepipeline does not declare the variable",
        ),
        ("[module.inputs]\nproject_name = 'x'\n", "tfgen.toml:2: the module requires 'artefact_bucket_name' ("),
        (
            "[templates.web.inputs]\nsize = 1\n",
            "tfgen.toml:3: the module in terraform/modules/codepipeline does not declare",
        ),
        ('[module]\nsource = "../nowhere"\n', 'tfgen.toml:3: module.source "../nowhere": folder'),
    ],
)
def test_an_input_that_does_not_fit_is_said_before_terraform_runs(
    repo: Repo, cli: Command, toml: str, says: str
) -> None:
    repo({**TOY, "packer/web.json": JSON, "packer/api.json": JSON, "tfgen.toml": TOY["tfgen.toml"] + toml})
    for arguments in (("sync",), ("plan", "--terraform", "/bin/false")):
        assert cli(*arguments).expect(1).err.count(says) == 1
