"""A repository that builds from `packer/`: what Packer refuses from there, lint has an error for, and no more.

The working directory is known by the buildspec's `cd` alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests import depth
from tests.conftest import TOML, write_tree
from tests.e2e.tools import bare_environment, require_tool

if TYPE_CHECKING:
    from pathlib import Path

_BUILDER = {"type": "null", "communicator": "none"}
_SHELL = {"type": "shell", "script": "scripts/setup.sh"}
_LOCAL = {"type": "ansible-local", "playbook_file": "../ansible/web.yml"}
_SOURCE = 'source "null" "x" {\n  communicator = "none"\n}\n'
_BUILD = 'build {\n  sources = ["source.null.x"]\n%s}\n'
_FILES = {
    "buildspec.yml": (
        "version: 0.2\nphases: {build: {commands: [cd packer, packer validate $PACKER_SCRIPT, "
        "packer build $PACKER_SCRIPT]}}\n"
    ),
    "scripts/root.sh": "set -e\ntrue\n",
    "packer/scripts/setup.sh": "set -e\ntrue\n",
    "packer/far.txt": "x\n",
    "ansible/web.yml": "- hosts: all\n  tasks: []\n",
    "ansible/roles/app/tasks/main.yml": "- debug: {msg: x}\n",
    "ansible/hosts.ini": "127.0.0.1\n",
    "ansible/requirements.yml": "roles: []\n",
    "ansible/group_vars/all.yml": "a: 1\n",
}


def _json(*provisioners: dict[str, Any], **keys: Any) -> str:
    return json.dumps({"builders": [_BUILDER], "provisioners": list(provisioners), **keys})


def _local(**settings: object) -> str:
    return _json({**_LOCAL, "role_paths": ["../ansible/roles/app"], **settings})


def _hcl(step: str = "", more: str = "") -> str:
    return _SOURCE + _BUILD % step + more


def _shell(script: str) -> str:
    return f'  provisioner "shell" {{\n    script = {script}\n  }}\n'


def _inline(text: str) -> str:
    return f'  provisioner "shell-local" {{\n    inline = [{text}]\n  }}\n'


#: Templates in packer/, files and folders (of one file each): all of them are right.
GOOD = {
    "script.json": _json(_SHELL),
    "script-above.json": _json({"type": "shell", "script": "../scripts/root.sh"}),
    "local.json": _local(),
    "searched.json": _local(command="ANSIBLE_ROLES_PATH=../ansible/web.yml ansible-playbook"),
    "variable.json": _json({"type": "shell-local", "inline": ["echo {{user `a`}}"]}, variables={"a": "x"}),
    "hcl-script": _hcl(_shell('"hcl-script/near.sh"')),
    "hcl-root": _hcl(_shell('"${path.root}/near.sh"')),
    "hcl-file": _hcl(_inline('file("near.txt")')),
}
#: Each with one fault; Packer 1.16.0 says the same as 1.6.6.
PLANTED = {
    "root-only.json": _json({"type": "shell", "script": "scripts/root.sh"}),
    "from-the-root.json": _json({"type": "shell", "script": "packer/scripts/setup.sh"}),
    "second-script.json": _json({"type": "shell", "scripts": ["scripts/setup.sh", "scripts/gone.sh"]}),
    "shell-local.json": _json({"type": "shell-local", "script": "scripts/root.sh"}),
    "powershell.json": _json({"type": "powershell", "script": "scripts/root.sh"}),
    "windows-shell.json": _json({"type": "windows-shell", "scripts": ["scripts/root.sh"]}),
    "star.json": _json({"type": "shell", "script": "scripts/*.sh"}),
    "source.json": _json({"type": "file", "source": "scripts/root.sh", "destination": "/x"}),
    "source-folder.json": _json({"type": "file", "source": "ansible/", "destination": "/x"}),
    "sources.json": _json({"type": "file", "sources": ["far.txt", "near.txt"], "destination": "/x/"}),
    "playbook.json": _json({**_LOCAL, "playbook_file": "ansible/web.yml"}),
    "playbooks.json": _json({"type": "ansible-local", "playbook_files": ["../ansible/web.yml", "ansible/web.yml"]}),
    "role-path.json": _local(role_paths=["ansible/roles/app"]),
    "role-path-file.json": _local(role_paths=["../ansible/web.yml"]),
    "role-path-star.json": _local(role_paths=["../ansible/roles/*"]),
    "playbook-dir.json": _local(playbook_dir="ansible"),
    "playbook-path.json": _local(playbook_paths=["ansible"]),
    "inventory.json": _local(inventory_file="ansible/hosts.ini"),
    "galaxy.json": _local(galaxy_file="ansible/requirements.yml"),
    "group-vars.json": _local(group_vars="ansible/group_vars"),
    "comma.json": _json(_SHELL).replace(", ", " ", 1),
    "unknown-key.json": _json(_SHELL, builder=[]),
    "two-keys.json": _json(_SHELL, Builders=[_BUILDER]),
    "no-type.json": _json({"script": "scripts/setup.sh"}),
    "same-name.json": _json(_SHELL, builders=[_BUILDER, _BUILDER]),
    "hcl-near": _hcl(_shell('"near.sh"')),
    "hcl-path-root": _hcl(_shell('"${path.root}/gone.sh"')),
    "hcl-far": _hcl(_inline('file("far.txt")')),
    "hcl-undeclared": _hcl(_inline("var.nothing")),
    "hcl-no-local": _hcl(_inline("local.nothing")),
    "hcl-no-source": _BUILD % "",
    "hcl-twice": _hcl("", 'variable "a" {\n}\nvariable "a" {\n}\n'),
    "hcl-brace": _hcl().rstrip("}\n"),
    "hcl-attribute": _hcl("", "a = 1\n"),
}
#: One after the other is for `--deep`; what Packer says of each does not change.
_SHOWN = list({**GOOD, **PLANTED})[:: depth.amount(8, 1)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"tfgen.toml": TOML, **_FILES}
    for name, text in {**GOOD, **PLANTED}.items():
        if name.endswith(".json"):
            files[f"packer/{name}"] = text
        else:
            beside = {f"packer/{name}/near.sh": "set -e\ntrue\n", f"packer/{name}/near.txt": "x\n"}
            files |= {f"packer/{name}/main.pkr.hcl": text, **beside}
    return write_tree(tmp_path_factory.mktemp("planted") / "tree", files)


@pytest.fixture(scope="module")
def wrong(root: Path) -> dict[str, list[str]]:
    """Template -> lint's errors of it."""
    argv = [sys.executable, "-m", "tfgen", "-C", str(root), "lint", "--format", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    found: dict[str, list[str]] = {}
    for one in json.loads(done.stdout)["findings"]:
        if one["severity"] == "error":
            name = one["path"].removeprefix("packer/").removesuffix("/main.pkr.hcl")
            found.setdefault(name, []).append(f"{one['rule']}: {one['message']}")
    return found


def test_lint_has_an_error_for_each_fault_and_for_nothing_else(wrong: dict[str, list[str]]) -> None:
    assert len(PLANTED) >= 30
    assert {name: len(found) for name, found in wrong.items()} == dict.fromkeys(PLANTED, 1), wrong


@depth.deep
@pytest.mark.parametrize("name", _SHOWN)
def test_so_says_packer(name: str, root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [require_tool("packer"), "validate", name],
        cwd=root / "packer",
        env=bare_environment(tmp_path, {"CHECKPOINT_DISABLE": "1"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode == 0) is (name in GOOD), done.stdout + done.stderr
