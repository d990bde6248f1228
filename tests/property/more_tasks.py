"""More tasks as people write them: computed names, loops over files, and lookups."""

from __future__ import annotations

from tests.property.places import FAMILIES, SAY, Place


def tasks_by_role_path(place: Place) -> str:
    stem = place.new("by_path")
    for family in FAMILIES:
        place.tasks(f"{stem}/{family.lower()}/main.yml", SAY.format(family))
    where = "{{ role_path }}/tasks" if place.role else "{{ playbook_dir }}"
    return f'- include_tasks: "{where}/{stem}/{{{{ ansible_os_family | lower }}}}/main.yml"\n'


def first_found_tasks(place: Place) -> str:
    stem = place.new("install")
    place.tasks(f"{stem}-{place.writer.random.choice(['Debian', 'Ubuntu', 'default'])}.yml", SAY.format("x"))
    names = ", ".join(f'"{stem}-{{{{ {fact} }}}}.yml"' for fact in ("ansible_distribution", "ansible_os_family"))
    return (
        f"- include_tasks: \"{{{{ lookup('first_found', places) }}}}\"\n"
        f"  vars:\n    places:\n      files: [{names}, {stem}-default.yml, /dev/null]\n"
        f'      paths: ["{"{{ role_path }}/tasks" if place.role else "{{ playbook_dir }}"}"]\n'
    )


def vars_in_loop(place: Place) -> str:
    stem = place.new("settings")
    for name in "ab":
        place.add(f"vars/{stem}-{name}.yml", f"{stem}_{name}: 1\n")
    where = "" if place.role else "vars/"
    return f'- include_vars: "{where}{stem}-{{{{ item }}}}.yml"\n  loop: [a, b]\n'


def template_items(place: Place) -> str:
    stem = place.new("page")
    for name in "ab":
        place.add(f"templates/{stem}-{name}.j2", "x\n")
    return (
        "- template: {src: '{{ item.src }}', dest: '{{ out }}/{{ item.to }}'}\n"
        f"  loop:\n    - {{src: {stem}-a.j2, to: a}}\n    - {{src: {stem}-b.j2, to: b}}\n"
    )


def template_macros(place: Place) -> str:
    stem, layout = place.new("child"), place.new("layout")
    place.add(f"templates/{stem}.j2", f"{{% extends '{layout}.j2' %}}{{% from '{layout}-macros.j2' import say %}}\n")
    place.add(f"templates/{layout}.j2", "x\n")
    place.add(f"templates/{layout}-macros.j2", "{% macro say() %}x{% endmacro %}\n")
    return f"- template: src={stem}.j2 dest={{{{ out }}}}/{stem}\n"


def with_file(place: Place) -> str:
    stem = place.new("key")
    place.add(f"files/{stem}.pub", "x\n")
    return f"- debug: {{msg: '{{{{ item }}}}'}}\n  with_file: [{stem}.pub]\n"


def lookup_ini(place: Place) -> str:
    stem = place.new("setting")
    place.add(f"files/{stem}.ini", "[main]\na=1\n")
    return f"- debug: {{msg: \"{{{{ lookup('ansible.builtin.ini', 'a', section='main', file='{stem}.ini') }}}}\"}}\n"


def lookup_computed(place: Place) -> str:
    stem = place.new("banner")
    for family in FAMILIES:
        place.add(f"files/{stem}-{family}.txt", "x\n")
    return f"- set_fact: {{banner: \"{{{{ lookup('file', '{stem}-' ~ ansible_os_family ~ '.txt') }}}}\"}}\n"


def import_role_from(place: Place) -> str:
    if not place.later:
        return with_file(place)
    return f"- import_role: {{name: {place.pick()}, tasks_from: extra.yml}}\n"
