"""What `tfgen lint --fix` writes for the rules about one template: exactly that, in text that Packer takes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo
from tests.e2e.tools import bare_environment, require_tool

HCL = 'source "null" "x" {\n  communicator = "none"\n}\n\nbuild {\n  sources = ["source.null.x"]\n}\n'
AMI = HCL.replace("null", "amazon-ebs").replace('communicator = "none"', 'ami_name = "web-{{timestamp}}"')
MANIFEST = '\n  post-processor "manifest" {\n    output = "packer-manifest.json"\n  }\n}\n'
MEMBER = '{ "type": "manifest", "output": "packer-manifest.json" }'


def shell(setting: str) -> str:
    return json.dumps(
        {
            "builders": [{"type": "null", "communicator": "none"}],
            "provisioners": [
                {"type": "shell", "inline_shebang": setting, "inline": ["apt-get update", "apt-get upgrade", "echo"]}
            ],
        },
        indent=2,
    )


FIXES = [
    ("variable-not-sensitive", "x.pkr.hcl", f'variable "a_token" {{\n  default = env("A")\n}}\n\n{HCL}',
     f'variable "a_token" {{\n  default = env("A")\n  sensitive = true\n}}\n\n{HCL}'),
    ("no-manifest", "x.pkr.hcl", AMI, AMI.removesuffix("}\n") + MANIFEST),
    ("no-manifest", "x.json", '{\n  "builders": [{"type": "amazon-ebs"}]\n}\n',
     f'{{\n  "builders": [{{"type": "amazon-ebs"}}],\n  "post-processors": [\n    {MEMBER}\n  ]\n}}\n'),
    ("no-manifest", "x.json", '{"builders": [{"type": "amazon-ebs"}], "post-processors": ["checksum"]}',
     f'{{"builders": [{{"type": "amazon-ebs"}}], "post-processors": ["checksum", {MEMBER}]}}'),
    ("no-errexit", "x.json", shell("/bin/bash"), shell("/bin/bash -e")),
    ("no-errexit", "x.json", shell("/bin/sh -x"), shell("/bin/sh -ex")),
    ("deprecated-option", "x.json", '{"builders": [{"type": "amazon-ebs", "enhanced_networking" : true}]}',
     '{"builders": [{"type": "amazon-ebs", "ena_support" : true}]}'),
    ("deprecated-option", "x.json",
     '{"builders": [{"type": "amazon-ebs", "temporary_security_group_source_cidr": "10.0.0.0/8"}]}',
     '{"builders": [{"type": "amazon-ebs", "temporary_security_group_source_cidrs": ["10.0.0.0/8"]}]}'),
    ("deprecated-option", "x.pkr.hcl", AMI.replace("ami_name", "shutdown_behaviour = var.x # y\n  ami_name"),
     AMI.replace("ami_name", "shutdown_behavior = var.x # y\n  ami_name")),
    ("deprecated-option", "x.json",
     '{"builders": [{"type": "amazon-ebs", "ami_name": "{{clean_ami_name `a`}}"}]}',
     '{"builders": [{"type": "amazon-ebs", "ami_name": "{{clean_resource_name `a`}}"}]}'),
]  # fmt: skip
#: Found, and for a person to mend.
LEFT = [
    ("no-errexit", "x.json", shell("/usr/bin/env bash")),
    ("no-errexit", "x.json", shell("/bin/bash -o nounset -x")),
    ("no-manifest", "x.pkr.hcl", AMI.replace("build {\n", "build {").replace("]\n}", "] }")),
    ("no-manifest", "x.pkr.hcl", AMI + AMI[AMI.index("\nbuild") :]),
    ("no-manifest", "x.json", '{"builders": [{"type": "amazon-ebs"}], "post-processors": []}'),
    ("variable-not-sensitive", "x.pkr.hcl", f'variable "a_token" {{ default = env("A") }}\n\n{HCL}'),
    ("variable-not-sensitive", "x.pkr.hcl", f'variable "a_token" {{\n  sensitive = false\n}}\n\n{HCL}'),
]


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize(("rule", "name", "before", "after"), FIXES)
def test_a_fix_changes_that_and_nothing_else(
    repo: Repo, cli: Command, rule: str, name: str, before: str, after: str, ends: str
) -> None:
    more = 'variable "x" {}\n' if "var.x" in before else ""
    root = repo({"tfgen.toml": TOML, f"packer/{name}": (before + more).replace("\n", ends).encode()})
    result = cli("lint", "--rule", rule, "--fix").expect(0)
    assert " fixed" in result.err
    assert (root / "packer" / name).read_bytes().decode() == (after + more).replace("\n", ends)


@pytest.mark.parametrize(("rule", "name", "text"), LEFT)
def test_what_is_not_safe_is_left(repo: Repo, cli: Command, rule: str, name: str, text: str) -> None:
    root = repo({"tfgen.toml": TOML, f"packer/{name}": text})
    cli("lint", "--rule", rule, "--fix")
    shown = json.loads(cli("lint", "--rule", rule, "--format", "json").out)
    assert len(shown["findings"]) == 1
    assert (root / "packer" / name).read_text() == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.pkr.hcl", f'variable "a_token" {{\n  default = ""\n}}\n\n{HCL}'),
        ("x.json", shell("/bin/bash")),
        ("x.json", f'{{"post-processors": [{{"type": "manifest", "filename": "x"}}],{shell("/bin/bash -e")[1:]}'),
    ],
    ids=["sensitive", "shebang", "renamed"],
)  # fmt: skip
def test_packer_takes_what_was_mended(repo: Repo, cli: Command, tmp_path: Path, name: str, text: str) -> None:
    packer = require_tool("packer")
    root = repo({"tfgen.toml": TOML, f"packer/{name}": text})
    assert " fixed" in cli("lint", "--fix").err
    run = subprocess.run(
        [packer, "validate", f"packer/{name}"],
        cwd=root,
        env=bare_environment(tmp_path, {"CHECKPOINT_DISABLE": "1"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
