"""Nothing that a branch brings keeps tfgen busy for ever: each test is bounded by processor time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import JSON, TOML, Repo
from tests.functional.git_repo import commit, git
from tests.security.limited import in_child, limited
from tfgen.git.invocation import start
from tfgen.main import run

LONG = "a" * 200
DEEP = "/".join("a" * 500)
#: Expressions with one way for each number of characters that each wildcard may take try them all.
ENDLESS = {
    "stars": ("*a" * 12 + "b", f"packer/{LONG}.json"),
    "classes": ("*[ab]" * 20 + "c", f"packer/{LONG}.json"),
    "question marks": ("*a?" * 20 + "b", f"packer/{LONG}.json"),
    "folders": ("**/a/**/a/**/a/**/a/**/b", f"packer/{DEEP}/web.json"),
    "folders and stars": ("**/*a*/**/*a*/**/*a*/**/*a*/b", f"packer/{DEEP}/web.json"),
    "folders by name": ("/packer" + "/**/a*" * 30 + "/b/", f"packer/{DEEP}/web.json"),
    "as long as a name": ("*" * 60_000 + "b", f"packer/{LONG}.json"),
    "many wildcards": ("*a" * 30_000 + "b", f"packer/{LONG}.json"),
    "a class without an end": ("[" + "[:" * 30_000, f"packer/{LONG}.json"),
}


@depth.deep
@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("place", ["tfgen.toml", ".gitignore", "packer/.gitignore"])
def test_a_pattern(repo: Repo, kind: str, place: str) -> None:
    pattern, path = ENDLESS[kind]
    files = {"tfgen.toml": TOML, "packer/web.json": JSON, path: JSON}
    if place == "tfgen.toml":
        files[place] = f"ignore = ['{pattern}']\n{TOML}"
    else:
        files[place] = f"{pattern}\n"
    root = repo(files)
    (root / ".git").mkdir()
    assert "web" in limited(root, "list").expect(0).out


@depth.deep
def test_many_patterns(repo: Repo) -> None:
    lines = "\n".join("*a?" * 40 + str(number) for number in range(2000))
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON, f"packer/{LONG}.json": JSON, ".gitignore": lines})
    assert "web" in limited(root, "list").expect(0).out


def _large(path: Path) -> None:
    path.touch()
    os.truncate(path, 3 << 30)


#: What stands in the place of a file.
STANDINS: dict[str, Callable[[Path], None]] = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "3 GB": _large,
}
ESTATE = {
    "tfgen.toml": TOML,
    ".gitignore": "*.tmp\n",
    "packer/web.json": '{"builders": [{"type": "amazon-ebs"}], "provisioners": ['
    '{"type": "shell", "script": "scripts/a.sh"}, {"type": "ansible", "playbook_file": "ansible/site.yml"}]}',
    "packer/hcl/a.pkr.hcl": 'source "null" "x" {}\nbuild {\n  sources = ["source.null.x"]\n}\n',
    "packer/hcl/b.auto.pkrvars.hcl": 'a = "b"\n',
    "scripts/a.sh": "set -e\n",
    "ansible/site.yml": "- hosts: all\n  roles: [r]\n",
    "ansible/roles/r/tasks/main.yml": "- template: {src: t.j2, dest: /y}\n",
    "ansible/roles/r/templates/t.j2": "{{ a }}\n",
    "ansible/roles/r/vars/main.yml": "a: b\n",
    "ansible/requirements.yml": "roles: []\n",
    "ansible.cfg": "[defaults]\n",
    "buildspec.yml": "version: 0.2\nphases: {build: {commands: [packer build $PACKER_SCRIPT]}}\n",
    "terraform/modules/codepipeline/main.tf": 'variable "name" {}\nvariable "packer_script" {}\n',
    "terraform/pipelines/main.tf": "terraform {}\n",
    "terraform/pipelines/.terraform.lock.hcl": "",
}


def ends(*commands: tuple[str, ...]) -> str:
    """How tfgen is ended, or fails as it must not, in the current folder; "" where it ends by itself."""

    def work(say: Callable[[str], None]) -> None:
        for command in commands:
            say(" ".join(command))
            assert run(list(command)) in (0, 1, 2, 3), command

    return in_child(work)


READING = (("list",), ("sync", "--check"), ("lint",), ("graph", "--format", "json"))


@pytest.mark.parametrize("kind", STANDINS)
@pytest.mark.parametrize("place", [place for place in ESTATE if not place.endswith("/main.tf")] + ["packer/x.json"])
def test_a_file_without_an_end(repo: Repo, kind: str, place: str) -> None:
    root = repo(ESTATE)
    (root / place).unlink(missing_ok=True)
    STANDINS[kind](root / place)
    assert not ends(*READING[2:], *READING[:1])


#: More than Python's calls go, one in the other; no path has more characters than Linux takes.
FOLDERS = depth.amount(1200, 1900)


def nested(folder: Path, name: str) -> None:
    """A file below so many folders, one in the other."""
    loop = f"import os\nfor _ in range({FOLDERS}):\n    os.mkdir('d')\n    os.chdir('d')\n"
    code = f"{loop}open({name!r}, 'w').write('{{')\n"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


@depth.deep
@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("packer", "x.json"),
        ("terraform/modules/codepipeline", "x.tf"),
        ("terraform/pipelines", "x.tf"),
        ("ansible", "x.yml"),
    ],
)
def test_folders_in_folders(repo: Repo, folder: str, name: str) -> None:
    root = repo({**ESTATE, "ansible/x.yml": "- hosts: all\n"})
    git(root, "init", "--quiet")
    commit(root)
    nested(root / folder, name)
    try:
        assert not ends(*READING, ("affected", "--base", "main"))
    finally:
        subprocess.run(["rm", "-rf", root / folder / "d"], check=True)  # pytest's own way needs a stack as deep


@depth.deep
def test_folders_in_folders_while_git_takes_its_time(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks for a pipe that git may wait for goes through them, too."""
    root = repo(ESTATE)
    git(root, "init", "--quiet")
    commit(root)
    nested(root / "packer", "x.json")
    monkeypatch.setattr(start, "_PATIENCE", 0)
    try:
        assert not ends(("affected", "--base", "main"))
    finally:
        subprocess.run(["rm", "-rf", root / "packer/d"], check=True)


