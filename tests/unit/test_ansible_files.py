"""Files that tasks, variables and templates name, and where they are found."""

from __future__ import annotations

import pytest

from tests.unit.ansible_tree import Made, made_of

_FILES = {
    **{
        f"roles/web/{path}": "x"
        for path in ("files/a", "files/sub/b", "files/c.conf", "templates/t.j2", "x.sh", "tasks/n")
    },
    "files/a": "x",
    "files/p": "x",
    "templates/q.j2": "x",
    "top": "x",
    "roles/web/vars/Debian.yml": "a: 1",
    "roles/web/vars/more/one.yml": "a: 1",
    "roles/web/vars/more/two.json": "{}",
    "roles/web/vars/more/deep/three.yaml": "a: 1",
    "roles/web/vars/more/not.txt": "x",
}


def _role(task: str, more: dict[str, str] | None = None) -> Made:
    """A playbook with one role of one task."""
    files = {"site.yml": "- hosts: all\n  roles: [web]\n", "roles/web/tasks/main.yml": f"- {task}\n"}
    return made_of(_FILES | files | (more or {}))


def _named(made: Made) -> set[str]:
    return set(made.files) - {"site.yml", "roles/web/tasks/main.yml"}


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("copy: {src: a, dest: /a}", "roles/web/files/a"),
        ("copy: {src: files/a, dest: /a}", "roles/web/files/a"),
        ("copy: src=a dest=/a", "roles/web/files/a"),
        ("copy: 'src=\"a\" dest=/a'", "roles/web/files/a"),
        ("action: copy src=a dest=/a", "roles/web/files/a"),
        ("local_action: {module: copy, src: a, dest: /a}", "roles/web/files/a"),
        ("ansible.builtin.copy: {src: a, dest: /a}", "roles/web/files/a"),
        ("ansible.windows.win_copy: {src: a, dest: C:/a}", "roles/web/files/a"),
        ("copy: {src: p, dest: /a}", "files/p"),
        ("copy: {src: top, dest: /a}", "top"),
        ("copy: {src: n, dest: /a}", "roles/web/tasks/n"),
        ("copy: {src: ../x.sh, dest: /a}", "roles/web/x.sh"),
        ("copy: {dest: /a}\n  args: {src: a}", "roles/web/files/a"),
        ("template: {src: t.j2, dest: /t}", "roles/web/templates/t.j2"),
        ("template: {src: ./t.j2, dest: /t}", "roles/web/templates/t.j2"),
        ("template: {src: q.j2, dest: /t}", "templates/q.j2"),
        ("script: x.sh a b", "roles/web/x.sh"),
        ("script: {cmd: 'x.sh a', creates: /x}", "roles/web/x.sh"),
        ("unarchive: {src: a, dest: /x}", "roles/web/files/a"),
        ("ansible.posix.synchronize: {src: sub/b, dest: /x}", "roles/web/files/sub/b"),
        ("ansible.posix.patch: {src: a, dest: /x}", "roles/web/files/a"),
        ("uri: {url: 'http://h.example', src: a}", "roles/web/files/a"),
        ("community.x.thing: {path: a}", "roles/web/files/a"),
        ("community.x.thing: {file: nothing}", ""),
        ("include_vars: Debian.yml", "roles/web/vars/Debian.yml"),
        ("include_vars: {file: vars/Debian.yml, name: x}", "roles/web/vars/Debian.yml"),
        ("debug: {msg: \"{{ lookup('file', 'a') }}\"}", "roles/web/files/a"),
        ("debug: {msg: \"{{ lookup('ansible.builtin.file', 'sub/' ~ 'b') | trim }}\"}", "roles/web/files/sub/b"),
        ("debug: {msg: \"{{ query('template', 't.j2') }}\"}", "roles/web/templates/t.j2"),
        ("assert: {that: \"lookup('file', 'a') != ''\"}", "roles/web/files/a"),
        ("debug: {msg: \"{{ q('file', item) }}\"}\n  loop: [a]", "roles/web/files/a"),
        ("debug: {msg: x}\n  when: \"'y' in lookup('file', 'a')\"", "roles/web/files/a"),
        ("debug: {msg: x}\n  with_file: [a]", "roles/web/files/a"),
        ("copy: {src: '{{ item }}', dest: /x}\n  with_items: [a, [a]]", "roles/web/files/a"),
        ("copy: {src: '{{ item.src }}', dest: /x}\n  loop: [{src: a, dest: b}]", "roles/web/files/a"),
        ("copy: {src: \"{{ item['src'] | default(item.dest) }}\", dest: /x}\n  loop: [{dest: a}]", "roles/web/files/a"),
        ("copy: {src: '{{ item.1 }}', dest: /x}\n  with_indexed_items: [a]", "roles/web/files/a"),
        ("copy: {src: '{{ role_path }}/files/a', dest: /x}", "roles/web/files/a"),
        ("copy: {src: '{{ playbook_dir }}/files/a', dest: /x}", "files/a"),
        ("command: bash {{ role_path }}/x.sh --flag", "roles/web/x.sh"),
        ("shell: \"sh '{{ playbook_dir }}/top' && true\"", "top"),
        ("template: {src: '{% if x %}t{% else %}u{% endif %}.j2', dest: /x}", "roles/web/templates/t.j2"),
        ("copy: {src: \"{{ 'a' if x else 'b' }}\", dest: /x}", "roles/web/files/a"),
        ("copy: {src: \"{{ x | ternary('a', 'b') }}\", dest: /x}", "roles/web/files/a"),
        ("copy: {src: \"{{ {'Debian': 'a', 'RedHat': 'b'}[os] }}\", dest: /x}", "roles/web/files/a"),
        ("copy: {src: \"{{ [role_path, 'files', 'a'] | path_join }}\", dest: /x}", "roles/web/files/a"),
        ("copy: {src: \"{{ ['sub', 'b'] | join('/') }}\", dest: /x}", "roles/web/files/sub/b"),
        ("copy: {src: \"{{ '/etc/' ~ x ~ '/c.conf' | basename }}\", dest: /x}", ""),
        ("copy: {src: \"{{ ('/etc/' ~ x ~ '/c.conf') | basename }}\", dest: /x}", "roles/web/files/c.conf"),
        ("copy: {src: '{{ item }}', dest: /x}\n  loop: \"{{ ['a'] + ['a'] }}\"", "roles/web/files/a"),
        ("copy: {src: '{{ item }}', dest: /x}\n  loop: \"{{ [role_path ~ '/x.sh'] }}\"", "roles/web/x.sh"),
        ('command: "{% set d = role_path %}bash {{ d }}/x.sh"', "roles/web/x.sh"),
        ('command: "{% if x %}bash {{ role_path }}/x.sh{% else %}true{% endif %}"', "roles/web/x.sh"),
        ("debug: {msg: \"{{ lookup('file', x | ternary('a', 'b')) }}\"}", "roles/web/files/a"),
        ("debug: {msg: \"{{ lookup('file', {'x': 'a', 'y': 'b'}[z]) }}\"}", "roles/web/files/a"),
        ("copy: {src: a, dest: /a, remote_src: true}", ""),
        ("copy: {src: a, dest: /a, remote_src: yes}", ""),
        ("copy: {content: a, dest: /a}", ""),
        ("copy: {src: /files/a, dest: /a}", ""),
        ("file: {src: a, path: a, state: link}", ""),
        ("lineinfile: {path: a, line: x}", ""),
        ("get_url: {url: 'http://h.example/a', dest: a}", ""),
        ("unarchive: {src: 'https://h.example/a', dest: /x, remote_src: yes}", ""),
        ("assemble: {src: sub, dest: /x}", ""),
        ("assemble: {src: sub, dest: /x, remote_src: false}", "roles/web/files/sub/b"),
        ("debug: {msg: \"{{ lookup('env', 'a') }}{{ lookup('vars', 'a') }}\"}", ""),
        ("copy: {src: !unsafe a, dest: /a}", "roles/web/files/a"),
    ],
)
def test_one_file_exactly(task: str, expected: str) -> None:
    made = _role(task)
    assert _named(made) == ({expected} if expected else set())
    assert made.exact() == set(made.files)
    assert not made.missing_references


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("copy: {src: '{{ x }}.conf', dest: /x}", {"files/c.conf"}),
        ("copy: {src: '{{ x }}/b', dest: /x}", {"files/sub/b"}),
        ("copy: {src: 'sub/{{ x }}', dest: /x}", {"files/sub/b"}),
        ("template: {src: '{{ x }}', dest: /x}", {"templates/t.j2", "x.sh"}),
        ("include_vars: '{{ ansible_os_family }}.yml'", {"vars/Debian.yml", "vars/more/one.yml"}),
        (
            "copy: {src: '{{ item }}', dest: /x}\n  loop: '{{ list }}'",
            {"files/a", "files/sub/b", "files/c.conf", "x.sh"},
        ),
        ("copy: {src: '{{ item }}', dest: /x}\n  vars: {item: a}", {"files/a", "files/sub/b", "files/c.conf", "x.sh"}),
    ],
)
def test_computed_names_mean_all_that_fits(task: str, expected: set[str]) -> None:
    made = _role(task)
    assert {path.removeprefix("roles/web/") for path in _named(made) if path.startswith("roles/web/")} == expected
    assert made.exact() == {"site.yml", "roles/web/tasks/main.yml"}
    assert not made.missing_references


