"""Builds that really run: repositories with what runs on the machine that builds, in whatever folder Packer is started.

`python -m tests.property.local_builds --seed N --count M` traces real builds and says which files the graph misses.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec

from tests.conftest import TOML, write_tree
from tests.e2e.tools import bare_environment, require_tool
from tests.property.local_texts import Texts
from tests.unit.test_graph_template import graph

_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
_CALL = re.compile(
    r'^\d+\s+open(?:at)?\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)", ([^)]*)\)(.*)$', re.MULTILINE
)
_NOT_READ = ("O_WRONLY", "O_DIRECTORY", "O_CREAT")
_PLAY = "- hosts: all\n  gather_facts: false\n  vars_files: [{}]\n  tasks:\n    - ansible.builtin.debug: {{msg: x}}\n"


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One repository. `folder` is where Packer is really started, with `argument` as the template."""

    files: dict[str, str]
    toml: str
    template: str
    folder: str
    argument: str
    used: frozenset[str]


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """What a build opened of its repository, and what the graph has."""

    seed: int
    used: frozenset[str]
    opened: frozenset[str]
    graph: frozenset[str]
    failed: str = ""

    @property
    def missed(self) -> frozenset[str]:
        return self.opened - self.graph

    @property
    def more(self) -> frozenset[str]:
        """Files of the graph that this build did not open, but for those of every image."""
        return frozenset(path for path in self.graph - self.opened if path not in _OF_ALL)


_OF_ALL = ("buildspec.yml", "Makefile", "build.sh")


def make(seed: int, *, ansible: bool = True) -> Build:
    """The build of a seed."""
    random = Random(f"local {seed}")
    home = random.choice(["packer", "packer/team"])
    folder = random.choice([".", "packer", home])
    form = random.choice(["json", "hcl", "hcl", "folder"])
    own = f"{home}/web" if form == "folder" else home
    texts = Texts(random, list(dict.fromkeys((".", "packer", home, own))))
    template = own if form == "folder" else f"{home}/web.{'json' if form == 'json' else 'pkr.hcl'}"
    argument = posixpath.relpath(template, folder)
    steps = [_step(texts, form) for _ in range(random.choice([1, 2, 3]))]
    if ansible and random.randrange(8) == 0:
        steps.append(_ansible(texts))
    given, toml = _told(random, folder, argument, template)
    files = {**texts.files, **given}
    if form == "json":
        files[template] = json.dumps({"builders": [{"type": "null", "communicator": "none"}], "provisioners": steps})
    else:
        files[f"{own}/web.pkr.hcl"] = _hcl(steps, _functions(texts) if random.randrange(2) else "")
    return Build(
        files={**files, **texts.files},
        toml=toml,
        template=template,
        folder=folder,
        argument=argument,
        used=frozenset(texts.used),
    )


def _step(texts: Texts, form: str) -> dict[str, object]:
    random = texts.random
    kind = random.choice(["inline", "inline", "script", "scripts", "root"])
    step: dict[str, object] = {"type": "shell-local", "environment_vars": ["KIND=a"]}
    if kind == "inline":
        return {**step, "inline": texts.text(random.choice([1, 2, 3])).splitlines()}
    name = texts.name("step")
    texts.add(f"scripts/{name}.sh", f"#!/bin/sh\nset -e\n{texts.text(2)}\n")
    if kind == "root":
        root = "{{template_dir}}" if form == "json" else "${path.root}"
        return {**step, "script": f"{root}/scripts/{name}.sh"}
    return {**step, kind: [f"scripts/{name}.sh"] if kind == "scripts" else f"scripts/{name}.sh"}


def _ansible(texts: Texts) -> dict[str, object]:
    """Ansible on this machine, by the provisioner or by a command."""
    random, name = texts.random, texts.name("play")
    texts.used.add("ansible")
    texts.add(f"ansible/vars/{name}.yml", "a: 1\n")
    texts.add(f"ansible/{name}.yml", _PLAY.format(f"vars/{name}.yml"))
    texts.add(f"more/{name}.yml", "b: 1\n")
    texts.add(f"inventories/{name}/hosts", "localhost ansible_connection=local\n")
    texts.add(f"inventories/{name}/group_vars/all.yml", "c: 1\n")
    extra = random.choice([f"-e@more/{name}.yml", f"-ve@more/{name}.yml", f"--extra=@more/{name}.yml"])
    if random.randrange(2):
        arguments = [extra, "-c", "local"]
        return {"type": "ansible", "playbook_file": f"ansible/{name}.yml", "extra_arguments": arguments}
    form = random.choice([f"-i inventories/{name}/hosts", f"-iinventories/{name}", f"--inventory=inventories/{name}"])
    line = random.choice(["ansible-playbook {} {} ansible/{}.yml", "cd ansible; ansible-playbook {} {} {}.yml; cd .."])
    if line.startswith("cd"):
        extra, form = (
            text.replace("more/", "../more/").replace("inventories/", "../inventories/") for text in (extra, form)
        )
    return {"type": "shell-local", "inline": [line.format(form, extra, name)]}


def _functions(texts: Texts) -> str:
    name = texts.name("text")
    texts.used.add("functions")
    for path in (f"texts/{name}.txt", f"sets/{name}/a.sh", f"sets/{name}/deep/b.sh"):
        texts.add(path, "#!/bin/sh\ntrue\n")
    return texts.random.choice(
        [
            f'file("texts/{name}.txt")',
            f'file("${{abspath(path.root)}}/texts/{name}.txt")',
            f'file("${{path.cwd}}/texts/{name}.txt")',
            f'join("", [for f in fileset(".", "sets/{name}/*.sh") : file(f)])',
            f'join("", [for f in fileset("sets/{name}", "**/*.sh") : file("sets/{name}/${{f}}")])',
        ]
    )