def test_variables_that_name_each_other(repo: Repo) -> None:
    variables = {f"v{number}": f"{{{{user `v{number + 1}`}}}}" for number in range(20_000)}
    document = {"variables": variables, "builders": [{"type": "amazon-ebs", "ami_name": "{{user `v0`}}"}]}
    repo({**ESTATE, "packer/web.json": json.dumps(document)})
    assert not ends(*READING)


#: Each names the next one twice: 2^60 pieces for a reader that follows every name.
DOUBLED = {
    "list": "[local.a@, local.a@]",
    "object": "{ x = local.a@, y = local.a@ }",
    "concat": "concat(local.a@, local.a@)",
    "if": "var.z ? local.a@ : local.a@",
    "join": 'join("", [local.a@, local.a@])',
    "merge": "merge({ x = local.a@ }, { y = local.a@ })",
    "template": '"${local.a@}${local.a@}"',
    "half known": '"${var.z ? local.a@ : "y"}${local.a@}"',
    "operation": "local.a@ + local.a@",
    "for": "[for x in [1] : [local.a@, local.a@]]",
}
USES = """variable "z" {}
source "amazon-ebs" "a" {
  ami_name = local.a0
  tags     = local.a0
}
build {
  sources = ["source.amazon-ebs.a"]
  provisioner "shell" {
    scripts          = local.a0
    environment_vars = local.a0
  }
  provisioner "shell" {
    script = local.a0
    inline = local.a0
  }
}
"""


@pytest.mark.parametrize("kind", DOUBLED)
def test_names_that_name_others_twice(repo: Repo, kind: str) -> None:
    lines = "".join(f"  a{number} = {DOUBLED[kind].replace('@', str(number + 1))}\n" for number in range(60))
    leaf = '["x"]' if kind in ("concat", "merge") else '"x"'
    repo({**ESTATE, "packer/web.json": "", "packer/w.pkr.hcl": f"{USES}locals {{\n{lines}  a60 = {leaf}\n}}\n"})
    assert not ends(*READING)


def test_variables_that_name_others_twice(repo: Repo) -> None:
    variables = {f"v{number}": f"{{{{user `v{number + 1}`}}}}" * 2 for number in range(60)}
    shell = {"type": "shell", "script": "{{user `v0`}}", "inline": ["{{user `v0`}}"]}
    builder = {"type": "amazon-ebs", "ami_name": "{{user `v0`}}", "tags": {"a": "{{user `v0`}}"}}
    document = {"variables": variables, "builders": [builder], "provisioners": [shell]}
    repo({**ESTATE, "packer/web.json": json.dumps(document)})
    assert not ends(*READING)


@depth.deep
@pytest.mark.parametrize("place", [".gitignore", "packer/.gitignore"])
def test_git_waits_for_no_pipe(repo: Repo, place: str) -> None:
    root = repo(ESTATE)
    git(root, "init", "--quiet")
    commit(root)
    (root / place).unlink(missing_ok=True)
    os.mkfifo(root / place)
    said = limited(root, "affected", "--base", "main").expect(1).err
    assert f"{root / place} is a pipe, and git would wait for it" in said


@pytest.mark.parametrize("kind", STANDINS)
def test_terraform_without_an_end(repo: Repo, kind: str) -> None:
    root = repo(ESTATE)
    for place in ("terraform/modules/codepipeline/x.tf", "terraform/pipelines/x.tf", "terraform/pipelines/ami_web.tf"):
        STANDINS[kind](root / place)
    assert not ends(*READING)


@depth.deep
@pytest.mark.parametrize("place", ["packer/web.json", "tfgen.toml", ".gitignore"])
def test_what_is_too_large_is_said(repo: Repo, place: str) -> None:
    root = repo(ESTATE)
    os.truncate(root / place, (16 << 20) + 1)
    assert "MB; not read" in limited(root, "sync", "--check").expect(1).err


