"""The rules about what lies between files, where their pages stop: what is near, what others bring, what is meant."""

from __future__ import annotations

import json

import pytest

from tests.conftest import TOML, Command, Repo

ANSIBLE = '{"type": "ansible", "playbook_file": "PLAYBOOK", "ansible_env_vars": ["ANSIBLE_ROLES_PATH=ansible/roles"]}'
TASKS = "- debug:\n"
ROLES = {"ansible/roles/nginx/tasks/main.yml": TASKS, "ansible/roles/orphan/tasks/main.yml": TASKS}


def template(*provisioners: str) -> str:
    return f'{{"builders": [{{"type": "null"}}], "provisioners": [{", ".join(provisioners)}]}}\n'


def found(cli: Command, *rules: str) -> list[tuple[str, str, int | None, str]]:
    """(rule, path, line, what to do) of what these rules find."""
    chosen = [word for rule in rules for word in ("--rule", rule)]
    document = json.loads(cli("lint", *chosen, "--format", "json").out)
    return [(one["rule"], one["path"], one["line"], one["fix"]) for one in document["findings"]]


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("ansible/wbe.yml", "did you mean ansible/web.yml?"),
        ("ansible/web.yaml", "did you mean ansible/web.yml?"),
        ("ansibel/web.yml", "did you mean ansible/web.yml?"),
        ("ansible/upgrade.yml", "create it, or fix the path"),
    ],
)
def test_the_nearest_playbook(repo: Repo, cli: Command, written: str, fix: str) -> None:
    files = {"ansible/web.yml": "- hosts: all\n", "ansible/base.yml": "- hosts: all\n"}
    repo({"packer/web.json": template(ANSIBLE.replace("PLAYBOOK", written)), **files})
    assert found(cli, "missing-playbook") == [("missing-playbook", "packer/web.json", 1, fix)]


def test_the_nearest_file_of_a_role(repo: Repo, cli: Command) -> None:
    tasks = ["template: {src: ngnix.conf.j2, dest: /x}", "copy: {src: mtod, dest: /x}", "include_tasks: st.yml"]
    tasks += ["include_vars: deb.yml", "copy: {src: unlike, dest: /x}"]
    role = {
        "tasks/main.yml": "".join(f"- {task}\n" for task in tasks),
        "templates/nginx.conf.j2": "x",
        "files/motd": "x",
        "tasks/set.yml": TASKS,
        "vars/debian.yml": "a: 1\n",
    }
    files = {f"ansible/roles/web/{path}": text for path, text in role.items()}
    playbook = {"ansible/web.yml": "- hosts: all\n  roles: [web]\n"}
    repo({"packer/web.json": template(ANSIBLE.replace("PLAYBOOK", "ansible/web.yml")), **playbook, **files})
    meant = [(one[2], one[3]) for one in found(cli, "missing-file", "missing-tasks")]
    assert [fix for _, fix in sorted(meant)[:4]] == [
        f"did you mean {name}?" for name in ("nginx.conf.j2", "motd", "set.yml", "debian.yml")
    ]
    assert sorted(meant)[4:] == [(5, "add the file, or fix the name")]


def test_a_composed_path_is_found_on_its_line(repo: Repo, cli: Command) -> None:
    build = 'build {\n  sources = ["source.null.x"]\n  provisioner "shell" {\n    scripts = local.all\n  }\n}\n'
    first = 'source "null" "x" {\n  communicator = "none"\n}\nlocals {\n  all = ["${path.root}/scripts/setpu.sh"]\n}\n'
    repo({"packer/web.pkr.hcl": first + build, "packer/scripts/setup.sh": "true\n"})
    fix = "did you mean packer/scripts/setup.sh?"
    assert found(cli, "missing-script") == [("missing-script", "packer/web.pkr.hcl", 5, fix)]


def test_a_folder_is_no_playbook_and_no_script(repo: Repo, cli: Command) -> None:
    script = '{"type": "shell", "script": "scripts/all"}'
    files = {"ansible/web.yml/x": "", "scripts/all/x.sh": "true\n"}
    repo({"packer/web.json": template(ANSIBLE.replace("PLAYBOOK", "ansible/web.yml"), script), **files})
    assert found(cli, "missing-playbook", "missing-script") == [
        ("missing-playbook", "packer/web.json", 1, "use a file in it"),
        ("missing-script", "packer/web.json", 1, "use a file in it"),
    ]


def test_null_is_no_file(repo: Repo, cli: Command) -> None:
    build = 'build {\n  sources = ["source.null.x"]\n  provisioner "shell" {\n    scripts = [var.extra, null]\n  }\n'
    build += '  provisioner "file" {\n    source      = var.extra\n    destination = "x"\n  }\n}\n'
    first = 'source "null" "x" {\n  communicator = "none"\n}\nvariable "extra" {\n  default = null\n}\n'
    repo({"packer/web.pkr.hcl": first + build})
    assert found(cli, "missing-script", "missing-file") == []


def test_what_the_buildspec_installs_is_not_missing(repo: Repo, cli: Command) -> None:
    command = "ansible-galaxy install -p ansible/roles -r reqs.yml"
    spec = f"version: 0.2\nphases:\n  install:\n    commands:\n      - {command}\n"
    files = {
        "packer/web.json": template(ANSIBLE.replace("PLAYBOOK", "ansible/web.yml")),
        "ansible/web.yml": "- hosts: all\n  roles: [java, acme.php, perl, acme.ruby]\n",
        "reqs.yml": "- {src: acme.java, name: java, version: master}\n- acme.php\n",
    }
    repo({"tfgen.toml": TOML, "buildspec.yml": spec, **files})
    rules = ("missing-role", "requirements-missing", "unpinned-galaxy-role")
    assert [one[:3] for one in found(cli, *rules)] == [
        ("missing-role", "ansible/web.yml", 2),
        ("requirements-missing", "ansible/web.yml", 2),
        ("unpinned-galaxy-role", "reqs.yml", 1),
        ("unpinned-galaxy-role", "reqs.yml", 2),
    ]


def test_a_role_with_a_slip_of_the_pen_is_used(repo: Repo, cli: Command) -> None:
    playbook = {"ansible/web.yml": "- hosts: all\n  roles:\n    - ngnix\n"}
    repo({"packer/web.json": template(ANSIBLE.replace("PLAYBOOK", "ansible/web.yml")), **playbook, **ROLES})
    assert found(cli, "missing-role", "unused-role") == [
        ("unused-role", "ansible/roles/orphan/tasks/main.yml", 1, "remove it, or use it"),
        ("missing-role", "ansible/web.yml", 3, "did you mean nginx?"),
    ]


def test_a_role_without_a_main_file_is_shown_at_a_file(repo: Repo, cli: Command) -> None:
    files = {"ansible/web.yml": "- hosts: all\n", "ansible/roles/old/vars/main.yml": "a: 1\n"}
    repo({"packer/web.json": template(ANSIBLE.replace("PLAYBOOK", "ansible/web.yml")), **files})
    assert [one[:3] for one in found(cli, "unused-role")] == [("unused-role", "ansible/roles/old/vars/main.yml", 1)]


def test_settings_for_a_template_that_is_gone_are_found_once(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": f'{TOML}[lint.templates.gone]\npublic-ami = "why"\n', "packer/web.json": template()})
    fix = "remove it, or use a name that tfgen list shows"
    line = TOML.count("\n") + 1
    assert found(cli, "invalid-ignore", "unused-ignore") == [("invalid-ignore", "tfgen.toml", line, fix)]
