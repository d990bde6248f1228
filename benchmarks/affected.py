"""`tfgen affected`, warm and cold, beside `git diff --name-only` of the same change in the same rounds.

python benchmarks/affected.py                                   1,000 templates, 300 roles, 10,000 files
python benchmarks/affected.py --templates 100 --roles 30 --files 1000
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import trees
from measure import Contender, Row, compare, say

#: Issue 6's limits, in seconds more than `git diff --name-only` (warm), and in all (cold).
WARM, COLD = 0.5, 10.0
_PER_ROLE = ("tasks/main.yml", "tasks/install.yml", "tasks/configure.yml", "handlers/main.yml", "defaults/main.yml")
_TASKS = """\
- name: packages
  ansible.builtin.apt:
    name: "{{{{ packages_{number} }}}}"
- name: settings
  ansible.builtin.template:
    src: file_{last}.j2
    dest: /etc/role{number}.conf
    mode: "0644"
  notify: restart
- ansible.builtin.include_tasks: install.yml
  when: packages_{number} | length > 0
- ansible.builtin.import_tasks: configure.yml
"""
_INCLUDED = """\
- name: folders
  ansible.builtin.file:
    path: "{{ item }}"
    state: directory
  loop: [/srv/a, /srv/b]
- name: run
  ansible.builtin.command: /usr/bin/true
  changed_when: false
"""


def bench_affected(templates: int = 1000, roles: int = 300, files: int = 10_000, rounds: int = 7) -> list[Row]:
    """Ratios and differences of issue 6's `Speed`."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name:
        root = Path(name) / "estate"
        plant(root, templates, roles, files)
        times = compare(_contenders(root), rounds=rounds, env=env)
    for title, timing in times.items():
        say(f"{title}: {timing.peak:.0f} MB, wall", timing.wall)
    diff, size = times["git diff"].wall, f"{templates} templates, {roles} roles, {files} files"
    more = times["warm"].wall - diff
    return [
        Row(name=f"affected, warm, seconds more than git diff ({size})", measured=more, limit=WARM),
        Row(name=f"affected, cold, seconds ({size})", measured=times["cold"].wall, limit=COLD),
        *(
            Row(name=f"affected, {title} / git diff --name-only", measured=times[title].wall / diff)
            for title in _TITLES
        ),
    ]


_TITLES = ("warm", "cold", "template", "key")


def plant(root: Path, templates: int, roles: int, files: int) -> None:
    """Makes an estate whose branch `change` differs from `main` in one task of one role."""
    chance = random.Random(templates)
    paths = trees.plant(root, templates)
    per_role = max(1, (files - 3 * templates) // roles - len(_PER_ROLE) - 1)
    for number in range(roles):
        _role(root / f"ansible/roles/r{number}", number, per_role, chance)
    for number, path in enumerate(paths):
        chosen = ", ".join(f"r{role}" for role in chance.sample(range(roles), min(4, roles)))
        (root / f"ansible/play{number}.yml").write_text(f"- hosts: all\n  become: true\n  roles: [{chosen}]\n")
        for file in [root / path] if (root / path).is_file() else sorted((root / path).glob("*.pkr.*")):
            text = re.sub(r"ansible/[a-z_-]+\.yml", f"ansible/play{number}.yml", file.read_text())
            file.write_text(text)
    trees.settle(root)
    _git(root, "checkout", "--quiet", "-B", "main")
    _git(root, "checkout", "--quiet", "-b", "change")
    with (root / "ansible/roles/r1/tasks/install.yml").open("a") as opened:
        opened.write("- ansible.builtin.debug:\n    msg: changed\n")


def _role(folder: Path, number: int, others: int, chance: random.Random) -> None:
    meta = f"dependencies: [r{chance.randrange(number)}]\n" if number % 5 == 4 else "dependencies: []\n"
    texts = {
        "tasks/main.yml": _TASKS.format(number=number, last=others - 1),
        "tasks/install.yml": _INCLUDED,
        "tasks/configure.yml": _INCLUDED,
        "handlers/main.yml": "- name: restart\n  ansible.builtin.service: {name: x, state: restarted}\n",
        "defaults/main.yml": f"packages_{number}: [a, b, c]\nport_{number}: {chance.randrange(9999)}\n",
        "meta/main.yml": meta,
    }
    texts |= {
        f"templates/file_{other}.j2": f"# {number} {other}\nport = {{{{ port_{number} }}}}\n" for other in range(others)
    }
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _contenders(root: Path) -> list[Contender]:
    tfgen = [str(Path(sys.executable).with_name("tfgen")), "affected", "--format", "names", "--base", "main"]
    template, toml = next(root.glob("packer/**/*.json")), root / "tfgen.toml"

    def forget() -> None:
        for cache in (root / ".tfgen/cache").glob("*"):
            cache.unlink()

    def edit(file: Path, old: str, new: str) -> None:
        _git(root, "checkout", "--quiet", "--", str(file.relative_to(root)))
        file.write_text(file.read_text().replace(old, new, 1))

    def restore() -> None:
        for file in (template, toml):
            _git(root, "checkout", "--quiet", "--", str(file.relative_to(root)))
        subprocess.run(tfgen, cwd=root, check=True, capture_output=True)

    return [
        Contender(name="git diff", argv=["git", "diff", "--name-only", "main"], cwd=root),
        Contender(name="cold", argv=tfgen, cwd=root, prepare=forget),
        Contender(name="warm", argv=tfgen, cwd=root, prepare=restore),
        Contender(name="template", argv=tfgen, cwd=root, prepare=lambda: edit(template, '"builders"', ' "builders"')),
        Contender(name="key", argv=tfgen, cwd=root, prepare=lambda: edit(toml, 'VPC_ID = "vpc-', 'VPC_ID = "vpc-1')),
    ]


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="tfgen affected, beside git diff --name-only")
    for name, default in (("templates", 1000), ("roles", 300), ("files", 10_000), ("rounds", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for row in bench_affected(**vars(parser.parse_args())):
        print(row)


if __name__ == "__main__":
    main()
