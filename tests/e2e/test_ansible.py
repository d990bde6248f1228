"""Playbooks and roles: syntax, ansible-lint's production profile, yamllint, and what the README tells."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.tools import ROOT, bare_environment, require_tool, run
from tfgen.new_image.model import Layout
from tfgen.new_image.render import ansible_files

if TYPE_CHECKING:
    from pathlib import Path

ANSIBLE = ROOT / "ansible"
ROLES = sorted(folder.name for folder in (ANSIBLE / "roles").iterdir())
GET = "pip install -e '.[test]' brings"


@pytest.mark.parametrize("playbook", ["base.yaml", "wordpress.yaml"])
def test_syntax(playbook: str, tmp_path: Path) -> None:
    argv = [require_tool("ansible-playbook", GET), "--syntax-check", "--inventory", "localhost,", playbook]
    done = run(argv, env=bare_environment(tmp_path), cwd=ANSIBLE)
    assert done.returncode == 0, done.stdout


def test_a_role_that_is_missing_is_found(tmp_path: Path) -> None:
    (tmp_path / "play.yaml").write_text("- hosts: all\n  roles: [nowhere]\n", encoding="utf-8")
    argv = [require_tool("ansible-playbook", GET), "--syntax-check", "--inventory", "localhost,", "play.yaml"]
    assert run(argv, env=bare_environment(tmp_path), cwd=tmp_path).returncode != 0


def test_ansible_lint(tmp_path: Path) -> None:
    folder = tmp_path / "ansible"  # a copy: the linter leaves a cache beside what it reads
    shutil.copytree(ANSIBLE, folder)
    for name, role in (("web-1", "web_1"), ("x", "image_x")):  # what `tfgen new` creates
        for file in ansible_files(Layout(packer_dir="packer", playbooks=".", roles="roles"), name, role):
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
    argv = [require_tool("ansible-lint", GET), "--offline", "--profile", "production", "--strict", "--nocolor"]
    done = run(argv, env=bare_environment(tmp_path), cwd=folder, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "Profile 'production' was required, and it passed" in done.stdout


def test_yamllint(tmp_path: Path) -> None:
    argv = [require_tool("yamllint", GET), "--strict", "-c", "ansible/.yamllint", "ansible", "buildspec.yml"]
    done = run(argv, env=bare_environment(tmp_path))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_specified_and_documented(role: str) -> None:
    def read(path: str) -> dict[str, Any]:
        found = yaml.safe_load((ANSIBLE / "roles" / role / path).read_text(encoding="utf-8"))
        assert isinstance(found, dict)
        return found

    options = read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = read("defaults/main.yml")
    assert {name: option["default"] for name, option in options.items() if "default" in option} == defaults
    readme = (ANSIBLE / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE) == list(options)