def _hcl(steps: list[dict[str, object]], function: str) -> str:
    text = 'source "null" "web" {\n  communicator = "none"\n}\n\nbuild {\n  sources = ["source.null.web"]\n'
    for step in steps:
        body = "".join(f"    {key} = {_written(value)}\n" for key, value in step.items() if key != "type")
        text += f'\n  provisioner "{step["type"]}" {{\n{body}  }}\n'
    if function:
        text += f'\n  provisioner "shell-local" {{\n    inline = ["true", "true #", {function}]\n  }}\n'
    return text + "}\n"


def _written(value: object) -> str:
    text = json.dumps(value)
    return text if '"${path.root}/' in text else re.sub(r"\$\{", "$${", text)


def _told(random: Random, folder: str, argument: str, template: str) -> tuple[dict[str, str], str]:
    """What says where Packer runs; where nothing does, nobody knows."""
    away = posixpath.relpath(template, folder)
    script = {"packer": 'cd "$(dirname "$0")"', ".": 'cd "$(dirname "$0")/.."'}.get(folder, f"cd {folder}")
    ways: list[tuple[dict[str, str], str]] = [
        ({"buildspec.yml": _spec([f"cd {folder}", f"packer build {away}"])}, TOML),
        ({"buildspec.yml": _spec([f"(cd {folder} && packer build -color=false {away})"])}, TOML),
        ({"buildspec.yml": _spec(["packer build x.json"])}, f'working_dir = "{folder}"\n{TOML}'),
        ({"buildspec.yml": _spec(["make build"]), "Makefile": f"build:\n\tcd {folder} && packer build {away}\n"}, TOML),
        ({"buildspec.yml": _spec(["sh build.sh"]), "build.sh": f"cd {folder}\npacker build {away}\n"}, TOML),
        (
            {"buildspec.yml": _spec(["packer/go.sh"]), "packer/go.sh": f"#!/bin/sh\n{script}\npacker build {away}\n"},
            TOML,
        ),
        ({"buildspec.yml": _spec(["echo nothing"])}, TOML),
    ]
    if folder == posixpath.dirname(template) and "." in posixpath.basename(template):  # else tfgen has it by its file
        inner = ['cd "$(dirname "$PACKER_SCRIPT")"', 'packer build "$(basename "$PACKER_SCRIPT")"']
        ways.append(({"buildspec.yml": _spec(inner)}, TOML))
    if folder == ".":
        ways.append(({"buildspec.yml": _spec(["packer build $PACKER_SCRIPT"])}, TOML))
    return random.choice(ways)


def _spec(commands: list[str]) -> str:
    lines = "".join(f"      - {json.dumps(command)}\n" for command in commands)
    return f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}"


def trace(build: Build, seed: int, folder: Path) -> Traced:
    """Runs the build in `folder` (new), and asks for the graph."""
    root, home = folder.resolve() / "tree", folder.resolve() / "home"
    (home / "out").mkdir(parents=True)
    write_tree(root, build.files)
    for path in build.files:
        if path.endswith((".sh", ".py")) or "/path/" in f"/{path}":
            (root / path).chmod(0o755)
    found = graph(root, build.files, build.toml)
    (image,) = found.images
    argv = ["-f", "-y", "-qq", "--seccomp-bpf", "-e", "trace=open,openat", "-o", str(home / "trace")]
    done = subprocess.run(
        [require_tool("strace"), *argv, require_tool("packer"), "build", "-color=false", build.argument],
        cwd=root / build.folder,
        env=bare_environment(home, {"OUT": str(home / "out"), "GODEBUG": "asyncpreemptoff=1"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    opened = set()
    for base, path, flags, rest in _CALL.findall((home / "trace").read_text(errors="surrogateescape")):
        whole = posixpath.normpath(posixpath.join(base or str(root / build.folder), path))
        if " = -1 " not in rest and not any(flag in flags for flag in _NOT_READ):
            opened.add(os.path.relpath(whole, root))
    failed = "" if done.returncode == 0 else (done.stdout + done.stderr)[-1500:]
    return Traced(
        seed=seed,
        used=build.used,
        opened=frozenset(opened & build.files.keys()),
        graph=frozenset(found.made_of(image.name)),
        failed=failed,
    )


def trace_many(seeds: range, *, ansible: bool = True) -> Iterator[Traced]:
    """Each seed in a folder of its own, which is removed."""
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="tfgen-local-", dir=_MEMORY) as name:
            yield trace(make(seed, ansible=ansible), seed, Path(name))


def main() -> int:
    """Exit 1 when a file is missed."""
    parser = argparse.ArgumentParser(description="Traces real builds of generated repositories.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="write the repository of --seed here, and no more")
    arguments = parser.parse_args()
    if arguments.keep:
        write_tree(arguments.keep, make(arguments.seed).files)
        return 0
    found = list(trace_many(range(arguments.seed, arguments.seed + arguments.count)))
    for one in found:
        if one.missed or one.failed:
            print(one.seed, sorted(one.missed), one.failed, file=sys.stderr)
    sums = [sum(len(getattr(one, name)) for one in found) for name in ("opened", "graph", "missed", "more")]
    print(
        f"{len(found)} builds, {sum(bool(one.failed) for one in found)} fail; files opened {sums[0]}, in the graph "
        f"{sums[1]}, missed {sums[2]}, in the graph and not opened {sums[3]}"
    )
    return 1 if any(one.missed for one in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
