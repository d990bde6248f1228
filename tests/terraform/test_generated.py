"""What sync writes, read by a real Terraform."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.conftest import HCL2, JSON, TOY, Command, Repo
from tfgen.terraform.binary import find_terraform

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