def test_a_folder_as_source_counts_with_all_in_it() -> None:
    assert _named(_role("copy: {src: sub/, dest: /x}")) == {"roles/web/files/sub/b"}
    made = _role("copy: {src: tree, dest: /x}", {"roles/web/files/tree/.h": "x", "roles/web/files/tree/d/e": "x"})
    assert _named(made) == {"roles/web/files/tree/.h", "roles/web/files/tree/d/e"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", {"one.yml", "two.json", "deep/three.yaml"}),
        (", depth: 1", {"one.yml", "two.json"}),
        (", extensions: [yml]", {"one.yml"}),
        (", ignore_files: ['one.yml']", {"two.json", "deep/three.yaml"}),
        (", files_matching: '^t'", {"two.json", "deep/three.yaml"}),
        (", files_matching: '('", {"one.yml", "two.json", "deep/three.yaml"}),
        (", files_matching: '[[t]'", {"two.json", "deep/three.yaml"}),  # Python warns of it
    ],
)
@pytest.mark.filterwarnings("error")
def test_folders_of_variables(options: str, expected: set[str]) -> None:
    for name in ("more", "vars/more", "{{ role_path }}/vars/more"):
        made = _role(f"include_vars: {{dir: '{name}'{options}}}")
        assert {path.removeprefix("roles/web/vars/more/") for path in _named(made)} == expected


