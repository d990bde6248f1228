"""Which roles a playbook reaches, and what a role loads by itself."""

from __future__ import annotations

import pytest

from tests.unit.ansible_tree import made_of

_PLAY = "- hosts: all\n  roles: [web]\n"


def test_what_a_role_loads_by_itself() -> None:
    loaded = {
        "tasks/main.yml": "- debug: {}\n",
        "handlers/main.yaml": "- debug: {}\n",
        "defaults/main/a.yml": "a: 1\n",
        "defaults/main/deep/b.json": "{}\n",
        "vars/main": "b: 1\n",
        "meta/main.yml": "galaxy_info: {}\n",
        "meta/argument_specs.yml": "argument_specs: {}\n",
        "meta/argument_specs": "argument_specs: {}\n",
        "library/thing.py": "x\n",
        "filter_plugins/x.py": "x\n",
        "module_utils/sub/y.py": "x\n",
    }
    left = {
        "README.md": "x",
        "tasks/other.yml": "- debug: {}\n",
        "templates/x.j2": "x",
        "files/x": "x",
        "molecule/default/converge.yml": "- hosts: all\n",
        "tests/test.yml": "- hosts: all\n",
        "defaults/main/.hidden.yml": "a: 1\n",
        "defaults/main/old.yml~": "a: 1\n",
        "defaults/main/notes.txt": "a: 1\n",
        "vars/other.yml": "a: 1\n",
        ".ansible-lint": "x",
        "meta/requirements.yml": "[]\n",
    }
    made = made_of({"site.yml": _PLAY} | {f"roles/web/{path}": text for path, text in (loaded | left).items()})
    assert made.below("roles/web/") == set(loaded)
    assert made.exact() == set(made.files)
    assert made.why("roles/web/defaults/main/a.yml") == "roles: web"
    assert made.files["roles/web/tasks/main.yml"][1].line == 2


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["main.yml", "main.yaml", "main"], "main.yml"),
        (["main.yaml", "main.json", "main"], "main.yaml"),
        (["main.json", "main"], "main.json"),
        (["main"], "main"),
    ],
)
def test_the_first_ending_wins_for_main(there: list[str], expected: str) -> None:
    made = made_of({"site.yml": _PLAY} | {f"roles/web/tasks/{name}": "[]\n" for name in there})
    assert made.below("roles/web/") == {f"tasks/{expected}"}


def test_a_folder_counts_for_variables_only_when_no_file_of_that_name_does() -> None:
    made = made_of(
        {"site.yml": _PLAY, "roles/web/vars/main.yml": "a: 1", "roles/web/vars/main/x.yml": "a: 1"}
        | {"roles/web/tasks/main/x.yml": "[]"}
    )
    assert made.below("roles/web/") == {"vars/main.yml"}


@pytest.mark.parametrize(
    "roles",
    ["[web]", "[{role: web}]", "[{name: web, tags: [a], vars: {x: y}}]", "web", "[{role: web, when: x, colour: red}]"],
)
def test_every_form_of_a_role_in_a_play(roles: str) -> None:
    made = made_of({"site.yml": f"- hosts: all\n  roles: {roles}\n", "roles/web/tasks/main.yml": "[]"})
    assert made.why("roles/web/tasks/main.yml") == "roles: web"
    assert not made.missing_references


@pytest.mark.parametrize(
    "task",
    [
        "import_role: {name: web}",
        "include_role: {role: web}",
        "ansible.builtin.include_role: {name: web, public: true, apply: {tags: x}}",
        "ansible.legacy.import_role: name=web",
        "action: include_role name=web",
        "action: {module: include_role, name: web}",
        "include_role:\n    args: {}\n  args: {name: web}",
        "block:\n    - block:\n        - name: x\n          include_role: {name: web}\n",
        "block: []\n  rescue: [{include_role: {name: web}}]",
        "block: []\n  always: [{include_role: {name: web}}]",
        'include_role: {name: "{{ item }}"}\n  loop: [web]',
        'include_role: {name: "{{ r.name }}"}\n  loop: [{name: web}]\n  loop_control: {loop_var: r}',
        'include_role: {name: "{{ item.0 }}"}\n  with_nested: [[web], [a, b]]',
        'include_role: {name: "{{ item.key }}"}\n  with_dict: {web: 1}',
        "include_role: {name: \"{{ 'web' if x else 'web' }}\"}",
        'include_role: {name: "{{ playbook_dir }}/roles/web"}',
    ],
)
@pytest.mark.parametrize("section", ["tasks", "pre_tasks", "post_tasks"])
def test_every_form_of_a_role_in_tasks(task: str, section: str) -> None:
    files = {"site.yml": f"- hosts: all\n  {section}:\n  - " + task.replace("\n", "\n  ") + "\n"}
    made = made_of(files | {"roles/web/tasks/main.yml": "[]", "roles/db/tasks/main.yml": "[]"})
    assert made.below("roles/") == {"web/tasks/main.yml"}
    assert made.exact() == set(made.files)


