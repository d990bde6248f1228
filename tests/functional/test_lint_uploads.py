"""What `ansible-local` uploads, and what a play names that is in the repository and not on the machine."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Command, Repo

TASKS = "- ansible.builtin.debug:\n"
ROLES = {
    "ansible/roles/web/tasks/main.yml": TASKS,
    "ansible/roles/web/meta/main.yml": "dependencies: []\n",
    "ansible/roles/common/tasks/main.yml": TASKS,
}


def template(*settings: str, before: str = "") -> str:
    own = ", ".join(('"type": "ansible-local"', '"playbook_file": "ansible/web.yml"', *settings))
    return f'{{"builders": [{{"type": "null"}}], "provisioners": [{before}{{{own}}}]}}\n'


def found(cli: Command, rule: str = "not-uploaded") -> list[tuple[str, int | None]]:
    document = json.loads(cli("lint", "--rule", rule, "--format", "json").out)
    return [(one["path"], one["line"]) for one in document["findings"]]


@pytest.mark.parametrize(
    ("role_paths", "play", "lines"),
    [
        (["ansible/roles/web"], "roles: [web]", []),
        ([], "roles: [web]", [2]),  # no role_paths: nothing is uploaded
        (["ansible/roles/common"], "roles: [web]", [2]),
        (["ansible/roles"], "roles: [web]", [2]),  # it is roles/roles/web there
        (["ansible/roles"], "roles: [roles/web]", []),
        (["ansible/roles/web"], "tasks: [{include_role: {name: common}}]", [2]),
        (["ansible/roles/web"], "tasks: [{ansible.builtin.import_role: {name: common}}]", [2]),
        (["ansible/roles/web"], 'tasks: [{include_role: {name: "{{ one }}"}}]', []),  # not known which
        (["ansible/roles/../roles/web/"], "roles: [{role: web, when: yes}]", []),
    ],
)
def test_a_role_is_there_by_the_last_name_of_its_folder(
    repo: Repo, cli: Command, role_paths: list[str], play: str, lines: list[int]
) -> None:
    setting = f'"role_paths": {json.dumps(role_paths)}'
    repo({"packer/web.json": template(setting), "ansible/web.yml": f"- hosts: all\n  {play}\n", **ROLES})
    assert found(cli) == [("ansible/web.yml", line) for line in lines]


def test_a_role_with_a_long_name_is_there_by_it(repo: Repo, cli: Command) -> None:
    name = "r" * 99
    play = f"roles: [{name}]\n  tasks: [{{include_role: {{name: {name}}}}}]"
    setting = f'"role_paths": ["ansible/roles/{name}"]'
    files = {"packer/web.json": template(setting), "ansible/web.yml": f"- hosts: all\n  {play}\n"}
    repo({**files, f"ansible/roles/{name}/tasks/main.yml": TASKS})
    assert found(cli) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("meta/main.yml", "dependencies: [common]\n"),
        ("tasks/main.yml", "- include_role: {name: common}\n"),
        ("tasks/main.yml", "- import_role: {name: common}\n"),
    ],
)
def test_a_role_that_a_role_needs(repo: Repo, cli: Command, file: str, text: str) -> None:
    files = {**ROLES, f"ansible/roles/web/{file}": text, "ansible/web.yml": "- hosts: all\n  roles: [web]\n"}
    repo({"packer/web.json": template('"role_paths": ["ansible/roles/web"]'), **files})
    assert found(cli) == [(f"ansible/roles/web/{file}", 1)]
    repo({"packer/web.json": template('"role_paths": ["ansible/roles/web", "ansible/roles/common"]'), **files})
    assert found(cli) == []


PLAY = "- hosts: all\n  tasks:\n    - copy: {src: files/x.conf, dest: /x}\n    - template: {src: y.j2, dest: /y}\n"
BESIDE = {"ansible/web.yml": PLAY, "ansible/files/x.conf": "x", "ansible/templates/y.j2": "y"}


@pytest.mark.parametrize(
    ("settings", "before", "lines"),
    [
        ([], "", [3, 4]),
        (['"playbook_dir": "ansible"'], "", []),
        (['"playbook_dir": "{{ user `folder` }}"'], "", []),  # not known what it uploads
        ([], '{"type": "file", "source": "ansible/files", "destination": "/tmp"}, ', [4]),
        ([], '{"type": "file", "source": "ansible/", "destination": "/srv/ansible"}, ', []),
        ([], '{"type": "file", "source": "{{ user `folder` }}", "destination": "/srv"}, ', []),
    ],
)
def test_files_beside_the_playbook(
    repo: Repo, cli: Command, settings: list[str], before: str, lines: list[int]
) -> None:
    repo({"packer/web.json": template(*settings, before=before), **BESIDE})
    assert found(cli) == [("ansible/web.yml", line) for line in lines]


def test_the_other_ansible_runs_here(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": template().replace("ansible-local", "ansible"), **BESIDE})
    assert found(cli) == []


def test_a_role_from_galaxy_that_is_here_too(repo: Repo, cli: Command) -> None:
    files = {"ansible/requirements.yml": "roles:\n  - name: web\n    version: 1.0.0\n", **ROLES}
    setting = '"galaxy_file": "ansible/requirements.yml"'
    repo({"packer/web.json": template(setting), "ansible/web.yml": "- hosts: all\n  roles: [web]\n", **files})
    assert found(cli) == []


def test_one_finding_for_all_images_of_a_playbook(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": template(), "packer/blog.json": template(), **BESIDE})
    assert found(cli) == [("ansible/web.yml", 3), ("ansible/web.yml", 4)]
    repo({"packer/web.json": template('"playbook_dir": "ansible"'), **BESIDE})
    assert found(cli) == [("ansible/web.yml", 3), ("ansible/web.yml", 4)], "blog does not"