def test_globs_take_the_first_place_that_has_any() -> None:
    more = {
        "roles/web/files/d/1.x": "x",
        "roles/web/files/d/2.x": "x",
        "roles/web/files/d/3.y": "x",
        "files/d/4.x": "x",
    }
    more |= {"files/only/5.z": "x", "roles/web/files/d/deep/6.x": "x"}
    made = _role("copy: {src: '{{ item }}', dest: /x}\n  with_fileglob: ['d/*.x']", more)
    assert _named(made) == {"roles/web/files/d/1.x", "roles/web/files/d/2.x"}
    assert _named(_role("debug: {msg: \"{{ query('fileglob', 'only/[4-6].?') }}\"}", more)) == {"files/only/5.z"}
    made = _role(
        "template: {src: '{{ item }}', dest: /x}\n  with_fileglob: 'templates/*.j2'", {"files/templates/u.j2": ""}
    )
    assert "roles/web/templates/t.j2" in made.files


def test_trees_of_files() -> None:
    task = "template: {src: '{{ item.src }}', dest: '/{{ item.path }}'}\n  with_community.general.filetree: tree/"
    more = {"roles/web/files/tree/a/b.j2": "{% include 'inc.j2' %}", "roles/web/templates/inc.j2": "x"}
    assert _named(_role(task, more)) == {"roles/web/files/tree/a/b.j2", "roles/web/templates/inc.j2"}


@pytest.mark.parametrize(
    "task",
    [
        "include_vars: '{{ item }}'\n  with_first_found: [no.yml, Debian.yml, more/one.yml]",
        "include_vars: '{{ item }}'\n  with_first_found:\n  - files: [no.yml, Debian.yml]\n    paths: [vars]",
        "include_vars: '{{ item }}'\n  with_first_found:\n  - {files: 'no,Debian.yml', paths: '{{ role_path }}/vars'}",
        "include_vars: \"{{ lookup('first_found', ['vars/no.yml', 'vars/Debian.yml', 'vars/more/one.yml']) }}\"",
        "include_vars: '{{ item }}'\n  loop: \"{{ query('first_found', ['no.yml', 'Debian.yml'], paths=['vars']) }}\"",
    ],
)
def test_the_first_that_is_found(task: str) -> None:
    made = _role(task, {"roles/web/vars/Debian.yml": "a: \"{{ lookup('file', 'a') }}\""})
    assert _named(made) == {"roles/web/vars/Debian.yml", "roles/web/files/a"}
    assert not made.missing_references


