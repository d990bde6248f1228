"""docs/paths.md, the names that playbooks, roles and Ansible's command line give: real Ansible and tfgen agree.

The same name stands in every folder in which Ansible might look for it. Ansible runs in the repository's root.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tests.e2e.tools import bare_environment, require_tool
from tests.paths_table import names_of
from tests.property.oracle import Ansible
from tests.unit.test_graph_template import graph

ROLE = "ansible/roles/r"
#: Where a name of a role, or of a play, might be looked for.
_OF_ROLE = (
    *(f"{ROLE}/{name}" for name in ("files", "templates", "vars", "tasks")),
    *(ROLE, "ansible/files", "ansible/templates", "ansible/vars", "ansible", "."),
)
_OF_PLAY = ("ansible/files", "ansible/templates", "ansible/vars", "ansible/tasks", "ansible", "packer", ".")

#: Test -> ending of the file, task, the folder that it is taken from. `@` is the name.
IN_ROLE: Mapping[str, tuple[str, str, str]] = {
    "role-template": (".j2", "ansible.builtin.template: {src: @.j2, dest: /x}", f"{ROLE}/templates"),
    "role-copy": (".txt", "ansible.builtin.copy: {src: @.txt, dest: /x}", f"{ROLE}/files"),
    "role-script": (".sh", "ansible.builtin.script: @.sh", f"{ROLE}/files"),
    "role-include-vars": (".yml", "ansible.builtin.include_vars: @.yml", f"{ROLE}/vars"),
    "role-include-tasks": (".yml", "ansible.builtin.include_tasks: @.yml", f"{ROLE}/tasks"),
    "role-import-tasks": (".yml", "ansible.builtin.import_tasks: @.yml", f"{ROLE}/tasks"),
    "role-lookup-file": (".txt", "ansible.builtin.debug: {msg: \"{{ lookup('file', '@.txt') }}\"}", f"{ROLE}/files"),
    "role-lookup-template": (
        ".j2",
        "ansible.builtin.debug: {msg: \"{{ lookup('template', '@.j2') }}\"}",
        f"{ROLE}/templates",
    ),
    "role-fileglob": (
        ".txt",
        "ansible.builtin.copy: {src: '{{ item }}', dest: /x}\n  with_fileglob: '@*.txt'",
        f"{ROLE}/files",
    ),
    "role-first-found": (
        ".txt",
        "ansible.builtin.copy: {src: '{{ item }}', dest: /x}\n  with_first_found: [nowhere.txt, @.txt]",
        f"{ROLE}/files",
    ),
}
IN_PLAY: Mapping[str, tuple[str, str, str]] = {
    "play-template": (".j2", "ansible.builtin.template: {src: @.j2, dest: /x}", "ansible/templates"),
    "play-copy": (".txt", "ansible.builtin.copy: {src: @.txt, dest: /x}", "ansible/files"),
    "play-include-vars": (".yml", "ansible.builtin.include_vars: @.yml", "ansible/vars"),
    "play-include-tasks": (".yml", "ansible.builtin.include_tasks: @.yml", "ansible"),
    "play-lookup-file": (".txt", "ansible.builtin.debug: {msg: \"{{ lookup('file', '@.txt') }}\"}", "ansible/files"),
}
#: Test -> every place of a file, the first one being the one that counts.
NAMED: Mapping[str, tuple[str, ...]] = {
    "vars-files": ("ansible/vars/v.yml", "ansible/v.yml", "v.yml", "packer/v.yml"),
    "import-playbook": ("ansible/parts/p.yml", "parts/p.yml", "packer/parts/p.yml"),
    "group-vars-of-playbook": ("ansible/group_vars/all.yml", "group_vars/all.yml", "packer/group_vars/all.yml"),
    "group-vars-of-inventory": ("inventory/group_vars/all.yml", "packer/inventory/group_vars/all.yml"),
    "host-vars": ("ansible/host_vars/default.yml", "host_vars/default.yml", "packer/host_vars/default.yml"),
    "extra-vars": ("more.yml", "ansible/more.yml", "packer/more.yml"),
    "inventory": ("inventory/hosts", "ansible/inventory/hosts", "packer/inventory/hosts"),
    "role-beside": ("ansible/roles/beside/tasks/main.yml", "shared/beside/tasks/main.yml", "beside/tasks/main.yml"),
    "role-of-roles-path": ("shared/apart/tasks/main.yml", "ansible/shared/apart/tasks/main.yml"),
    "role-dependency": ("ansible/roles/needed/tasks/main.yml", "shared/needed/tasks/main.yml"),
    "role-included": ("ansible/roles/later/tasks/main.yml", "shared/later/tasks/main.yml"),
    "role-tasks-from": ("ansible/roles/later/tasks/some.yml", "ansible/roles/later/some.yml", "ansible/some.yml"),
    # tfgen has the one beside the file, too.
    "role-include-nested": ("ansible/nested.yml", "nested.yml", "packer/nested.yml"),
    "role-defaults": ("ansible/roles/r/defaults/main.yml", "ansible/defaults/main.yml", "defaults/main.yml"),
}
_TASK = "- ansible.builtin.debug: {msg: x}\n"
_CONTENT = {
    "import-playbook": "- hosts: all\n  gather_facts: false\n  tasks: []\n",
    "inventory": "default ansible_connection=local\n",
}
_SITE = """\
- import_playbook: parts/p.yml
- hosts: all
  gather_facts: false
  vars_files: [v.yml]
  roles: [r, beside, apart]
  tasks:
