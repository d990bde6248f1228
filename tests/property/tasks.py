"""Tasks as people write them: ways in which they make Ansible read a file."""

from __future__ import annotations

from tests.property.places import FAMILIES, SAY, Place


def literal_tasks(place: Place) -> str:
    name = place.new("part") + ".yml"
    place.tasks(name, SAY.format("part"))
    return (
        f"- {place.writer.random.choice(['include_tasks', 'import_tasks', 'ansible.builtin.include_tasks'])}: {name}\n"
    )


def nested_tasks(place: Place) -> str:
    outer, inner = place.new("outer"), place.new("inner")
    place.tasks(f"{outer}/main.yml", f"- include_tasks: {inner}.yml\n")
    place.tasks(f"{outer}/{inner}.yml", SAY.format("inner"))
    return f"- include_tasks: {outer}/main.yml\n"


def tasks_by_fact(place: Place) -> str:
    stem = place.new("setup")
    for family in FAMILIES:
        place.tasks(f"{stem}-{family}.yml", SAY.format(family))
    return f'- include_tasks: "{stem}-{{{{ ansible_os_family }}}}.yml"\n'


def tasks_in_loop(place: Place) -> str:
    stem = place.new("step")
    for name in "ab":
        place.tasks(f"{stem}/{name}.yml", SAY.format(name))
    if place.writer.chance(2):
        return f'- include_tasks: "{stem}/{{{{ item }}}}.yml"\n  loop: [a, b]\n'
    return (
        f'- include_tasks: "{stem}/{{{{ part.name }}}}"\n  loop:\n    - {{name: a.yml}}\n    - {{name: b.yml}}\n'
        "  loop_control: {loop_var: part}\n"
    )


def static_when(place: Place) -> str:
    stem = place.new("only")
    for family in FAMILIES:
        place.tasks(f"{stem}-{family}.yml", SAY.format(family))
    return "".join(f'- import_tasks: {stem}-{one}.yml\n  when: ansible_os_family == "{one}"\n' for one in FAMILIES)


def vars_by_fact(place: Place) -> str:
    stem = place.new("os")
    for family in FAMILIES:
        place.add(f"vars/{stem}_{family}.yml", f"{stem}: {family}\n")
    where = "" if place.role else "vars/"
    return f'- include_vars: "{where}{stem}_{{{{ ansible_os_family }}}}.yml"\n'


def vars_dir(place: Place) -> str:
    stem = place.new("more")
    for name in "ab":
        place.add(f"vars/{stem}/{name}.yml", f"{stem}_{name}: 1\n")
    return f"- include_vars:\n    dir: {stem if place.role else 'vars/' + stem}\n"


def first_found(place: Place) -> str:
    stem = place.new("found")
    place.add(
        f"vars/{stem}-{place.writer.random.choice(['Debian', 'default', 'Ubuntu', 'RedHat'])}.yml", f"{stem}: 1\n"
    )
    place.add(f"vars/{stem}-default.yml", f"{stem}: 2\n")
    names = [
        f"{stem}-{{{{ ansible_distribution }}}}.yml",
        f"{stem}-{{{{ ansible_os_family }}}}.yml",
        f"{stem}-default.yml",
    ]
    if place.writer.chance(2):
        lines = "".join(f'        - "{name}"\n' for name in names)
        where = "vars" if place.role else "{{ playbook_dir }}/vars"
        return f'- include_vars: "{{{{ item }}}}"\n  with_first_found:\n    - files:\n{lines}      paths: ["{where}"]\n'
    lines = "".join(f'    - "{"" if place.role else "vars/"}{name}"\n' for name in names)
    return f'- include_vars: "{{{{ item }}}}"\n  with_first_found:\n{lines}'


def template(place: Place) -> str:
    stem = place.new("conf")
    inner = place.new("part")
    place.add(f"templates/{stem}.j2", f"a\n{{% include '{inner}.j2' %}}\n{{{{ ansible_os_family }}}}\n")
    place.add(f"templates/{inner}.j2", "inner\n")
    where = place.writer.random.choice(["", "", "templates/"])
    return f"- template:\n    src: {where}{stem}.j2\n    dest: '{{{{ out }}}}/{stem}'\n"


def template_by_fact(place: Place) -> str:
    stem = place.new("unit")
    for family in FAMILIES:
        place.add(f"templates/{stem}.{family}.j2", "x\n")
    return f"- template:\n    src: '{stem}.{{{{ ansible_os_family }}}}.j2'\n    dest: '{{{{ out }}}}/{stem}'\n"


