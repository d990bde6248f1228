"""Files that cannot be read, and those that are made to hurt: told, widened, never a traceback, never endless."""

from __future__ import annotations

import pytest

from tests.unit.ansible_tree import DictTree, Made, made_of
from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.files import read_facts
from tfgen_generators.ansible.reading.nodes import Map, NotYamlError, Scalar, Seq, parse, scalars
from tfgen_generators.ansible.resolving.resolver import Resolver
from tfgen_generators.ansible.resolving.run import AnsibleRun

_BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
)
_BROKEN: dict[str, tuple[str | bytes, int]] = {
    "tab": ("- a:\n\tb: c\n", 2),
    "bracket": ("- debug: {msg: x\n- b\n", 3),
    "nul": ("- a\0b\n", 0),
    "no text": (b"- copy: {src: \xe9}\n", 0),
    "two documents": ("- debug: {}\n---\n- debug: {}\n", 2),
    "deep": ("- " + "[" * 5000 + "]" * 5000, 1),
    "deep dashes": ("- " * 3000 + "x", 1),
    "no anchor": ("- debug: *x\n", 1),
    "itself": ("- &x {debug: *x}\n", 1),
    "map": ("debug: {}\n", 1),
    "text": ("hello\n", 1),
    "texts": ("- hello\n", 1),
    "large": ("- debug: {}\n" + "#" * 5_000_000, 0),
}


def _role(main: str | bytes) -> Made:
    return made_of(
        {
            "site.yml": "- hosts: all\n  roles: [web]\n",
            "roles/web/tasks/main.yml": main,
            "roles/web/tasks/other.yml": "- debug: {}\n",
            "roles/web/templates/t.j2": "x",
            "roles/web/files/sub/f": "x",
            "roles/web/README.md": "x",
            "roles/web/molecule/default/x.yml": "x",
            "roles/web/.ansible-lint": "x",
            "roles/db/tasks/main.yml": "- debug: {}\n",
        }
    )


@pytest.mark.parametrize("name", _BROKEN)
def test_broken_tasks_widen_to_the_role(name: str) -> None:
    text, line = _BROKEN[name]
    made = _role(text)
    (missing,) = made.missing_references
    assert (missing.kind, missing.path, missing.line) == ("broken-yaml", "roles/web/tasks/main.yml", line)
    assert missing.message
    assert missing.fix
    assert "\n" not in missing.message
    assert made.below("roles/web/") == {"tasks/main.yml", "tasks/other.yml", "templates/t.j2", "files/sub/f"}
    assert made.exact() == {"site.yml", "roles/web/tasks/main.yml"}
    assert not made.below("roles/db")