LINES = 30_000
NAMED = '{"builders": [{"type": "amazon-ebs", "ami_name": "@"}]}'
#: path -> text, each a square or worse for a reader that looks again at what it has seen.
TEXTS = {
    "a key of many parts": ("tfgen.toml", f"{TOML}{'.'.join('a' * LINES)} = 1\n"),
    "a deep table": ("tfgen.toml", f"{TOML}a = {'[' * LINES}{']' * LINES}\n"),
    "actions without an end": (
        "packer/x.json",
        JSON.replace("}]", '", "a": "' + "{{" * LINES + '"}]').replace('ebs""', 'ebs"'),
    ),
    "an action of blanks": ("packer/x.json", JSON.replace("amazon-ebs", "a{{" + " " * LINES + "b")),
    "quotes in quotes": ("packer/x.json", '{"builders": ' + '"\\' * LINES),
    "a deep object": ("packer/x.json", '{"builders": ' + '{"a":' * LINES),
    "scripts that are not there": (
        "packer/x.json",
        JSON.replace(
            "}]}",
            '}], "provisioners": ['
            + ", ".join(f'{{"type": "shell", "script": "s/{number}.sh"}}' for number in range(LINES // 4))
            + "]}",
        ),
    ),
    "an endless sum": ("packer/hcl/b.pkr.hcl", f"locals {{\n  a = {'a + ' * LINES}a\n}}\n"),
    "blanks before an error": ("packer/hcl/b.pkr.hcl", f"locals {{\n  a = {' ' * LINES}\n}}\n"),
    "deep brackets": ("packer/hcl/b.pkr.hcl", f"a = {'(' * LINES}1{')' * LINES}\n"),
    "words without an end": ("ansible/site.yml", "- hosts: all\n  tasks:\n  - copy: |\n      src=" + "{{ " * LINES),
    "a name of any names": (
        "ansible/site.yml",
        "- hosts: all\n  roles: ['" + "{{ x }}r" * 25 + "z']\n  tasks:\n  - copy: {src: '" + "{{ x }}a" * 25 + "z'}\n",
    ),
    "tasks": ("ansible/site.yml", "- hosts: all\n  tasks:\n" + "  - copy: {src: f, dest: /x}\n" * (LINES // 4)),
    "a deep list": ("ansible/site.yml", "[" * LINES),
    "aliases of aliases": (
        "ansible/site.yml",
        "- hosts: all\n  vars:\n    a0: &a0 [x, x]\n"
        + "".join(f"    a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 40))
        + "  tasks:\n  - copy: {src: '{{ item }}', dest: x}\n    loop: *a39\n",
    ),
    "a deep buildspec": ("buildspec.yml", "[" * LINES + "]" * LINES),
    "comments": ("scripts/a.sh", "# tfgen:ignore some-rule why\n" * LINES),
    "empty lines": ("ansible/site.yml", "\n" * LINES + "a"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text(repo: Repo, kind: str) -> None:
    path, text = TEXTS[kind]
    repo({**ESTATE, path: text})
    assert not ends(*READING)


FILESET = """source "null" "x" {}
build {
  sources = ["source.null.x"]
  provisioner "shell" {
    scripts = fileset("scripts", "@")
  }
}
"""
#: Files -> each a name with wildcards that a long one could be, in as many ways as it has letters for each of them.
WILDCARDS = {
    "a fileset": {
        f"scripts/{LONG}.sh": "",
        "packer/hcl/a.pkr.hcl": FILESET.replace("@", "*a" * 12 + "b"),
    },
    "alternatives": {
        f"scripts/{LONG}.sh": "",
        "packer/hcl/a.pkr.hcl": FILESET.replace("@", "{a,a}" * 40 + "b"),
    },
    "a script": {
        f"scripts/{LONG}.sh": "",
        "packer/x.json": '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "script": "scripts/'
        f'{"{{timestamp}}a" * 12}b"}}]}}',
    },
    "files": {
        f"ansible/files/{LONG}": "",
        "ansible/site.yml": f"- hosts: all\n  tasks:\n  - copy: {{src: x}}\n    with_fileglob: ['{'*a' * 12}b']\n",
    },
    "a file": {
        f"ansible/files/{LONG}": "",
        "ansible/site.yml": f"- hosts: all\n  tasks:\n  - copy: {{src: '{'{{ x }}a' * 12}b'}}\n",
    },
    "a role": {
        f"ansible/roles/{LONG}/tasks/main.yml": "",
        "ansible/site.yml": f"- hosts: all\n  roles:\n  - '{'{{ x }}a' * 12}b'\n",
    },
    "an expression": {
        f"ansible/roles/r/vars/{LONG}.yml": "x: y",
        "ansible/site.yml": "- hosts: all\n  roles: [r]\n  tasks:\n"
        "  - include_vars: {dir: roles/r/vars, files_matching: '(a+)+$'}\n",
    },
}


@pytest.mark.parametrize("kind", WILDCARDS)
def test_a_name_with_wildcards(repo: Repo, kind: str) -> None:
    repo({**ESTATE, **WILDCARDS[kind]})
    assert not ends(("graph", "--format", "json"))
