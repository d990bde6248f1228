"""Findings on public repositories, opened and judged by the tool's own rule: reduced inputs, each with its verdict.

True: the build breaks, or does what the finding says. False: it does not, and lint is silent.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from tests.conftest import TOML, Command, Files, Repo

EBS = '{"type": "amazon-ebs", "ami_name": "web-{{timestamp}}"}'
NULL = '{"type": "null"}'
DATA = {"packer/templates/common/scripts/base.sh": "#!/bin/sh -e\ntrue\n"}
#: A template that is built from a folder of a version beside it: `..` leads nowhere from its own.
SHARED = "packer/templates/shared/web.json"
MAKE_PLAYS = (
    '#!/bin/bash -e\nmore=(--extra-vars "@x.yml")\nansible-playbook "plays/$1.yml" -i localhost, "${more[@]}"\n'
)
HIDDEN = "#!/bin/bash -e\n{}\ntrue\n"


def template(*provisioners: str, builder: str = NULL, variables: str = "{}") -> str:
    steps = ", ".join(provisioners)
    return f'{{"variables": {variables}, "builders": [{builder}], "provisioners": [{steps}]}}\n'


def script(path: str) -> str:
    return f'{{"type": "shell", "script": "{path}"}}'


def workflow(command: str) -> Files:
    text = f"on: push\njobs:\n  build:\n    runs-on: x\n    steps:\n      - run: {command}\n"
    return {".github/workflows/validate.yml": text}


def hidden(line: str) -> Files:
    return {"packer/web.json": template(script("web.sh")), "web.sh": HIDDEN.format(line)}


def asked(owners: str) -> Files:
    found = f'"source_ami_filter": {{"filters": {{"name": "RHEL-9*"}}, "most_recent": true, "owners": {owners}}}'
    return {"packer/web.json": template(builder=f"{EBS[:-1]}, {found}}}")}


def password(kind: str) -> Files:
    own = f'{{"type": "{kind}", "name": "own", "ssh_password": "Packer42-"}}'
    return {"packer/web.json": template(builder=f"{EBS}, {own}")}


class Judged(NamedTuple):
    """One finding: its rule, whether it is true, and the input."""

    rule: str
    is_true: bool
    files: Files


JUDGED = {
    "broken-yaml: what a word that is not known may be": Judged(
        "broken-yaml",
        False,
        {
            "packer/web.json": template('{"type": "shell-local", "script": "run.sh"}'),
            "run.sh": MAKE_PLAYS,
            "plays/web.yml": "- hosts: all\n  tasks: []\n",
            "Gemfile": "a: b: c\n",
            "other.yml": "hosts: {}\n",
        },
    ),
    "broken-yaml: the playbook itself": Judged(
        "broken-yaml",
        True,
        {
            "packer/web.json": template('{"type": "shell-local", "command": "ansible-playbook plays/web.yml"}'),
            "plays/web.yml": "- hosts: [\n",
        },
    ),
    "missing-script: packer validate -syntax-only opens no script": Judged(
        "missing-script",
        False,
        {
            "packer/web/web.json": template(script("scripts/web.sh")),
            "packer/web/scripts/web.sh": "true\n",
            **workflow('packer validate -syntax-only "$file"'),
        },
    ),
    "missing-script: packer validate opens it": Judged(
        "missing-script",
        True,
        {
            "packer/web/web.json": template(script("scripts/web.sh")),
            "packer/web/scripts/web.sh": "true\n",
            **workflow("packer validate packer/web/web.json"),
        },
    ),
    "missing-script: .. from a folder beside": Judged(
        "missing-script", False, {SHARED: template(script("../../common/scripts/base.sh")), **DATA}
    ),
    "missing-script: .. to what is nowhere": Judged(
        "missing-script", True, {SHARED: template(script("../../common/scripts/bse.sh")), **DATA}
    ),
    "missing-script: beside such a path": Judged(
        "missing-script",
        False,
        {
            SHARED: template(script("../../common/scripts/base.sh"), script("files/own.sh")),
            "packer/templates/9/x86/files/own.sh": "true\n",
            **DATA,
        },
    ),
    "missing-script: a text for a list is split at its commas": Judged(
        "missing-script",
        False,
        {
            "packer/web.json": template(
                '{"type": "shell", "scripts": "{{user `list`}}"}', variables='{"list": "a.sh,b.sh"}'
            ),
            "a.sh": "true\n",
            "b.sh": "true\n",
        },
    ),
    "missing-script: one of such a text": Judged(
        "missing-script",
        True,
        {
            "packer/web.json": template(
                '{"type": "shell", "scripts": "{{user `list`}}"}', variables='{"list": "a.sh,b.sh"}'
            ),
            "a.sh": "true\n",
        },
    ),
    "missing-script: made by a script of a makefile": Judged(
        "missing-script",
        False,
        {
            "packer/web.json": template(script("packer/boot/made.sh")),
            "images/Makefile": "web:\n\t./set_boot.sh\n\tpacker build web.json\n",
            "images/set_boot.sh": "sed s/a/b/ template.txt | tee packer/boot/made.sh >/dev/null\n",
        },
    ),
    "missing-file: a folder that git ignores": Judged(
        "missing-file",
        False,
        {
            "packer/web.json": template('{"type": "file", "source": "build", "destination": "/tmp/build"}'),
            ".gitignore": "build/\n",
        },
    ),
    "missing-file: a typing error in a folder": Judged(
        "missing-file",
        True,
        {
            "packer/web.json": template(
                '{"type": "file", "source": "{{template_dir}}/..resources/x.cer", "destination": "/tmp/x"}'
            ),
            "resources/x.cer": "x\n",
        },
    ),
    "unreadable-template: a key twice": Judged(
        "unreadable-template",
        True,
        {"packer/web.json": '{"variables": {"a": "1", "a": "2"}, "builders": [{"type": "null"}]}\n'},
    ),
    "deprecated-option: clean_ami_name": Judged(
        "deprecated-option",
        True,
        {"packer/web.json": template(builder='{"type": "amazon-ebs", "ami_name": "{{user `x` | clean_ami_name}}"}')},
    ),
    "ami-name-not-unique: no time in it": Judged(
        "ami-name-not-unique",
        True,
        {"packer/web.json": template(builder='{"type": "amazon-ebs", "ami_name": "web-v2"}')},
    ),
    "public-ami: all": Judged(
        "public-ami", True, {"packer/web.json": template(builder=f'{EBS[:-1]}, "ami_groups": ["all"]}}')}
    ),
    "hidden-failure: the first of &&": Judged("hidden-failure", True, hidden("mkdir -p /x && cd /x")),
    "hidden-failure: a download into a shell": Judged(
        "hidden-failure", True, hidden("curl -f https://x.example | bash")
    ),
    "hidden-failure: && at the end decides": Judged(
        "hidden-failure",
        False,
        {"packer/web.json": template(script("web.sh")), "web.sh": "#!/bin/sh -e\ncd /x && ls\n"},
    ),
    "hidden-failure: what removes the script decides": Judged(
        "hidden-failure",
        True,
        {
            "packer/web.json": template(
                '{"type": "shell", "inline": ["true"], "execute_command": "sh {{.Path}} ; rm -f {{.Path}}"}'
            )
        },
    ),
    "secret-in-template: the machine of an installer, beside an AMI": Judged(
        "secret-in-template", False, password("virtualbox-iso")
    ),
    "secret-in-template: the machine of an AMI": Judged("secret-in-template", True, password("amazon-ebs")),
    "no-manifest: nothing is written": Judged("no-manifest", True, {"packer/web.json": template(builder=EBS)}),
    "unknown-parent: perhaps another owner's": Judged("unknown-parent", False, asked('["309956199498", "self"]')),
    "unknown-parent: our own": Judged("unknown-parent", True, asked('["self"]')),
    "unused-variable: a file of values names it": Judged(
        "unused-variable",
        False,
        {
            "packer/web.json": template(variables='{"version": "1"}'),
            "config/arguments.json": '{"extra": "version={{user `version`}}"}\n',
        },
    ),
    "unused-variable: nobody names it": Judged(
        "unused-variable", True, {"packer/web.json": template(variables='{"version": "1"}')}
    ),
    "no-errexit: the shell of execute_command has no -e": Judged(
        "no-errexit",
        True,
        {
            "packer/web.json": template(
                '{"type": "shell", "inline": ["false", "true"], "execute_command": "sudo -E bash {{.Path}}"}'
            )
        },
    ),
    "ignored-failure: || true": Judged("ignored-failure", True, hidden("yum install -y x || true")),
    "hard-coded-region: in the template": Judged(
        "hard-coded-region", True, {"packer/web.json": template(builder=f'{EBS[:-1]}, "region": "us-east-1"}}')}
    ),
    "env-not-passed: the pipeline does not have it": Judged(
        "env-not-passed", True, {"packer/web.json": template(variables='{"vpc": "{{env `BUILD_VPC`}}"}')}
    ),
    "env-not-passed: a proxy, which is not needed where none is set": Judged(
        "env-not-passed", False, {"packer/web.json": template(variables='{"rsync": "{{env `rsync_proxy`}}"}')}
    ),
    "no-imdsv2: not asked for": Judged("no-imdsv2", True, {"packer/web.json": template(builder=EBS)}),
    "unencrypted-image: not asked for": Judged("unencrypted-image", True, {"packer/web.json": template(builder=EBS)}),
    "variable-not-sensitive: a secret": Judged(
        "variable-not-sensitive", True, {"packer/web.json": template(variables='{"client_secret": "{{env `S`}}"}')}
    ),
}


@pytest.mark.parametrize("judged", JUDGED.values(), ids=JUDGED)
def test_verdicts(repo: Repo, cli: Command, judged: Judged) -> None:
    repo({"tfgen.toml": TOML, **judged.files})
    document = json.loads(cli("lint", "--rule", judged.rule, "--format", "json").out)
    assert bool([one for one in document["findings"] if one["rule"] == judged.rule]) == judged.is_true
