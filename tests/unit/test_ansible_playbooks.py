"""Playbooks, the tasks that they and roles include, and variables beside them."""

from __future__ import annotations

import pytest

from tests.unit.ansible_tree import DictTree, made, made_of
from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.resolver import Resolver
from tfgen_generators.ansible.resolving.run import AnsibleRun

_TASK = "- debug: {msg: x}\n"


def test_a_playbook_without_anything_else() -> None:
    result = made_of(
        {"site.yml": "- hosts: all\n  tasks: [{debug: {}}]\n", "other.yml": "- hosts: all\n", "README.md": "x"}
    )
    assert set(result.files) == {"site.yml"}
    assert not result.missing_references


@pytest.mark.parametrize(
    "entry",
    [
        "import_playbook: plays/two.yml",
        "ansible.builtin.import_playbook: plays/two.yml",
        "import_playbook: plays/two.yml tags=x",
        "import_playbook: plays/two.yml\n  vars: {a: b}\n  when: x",
        "name: x\n  import_playbook: 'plays/{{ x }}.yml'",
        "include: plays/two.yml",
    ],
)
def test_imported_playbooks_work_in_their_own_folder(entry: str) -> None:
    files = {
        "site.yml": f"- {entry}\n",
        "plays/two.yml": "- hosts: all\n  roles: [web]\n  vars_files: [v.yml]\n  tasks: [{include_tasks: t.yml}]\n",
        "plays/roles/web/tasks/main.yml": "- copy: {src: p, dest: /p}\n",
        **dict.fromkeys(("plays/v.yml", "v.yml", "plays/group_vars/all.yml", "group_vars/all.yml"), "a: 1"),
        **dict.fromkeys(("plays/t.yml", "t.yml", "roles/web/tasks/main.yml"), _TASK),
        **dict.fromkeys(("plays/files/p", "files/p", "plays/library/m.py"), "x"),
        "plays/tasks/list.yml": _TASK,
    }
    result = made_of(files)
    wanted = ("two.yml", "v.yml", "t.yml", "roles/web/tasks/main.yml", "files/p", "group_vars/all.yml", "library/m.py")
    assert set(result.files) == {"site.yml", "group_vars/all.yml", *(f"plays/{path}" for path in wanted)}
    assert not result.missing_references


def test_playbooks_that_import_each_other_and_missing_ones() -> None:
    result = made_of(
        {"site.yml": "- import_playbook: a.yml\n- import_playbook: no.yml\n", "a.yml": "- import_playbook: site.yml\n"}
    )
    assert set(result.files) == {"site.yml", "a.yml"}
    (missing,) = result.missing_references
    assert (missing.kind, missing.path, missing.line, missing.name) == ("missing-playbook", "site.yml", 2, "no.yml")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("include_tasks: a.yml", "a.yml"),
        ("import_tasks: sub/b.yml", "sub/b.yml"),
        ("ansible.builtin.include_tasks: {file: a.yml, apply: {tags: x}}", "a.yml"),
        ("include_tasks: a.yml colour=red", "a.yml"),
        ("include: a.yml", "a.yml"),
        ("action: include_tasks a.yml", "a.yml"),
        ("include_tasks: '{{ playbook_dir }}/a.yml'", "a.yml"),
        ("include_tasks: '{{ item }}.yml'\n    with_items: [a]", "a.yml"),
        ("include_tasks:\n    args: {file: a.yml}", "a.yml"),
        ("name: x\n    block:\n    - block: []\n      rescue: [{include_tasks: a.yml}]", "a.yml"),
    ],
)
@pytest.mark.parametrize("section", ["tasks", "handlers", "pre_tasks"])
def test_tasks_of_a_playbook(task: str, expected: str, section: str) -> None:
    files = {"p/site.yml": f"- hosts: all\n  {section}:\n  - {task}\n"}
    result = made_of(files | {f"p/{name}": _TASK for name in ("a.yml", "sub/b.yml", "c.yml")}, "p/site.yml")
    assert result.below("p/") == {"site.yml", expected}
    assert not result.missing_references