def test_the_entries_of_a_role_replace_its_main() -> None:
    files = {f"roles/web/{kind}/{name}.yml": "{}" for kind in ("vars", "defaults") for name in ("main", "a", "b")}
    files |= {f"roles/web/{kind}/{name}.yml": "[]" for kind in ("tasks", "handlers") for name in ("main", "a", "b")}
    task = "{name: web, tasks_from: a, vars_from: a.yml, defaults_from: a, handlers_from: b}"
    made = made_of({"site.yml": f"- hosts: all\n  tasks:\n  - import_role: {task}\n"} | files)
    expected = {"tasks/a.yml", "vars/a.yml", "defaults/a.yml", "handlers/b.yml"}
    assert made.below("roles/web/") == expected
    assert made.why("roles/web/tasks/a.yml") == "import_role: web"
    assert not made.missing_references


def test_entries_by_loop_and_computed_ones() -> None:
    files = {f"roles/web/tasks/{name}.yml": "[]" for name in ("main", "a", "b", "x-1", "x-2")}
    loop = "- hosts: all\n  tasks:\n  - include_role: {name: web, tasks_from: '{{ item }}'}\n    loop: [a, b]\n"
    assert made_of({"site.yml": loop} | files).below("roles/web/tasks/") == {"a.yml", "b.yml"}
    guess = "- hosts: all\n  tasks:\n  - include_role: {name: web, tasks_from: 'x-{{ n }}'}\n"
    made = made_of({"site.yml": guess} | files)
    assert made.below("roles/web/tasks/") == {"x-1.yml", "x-2.yml"}
    assert made.exact() == {"site.yml"}


def test_dependencies_with_their_reasons() -> None:
    made = made_of(
        {
            "site.yml": _PLAY,
            "roles/web/meta/main.yml": "dependencies:\n  - common\n  - role: base\n  - {name: tools}\n",
            "roles/common/tasks/main.yml": "[]",
            "roles/base/meta/main.yml": "dependencies: [deep]\n",
            "roles/deep/tasks/main.yml": "[]",
            "roles/tools/defaults/main.yml": "a: 1",
            "roles/other/tasks/main.yml": "[]",
        }
    )
    assert made.why("roles/deep/tasks/main.yml") == "dependencies: deep < dependencies: base < roles: web"
    assert made.files["roles/common/tasks/main.yml"][1].path == "roles/web/meta/main.yml"
    assert made.files["roles/common/tasks/main.yml"][1].line == 2
    assert made.unused == ("roles/other",)
    assert not made.missing_references


def test_where_roles_are_searched_in_order() -> None:
    role = {f"{where}/web/tasks/main.yml": "[]" for where in ("roles", "shared", "more")} | {"web/tasks/main.yml": "[]"}
    files = {"site.yml": _PLAY} | role
    for where in ("roles", "shared", "more", "."):
        made = made_of(files, role_paths=("shared", "more"))
        wanted = "web/tasks/main.yml" if where == "." else f"{where}/web/tasks/main.yml"
        assert {path for path in made.files if path.endswith("web/tasks/main.yml")} == {wanted}
        files.pop(wanted)
    (missing,) = made_of(files, role_paths=("shared", "more")).missing_references
    assert (missing.kind, missing.path, missing.line, missing.name) == ("missing-role", "site.yml", 2, "web")


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, {"roles/web/tasks/inner/more.yml"}),
        ({"more.yml": "[]"}, {"roles/web/tasks/inner/more.yml", "more.yml"}),
        ({"roles/web/tasks/more.yml": "[]", "more.yml": "[]"}, {"roles/web/tasks/more.yml"}),
    ],
)
def test_a_nested_include_looks_beside_the_playbook_before_its_own_folder(
    files: dict[str, str], wanted: set[str]
) -> None:
    role = {
        "roles/web/tasks/main.yml": "- include_tasks: inner/main.yml\n",
        "roles/web/tasks/inner/main.yml": "- include_tasks: more.yml\n",
        "roles/web/tasks/inner/more.yml": "[]",
    }
    made = made_of({"site.yml": _PLAY} | role | files)
    assert {path for path in made.files if path.endswith("more.yml")} == wanted


