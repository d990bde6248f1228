"""docs/paths.md, the names that a template gives: real Packer and tfgen take the same file for each.

The same name stands in the root, in the folder that Packer runs in and in the template's folder.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import TOML, write_tree
from tests.e2e.tools import bare_environment, require_tool
from tests.paths_table import names_of
from tests.unit.test_graph_template import graph

BASES = (".", "packer", "packer/images", "packer/images/images")
SETTINGS = f'working_dir = "packer"\n{TOML}'
_CALL = re.compile(r'^\d+\s+(\w+)\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"(.*)$', re.MULTILINE)
_TRACED = ("-f", "-y", "-qq", "--seccomp-bpf", "-e", "trace=%file", "-o")
#: Without signals to itself, each of which stops a traced program.
QUIET = {"GODEBUG": "asyncpreemptoff=1"}
_LOCAL = {"type": "ansible-local", "playbook_file": "p.yml"}
_REMOTE = {"type": "ansible", "playbook_file": "p.yml", "skip_version_check": True}
_SALT = {"type": "salt-masterless", "local_state_tree": "salt"}

#: Test -> provisioner; `@` is the name, and what ends with `/` is a folder.
PROVISIONERS: Mapping[str, dict[str, object]] = {
    "shell-script": {"type": "shell", "script": "@.sh"},
    "shell-scripts": {"type": "shell", "scripts": ["@.sh"]},
    "shell-local-script": {"type": "shell-local", "script": "@.sh"},
    "shell-local-scripts": {"type": "shell-local", "scripts": ["@.sh"]},
    "powershell-script": {"type": "powershell", "script": "@.ps1"},
    "windows-shell-script": {"type": "windows-shell", "script": "@.cmd"},
    "file-source": {"type": "file", "source": "@.txt", "destination": "/x"},
    "file-sources": {"type": "file", "sources": ["@.txt"], "destination": "/x/"},
    "file-source-folder": {"type": "file", "source": "@/", "destination": "/x"},
    "ansible-playbook-file": {**_REMOTE, "playbook_file": "@.yml"},
    "ansible-galaxy-file": {**_REMOTE, "galaxy_file": "@.yml"},
    "ansible-inventory-directory": {**_REMOTE, "inventory_directory": "@/"},
    "ansible-ssh-authorized-key-file": {**_REMOTE, "ssh_authorized_key_file": "@.pub"},
    "ansible-local-playbook-file": {"type": "ansible-local", "playbook_file": "@.yml"},
    "ansible-local-playbook-files": {"type": "ansible-local", "playbook_files": ["@.yml"]},
    "ansible-local-playbook-dir": {**_LOCAL, "playbook_dir": "@/"},
    "ansible-local-playbook-paths": {**_LOCAL, "playbook_paths": ["@/"]},
    "ansible-local-role-paths": {**_LOCAL, "role_paths": ["@/"]},
    "ansible-local-galaxy-file": {**_LOCAL, "galaxy_file": "@.yml"},
    "ansible-local-inventory-file": {**_LOCAL, "inventory_file": "@.ini"},
    "ansible-local-group-vars": {**_LOCAL, "group_vars": "@/"},
    "ansible-local-host-vars": {**_LOCAL, "host_vars": "@/"},
    "chef-solo-cookbook-paths": {"type": "chef-solo", "cookbook_paths": ["@/"]},
    "chef-solo-config-template": {"type": "chef-solo", "config_template": "@.rb"},
    "chef-client-config-template": {"type": "chef-client", "server_url": "x", "config_template": "@.rb"},
    "puppet-masterless-manifest-file": {"type": "puppet-masterless", "manifest_file": "@.pp"},
    "puppet-masterless-module-paths": {"type": "puppet-masterless", "manifest_file": "p.yml", "module_paths": ["@/"]},
    "salt-masterless-local-state-tree": {"type": "salt-masterless", "local_state_tree": "@/"},
    "salt-masterless-minion-config": {**_SALT, "minion_config": "@.conf"},
}
#: Test -> expression; the file's name is `@.txt`.
EXPRESSIONS: Mapping[str, tuple[str, str]] = {
    "hcl-file": ('file("@.txt")', "packer/images"),
    "hcl-fileset": ('join(",", [for f in fileset(".", "@*.{txt,none}") : file(f)])', "packer/images"),
    "hcl-abspath-path-root": ('file("${abspath(path.root)}/@.txt")', "packer/images"),
    "hcl-path-root": ('file("${path.root}/@.txt")', "packer/images/images"),
    "hcl-path-cwd": ('file("${path.cwd}/@.txt")', "packer"),
}
TEMPLATES = ("plain.json", "starred.pkr.hcl", "given.pkr.hcl", "newer.pkr.hcl", "misplaced.pkr.hcl")
#: Of those, the ones of which only counts what Packer says; each has a process for each provisioner.
UNTRACED = ("starred.pkr.hcl", "misplaced.pkr.hcl")
#: Not in Packer 1.6.6.
NEWER = "hcl-templatefile"
MISPLACED = {name: EXPRESSIONS[name] for name in ("hcl-file", "hcl-path-cwd")}
#: A key may come from the machine: lint says nothing.
_KEYS = ("ansible-ssh-authorized-key-file",)
#: What tfgen adds, as it does not know how the value is used.
MORE = {
    "hcl-fileset": {"packer"},
    "hcl-path-root": {"packer/images"},
    "hcl-abspath-path-root": {"packer/images/images"},
}
#: Test -> path of a script, in the legacy format.
ENGINES: Mapping[str, tuple[str, str]] = {
    "json-template-dir": ("{{template_dir}}/@.sh", "packer/images"),
    "json-pwd": ("{{pwd}}/@.sh", "packer"),
    "json-user": ("{{user `folder`}}/@.sh", "packer"),
}


def _named(value: object, name: str) -> object:
    if isinstance(value, dict):
        return {key: _named(one, name) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one, name) for one in value]
    return value.replace("@", name) if isinstance(value, str) else value


def _files(name: str, provisioner: object) -> list[str]:
    """The file that a name is, or the one in the folder that it is."""
    text = re.search(r"@(\.\w+|/)", json.dumps(provisioner))
    assert text
    return [f"{name}{text[1]}" + "group_vars/all.yml" * (text[1] == "/")]


def _provisioner(settings: Mapping[str, object]) -> str:
    body = "".join(f"    {key} = {json.dumps(value)}\n" for key, value in settings.items() if key != "type")
    return f'  provisioner "{settings["type"]}" {{\n{body}  }}\n'


def _expressions(expressions: Mapping[str, tuple[str, str]], more: str = "") -> str:
    step = _provisioner({"type": "shell-local", "inline": ["true"]})
    return "".join(step.replace('"true"', text.replace("@", name + more)) for name, (text, _) in expressions.items())


def _repository() -> dict[str, str]:
    """One template with all provisioners by their names, one with names that have `*`, one with expressions."""
    files: dict[str, str] = {}
    for base in BASES:
        files |= {f"{base}/p.yml": "- hosts: all\n", f"{base}/salt/x": ""}
        for name, provisioner in PROVISIONERS.items():
            files |= {f"{base}/{path}": "x\n" for path in _files(name, provisioner)}
        files |= {f"{base}/{name}.txt": "x\n" for name in EXPRESSIONS}
        files |= {f"{base}/{name}.sh": "x\n" for name in ENGINES}
    plain = [_named(one, name) for name, one in PROVISIONERS.items()]
    plain += [{"type": "shell", "script": text.replace("@", name)} for name, (text, _) in ENGINES.items()]
    starred = [_named(one, f"{name[:-1]}*") for name, one in PROVISIONERS.items()]
    misplaced = [_named(one, f"{name}-gone") for name, one in PROVISIONERS.items()]
    for base in (".", "packer/images"):
        files |= {
            f"{base}/{path}": "x\n" for name in PROVISIONERS for path in _files(f"{name}-gone", PROVISIONERS[name])
        }
    for name, (_, base) in MISPLACED.items():
        files |= {f"{other}/{name}-gone.txt": "x\n" for other in BASES if other != base}
    newer = {"type": "shell-local", "inline": [f'templatefile("{NEWER}.txt", {{}})']}
    files |= {f"{base}/{NEWER}.txt": "x\n" for base in BASES}
    source = 'source "null" "x" {\n  communicator = "none"\n}\n'
    build = f'{source}build {{\n  sources = ["source.null.x"]\n%s}}\n'
    document = {
        "variables": {"folder": "./"},
        "builders": [{"type": "null", "communicator": "none"}],
        "provisioners": plain,
    }
    return {
        **files,
        "packer/images/plain.json": json.dumps(document),
        "packer/images/starred.pkr.hcl": build % "".join(_provisioner(one) for one in starred if isinstance(one, dict)),
        "packer/images/misplaced.pkr.hcl": build
        % ("".join(_provisioner(one) for one in misplaced if isinstance(one, dict)) + _expressions(MISPLACED, "-gone")),
        "packer/images/given.pkr.hcl": build % _expressions(EXPRESSIONS),
        "packer/images/newer.pkr.hcl": build
        % _provisioner(newer).replace('["', "[").replace('"]', "]").replace('\\"', '"'),
    }


class Seen:
    """What Packer said of each template of a repository, and what it looked at or opened for those that are traced."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: dict[str, set[str]] = {}
        self.opened: set[str] = set()
        self.said: dict[str, str] = {}

    def validate(self, template: str) -> None:
        home = self.root.parent / f"home-{template}"
        home.mkdir()
        trace = home / "trace"
        traced = [] if template in UNTRACED else [require_tool("strace"), *_TRACED, str(trace)]
        done = subprocess.run(
            [*traced, require_tool("packer"), "validate", f"images/{template}"],
            cwd=self.root / "packer",
            env=bare_environment(home, QUIET),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.said[template] = f"{done.returncode} {' '.join((done.stdout + done.stderr).split())}"
        if traced:
            self.paths[template] = self._looked_at(trace.read_text(errors="surrogateescape"))

    def _looked_at(self, trace: str) -> set[str]:
        found: set[str] = set()
        for call, base, path, rest in _CALL.findall(trace):
            self._note(call, posixpath.normpath(posixpath.join(base or str(self.root / "packer"), path)), rest, found)
        return found

    def _note(self, call: str, whole: str, rest: str, found: set[str]) -> None:
        if " = -1 " in rest or not whole.startswith(f"{self.root}/"):
            return
        found.add(os.path.relpath(whole, self.root))
        if call.startswith("open"):
            self.opened.add(os.path.relpath(whole, self.root))

    def bases(self, template: str, path: str) -> set[str]:
        """Where `path` was seen."""
        return {base for base in BASES if os.path.normpath(f"{base}/{path}") in self.paths[template]}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    found = Seen(write_tree(tmp_path_factory.mktemp("paths").resolve() / "tree", _repository()))
    for template in TEMPLATES:
        found.validate(template)
    return found


@pytest.fixture(scope="module")
def images(seen: Seen) -> dict[str, set[str]]:
    """What tfgen says that each template is made of."""
    found = graph(seen.root, {}, SETTINGS)
    return {name: set(found.made_of(f"images-{name}")) for name in (one.partition(".")[0] for one in TEMPLATES)}


@pytest.fixture(scope="module")
def errors(seen: Seen) -> str:
    """What lint says of these templates that is missing."""
    write_tree(seen.root, {"tfgen.toml": SETTINGS})
    argv = [sys.executable, "-m", "tfgen", "-C", str(seen.root), "lint", "--format", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)["findings"]
    return "\n".join(one["message"] for one in found if one["severity"] == "error" and "missing" in one["rule"])


def _in_graph(files: set[str], path: str) -> set[str]:
    return {base for base in BASES if os.path.normpath(f"{base}/{path}") in files}


def test_packer_accepts_all(seen: Seen) -> None:
    assert [seen.said[name][:1] for name in TEMPLATES[:3]] == ["0", "1", "0"], seen.said


@pytest.mark.parametrize("name", PROVISIONERS)
def test_provisioner(name: str, seen: Seen, images: dict[str, set[str]]) -> None:
    """The working directory, and no wildcards."""
    (path,) = _files(name, PROVISIONERS[name])
    assert seen.bases("plain.json", path.removesuffix("/group_vars/all.yml")) == {"packer"}
    assert _in_graph(images["plain"], path) == {"packer"}
    assert f"{name[:-1]}*" in seen.said["starred.pkr.hcl"]
    assert _in_graph(images["starred"], path) == set()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression(name: str, seen: Seen, images: dict[str, set[str]]) -> None:
    assert _in_graph(seen.opened, f"{name}.txt") == {EXPRESSIONS[name][1]}
    found = _in_graph(images["given"], f"{name}.txt")
    # What a fileset finds may be taken for names from the working directory; path.root may be absolute.
    found -= MORE.get(name, set())
    assert found == {EXPRESSIONS[name][1]}


def test_newer_function(seen: Seen, images: dict[str, set[str]]) -> None:
    """The template's folder; a Packer that does not have it says so."""
    opened = _in_graph(seen.opened, f"{NEWER}.txt")
    assert opened == {"packer/images"} or 'no function named "templatefile"' in seen.said["newer.pkr.hcl"]
    assert _in_graph(images["newer"], f"{NEWER}.txt") == {"packer/images"}


@pytest.mark.parametrize("name", ENGINES)
def test_engine(name: str, seen: Seen, images: dict[str, set[str]]) -> None:
    assert seen.bases("plain.json", f"{name}.sh") == _in_graph(images["plain"], f"{name}.sh") == {ENGINES[name][1]}


@pytest.mark.parametrize("name", [name for name in (*PROVISIONERS, *MISPLACED) if name not in _KEYS])
def test_a_file_in_another_folder_is_missing_for_both(name: str, seen: Seen, errors: str) -> None:
    """What stands in the root and in the template's folder only is an error of `packer validate` and of lint."""
    (path,) = [f"{name}-gone.txt"] if name in MISPLACED else _files(f"{name}-gone", PROVISIONERS[name])
    path = path.removesuffix("/group_vars/all.yml")
    assert path in seen.said["misplaced.pkr.hcl"]
    assert path in errors
    assert f"{name}." not in errors
    assert f"{name}/" not in errors


def test_each_row_of_the_document_has_a_test() -> None:
    assert names_of("Packer") == {*PROVISIONERS, *EXPRESSIONS, *ENGINES, NEWER}