def test_includes_within_included_files_of_a_playbook() -> None:
    files = {
        "site.yml": "- hosts: all\n  tasks: [{include_tasks: sub/a.yml}]\n",
        "sub/a.yml": "- include_tasks: b.yml\n- import_tasks: deep/c.yml\n- template: {src: t.j2, dest: /t}\n",
        "sub/b.yml": _TASK,
        "b.yml": _TASK,
        "sub/deep/c.yml": "- include_tasks: b.yml\n- include_tasks: d.yml\n",
        "sub/deep/d.yml": _TASK,
        "sub/templates/t.j2": "x",
        "templates/t.j2": "x",
    }
    result = made_of(files)
    assert set(result.files) == set(files) - {"templates/t.j2"}
    assert result.why("b.yml") == "include_tasks: b.yml < import_tasks: deep/c.yml < include_tasks: sub/a.yml"
    assert result.why("sub/deep/d.yml") == "include_tasks: d.yml < import_tasks: deep/c.yml < include_tasks: sub/a.yml"


@pytest.mark.parametrize(
    ("written", "there", "expected"),
    [
        ("x.yml", ["tasks/x.yml", "x.yml"], "tasks/x.yml"),
        ("x.yml", ["x.yml"], "x.yml"),
        ("tasks/x.yml", ["tasks/x.yml"], "tasks/x.yml"),
        ("sub/x.yml", ["tasks/sub/x.yml", "sub/x.yml"], "tasks/sub/x.yml"),
        ("../extra/x.yml", ["extra/x.yml"], "extra/x.yml"),
        ("{{ role_path }}/extra/x.yml", ["extra/x.yml"], "extra/x.yml"),
    ],
)
def test_tasks_of_a_role(written: str, there: list[str], expected: str) -> None:
    files = {
        "site.yml": "- hosts: all\n  roles: [web]\n",
        "roles/web/tasks/main.yml": f"- include_tasks: '{written}'\n",
    }
    result = made_of(files | {f"roles/web/{path}": _TASK for path in there} | {"tasks/x.yml": _TASK, "x.yml": _TASK})
    assert result.below("roles/web/") == {"tasks/main.yml", expected}
    assert result.exact() == set(result.files)
    without = made_of(
        files | {"tasks/sub/x.yml": _TASK, "tasks/x.yml": "- copy: {src: f, dest: /f}\n"} | {"roles/web/files/f": "x"}
    )
    assert bool(without.missing_references) == (written.startswith("..") and "extra" in written)
    if written == "x.yml":
        assert {"tasks/x.yml", "roles/web/files/f"} <= set(without.files)


def test_nested_includes_of_a_role_by_order() -> None:
    files = {
        "site.yml": "- hosts: all\n  roles: [web]\n",
        "roles/web/tasks/main.yml": "- include_tasks: sub/a.yml\n",
        "roles/web/tasks/sub/a.yml": "- include_tasks: b.yml\n- import_tasks: c.yml\n- include_tasks: only.yml\n",
        **{f"roles/web/tasks/{path}": _TASK for path in ("b.yml", "sub/b.yml", "c.yml", "sub/c.yml", "sub/only.yml")},
    }
    found = made_of(files).below("roles/web/tasks/")
    assert found == {"main.yml", "sub/a.yml", "b.yml", "sub/c.yml", "sub/only.yml"}


def test_handlers_include_handlers() -> None:
    files = {
        "site.yml": "- hosts: all\n  roles: [web]\n",
        "roles/web/handlers/main.yml": "- include_tasks: more.yml\n- import_tasks: t.yml\n",
        "roles/web/handlers/more.yml": _TASK,
        "roles/web/tasks/more.yml": _TASK,
        "roles/web/tasks/t.yml": _TASK,
    }
    assert made_of(files).below("roles/web/") == {"handlers/main.yml", "handlers/more.yml", "tasks/t.yml"}