def test_a_dependency_is_also_searched_beside_the_role_that_names_it() -> None:
    made = made_of(
        {
            "plays/site.yml": "- hosts: all\n  roles: [../shared/web]\n",
            "shared/web/meta/main.yml": "dependencies: [common]\n",
            "shared/common/tasks/main.yml": "[]",
        },
        "plays/site.yml",
    )
    assert "shared/common/tasks/main.yml" in made.files
    assert not made.missing_references


def test_single_roles_that_are_uploaded_are_found_by_their_last_part() -> None:
    made = made_of(
        {
            "plays/site.yml": "- hosts: all\n  roles: [web, near]\n",
            "elsewhere/web/tasks/main.yml": "[]",
            "plays/roles/near/tasks/main.yml": "[]",
        },
        "plays/site.yml",
        role_dirs=("elsewhere/web",),
    )
    assert made.below("elsewhere/") == {"web/tasks/main.yml"}
    (missing,) = made.missing_references
    assert (missing.kind, missing.name, missing.fix) == (
        "missing-role-path",
        "near",
        "add plays/roles/near to role_paths",
    )


def test_a_missing_role_is_named_with_the_nearest() -> None:
    made = made_of({"site.yml": "- hosts: all\n  roles:\n    - commom\n", "roles/common/tasks/main.yml": "[]"})
    (missing,) = made.missing_references
    assert (missing.kind, missing.line, missing.fix) == ("missing-role", 3, "did you mean common?")
    assert made.unused == ("roles/common",)


def test_roles_of_galaxy_are_not_missing() -> None:
    files = {
        "ansible/site.yml": "- hosts: all\n  roles: [geerlingguy.nginx, ansible-role-x, y, ns.col.z, not.there.q]\n",
        "ansible/requirements.yml": "roles:\n  - geerlingguy.nginx\n  - src: git+https://h.example/a/ansible-role-x.git\n"
        "  - {src: 'https://h.example/q.git', name: y}\ncollections: [{name: ns.col, version: 1.0.0}]\n",
    }
    assert [missing.name for missing in made_of(files, "ansible/site.yml").missing_references] == ["not.there.q"]
    old = {"site.yml": "- hosts: all\n  roles: [a]\n", "x/galaxy.yml": "- src: a\n"}
    assert [missing.name for missing in made_of(old).missing_references] == ["a"]
    assert not made_of(old, galaxy_files=("x/galaxy.yml",)).missing_references


def test_computed_roles_mean_all_that_fit() -> None:
    files = {f"roles/{name}/tasks/main.yml": "[]" for name in ("web-a", "web-b", "db", "group/web-c")}
    files |= {"roles/notes.txt": "x", "roles/empty/README.md": "x"}
    made = made_of({"site.yml": "- hosts: all\n  roles: ['web-{{ kind }}']\n"} | files)
    assert made.below("roles/") == {"web-a/tasks/main.yml", "web-b/tasks/main.yml"}
    assert made.why("roles/web-a/tasks/main.yml") == "roles: web-{{ kind }}?"
    every = made_of({"site.yml": "- hosts: all\n  tasks: [{include_role: {name: '{{ x }}'}}]\n"} | files)
    assert every.below("roles/") == {f"{name}/tasks/main.yml" for name in ("web-a", "web-b", "db", "group/web-c")}
    entry = "- hosts: all\n  tasks: [{include_role: {name: '{{ x }}', tasks_from: up}}]\n"
    files["roles/db/tasks/up.yml"] = "[]"
    some = made_of({"site.yml": entry} | files)
    assert some.below("roles/") == {"db/tasks/up.yml"}
    assert not some.missing_references


def test_exact_reasons_win_over_computed_ones() -> None:
    play = "- hosts: all\n  tasks: [{include_role: {name: '{{ x }}'}}, {include_role: {name: web}}]\n"
    made = made_of({"site.yml": play, "roles/web/tasks/main.yml": "[]", "roles/db/tasks/main.yml": "[]"})
    assert made.exact() == {"site.yml", "roles/web/tasks/main.yml"}