def copy_file(place: Place) -> str:
    stem = place.new("file")
    place.add(f"files/{stem}.txt", "x\n")
    src = place.writer.random.choice(
        [f"{stem}.txt", f"files/{stem}.txt"] + [f"{{{{ role_path }}}}/files/{stem}.txt"] * bool(place.role)
    )
    return f"- copy: {{src: '{src}', dest: '{{{{ out }}}}/{stem}'}}\n"


def copy_folder(place: Place) -> str:
    stem = place.new("tree")
    place.add(f"files/{stem}/a.txt", "x\n")
    place.add(f"files/{stem}/deep/b.txt", "x\n")
    return f"- copy: {{src: {stem}{place.writer.random.choice(['', '/'])}, dest: '{{{{ out }}}}/{stem}'}}\n"


def copy_items(place: Place) -> str:
    stem = place.new("item")
    for name in "ab":
        place.add(f"files/{stem}-{name}.txt", "x\n")
    loop = place.writer.random.choice(["loop", "with_items"])
    return f"- copy: {{src: '{stem}-{{{{ item }}}}.txt', dest: '{{{{ out }}}}/'}}\n  {loop}: [a, b]\n"


def fileglob(place: Place) -> str:
    stem = place.new("conf.d")
    place.add(f"files/{stem}/a.conf", "x\n")
    return f"- copy: {{src: '{{{{ item }}}}', dest: '{{{{ out }}}}/'}}\n  with_fileglob: '{stem}/*.conf'\n"


def lookup(place: Place) -> str:
    stem = place.new("motd")
    place.add(f"files/{stem}.txt", "x\n")
    if place.role and place.writer.chance(2):
        place.add("defaults/main.yml", f"motd: \"{{{{ lookup('file', '{stem}.txt') }}}}\"\n")
        return "- debug: {msg: \"{{ motd | default('') }}\"}\n"
    return f"- set_fact: {{motd: \"{{{{ lookup('ansible.builtin.file', '{stem}.txt') }}}}\"}}\n"


def lookup_template(place: Place) -> str:
    stem = place.new("text")
    place.add(f"templates/{stem}.j2", "x\n")
    return f"- debug: {{msg: \"{{{{ lookup('template', '{stem}.j2') }}}}\"}}\n"


def block(place: Place) -> str:
    stem = place.new("rescue")
    place.tasks(f"{stem}.yml", SAY.format("rescued"))
    place.tasks(f"{stem}-end.yml", SAY.format("end"))
    return (
        f"- block:\n    - fail: {{msg: no}}\n  rescue:\n    - include_tasks: {stem}.yml\n"
        f"  always:\n    - import_tasks: {stem}-end.yml\n"
    )


def script(place: Place) -> str:
    stem = place.new("run")
    place.add(f"files/{stem}.sh", "#!/bin/sh\ntrue\n")
    return f"- script: {stem}.sh{place.writer.random.choice(['', ' --flag'])}\n"


def include_role(place: Place) -> str:
    if not place.later:
        return copy_file(place)
    how = place.writer.random.choice(["include_role", "import_role", "ansible.builtin.include_role"])
    return f"- {how}:\n    name: {place.pick()}\n"


def include_role_loop(place: Place) -> str:
    if not place.later:
        return template(place)
    place.writer.use("include_role in a loop")
    names = ", ".join(place.some())
    if place.role and place.writer.chance(2):
        place.add("vars/main.yml", f"wanted_{place.role}: [{names}]\n")
        return f"- include_role: {{name: '{{{{ item }}}}'}}\n  loop: '{{{{ wanted_{place.role} | default([]) }}}}'\n"
    return f"- include_role: {{name: '{{{{ item }}}}'}}\n  with_items: [{names}]\n"


def include_role_from(place: Place) -> str:
    if not place.later:
        return lookup(place)
    return f"- include_role:\n    name: {place.pick()}\n    tasks_from: extra\n    vars_from: extra.yml\n"


def custom_filter(place: Place) -> str:
    if "ansible_collections" in place.folder:
        return copy_file(place)
    name = place.new("shout_" + (place.role or "play"))
    place.add(
        f"filter_plugins/{name}.py",
        f"class FilterModule:\n    def filters(self):\n        return {{'{name}': str.upper}}\n",
    )
    return f"- debug: {{msg: \"{{{{ 'a' | {name} }}}}\"}}\n"


def handler(place: Place) -> str:
    if not place.role:
        return literal_tasks(place)
    stem = place.new("restart")
    place.add(
        "handlers/main.yml",
        f"- name: {place.role} restart\n  template: {{src: {stem}.j2, dest: '{{{{ out }}}}/{stem}'}}\n",
    )
    place.add(f"templates/{stem}.j2", "x\n")
    return f"- debug: {{msg: x}}\n  changed_when: true\n  notify: {place.role} restart\n"
