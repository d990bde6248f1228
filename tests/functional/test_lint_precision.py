"""Findings that were wrong: reduced inputs, each with one beside it that is still found."""

from __future__ import annotations

import json

import pytest

from tests.conftest import TOML, Command, Files, Repo

AMI = '{"type": "amazon-ebs", "ami_name": "web-{{timestamp}}"}'
PLAY = '{"type": "ansible", "playbook_file": "ansible/web.yml"}'
ROLE = {"ansible/roles/web/tasks/main.yml": "- debug:\n", "ansible/roles/web/tasks/more.yml": "- debug:\n"}


def template(*provisioners: str, builder: str = AMI, variables: str = "{}") -> str:
    steps = ", ".join(provisioners)
    return f'{{"variables": {variables}, "builders": [{builder}], "provisioners": [{steps}]}}\n'


def found(cli: Command, rule: str) -> list[str]:
    document = json.loads(cli("lint", "--rule", rule, "--format", "json").out)
    return [f"{one['path']}:{one['line'] or 0}" for one in document["findings"]]


@pytest.mark.parametrize(
    ("task", "unused"),
    [
        ("include_tasks: roles/web/tasks/more.yml", False),
        ("import_tasks: roles/web/tasks/main.yml", False),
        ("debug: {msg: web}", True),
    ],
)
def test_a_role_that_is_entered_by_a_path(repo: Repo, cli: Command, task: str, unused: bool) -> None:
    play = f"- hosts: all\n  tasks:\n    - {task}\n"
    repo({"packer/web.json": template(PLAY), "ansible/web.yml": play, **ROLE})
    assert bool(found(cli, "unused-role")) == unused


@pytest.mark.parametrize(
    ("requirements", "missing"),
    [
        ("collections:\n  - name: https://example.com/tools.git\n    type: git\n    version: v1.0.0\n", False),
        ("collections:\n  - source: git@example.com:acme/tools.git\n    type: git\n    version: v1.0.0\n", False),
        ("collections:\n  - git+https://example.com/tools.git,v1.0.0\n", False),
        ("collections:\n  - name: acme.other\n    version: 1.0.0\n", True),
    ],
)
def test_a_collection_from_git_brings_roles(repo: Repo, cli: Command, requirements: str, missing: bool) -> None:
    play = "- hosts: all\n  roles: [acme.tools.web]\n"
    files = {"ansible/web.yml": play, "ansible/requirements.yml": requirements}
    repo({"packer/web.json": template(PLAY), **files})
    assert bool(found(cli, "requirements-missing")) == missing
    assert found(cli, "missing-role") == []


@pytest.mark.parametrize("source", ["git+https://example.com/acme/nginx.git", "https://example.com/acme/nginx.tar.gz"])
def test_a_role_from_git_has_the_name_of_its_repository(repo: Repo, cli: Command, source: str) -> None:
    files = {"ansible/web.yml": "- hosts: all\n  roles: [nginx]\n", "ansible/requirements.yml": f"- src: {source}\n"}
    repo({"packer/web.json": template(PLAY), **files})
    assert found(cli, "missing-role") == []


@pytest.mark.parametrize(
    ("command", "output", "lines"),
    [
        ("packer build x.json", "", []),
        ("jq .builds packer-manifest.json", "", ["packer/web.json:1"]),
        ("jq .builds manifest.json", "manifest.json", []),
        ("jq .builds manifest.json", "other.json", ["packer/web.json:1"]),
    ],
)
def test_a_buildspec_that_reads_no_manifest(
    repo: Repo, cli: Command, command: str, output: str, lines: list[str]
) -> None:
    spec = f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n"
    manifest = f', "post-processors": [{{"type": "manifest", "output": "{output}"}}]}}' if output else "}"
    repo({"tfgen.toml": TOML, "buildspec.yml": spec, "packer/web.json": template().strip()[:-1] + manifest})
    assert found(cli, "no-manifest") == lines


@pytest.mark.parametrize(
    ("settings", "text", "lines"),
    [
        ('"script": "x"', "#!/usr/bin/env python3\nimport os\nmake()\n", []),
        ('"script": "x"', "#!/usr/bin/pwsh\nmake x\nmake y\n", []),
        ('"script": "x.py", "execute_command": "python3 {{ .Path }}"', "import os\nmake\nmake\n", []),
        ('"script": "x", "execute_command": "sudo pwsh -File {{ .Path }}"', "make\nmake\n", []),
        ('"inline": ["make x", "make y"], "inline_shebang": "/usr/bin/env python3"', "", []),
        ('"script": "x"', "#!/bin/sh\nmake x\nmake y\n", ["x:2"]),
        ('"script": "x", "execute_command": "sudo {{ .Vars }} sh {{ .Path }}"', "make\nmake\n", ["packer/web.json:1"]),
    ],
)
def test_what_is_no_shell_has_no_errexit(repo: Repo, cli: Command, settings: str, text: str, lines: list[str]) -> None:
    shell = f'{{"type": "shell", {settings}}}'
    repo({"packer/web.json": template(shell), "x": text, "x.py": text})
    assert found(cli, "no-errexit") == lines


