"""What is missing in the repository and may be there in a build is no finding."""

from __future__ import annotations

import json

import pytest

from tests.conftest import TOML, Command, Repo

SHELL = '{"type": "shell", "script": "build/setup.sh"}'
MISSING = ("missing-script", "missing-file", "missing-playbook", "missing-role", "missing-role-path", "missing-tasks")


def template(*provisioners: str, variables: str = "{}") -> str:
    steps = ",\n  ".join(provisioners)
    return f'{{"variables": {variables}, "builders": [{{"type": "null"}}], "provisioners": [\n  {steps}\n]}}\n'


def found(cli: Command, *rules: str) -> list[tuple[str, str, int | None]]:
    chosen = [word for rule in rules or MISSING for word in ("--rule", rule)]
    document = json.loads(cli("lint", *chosen, "--format", "json").out)
    return [(one["rule"], one["path"], one["line"]) for one in document["findings"]]


@pytest.mark.parametrize(
    ("local", "missing"),
    [
        ('{"type": "shell-local", "inline": ["mkdir -p build", "echo echo x > build/setup.sh"]}', False),
        ('{"type": "shell-local", "command": "curl -fo build/setup.sh https://example.com/setup.sh"}', False),
        ('{"type": "shell-local", "inline": ["git clone https://example.com/x.git build"]}', False),
        ('{"type": "shell-local", "script": "make.sh"}', False),
        ('{"type": "file", "direction": "download", "source": "/x", "destination": "build/setup.sh"}', False),
        ('{"type": "shell-local", "inline": ["shellcheck build/setup.sh"]}', True),
        ('{"type": "shell-local", "inline": ["cd build && sed s/a/b/ x.in >setup.sh"]}', False),
        ('{"type": "shell-local", "inline": ["for f in setup run; do cp lib/$f.sh build/$f.sh; done"]}', False),
        ('{"type": "shell-local", "inline": ["cp lib/setup.sh build"]}', False),
        ('{"type": "shell-local", "inline": ["curl -o build/$NAME.sh https://example.com/x"]}', False),
        ('{"type": "shell-local", "inline": ["python3 render.py --out=build/setup.sh"]}', False),
        ('{"type": "shell-local", "inline": ["tar xzf x.tgz -C build"]}', False),
        ('{"type": "shell-local", "inline": ["cp build/setup.sh /tmp/x"]}', True),
        ('{"type": "shell-local", "inline": ["sed s/a/b/ build/setup.sh >/tmp/x"]}', True),
        ('{"type": "shell-local", "inline": ["sh build/setup.sh >log.txt"]}', True),
        ('{"type": "shell-local", "inline": ["# cp x build/setup.sh"]}', True),
        ('{"type": "shell-local", "inline": ["echo cp x build/setup.sh"]}', True),
        ('{"type": "shell", "inline": ["echo x > build/setup.sh"]}', True),  # on the other machine
    ],
)
def test_what_the_template_makes(repo: Repo, cli: Command, local: str, missing: bool) -> None:
    repo({"packer/web.json": template(local, SHELL), "make.sh": "#!/bin/sh -e\necho x | tee build/setup.sh\n"})
    assert found(cli) == [("missing-script", "packer/web.json", 3)] * missing


@pytest.mark.parametrize(
    ("command", "missing"), [("cp ../setup.sh build/setup.sh", False), ("sh build/setup.sh", True)]
)
def test_what_the_buildspec_makes(repo: Repo, cli: Command, command: str, missing: bool) -> None:
    spec = f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n"
    repo({"tfgen.toml": TOML, "buildspec.yml": spec, "packer/web.json": template(SHELL)})
    assert found(cli) == [("missing-script", "packer/web.json", 2)] * missing


def test_what_git_ignores(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": template(SHELL), ".gitignore": "/build/\n"})
    assert found(cli) == []
    (root / ".gitignore").write_text("/other/\n")
    assert len(found(cli)) == 1


def test_what_a_submodule_has(repo: Repo, cli: Command) -> None:
    modules = '[submodule "build"]\n\tpath = build\n\turl = ../build.git\n'
    root = repo({"packer/web.json": template(SHELL), ".gitmodules": modules, "build/.keep": ""})
    assert len(found(cli)) == 1, "it is checked out"
    (root / "build/.keep").unlink()
    assert found(cli) == []


def test_a_role_of_a_submodule(repo: Repo, cli: Command) -> None:
    play = '{"type": "ansible", "playbook_file": "ansible/web.yml"}'
    modules = '[submodule "nginx"]\n\tpath = ansible/roles/nginx\n\turl = ../nginx.git\n'
    files = {"packer/web.json": template(play), "ansible/web.yml": "- hosts: all\n  roles: [nginx, other]\n"}
    repo({**files, ".gitmodules": modules})
    assert found(cli) == [("missing-role", "ansible/web.yml", 2)]
    assert "other" in json.loads(cli("lint", "--format", "json").out)["findings"][0]["message"]


@pytest.mark.parametrize(
    ("variables", "script", "missing"),
    [
        ('{"dir": ""}', "{{user `dir`}}build/setup.sh", False),
        ('{"dir": ""}', "build/{{user `dir`}}/setup.sh", False),
        ('{"dir": null}', "build/{{user `dir`}}/setup.sh", False),
        ('{"dir": "build"}', "{{user `dir`}}/setup.sh", True),
    ],
)
def test_an_empty_variable_in_a_path(repo: Repo, cli: Command, variables: str, script: str, missing: bool) -> None:
    repo({"packer/web.json": template(SHELL.replace("build/setup.sh", script), variables=variables)})
    assert bool(found(cli)) == missing


def test_the_line_is_that_of_the_value(repo: Repo, cli: Command) -> None:
    said = '{"type": "shell", "inline": ["echo build/setup.sh"]}'
    comment = '"_comment": "build/setup.sh does it",\n '
    repo({"packer/web.json": template(said, SHELL).replace('"variables"', f'{comment}"variables"')})
    assert found(cli) == [("missing-script", "packer/web.json", 4)]


EMPTY = ("---\n# tasks file for web\n", "---\n", "# nothing\n", "", "---\n...\n", "null\n", "---\n~\n")


@pytest.mark.parametrize("text", EMPTY)
@pytest.mark.parametrize("part", ["tasks", "handlers", "vars", "defaults", "meta"])
def test_nothing_but_comments_is_an_empty_file(repo: Repo, cli: Command, part: str, text: str) -> None:
    play = '{"type": "ansible", "playbook_file": "ansible/web.yml"}'
    role = {f"ansible/roles/web/{part}/main.yml": text, "ansible/roles/web/files/x": ""}
    files = {"packer/web.json": template(play), "ansible/web.yml": "- hosts: all\n  roles: [web]\n", **role}
    repo({**files, "ansible/group_vars/all.yml": text})
    assert found(cli, "broken-yaml", "unreadable-file") == []


def test_a_text_is_still_no_list_of_tasks(repo: Repo, cli: Command) -> None:
    play = '{"type": "ansible", "playbook_file": "ansible/web.yml"}'
    files = {"packer/web.json": template(play), "ansible/web.yml": "- hosts: all\n  roles: [web]\n"}
    repo({**files, "ansible/roles/web/tasks/main.yml": '---\n""\n'})
    assert found(cli, "broken-yaml") == [("broken-yaml", "ansible/roles/web/tasks/main.yml", 2)]
