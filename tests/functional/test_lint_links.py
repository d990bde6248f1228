"""Symbolic links: what Packer uploads through them, and what CodePipeline's zip makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo

TASKS = "- ansible.builtin.debug:\n"
LOCAL = '{"type": "ansible-local", "playbook_file": "ansible/web.yml", "role_paths": ["ansible/roles/app"]}'


def estate(repo: Repo, provisioner: str = LOCAL, toml: str = TOML) -> Path:
    """A template with one provisioner; `ansible/roles/app` is a link to `shared/app`."""
    template = f'{{"builders": [{{"type": "null"}}], "provisioners": [{provisioner}]}}\n'
    play = "- hosts: all\n  roles: [app]\n"
    files = {"shared/app/tasks/main.yml": TASKS, "ansible/web.yml": play, "docs/.keep": ""}
    root = repo({"tfgen.toml": toml, "packer/web.json": template, **files})
    (root / "ansible/roles").mkdir()
    (root / "ansible/roles/app").symlink_to("../../shared/app")
    (root / "docs/roles").symlink_to("../shared")  # no build goes through it
    return root


def found(cli: Command, rule: str) -> list[str]:
    return [one["path"] for one in json.loads(cli("lint", "--rule", rule, "--format", "json").out)["findings"]]


def test_a_role_path_that_is_a_link_is_used(repo: Repo, cli: Command) -> None:
    root = estate(repo)
    assert found(cli, "role-path-unused") == []
    assert found(cli, "symlink-in-source") == ["ansible/roles/app"]
    assert found(cli, "not-uploaded") == []
    (root / "ansible/web.yml").write_text("- hosts: all\n")
    assert found(cli, "role-path-unused") == ["packer/web.json"]


@pytest.mark.parametrize(
    ("inputs", "links"),
    [
        ("full_clone = true", []),
        ("full_clone = false", ["ansible/roles/app"]),
        ('full_clone = { expression = "local.clone" }', []),
    ],
)
def test_a_clone_keeps_links(repo: Repo, cli: Command, inputs: str, links: list[str]) -> None:
    estate(repo, toml=f"{TOML}[inputs]\n{inputs}\n")
    assert found(cli, "symlink-in-source") == links


def test_a_role_found_beside_the_playbook(repo: Repo, cli: Command) -> None:
    estate(repo, '{"type": "ansible", "playbook_file": "ansible/web.yml"}')
    assert found(cli, "symlink-in-source") == ["ansible/roles/app"]


def test_a_script_that_is_a_link(repo: Repo, cli: Command) -> None:
    root = estate(repo, '{"type": "shell", "script": "packer/a.sh"}')
    (root / "shared/a.sh").write_text("#!/bin/sh -e\n")
    (root / "packer/a.sh").symlink_to("../shared/a.sh")
    assert found(cli, "symlink-in-source") == ["packer/a.sh"]
    (root / "tfgen.toml").unlink()
    assert found(cli, "symlink-in-source") == [], "no pipeline is known"


def test_a_folder_that_is_a_link_to_the_other_leaves_nothing_unclear(repo: Repo, cli: Command) -> None:
    """`packer/scripts` is `scripts`: wherever Packer runs, it reads the same file."""
    text = '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "script": "scripts/web.sh"}]}'
    root = repo({"packer/web.json": text, "scripts/web.sh": "#!/bin/sh -e\ntrue\n"})
    (root / "packer/scripts").symlink_to("../scripts")
    assert found(cli, "working-dir-unclear") == []
    (root / "packer/scripts").unlink()
    (root / "packer/scripts").mkdir()
    (root / "packer/scripts/web.sh").write_text("#!/bin/sh -e\nfalse\n")
    assert len(found(cli, "working-dir-unclear")) == 1