@pytest.mark.parametrize(
    ("command", "ignored"),
    [
        ("dd if=/dev/zero of=/EMPTY bs=1M || echo full", False),
        ("dd if=/dev/zero of=/EMPTY bs=1M || true", False),
        ("cat /dev/zero > /EMPTY || true", False),
        ("dd if=image of=/dev/sda || true", True),
        ("yes | apt-get install x", False),
        ("yes | apt-get install x || true", True),
    ],
)
def test_what_fails_on_purpose(repo: Repo, cli: Command, command: str, ignored: bool) -> None:
    repo({"packer/web.json": template(f'{{"type": "shell", "inline": ["{command}", "sync"]}}')})
    assert bool(found(cli, "ignored-failure")) == ignored
    assert found(cli, "hidden-failure") == []


@pytest.mark.parametrize(
    ("builder", "setting", "secret"),
    [
        ("virtualbox-iso", '"ssh_password": "Inst4ller"', False),
        ("vmware-iso", '"winrm_password": "P4ssw0rd"', False),
        ("qemu", '"private_key": "is.asked"', False),
        ("amazon-ebs", '"ssh_password": "Inst4ller"', True),
        ("azure-arm", '"winrm_password": "P4ssw0rd"', True),
        ("virtualbox-iso", '"api_token": "abcdef12345"', True),
    ],
)
def test_an_installer_asks_for_passwords(repo: Repo, cli: Command, builder: str, setting: str, secret: bool) -> None:
    repo({"packer/web.json": template(builder=f'{{"type": "{builder}", {setting}}}')})
    assert bool(found(cli, "secret-in-template")) == secret


SHARED: list[tuple[Files, bool]] = [
    ({}, True),
    ({"packer/vars/prod.json": '{"team": "x"}'}, False),
    ({"packer/prod.json": '{"team": "x"}', "buildspec.yml": "x: packer build -var-file=prod.json web.json"}, False),
    ({"Makefile": "build:\n\tpacker build -var 'team=x' packer/web.json\n"}, False),
    ({"scripts/build.sh": "packer build -var team=x packer/web.json\n"}, False),
    ({"prod.pkrvars.hcl": 'team = "x"\n'}, False),
    ({"prod.pkrvars.hcl": 'other = "x"\n'}, True),
]


@pytest.mark.parametrize(("files", "unused"), SHARED)
def test_a_variable_that_shared_values_set(repo: Repo, cli: Command, files: Files, unused: bool) -> None:
    repo({"packer/web.json": template(variables='{"team": "a"}'), **files})
    assert bool(found(cli, "unused-variable")) == unused


@pytest.mark.parametrize(
    ("condition", "more", "is_missing"),
    [
        ("motd is defined", {}, False),
        ("motd", {}, False),
        ("motd | default(false) | bool", {}, False),
        ("(motd | default('')) | length > 0", {}, False),
        ("motd is defined and ansible_os_family == 'Debian'", {}, False),
        ("[ansible_os_family == 'Debian', motd is defined]", {}, False),
        ("motd is defined", {"ansible/group_vars/all.yml": "motd: x.txt\n"}, True),
        ("motd | bool", {"ansible/group_vars/all.yml": "motd: false # off\n"}, False),
        ("motd is defined", {"ansible/other.yml": "- hosts: all\n  tasks: [{command: x, register: motd}]\n"}, True),
        ("ansible_os_family == 'Debian'", {}, True),
        ("motd is not defined", {}, True),
        ("motd is defined or web is defined", {}, True),
    ],
)  # fmt: skip
def test_a_file_that_is_used_only_where_a_variable_is_set(
    repo: Repo, cli: Command, condition: str, more: Files, is_missing: bool
) -> None:
    """Ansible skips a task whose condition does not hold before it looks for a file."""
    play = f"- hosts: all\n  tasks:\n    - block:\n        - copy: src=nowhere.txt dest=/x\n      when: {condition}\n"
    repo({"packer/web.json": template(PLAY), "ansible/web.yml": play, **more})
    assert bool(found(cli, "missing-file")) == is_missing