def test_encrypted_tasks_widen_without_a_gap() -> None:
    made = _role("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    assert "roles/web/files/sub/f" in made.files
    assert "roles/web/README.md" not in made.files
    assert not made.missing_references
    assert made.why("roles/web/templates/t.j2") == "is encrypted? < roles: web"


def test_encrypted_variables_and_values_are_files_like_others() -> None:
    files = {
        "site.yml": "- hosts: all\n  roles: [web]\n  vars_files: [secret.yml]\n",
        "secret.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "roles/web/defaults/main.yml": "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n"
        "b: !unsafe \"{{ lookup('file', 'f') }}\"\nc: !mine x\n",
        "roles/web/files/f": "x",
    }
    made = made_of(files)
    assert set(made.files) == {"site.yml", "secret.yml", "roles/web/defaults/main.yml"}
    assert not made.missing_references


@pytest.mark.parametrize("name", ["tab", "no text", "deep", "map", "texts"])
def test_a_broken_playbook_widens_to_all_roles_and_what_lies_beside(name: str) -> None:
    files = {
        "site.yml": _BROKEN[name][0],
        "roles/web/tasks/main.yml": "- debug: {}\n",
        "files/f": "x",
        "vars/v.yml": "a: 1",
    }
    made = made_of(files | {"other.yml": "- hosts: all\n"})
    assert set(made.files) == set(files)
    assert [missing.kind for missing in made.missing_references] == ["broken-yaml"]


def test_broken_variables_templates_and_meta() -> None:
    files: dict[str, str | bytes] = {
        "site.yml": "- hosts: all\n  roles: [web]\n",
        "roles/web/tasks/main.yml": "- template: {src: t.j2, dest: /t}\n",
        "roles/web/defaults/main.yml": "- a\n",
        "roles/web/templates/t.j2": b"{{ \xe9 }}",
        "roles/web/meta/main.yml": "dependencies: [\n",
    }
    made = made_of(files)
    assert {(missing.kind, missing.path) for missing in made.missing_references} == {
        ("broken-yaml", "roles/web/defaults/main.yml"),
        ("unreadable", "roles/web/templates/t.j2"),
        ("broken-yaml", "roles/web/meta/main.yml"),
    }
    assert set(made.files) == set(files)


@pytest.mark.parametrize(
    "play",
    [
        "- hosts: all\n  roles: {a: b}\n",
        "- hosts: all\n  tasks: {a: b}\n",
        "- hosts: all\n  tasks: x\n  vars_files: {a: b}\n",
        "- hosts: all\n  roles: [[a], {b: c}, null, '']\n",
        "- hosts: [all]\n  vars: [a, b]\n  collections: {a: b}\n",
        "- hosts: all\n  tasks: [{}, null, x, [x], {name: x}]\n",
        "- hosts: all\n  tasks: [{include_tasks: }, {include_role: }, {include_role: {}}]\n",
        "- hosts: all\n  tasks: [{copy: [a]}, {template: {src: [a]}}, {include_vars: {dir: []}}]\n",
        "- hosts: all\n  tasks: [{action: }, {action: {}}]\n",
        "- hosts: all\n  tasks: [{debug: {}, loop: {a: b}}, {debug: {}, with_dict: [a]}]\n",
        "- hosts: all\n  tasks: [{debug: {}, loop_control: x}]\n",
        "- hosts: all\n  tasks: [{debug: {}, with_nested: []}, {debug: {}, with_first_found: {}}]\n",
        "- hosts: all\n  tasks: [{debug: {}, loop: }]\n",
        "- import_playbook: {a: b}\n- import_playbook: ''\n",
        "- {[a, b]: c, ? {d: e} : f}\n",
        "- 1: 2\n  true: false\n",
    ],
)
def test_odd_shapes_are_no_traceback(play: str) -> None:
    assert "site.yml" in made_of({"site.yml": play, "roles/web/tasks/main.yml": "- debug: {}\n"}).files


@pytest.mark.parametrize(
    "text",
    [
        "{{ " * 3000,
        "{{ " + "(" * 3000,
        "{{ " + "a ~ " * 3000 + "b }}",
        "{{ lookup('file', " + "[" * 3000,
        "{{ lookup('file', 'x" + "\\\\" * 3000,
        "{% " * 3000,
        "{{ item }}" * 300,
        "lookup(" * 3000,
        "{% include " * 3000,
        "{{ ''' }}",
        "{{ }}",
        "\1\2\3\4",
    ],
)
def test_odd_jinja_is_no_traceback(text: str) -> None:
    quoted = text.replace('"', '\\"')
    task = f'- copy: {{src: "{quoted}", dest: /x}}\n  with_items: [a, b, c, d, e]\n'.replace("\\\\\\\\", "\\\\")
    assert read_facts("tasks", task.encode()).shape in ("list", "broken")
    assert read_facts("vars", f'a: "{quoted}"\n'.encode()).shape in ("map", "broken")
    assert read_facts("template", text.encode()).shape == "other"


def test_aliases_are_shared_not_expanded() -> None:
    root = parse(_BOMB.encode())
    assert isinstance(root, Map)
    assert len(list(scalars(root))) == 2
    assert read_facts("vars", (_BOMB + "q: '{{ x }}'\n").encode()).shape == "map"
    tasks = "- &t\n  block:\n  - copy: {src: f, dest: /f}\n- *t\n- block: [*t, *t]\n"
    assert len(read_facts("tasks", tasks.encode()).references) == 1


def test_merged_keys_and_duplicate_ones() -> None:
    files = {
        "site.yml": "- hosts: all\n  vars: &v {src: a, dest: /a}\n  tasks:\n  - copy: {<<: *v}\n"
        "  - copy: {src: no, src: b, dest: /b}\n",
        "files/a": "x",
        "files/b": "x",
    }
    made = made_of(files)
    assert set(made.files) == set(files)
    assert not made.missing_references


def test_lines_and_tags_are_kept() -> None:
    root = parse(b"a: 1\nb:\n  - !vault |\n    x\n  - 'y'\n")
    assert isinstance(root, Map)
    items = root.pairs["b"]
    assert isinstance(items, Seq)
    first, second = items.items
    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert (root.lines["b"], first.line, first.tag, second.plain) == (2, 3, "!vault", False)
    assert parse(b"") is None
    with pytest.raises(NotYamlError) as caught:
        parse(b"a: [\n")
    assert caught.value.line == 2


def test_a_chain_of_a_thousand_roles_and_of_includes() -> None:
    count = 1000
    files = {f"roles/r{n}/meta/main.yml": f"dependencies: [r{n + 1}]\n" for n in range(count)}
    files |= {f"roles/r{n}/tasks/main.yml": "- copy: {src: '{{ x }}.y', dest: /x}\n" for n in range(0, count, 100)}
    files |= {f"roles/r{count}/tasks/main.yml": "- include_tasks: t0.yml\n"}
    files |= {f"roles/r{count}/tasks/t{n}.yml": f"- include_tasks: t{n + 1}.yml\n" for n in range(count)}
    files |= {f"roles/r{count}/tasks/t{count}.yml": "- debug: {}\n", "site.yml": "- hosts: all\n  roles: [r0]\n"}
    tree = DictTree(files)
    resolver = Resolver(tree, FactsSource(tree))
    reached = resolver.resolve(AnsibleRun(playbook="site.yml"))
    assert {path for each in reached for path in resolver.units[each.unit].files} == set(files)
    assert not resolver.missing


def test_names_that_lead_out_of_the_repository() -> None:
    files = {
        "p/site.yml": "- hosts: all\n  roles: [../../../etc, /etc/role]\n"
        "  vars_files: [../../v.yml, ~/v.yml, /etc/v.yml]\n"
        "  tasks:\n  - include_tasks: ../../../t.yml\n    ignore_errors: true\n"
        "  - copy: {src: '../../{{ x }}', dest: /x}\n"
    }
    made = made_of(files, "p/site.yml")
    assert set(made.files) == set(files)
    assert {missing.name for missing in made.missing_references} == {"../../../etc", "../../v.yml"}


def test_names_with_odd_signs() -> None:
    names = ["with space.j2", "ünïcode.j2", "[x].j2", "a*b.j2", "q?.j2", "#x.j2", "-x.j2", "x;y.j2"]
    tasks = "".join(f"- template:\n    src: '{name}'\n    dest: /x\n" for name in names)
    files = {"site.yml": "- hosts: all\n  roles: [web]\n", "roles/web/tasks/main.yml": tasks}
    made = made_of(files | {f"roles/web/templates/{name}": "x" for name in [*names, "aXb.j2", "x.j2"]})
    assert made.below("roles/web/templates/") == set(names)


@pytest.mark.parametrize(
    "task",
    [
        "copy: {src: '{{ item }}', dest: /x}\n  loop: ['']",
        "copy: {src: \"{{ 'a' if x else '' }}\", dest: /x}",
        "include_tasks: \"{{ '' }}\"",
        "include_vars: {dir: \"{{ '' }}\"}",
        "include_vars: '{{ item }}'\n  with_first_found: ['', a]",
        "include_vars: \"{{ lookup('first_found', ['', 'a']) }}\"",
        "include_role: {name: \"{{ '' }}\"}",
        "debug: {}\n  vars: {a: \"{{ 'x/y' if z else '' }}\"}",
    ],
)
def test_a_name_may_be_empty(task: str) -> None:
    variables = "a: \"{{ 'x/y' if z else '' }}\"\n"
    files = {
        "site.yml": "- hosts: all\n  roles: [web]\n  vars_files: [\"{{ '' }}\", v.yml]\n",
        "v.yml": variables,
        "roles/web/defaults/main.yml": variables,
        "roles/web/tasks/main.yml": f"- {task}\n",
    }
    assert set(made_of(files).files) == set(files)


@pytest.mark.parametrize("name", ["'{{ x }}.j2'", "x", "'c0.j2'"])
def test_templates_beside_the_playbook_that_include_each_other(name: str) -> None:
    count = 20
    templates = {f"templates/c{n}.j2": f"{{% include {name} %}}{{% include 'c{n + 1}.j2' %}}" for n in range(count)}
    files = templates | {
        "site.yml": "- hosts: all\n  roles: [web, db]\n",
        f"templates/c{count}.j2": "{{ lookup('template', y) }}",
        "roles/web/tasks/main.yml": "- template: {src: c0.j2, dest: /x}\n",
        "roles/db/tasks/main.yml": "- template: {src: c1.j2, dest: /x}\n",
    }
    assert set(made_of(files).files) == set(files)


def test_tasks_beside_the_playbook_that_include_each_other() -> None:
    names = [f"t{n}.yml" for n in range(12)]
    files = dict.fromkeys(names, "- include_tasks: '{{ x }}.yml'\n- copy: {src: f, dest: /f}\n")
    files |= {
        "site.yml": "- hosts: all\n  roles: [web]\n",
        "roles/web/tasks/main.yml": "- include_tasks: t0.yml\n",
        "files/f": "x",
    }
    assert set(made_of(files).files) == set(files)