def test_circles_of_dependencies_end_and_are_told() -> None:
    made = made_of(
        {
            "site.yml": "- hosts: all\n  roles: [a]\n",
            "roles/a/meta/main.yml": "dependencies: [b]\n",
            "roles/b/meta/main.yml": "dependencies:\n  - c\n",
            "roles/c/meta/main.yml": "dependencies:\n\n  - a\n",
            "roles/c/tasks/main.yml": "- include_role: {name: c}\n",
        }
    )
    assert len(made.below("roles/")) == 4
    (missing,) = made.missing_references
    assert (missing.kind, missing.path, missing.line) == ("role-cycle", "roles/c/meta/main.yml", 3)
    assert "a -> b -> c -> a" in missing.message


def test_a_circle_is_told_alike_wherever_a_playbook_enters_it() -> None:
    roles = {f"roles/{name}/meta/main.yml": f"dependencies: [{to}]\n" for name, to in ("ab", "bc", "ca")}
    for name in "abc":
        (told,) = made_of({"site.yml": f"- hosts: all\n  roles: [{name}]\n"} | roles).missing_references
        assert (told.path, told.message) == (
            "roles/c/meta/main.yml",
            "dependencies: a: dependency cycle between roles: a -> b -> c -> a",
        )


def test_roles_that_include_each_other_are_no_fault() -> None:
    made = made_of(
        {
            "site.yml": "- hosts: all\n  roles: [a]\n",
            "roles/a/tasks/main.yml": "- include_role: {name: b}\n",
            "roles/b/tasks/main.yml": "- include_role: {name: a}\n",
        }
    )
    assert not made.missing_references
    assert made.below("roles/") == {"a/tasks/main.yml", "b/tasks/main.yml"}


def test_a_role_behind_a_link_counts_with_the_link() -> None:
    made = made_of(
        {
            "plays/site.yml": "- hosts: all\n  roles: [web]\n",
            "shared/web-2/tasks/main.yml": "- copy: {src: x, dest: /x}\n",
            "shared/web-2/files/x": "x",
            "shared/web-2/meta/main.yml": "dependencies: [beside]\n",
            "shared/beside/tasks/main.yml": "[]",
        },
        "plays/site.yml",
        links={"plays/roles/web": "shared/web-2"},
    )
    assert made.below("shared/") == {
        *("web-2/tasks/main.yml", "web-2/files/x", "web-2/meta/main.yml", "beside/tasks/main.yml"),
    }
    assert made.why("plays/roles/web") == "roles: web"
    assert not made.missing_references
    assert not made.unused


def test_a_folder_behind_a_link_within_a_role() -> None:
    made = made_of(
        {"site.yml": _PLAY, "roles/web/tasks/main.yml": "- copy: {src: x, dest: /x}\n", "shared/x": "x"},
        links={"roles/web/files": "shared"},
    )
    assert {"roles/web/files/x", "roles/web/files", "shared/x"} <= set(made.files)


def test_collections_of_the_repository() -> None:
    col = "collections/ansible_collections/my/tools"
    files = {
        f"{col}/galaxy.yml": "namespace: my\n",
        f"{col}/plugins/modules/thing.py": "x",
        f"{col}/plugins/filter/f.py": "x",
        f"{col}/meta/runtime.yml": "{}",
        f"{col}/roles/web/tasks/main.yml": "- include_role: {name: inner}\n",
        f"{col}/roles/inner/tasks/main.yml": "[]",
        f"{col}/roles/idle/tasks/main.yml": "[]",
        f"{col}/playbooks/extra.yml": "- hosts: all\n  tasks: [{debug: {}}]\n",
        "collections/ansible_collections/my/other/plugins/modules/o.py": "x",
    }
    common = {"galaxy.yml", "plugins/modules/thing.py", "plugins/filter/f.py", "meta/runtime.yml"}
    roles = {"roles/web/tasks/main.yml", "roles/inner/tasks/main.yml"}
    for play, expected in {
        "- hosts: all\n  roles: [my.tools.web]\n": common | roles,
        "- hosts: all\n  collections: [my.tools]\n  roles: [web]\n": common | roles,
        "- hosts: all\n  tasks: [{my.tools.thing: {}}]\n": common,
        '- hosts: all\n  tasks: [{debug: {msg: "{{ x | my.tools.f }}"}}]\n': common,
        "- import_playbook: my.tools.extra\n": common | {"playbooks/extra.yml"},
        "- hosts: all\n  tasks: [{debug: {}}]\n": set[str](),
    }.items():
        made = made_of({"site.yml": play} | files)
        assert made.below(f"{col}/") == expected, play
        assert not made.missing_references, play
        assert not made.below("collections/ansible_collections/my/other")