def test_computed_names_before_the_first_that_is_found() -> None:
    task = "include_vars: '{{ item }}'\n  with_first_found: ['{{ os }}.yml', default.yml, never.yml]"
    more = {f"roles/web/vars/{name}.yml": "a: 1" for name in ("default", "never", "Red")}
    made = _role(task, more)
    assert {"roles/web/vars/default.yml", "roles/web/vars/Red.yml", "roles/web/vars/Debian.yml"} <= _named(made)
    assert made.exact() >= {"roles/web/vars/default.yml"}
    for place in ("roles/web/Blue.yml", "roles/web/tasks/Blue.yml", "Blue.yml", "vars/Blue.yml"):
        assert (
            _role(task, more | {place: "a: 1"}).why(place)
            == "with_first_found: {{ os }}.yml, default.yml, never.yml? < roles: web"
        )
    nothing = _role("include_vars: '{{ item }}'\n  with_first_found: [no.yml, nor.yml]")
    assert [missing.kind for missing in nothing.missing_references] == ["missing-file"]
    skipped = "include_vars: '{{ item }}'\n  with_first_found: [{files: [no.yml], skip: true}]"
    assert not _role(skipped).missing_references


def test_parameters_of_first_found_in_a_variable_of_the_task() -> None:
    task = (
        "include_vars: \"{{ lookup('first_found', params) }}\"\n  vars: {params: {files: [o.yml], paths: [../other]}}"
    )
    made = _role(task, {"roles/other/o.yml": "a: 1"})
    assert {"roles/other/o.yml", "roles/web/vars/Debian.yml"} <= set(made.files)


def test_templates_that_include_templates() -> None:
    more = {
        "roles/web/templates/t.j2": "{% extends 'base.j2' %}\n{% include [x, 'opt.j2'] ignore missing %}\n"
        "{% import \"macros/m.j2\" as m %}{% from 'macros/f.j2' import a, b %}{{ lookup('file', 'a') }}",
        "roles/web/templates/base.j2": "{%- include 'macros/' ~ kind ~ '.j2' -%}",
        **{f"roles/web/templates/{name}.j2": "x" for name in ("macros/m", "macros/f", "macros/k", "opt", "idle")},
    }
    made = _role("template: {src: t.j2, dest: /t}", more)
    found = {path.removeprefix("roles/web/templates/") for path in _named(made)}
    assert found >= {"t.j2", "base.j2", "opt.j2", "macros/m.j2", "macros/f.j2", "macros/k.j2", "roles/web/files/a"}
    assert made.why("roles/web/templates/macros/f.j2") == "from: 'macros/f.j2' < template: t.j2 < roles: web"
    assert made.files["roles/web/templates/macros/f.j2"][0].line == 3
    assert "roles/web/templates/macros/k.j2" not in made.exact()


def test_lookups_in_variables_of_the_role() -> None:
    more = {
        "roles/web/defaults/main.yml": "a: 1\nkey: \"{{ lookup('file', 'a') }}\"\nscript: '{{ role_path }}/x.sh'\n",
        "roles/web/vars/main.yml": "all: \"{{ query('fileglob', 'sub/*') }}\"\n",
    }
    made = _role("debug: {}", more)
    assert _named(made) >= {"roles/web/files/a", "roles/web/files/sub/b", "roles/web/x.sh"}
    assert made.files["roles/web/files/a"][0].line == 2


def test_a_variable_with_a_path_is_what_a_name_may_become() -> None:
    more = {"roles/web/defaults/main.yml": "d: ../shared/files\nt: '{{ playbook_dir }}/other/x.j2'\n"}
    more |= {"roles/shared/files/z": "x", "other/x.j2": "{% include 'q.j2' %}", "deep/er/y": "y"}
    made = _role("copy: {src: '{{ d }}/z', dest: /z}", more)
    assert "roles/shared/files/z" in made.files
    made = _role("template: {src: '{{ t }}', dest: /z}", more)
    assert {"other/x.j2", "templates/q.j2"} <= set(made.files)
    play = {"site.yml": "- hosts: all\n  vars: {where: deep/er}\n  roles: [web]\n"}
    made = _role("copy: {src: '{{ where }}/y', dest: /z}", more | play)
    assert made.why("deep/er/y") == "copy: {{ where }}/y? < roles: web"