"""
_ROLES = {
    f"{ROLE}/meta/main.yml": "dependencies: [needed]\n",
    "ansible/roles/later/tasks/none.yml": _TASK,
    f"{ROLE}/tasks/inner/main.yml": "- ansible.builtin.include_tasks: nested.yml\n",
    f"{ROLE}/tasks/inner/nested.yml": _TASK,
}
ARGUMENTS = ["-i", "inventory/hosts", "-e@more.yml", "-c", "local"]


def _tree() -> dict[str, str]:
    files = dict(_ROLES)
    for bases, rows in ((_OF_ROLE, IN_ROLE), (_OF_PLAY, IN_PLAY)):
        for name, (ending, task, _) in rows.items():
            text = _TASK if "tasks" in task else "{}\n" if ending == ".yml" else "x\n"
            files |= {f"{base}/{name}{ending}" if base != "." else f"{name}{ending}": text for base in bases}
    for name, paths in NAMED.items():
        text = _CONTENT.get(name, _TASK if "/tasks/" in paths[0] or "nested" in paths[0] else "{}\n")
        files |= dict.fromkeys(paths, text)
    included = "    - ansible.builtin.include_role: {name: later}\n"
    included += "    - ansible.builtin.include_role: {name: later, tasks_from: some}\n"
    tasks = "".join(f"    - {_task(task, name)}\n" for name, (_, task, _) in IN_PLAY.items())
    files["ansible/site.yml"] = _SITE + included + tasks
    main = "- ansible.builtin.include_tasks: inner/main.yml\n" + "".join(
        f"- {_task(task, name)}\n" for name, (_, task, _) in IN_ROLE.items()
    )
    settings = {
        "type": "ansible",
        "playbook_file": "ansible/site.yml",
        "inventory_file": "inventory/hosts",
        "extra_arguments": ["-e@more.yml"],
        "ansible_env_vars": ["ANSIBLE_ROLES_PATH=shared"],
    }
    template = {"builders": [{"type": "null", "communicator": "none"}], "provisioners": [settings]}
    spec = "version: 0.2\nphases: {build: {commands: [packer build $PACKER_SCRIPT]}}\n"
    return {
        **files,
        f"{ROLE}/tasks/main.yml": main,
        "packer/web.json": json.dumps(template),
        "buildspec.yml": spec,
    }


def _task(task: str, name: str) -> str:
    return task.replace("@", name)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """What Ansible opened, and what tfgen's graph has."""
    require_tool("ansible-playbook", "pip install -e '.[test]' brings")
    root = write_tree(tmp_path_factory.mktemp("ansible").resolve() / "tree", _tree())
    with Ansible(bare_environment(tmp_path_factory.mktemp("home"))) as program:
        argv = [*ARGUMENTS, "ansible/site.yml"]
        answer = program.run(argv, cwd=root, environment={"ANSIBLE_ROLES_PATH": "shared"})
    assert answer["code"] == 0, answer["said"]
    seen = {str(Path(path).relative_to(root)) for how, path in answer["trace"] if how == "open"}
    return seen, set(graph(root, _tree()).made_of("web"))


@pytest.mark.parametrize("name", [*IN_ROLE, *IN_PLAY])
def test_task(name: str, opened: tuple[set[str], set[str]]) -> None:
    """The first folder of the search counts."""
    ending, _, wanted = {**IN_ROLE, **IN_PLAY}[name]
    bases = _OF_ROLE if name in IN_ROLE else _OF_PLAY
    for files in opened:
        found = {base for base in bases if str(Path(base) / f"{name}{ending}") in files}
        assert found == {wanted}


@pytest.mark.parametrize("name", NAMED)
def test_named(name: str, opened: tuple[set[str], set[str]]) -> None:
    for files in opened:
        assert [path for path in NAMED[name] if path in files] == [NAMED[name][0]]


def test_each_row_of_the_document_has_a_test() -> None:
    assert names_of("Ansible") == {*IN_ROLE, *IN_PLAY, *NAMED}
