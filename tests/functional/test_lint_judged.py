"""More findings on public repositories, judged by the tool's own rule: reduced inputs, each with its verdict.

The rule alone is asked, without the command: most of these are one line of a script or of a template.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import TOML, write_tree
from tfgen_generators.lint.registry import all_rules
from tfgen_generators.lint.scope import Scope
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.survey import Outside, find_templates

Files = dict[str, str]
EBS: dict[str, object] = {"type": "amazon-ebs", "ami_name": "web-{{timestamp}}"}
IMDS_2: dict[str, object] = {"metadata_options": {"http_tokens": "required"}, "imds_support": "v2.0"}
RULES = {rule.id: rule for rule in all_rules()}


class Judged(NamedTuple):
    """One finding: its rule, whether it is true, and the input."""

    rule: str
    is_true: bool
    files: Files


def legacy(*provisioners: object, builder: object = EBS, **more: object) -> Files:
    builders = builder if isinstance(builder, list) else [builder]
    return {"packer/web.json": json.dumps({"builders": builders, "provisioners": provisioners, **more}, indent=1)}


def native(text: str, builder: str = "amazon-ebs", inside: str = "") -> Files:
    source = f'source "{builder}" "web" {{\n  ami_name = "web-${{timestamp()}}"\n{inside}\n}}\n'
    return {"packer/web.pkr.hcl": f'{text}\n{source}build {{\n  sources = ["source.{builder}.web"]\n}}\n'}


def script(text: str, first: str = "#!/bin/bash -e") -> Files:
    return {**legacy({"type": "shell", "script": "web.sh"}), "web.sh": f"{first}\n{text}\n"}


def inline(*commands: str, **settings: object) -> Files:
    return legacy({"type": "shell", "inline": commands, **settings})


def reads(name: str, more: str = "") -> Files:
    return native(f'variable "x" {{\n  type    = string\n  default = env("{name}")\n}}\n{more}')


def reads_in_json(text: str) -> Files:
    return legacy(variables={"x": text})


def plugin(version: str) -> Files:
    return native(f'packer {{\n  required_plugins {{\n    x = {{\n      source = "a/x"\n{version}    }}\n  }}\n}}')


def roles(text: str, name: str = "requirements.yml") -> Files:
    step = {"type": "ansible-local", "playbook_file": "web.yml", "galaxy_file": name}
    return {**legacy(step), "web.yml": "- hosts: all\n  roles: [htop, a.b]\n", name: text}


def roles_of(other: str) -> Files:
    step = {"type": "ansible", "playbook_file": "web.yml"}
    tasks = {f"roles/{name}/tasks/main.yml": "[]\n" for name in ("web", "db")}
    return {**legacy(step), **tasks, "web.yml": "- hosts: all\n  roles: [web]\n", "roles/other.yml": other}


def secret(name: str, *provisioners: object, **settings: object) -> Files:
    variables = {"variables": {name: "{{env `X`}}"}}
    return legacy(*provisioners, builder={**EBS, **dict.fromkeys(settings, f"{{{{user `{name}`}}}}")}, **variables)


def codes(*accepted: int, **settings: object) -> Files:
    return inline("run", valid_exit_codes=[0, *accepted], **settings)


SCRIPTS = {
    "hidden-failure": {
        "chmod +x i.sh \\\n && ./i.sh --prefix=/usr/local \\\n && rm i.sh\necho done": True,
        "sudo mkdir -p /srv/x && cd /srv/x\nsudo cp a b": True,
        "curl -O https://x.example/key && gpg --import key\ncurl -O https://x.example/sig": True,
        "tar -xf x.tar && cd x\n./install.sh": True,
        "f() {\n  apt-get update && sudo apt-get install -y x\n  ansible-galaxy install y\n}\nf": True,
        "yum update -y && yum upgrade -y\nyum install -y unzip": True,
        "wget -O - https://x.example/get.py | python - pip\npip --version": True,
        "curl -fsSL https://x.example/i | sudo bash\necho done": True,
        "docker run x cat /n >/usr/bin/n && chmod +x /usr/bin/n && strip /usr/bin/n\necho done": True,
        "set -o pipefail\ncurl -fsSL https://x.example/i | bash\necho done": False,
        "if ! gpg --verify x.sig; then exit 2; fi\necho done": False,
        'D="$(cd "$(dirname "$0")" && pwd)"\necho $D': False,
        ". ./functions.sh || exit 1\necho done": False,
        "while ! service docker status; do sleep 10; done\necho done": False,
        '[ -n "$X" ] && apt-get install -y x\necho done': False,
        "V=$(cat /etc/os-release | tr a b | uniq)\necho $V": False,
        "curl -fsSL https://x.example/s | grep -q sum\necho done": False,
        "apt-get update\ncd /srv/x && ./install.sh": False,
    },
    "ignored-failure": {
        "podman pull x || true\necho done": True,
        "service auditd start || true\necho done": True,
        "sudo rpm -e --nodeps x || true\necho done": False,
        "sudo service auditd stop || true\necho done": False,
        "truncate -s0 /var/log/audit.log || true\necho done": False,
        "/usr/libexec/PlistBuddy -c 'delete X' f || true\necho done": False,
        "dd if=/dev/zero of=/tmp/w bs=1M || echo full\nrm /tmp/w": False,
        "dd if=disk.raw of=/dev/sda || echo failed\necho done": True,
        "rm -rf /var/cache/x || :\necho done": False,
        "yum -y install x || exit 1\necho done": False,
    },
}
UNSAFE = {
    "if [[ $F == true ]]; then\n  dnf -y install a\n  fips-mode-setup --enable\nfi": ("#!/usr/bin/env bash", True),
    "mkdir -p /h/.ssh\ncurl -o /h/k https://x.example\nexit": ("#!/bin/sh -x", True),
    "apt-get update\napt-get -y install gawk": ("#!/bin/bash", True),
    "yum -y update": ("#!/bin/sh", False),
    "set -o errexit\napt-get update\napt-get -y install x": ("#!/bin/bash", False),
    "apt-get update\napt-get install -y x": ("#!/bin/bash -eux", False),
    "echo a\necho b": ("#!/bin/sh", False),
    "trap 'exit 1' ERR\napt-get update\napt-get install -y x": ("#!/bin/bash", False),
    "apt-get update && apt-get install -y x": ("#!/bin/sh", False),
    "import os\nos.mkdir('a')": ("#!/usr/bin/python3", False),
}
#: Each answer is that of `packer validate`, Packer 1.16.0 with plugin 1.8.2.
SETTINGS = {
    "imds_support = 2.0": True,
    'imds_support = ""': False,
    'imds_support = "V2.0"': True,
    'metadata_options {\n  http_tokens = "Required"\n}': True,
    "metadata_options {\n  http_endpoint = true\n}": True,
    'metadata_options {\n  instance_metadata_tags = "on"\n}': True,
    "metadata_options {\n  http_put_response_hop_limit = 0\n}": False,
    "metadata_options {\n  http_put_response_hop_limit = -1\n}": True,
    'metadata_options {\n  http_put_response_hop_limit = "65"\n}': True,
    "metadata_options {\n  http_tokens = var.x\n}": False,
    'dynamic "metadata_options" {\n  for_each = [1]\n  content {\n    http_tokens = "required"\n  }\n}': False,
    'dynamic "metadata_options" {\n  for_each = [1]\n  content {\n    http_tokens = "no"\n  }\n}': True,
    'dynamic "metadata_options" {\n  for_each = []\n  content {\n    http_tokens = "no"\n  }\n}': False,
    "metadata_options {\n}\nmetadata_options {\n}": True,
    "run_tag {\n}\nrun_tag {\n}": False,
    "metadata_options = null": True,
    'metadata_options = {\n  http_tokens = "required"\n}': True,
    "metadata_options = var.x": True,
    'launch_block_device_mappings = [{\n  device_name = "/dev/sda1"\n}]': True,
    'launch_block_device_mappings {\n  device_name = "/dev/sda1"\n}': False,
    'tags {\n  a = "b"\n}': True,
    'tags = {\n  a = "b"\n}': False,
    'tag {\n  key = "a"\n  value = "b"\n}': False,
    'tenancy = "Host"': True,
    'shutdown_behavior = "stopped"': True,
    'ssh_interface = "ipv6"': False,
    'spot_tags = {\n  a = "b"\n}': True,
    'spot_price = "0"\nspot_tag {\n  key = "a"\n  value = "b"\n}': True,
    'spot_price = "auto"\nspot_tags = {\n  a = "b"\n}': False,
    'spot_price = var.x\nfleet_tags = {\n  a = "b"\n}': False,
}
OBJECTS: list[tuple[bool, dict[str, object]]] = [
    (True, {"metadata_options": {"http_tokens": True}}),
    (True, {"metadata_options": [{"http_tokens": "required"}]}),
    (False, {"metadata_options": {"http_put_response_hop_limit": "2"}}),
    (False, {"launch_block_device_mappings": [{"device_name": "/dev/sda1"}]}),
    (False, {"run_tags": [{"a": "b"}]}),
]
PLAIN = "sudo -E sh '{{.Path}}'"
JUDGED = [
    *(Judged(rule, true, script(text)) for rule, cases in SCRIPTS.items() for text, true in cases.items()),
    *(Judged("no-errexit", true, script(text, first)) for text, (first, true) in UNSAFE.items()),
    Judged("no-errexit", False, inline("/usr/sbin/waagent -force && export HISTSIZE=0 && sync", execute_command=PLAIN)),
    Judged("no-errexit", True, inline("yum -y update", "yum -y install x", execute_command=PLAIN)),
    Judged("no-errexit", False, inline("yum -y update", "yum -y install x", execute_command="bash -eux {{.Path}}")),
    Judged("hidden-failure", True, inline("run", execute_command="sh '{{.Path}}' | tee log")),
    Judged("hidden-failure", False, inline("run", execute_command="chmod +x {{.Path}}; sudo bash -e {{.Path}}")),
    Judged("ignored-failure", True, codes(1)),
    Judged("ignored-failure", True, codes(143)),
    Judged("ignored-failure", False, codes(143, expect_disconnect=True)),
    Judged("ignored-failure", False, codes(35, environment_vars=["CHEF_ATTRIBUTES=x"])),
    Judged("ignored-failure", True, codes(35)),
    Judged("ignored-failure", False, codes(2, execute_command="puppet apply --detailed-exitcodes {{.Path}}")),
    Judged("ignored-failure", False, codes(3010)),
    Judged("env-not-passed", True, reads("BUILD_RG", 'locals {\n  a = "${var.x}-a"\n}')),
    Judged("env-not-passed", False, reads("BUILD_RG", 'locals {\n  a = var.x != "" ? var.x : "b"\n}')),
    Judged("env-not-passed", False, reads("BUILD_RG", 'locals {\n  y = var.x\n  a = coalesce(local.y, "b")\n}')),
    Judged("env-not-passed", True, reads("BUILD_RG", 'locals {\n  xy = "c"\n  a  = local.xy != "" ? var.x : "b"\n}')),
    Judged("env-not-passed", False, reads_in_json("{{ or (env `BUILD_RG`) `b` }}")),
    Judged("env-not-passed", False, reads_in_json('{{- or (user `y`) (env "BUILD_RG") }}')),
    Judged("env-not-passed", True, reads_in_json("{{ or (env `BUILD_RG`) `b` }}{{ env `BUILD_RG` }}")),
    Judged("env-not-passed", True, reads_in_json("{{ or (env `OTHER`) `b` }}{{ env `BUILD_RG` }}")),
    Judged("env-not-passed", True, reads_in_json("{{ env `BUILD_RG` }}")),
    Judged("env-not-passed", False, reads("USERPROFILE")),
    Judged("env-not-passed", False, reads("AWS_REGION")),
    Judged("env-not-passed", False, {**reads("SUBNET"), "buildspec.yml": "env: {variables: {SUBNET: a}}\n"}),
    Judged("unused-variable", True, legacy(variables={"hostname": "a"})),
    Judged("unused-variable", False, legacy(variables={"a": "b", "c": "{{user `a`}}", "_": "{{user `c`}}"})),
    Judged("unused-variable", False, legacy({"type": "shell", "inline": ["echo {{user `a`}}"]}, variables={"a": "b"})),
    Judged("unused-variable", True, native('variable "a" {\n  default = "b"\n}')),
    Judged("unused-variable", False, native('variable "a" {\n  default = "b"\n}\nlocals {\n  c = var.a\n}')),
    Judged("variable-not-sensitive", True, secret("client_secret", x=1)),
    Judged("variable-not-sensitive", False, secret("aws_secret_key", secret_key=1)),
    Judged("variable-not-sensitive", False, secret("aws_access_key", access_key=1)),
    Judged("variable-not-sensitive", True, secret("aws_access_key", access_key=1, ami_description=1)),
    Judged(
        "variable-not-sensitive",
        True,
        secret("aws_token", {"type": "shell", "environment_vars": ["T={{user `aws_token`}}"]}, token=1),
    ),
    Judged(
        "variable-not-sensitive",
        False,
        legacy(
            builder={**EBS, "ami_description": "{{user `cos_access_key`}}"},
            variables={"cos_access_key": "", "cos_secret_key": ""},
            **{"sensitive-variables": ["cos_secret_key"]},
        ),
    ),
    Judged("no-errexit", False, script("sudo dd if=/dev/zero of=/tmp/x bs=1M\nsudo rm /tmp/x\necho done", "#!/bin/sh")),
    Judged("no-errexit", True, script("sudo dd if=x.raw of=/dev/sdb\necho done", "#!/bin/sh")),
    Judged("unused-role", True, roles_of("")),
    Judged("unused-role", False, roles_of("- hosts: runners\n  roles:\n    - role: db\n")),
    Judged("unused-role", False, roles_of("- name: x\n  hosts: runners\n  roles:\n    - db\n")),
    Judged("unused-role", True, roles_of("- name: db\n")),
    Judged("variable-not-sensitive", True, secret("ssh_bastion_password", ssh_bastion_password=1)),
    Judged("variable-not-sensitive", False, secret("ssh_private_key_file", ssh_private_key_file=1)),
    Judged(
        "variable-not-sensitive",
        False,
        legacy(variables={"s_token": "{{env `X`}}"}, **{"sensitive-variables": ["s_token"]}),
    ),
    Judged("variable-not-sensitive", False, native('variable "a_token" {\n  sensitive = true\n}')),
    Judged(
        "secret-in-template",
        False,
        legacy(
            {"type": "powershell", "inline": ["x"], "elevated_user": "a", "elevated_password": "Packer42-"},
            builder=[EBS, {"type": "hyperv-iso", "winrm_password": "Packer42-"}],
        ),
    ),
    Judged(
        "secret-in-template",
        True,
        legacy({"type": "powershell", "inline": ["x"], "elevated_user": "a", "elevated_password": "Packer42-"}),
    ),
    Judged("secret-in-template", False, legacy(builder={**EBS, "ssh_password": "CHANGE_ME"})),
    Judged("hard-coded-subnet", True, legacy(builder={**EBS, "subnet_id": "subnet-06a7a4a5cd34e2e75"})),
    Judged("hard-coded-subnet", False, legacy(builder={**EBS, "subnet_id": "{{user `s`}}"}, variables={"s": ""})),
    Judged("hard-coded-ami", True, legacy(builder={**EBS, "source_ami": "ami-0b3e2bb9a70a08ad3"})),
    Judged("hard-coded-region", False, legacy(builder={**EBS, "region": "{{env `AWS_REGION`}}"})),
    Judged("public-ami", True, legacy(builder={**EBS, "snapshot_groups": ["all"]})),
    Judged("no-imdsv2", False, legacy(builder={**EBS, **IMDS_2})),
    *(Judged("invalid-setting", true, native('variable "x" {}', inside=inside)) for inside, true in SETTINGS.items()),
    *(Judged("invalid-setting", true, legacy(builder={**EBS, **one})) for true, one in OBJECTS),
    Judged("invalid-setting", False, native("", "amazon-chroot", 'metadata_options {\n  http_tokens = "x"\n}')),
    Judged("invalid-setting", True, native("", "amazon-chroot", 'imds_support = "v2"')),
    Judged("invalid-setting", True, legacy(**{"post-processors": [{"type": "amazon-import", "imds_support": "2"}]})),
    Judged("invalid-setting", False, {**legacy(), "packer/x.json": '{"builders": [{"type": "null", "tenancy": "x"}]}'}),
    Judged("unencrypted-image", False, legacy(builder={**EBS, "encrypt_boot": True})),
    Judged("same-ami-name", True, {**legacy(), "packer/db.json": legacy()["packer/web.json"]}),
    Judged("same-ami-name", False, {**legacy(), "packer/db.json": legacy()["packer/web.json"].replace("web-", "db-")}),
    Judged("unpinned-plugin", True, plugin('      version = " >= 1.0.4"\n')),
    Judged("unpinned-plugin", True, plugin("")),
    Judged("unpinned-plugin", False, plugin('      version = "~> 1.1.2"\n')),
    Judged("unpinned-plugin", False, plugin('      version = ">= 1.1.0, < 1.2.0, = 1.1.4"\n')),
    Judged("unpinned-galaxy-role", True, roles("- src: https://github.com/a/htop\n  name: htop\n")),
    Judged("unpinned-galaxy-role", False, roles("- src: https://github.com/a/htop\n  name: htop\n  version: v1.2.0\n")),
    Judged("galaxy-file-plain-list", True, roles("- src: a.b\n  version: 1.0.0\n")),
    Judged("galaxy-file-plain-list", False, roles("roles:\n  - src: a.b\n    version: 1.0.0\n")),
]  # fmt: skip


@pytest.mark.parametrize("judged", JUDGED, ids=[f"{number} {one.rule}" for number, one in enumerate(JUDGED)])
def test_verdict(tmp_path: Path, judged: Judged) -> None:
    root = write_tree(tmp_path, {"tfgen.toml": TOML, "buildspec.yml": "version: 0.2\n", **judged.files})
    settings = parse_settings(TOML)
    discovery = find_templates(root, "packer", settings, Outside(cache=FactsCache(details=True)))
    assert discovery.templates
    assert not [problem for template in discovery.templates for problem in template.errors]
    found = list(RULES[judged.rule].check(Scope(root, discovery, settings)))
    assert bool(found) == judged.is_true, found


def test_how_many_are_judged() -> None:
    """Both verdicts of each rule that has been wrong, so that neither silence nor noise passes."""
    verdicts = {(one.rule, one.is_true) for one in JUDGED}
    for rule in ("hidden-failure", "ignored-failure", "no-errexit", "env-not-passed", "variable-not-sensitive"):
        assert {(rule, True), (rule, False)} <= verdicts
    assert len(JUDGED) > 80