def test_variables_of_the_playbook_are_evaluated_in_its_roles() -> None:
    play = "- hosts: all\n  vars: {key: \"{{ lookup('file', 'c.conf') }}\"}\n  roles: [web]\n"
    assert "roles/web/files/c.conf" in _role("debug: {}", {"site.yml": play}).files
    group = {"group_vars/all.yml": "key: \"{{ lookup('template', 't.j2') }}\"\n"}
    assert "roles/web/templates/t.j2" in _role("debug: {}", group).files


def test_the_roles_that_led_here_are_searched_before_the_playbook() -> None:
    files = {
        "site.yml": "- hosts: all\n  roles: [app]\n",
        "roles/app/meta/main.yml": "dependencies: [web]\n",
        "roles/app/files/p": "x",
        "roles/app/templates/x-1.j2": "x",
        "roles/web/tasks/main.yml": "- copy: {src: p, dest: /p}\n- template: {src: 'x-{{ n }}.j2', dest: /x}\n",
    }
    made = made_of(_FILES | files)
    assert "roles/app/files/p" in made.files
    assert "files/p" not in made.files
    assert made.why("roles/app/templates/x-1.j2") == "template: x-{{ n }}.j2? < dependencies: web < roles: app"
    alone = made_of(_FILES | files | {"site.yml": "- hosts: all\n  roles: [web]\n"})
    assert "files/p" in alone.files
    assert "roles/app/files/p" not in alone.files


@pytest.mark.parametrize(
    "task",
    [
        "copy: {src: 'nope', dest: /x}",
        "template: {src: 'nope.j2', dest: /x}",
        "script: 'nope.sh a'",
        "include_vars: 'nope.yml'",
        "include_tasks: 'nope.yml'",
        "import_tasks: 'nope.yml'",
        "debug: {msg: \"{{ lookup('file', 'nope') }}\"}",
    ],
)
def test_what_is_missing_is_told_with_its_line(task: str) -> None:
    (missing,) = _role(f"debug: {{}}\n- {task}").missing_references
    assert (missing.path, missing.line) == ("roles/web/tasks/main.yml", 2)
    assert missing.name.startswith("nope")
    assert missing.kind in ("missing-file", "missing-tasks")
    assert not _role(f"{task}\n  ignore_errors: true").missing_references or "lookup" in task
    assert not _role(task.replace("nope", "{{ nope }}")).missing_references or "lookup" in task


def test_a_file_of_the_wrong_shape_counts_when_a_computed_name_finds_it() -> None:
    for place in ("roles/web/vars/Suse.yml", "roles/web/Suse.yml", "Suse.yml"):
        made = _role("include_vars: '{{ os }}.yml'", {place: "- a\n"})
        assert place in made.files
        assert not made.missing_references


def test_an_unknown_folder_may_be_any_above() -> None:
    files = {
        "roles/web/files/a.x": "x",
        "a/site.yml": "- hosts: all\n  roles: [../roles/web]\n",
        "top/t.j2": "x",
        "b/t.j2": "x",
    }
    made = made_of(
        files
        | {"roles/web/tasks/main.yml": "- template: {src: '{{ d }}/top/t.j2', dest: /t}\n"}
        | {"a/vars.yml": "x: 1", "a/extra.conf": "x", "a/other.yml": "- hosts: all\n", "a/README.md": "x"},
        "a/site.yml",
    )
    assert "top/t.j2" in made.files
    play = "- hosts: all\n  vars_files: ['{{ f }}']\n  tasks: [{copy: {src: '{{ f }}', dest: /x}}]\n"
    made = made_of(
        files | {"a/site.yml": play, "a/vars.yml": "x: 1", "a/extra.conf": "x", "a/other.yml": "- hosts: all\n"},
        "a/site.yml",
    )
    assert made.below("a/") == {"site.yml", "vars.yml", "extra.conf"}


@pytest.mark.parametrize("first", ["roles/web/vars/vars/Debian.yml", "roles/web/vars/Debian.yml"])
def test_a_name_that_begins_with_its_folder_is_looked_for_below_that_too(first: str) -> None:
    """ansible-core compares bytes with text when it would leave `vars/vars` out, and so looks there first."""
    task = "include_vars: '{{ item }}'\n  with_first_found:\n  - files: ['{{ os }}.yml', Debian.yml]\n    paths: [vars]"
    assert first in _named(_role(task, {first: "a: 1"}))
    plain = "include_vars: vars/Debian.yml"
    assert first in _named(_role(plain, {first: "a: 1"}))