def test_computed_tasks_mean_lists_of_tasks_and_no_playbooks() -> None:
    files = {
        "ansible/site.yml": "- hosts: all\n  roles: [web]\n",
        "ansible/other.yml": "- hosts: all\n",
        "ansible/requirements.yml": "roles: []\n",
        "ansible/inventory.yml": "all: {}\n",
        "ansible/roles/web/tasks/main.yml": "- include_tasks: '{{ os }}.yml'\n- include_vars: '{{ os }}.yml'\n",
        "ansible/roles/web/tasks/Debian.yml": _TASK,
        "ansible/roles/web/vars/Debian.yml": "a: 1",
        "ansible/roles/web/README.yml.md": "x",
    }
    result = made_of(files, "ansible/site.yml")
    assert result.below("ansible/roles/web/") == {"tasks/main.yml", "tasks/Debian.yml", "vars/Debian.yml"}
    assert not result.missing_references
    assert "ansible/other.yml" not in result.files
    assert "ansible/requirements.yml" not in result.files


def test_files_of_variables_of_a_play() -> None:
    files = {
        "p/site.yml": "- hosts: all\n  vars_files:\n  - a.yml\n  - [no.yml, b.yml, c.yml]\n"
        "  - '{{ env }}.yml'\n  - none.yml\n",
        **{f"p/{name}.yml": "x: 1" for name in ("b", "c", "prod")},
        "p/vars/a.yml": "x: \"{{ lookup('file', 'key') }}\"",
        "p/files/key": "x",
        "p/other.yml": "- hosts: all\n",
    }
    result = made_of(files, "p/site.yml")
    assert result.below("p/") == {"site.yml", "vars/a.yml", "b.yml", "c.yml", "prod.yml", "files/key"}
    assert result.exact() == {"p/site.yml", "p/vars/a.yml", "p/b.yml", "p/files/key"}
    assert [(missing.kind, missing.line, missing.name) for missing in result.missing_references] == [
        ("missing-file", 6, "none.yml")
    ]


_GROUPS = {
    "p/site.yml": "- hosts: all\n",
    **{
        f"p/group_vars/{name}": "a: 1"
        for name in ("all.yml", "web.yaml", "db/a.yml", "db/deep/b.yml", "db/.c.yml", "plain")
    },
    **{f"p/host_vars/{name}": "a: 1" for name in ("default.yml", "localhost")},
}


def test_variables_of_groups() -> None:
    both = made_of(_GROUPS, "p/site.yml").below("p/")
    assert both == {path.removeprefix("p/") for path in _GROUPS if "/." not in path}
    some = made_of(_GROUPS, "p/site.yml", groups=("db", "plain")).below("p/group_vars/")
    assert some == {"all.yml", "db/a.yml", "db/deep/b.yml", "plain"}
    assert made_of(_GROUPS, "p/site.yml").why("p/group_vars/plain") == "group_vars"
    shadowed = _GROUPS | {"p/group_vars/all/x.yml": "a: 1"}
    assert made_of(shadowed, "p/site.yml", groups=()).below("p/group_vars/") == {"all/x.yml"}
    elsewhere = made_of(_GROUPS | {"gv/all.yml": "a: 1"}, "p/site.yml", group_vars=("gv",))
    assert "gv/all.yml" in elsewhere.files


def test_a_folder_that_is_uploaded_beside_the_playbook() -> None:
    files = {
        "packer/site.yml": "- hosts: all\n  roles: [web]\n  vars_files: [v.yml]\n",
        "ansible/roles/web/tasks/main.yml": "- copy: {src: f, dest: /f}\n- include_tasks: '{{ playbook_dir }}/t.yml'\n",
        "ansible/v.yml": "a: 1",
        "ansible/files/f": "x",
        "ansible/t.yml": _TASK,
        "ansible/group_vars/all.yml": "a: 1",
    }
    result = made_of(files, "packer/site.yml", playbook_dir="ansible")
    assert set(result.files) == set(files)
    assert not result.missing_references


def test_what_ansible_cfg_says() -> None:
    files = {
        "ansible.cfg": "[defaults]\nroles_path = ansible/roles:~/.ansible/roles\nfilter_plugins = my/filters\n"
        "collections_path = cols ; here\nlibrary = /usr/share\n",
        "plays/site.yml": "- hosts: all\n  roles: [web, my.tools.db]\n",
        "ansible/roles/web/tasks/main.yml": _TASK,
        "my/filters/f.py": "x",
        "cols/ansible_collections/my/tools/roles/db/tasks/main.yml": _TASK,
    }
    result = made_of(files, "plays/site.yml", config="ansible.cfg")
    assert set(result.files) == set(files)
    assert not result.missing_references
    broken = made_of(files | {"ansible.cfg": "roles_path = x\n"}, "plays/site.yml", config="ansible.cfg")
    assert "ansible.cfg" in broken.files
    assert [missing.kind for missing in broken.missing_references if missing.path == "ansible.cfg"] == ["unreadable"]


def test_units_are_shared_by_runs() -> None:
    tree = DictTree(
        {
            "a.yml": "- hosts: all\n  roles: [web]\n",
            "b.yml": "- hosts: all\n  roles: [web, db]\n",
            "roles/web/tasks/main.yml": _TASK,
            "roles/db/tasks/main.yml": "- include_tasks: no.yml\n",
        }
    )
    resolver = Resolver(tree, FactsSource(tree))
    first, second = (AnsibleRun(playbook=name) for name in ("a.yml", "b.yml"))
    assert {each.unit for each in resolver.resolve(first)} == {"playbook a.yml", "role roles/web"}
    assert {each.unit for each in resolver.resolve(second)} == {"playbook b.yml", "role roles/web", "role roles/db"}
    assert [(missing.kind, run.playbook) for missing, run in resolver.missing] == [("missing-tasks", "b.yml")]
    assert not made(resolver, first).missing_references
    assert resolver.unused_roles() == ()


def test_facts_are_kept_by_content() -> None:
    import msgspec

    from tfgen_generators.ansible.reading.model import FileFacts

    files = {"site.yml": "- hosts: all\n  roles: [web]\n", "roles/web/tasks/main.yml": "- copy: {src: a, dest: /a}\n"}
    tree = DictTree(files | {"roles/web/files/a": "x"})
    source = FactsSource(tree)
    Resolver(tree, source).resolve(AnsibleRun(playbook="site.yml"))
    data = msgspec.msgpack.encode(list(source.known.items()))
    known = dict(msgspec.msgpack.decode(data, type=list[tuple[tuple[str, str], FileFacts]]))
    assert known == source.known
    again = FactsSource(tree, known)
    reached = Resolver(tree, again).resolve(AnsibleRun(playbook="site.yml"))
    assert again.fresh == set()
    assert len(reached) == 2


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("playbooks/more/db.yml", {"shared/more/db.yml"}),
        ("playbooks/{{ x }}/db.yml", {"shared/more/db.yml"}),
        ("playbooks/{{ x }}.yml", {"shared/more/db.yml", "shared/more/web/web.yml"}),
        ("playbooks/other/db.yml", set()),
    ],
)
def test_playbooks_that_are_uploaded_beside_the_playbook(name: str, found: set[str]) -> None:
    plays = dict.fromkeys(("shared/more/db.yml", "shared/more/web/web.yml"), "- hosts: all\n")
    files = {**plays, "shared/more/vars.yml": "a: b\n", "site.yml": f"- import_playbook: '{name}'\n"}
    assert set(made_of(files, playbook_paths=("shared/more",)).files) == {"site.yml", *found}


def test_a_folder_of_playbooks_is_not_listed_for_plugins() -> None:
    """Or one more playbook would mean another graph for all that stand beside it."""
    listed: list[str] = []

    class Tree(DictTree):
        def names(self, folder: str) -> tuple[str, ...]:
            listed.append(folder)
            return super().names(folder)

    tree = Tree({"plays/site.yml": "- hosts: all\n", "plays/library/a.py": "", "plays/filter_plugins/b.py": ""})
    found = made(Resolver(tree, FactsSource(tree)), AnsibleRun(playbook="plays/site.yml"))
    assert set(found.files) == {"plays/site.yml", "plays/library/a.py", "plays/filter_plugins/b.py"}
    assert "plays" not in listed
