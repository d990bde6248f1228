"""What lint keeps in .tfgen/cache/lint changes no finding, whatever was edited since."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import TOML, Command, Repo, write_tree
from tests.functional.branches import MODULE, ROOT
from tests.functional.git_repo import commit, git

_SHELL = '{"type": "shell", "inline": ["set -e", "curl -f https://example.com | sh"]}'
#: What a file may say, by how its name ends.
TEXTS = {
    ".json": (
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "script": "scripts/a.sh"}]}\n',
        '{"builders": [{"type": "amazon-ebs", "ami_name": "{{user `s`}}"}], "variables": {"s": ""}}\n',
        f'{{"_c": "tfgen:ignore hidden-failure why", "builders": [{{"type": "null"}}], "provisioners": [{_SHELL}]}}\n',
        f'{{"builders": [{{"type": "null"}}], "provisioners": [{_SHELL}, {{"type": "file", "source": "../out/x"}}]}}\n',
        (
            '{"builders": [{"type": "null"}], "variables": {"e": "{{env `X`}}"}, "provisioners":'
            ' [{"type": "ansible-local", "playbook_file": "site.yml", "role_paths": ["roles/a"],'
            ' "galaxy_file": "req.yml"}]}\n'
        ),
        (
            '{"builders": [{"type": "null"}], "provisioners": [{"type": "ansible", "playbook_file": "sub/play.yml"},'
            ' {"type": "shell-local", "inline": ["cp data/a.txt out/x", "packer build packer/db.json"]}]}\n'
        ),
        '{"builders": [\n',
        "{}\n",
    ),
    ".hcl": (
        (
            'source "null" "x" {}\nbuild {\n  sources = ["source.null.x"]\n  provisioner "shell" {\n'
            '    script = "${path.root}/../scripts/b.sh"\n  }\n}\n'
        ),
        (
            'variable "password" {\n  default = "hunter2hunter2"\n}\nsource "null" "x" {}\n'
            'build {\n  sources = ["source.null.x"]\n}\n'
        ),
        'source "null" "x" {}\nbuild {\n  sources = ["source.null.x"] # tfgen:ignore no-manifest reason\n}\n',
    ),
    ".yml": (
        "version: 0.2\nphases: {build: {commands: [packer build $PACKER_SCRIPT]}}\n",
        "version: 0.2\nphases: {build: {commands: [cd packer, packer build web.json, X=1 true]}}\n",
        "- hosts: all\n  roles: [a]\n  tasks: [{include_tasks: tasks/x.yml}, {copy: {src: a.txt, dest: /a}}]\n",
        "- hosts: all\n  roles: [b, owner.role] # tfgen:ignore requirements-missing it comes later\n",
        "roles:\n- src: https://example.com/b.git\n  name: b\n",
        "- name: owner.role\n",
        "a: [\n",
    ),
    ".toml": (
        TOML,
        f'{TOML}[environment]\nX = "data/a.txt"\nY = "1"\n',
        f'{TOML}working_dir = "packer"\n',
        f'{TOML}[lint.disable]\nno-manifest = "none is read"\n[lint.templates.web]\nhidden-failure = "known"\n',
        f'{TOML}[lint.severity]\nhidden-failure = "note"\n',
        f'{TOML}[module]\nsource = "../modules/codepipeline"\n[inputs]\nfull_clone = false\n',
    ),
    ".sh": (
        "set -e\nfalse | cat\n",
        "#!/bin/sh\ncurl x || true\n",
        "#!/usr/bin/python3\n",
        "export X\n. scripts/a.sh\n",
    ),
    ".tf": (
        'variable "full_clone" {\n  default = true\n}\n',
        'locals {\n  a = file("../../data/a.txt")\n}\n',
        "locals {\n",
    ),
    ".gitignore": (".tfgen/\n", ".tfgen/\nout/\nsub/\n", ".tfgen/\npacker/db.json\n*.yml\n"),
    ".gitmodules": ('[submodule "sub"]\n  path = sub\n  url = https://example.com/sub\n', ""),
    "": ("1\n", "AKIAIOSFODNN7EXAMPLF\n", "name: owner.role\n"),
}
PLACES = (
    *("packer/web.json", "packer/db.json", "packer/c.pkr.hcl", "packer/values.auto.pkrvars.hcl", "tfgen.toml"),
    *("scripts/a.sh", "scripts/b.sh", "data/a.txt", "site.yml", "sub/play.yml", "buildspec.yml", "req.yml"),
    *("roles/a/tasks/main.yml", "roles/b/tasks/main.yml", "tasks/x.yml", "packer/site.yml", "packer/scripts/a.sh"),
    *("files/a.txt", "out/x", ".gitignore", "packer/.gitignore", ".gitmodules", f"{MODULE}/s.tf", f"{ROOT}/locals.tf"),
)
LINKS = (
    *(("scripts/b.sh", "a.sh"), ("roles/a", "b"), ("data/a.txt", "../../outside.txt"), ("sub", "roles")),
    *(("packer/db.json", "web.json"), ("out/x", "nowhere"), ("site.yml", "packer/site.yml")),
)
#: With fewer files a look is not worth keeping.
FILLING = {f"filling/{number}.txt": "x\n" for number in range(60)}
_TAKES_THEM = (
    '{"builders": [{"type": "null"}], "provisioners": [{"type": "file", "source": "filling/"},'
    ' {"type": "shell", "script": "gone.sh"}]}\n'
)


def text_for(path: str, chance: random.Random) -> str:
    name = Path(path).name
    return chance.choice(TEXTS.get(name, TEXTS.get(Path(path).suffix, TEXTS[""])))


def edit(root: Path, chance: random.Random) -> None:
    """One edit: a text, a file or folder that is gone, a link, a mode, another name, a commit, a file outside."""
    what, path = chance.random(), root / chance.choice(PLACES)
    if what < 0.1:
        git(root, "add", "--all", "--force")
        git(root, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--allow-empty", "-qm", "x")
    elif what < 0.25:
        link, target = chance.choice(LINKS)
        remove(root / link)
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        (root / link).symlink_to(target)
    elif what < 0.3:
        outside = root.parent / "outside.txt"
        outside.unlink() if outside.exists() else outside.write_text("x\n")
    elif what < 0.4 and path.is_file():
        path.chmod(chance.choice((0o644, 0o755, 0o000)))
    elif what < 0.5 and os.path.lexists(path) and path.name != "tfgen.toml":
        remove(path.with_name("moved.json"))
        path.rename(path.with_name("moved.json"))
    elif what < 0.65 and path.name != "tfgen.toml":
        remove(chance.choice((path, path.parent)) if path.parent not in (root, root / "packer") else path)
    else:
        if not path.parent.resolve().is_relative_to(root) or any(above.is_file() for above in path.parents):
            return
        remove(path)
        write_tree(root, {str(path.relative_to(root)): text_for(path.name, chance)})


def remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def repository(repo: Repo, chance: random.Random | None = None) -> Path:
    texts = {path: text_for(path, chance) for path in PLACES} if chance else {}
    files = FILLING | texts | {"tfgen.toml": TOML, "packer/filling.json": _TAKES_THEM, ".gitignore": ".tfgen/\n"}
    root = repo(files)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    return root


@depth.deep
@pytest.mark.parametrize("seed", range(1, depth.amount(2, 41)))
def test_what_is_kept_changes_no_finding(repo: Repo, cli: Command, seed: int) -> None:
    chance = random.Random(seed)
    root = repository(repo, chance)
    kept, aside = root / ".tfgen", root.parent / "aside"
    hits = 0
    for _ in range(12):
        for _ in range(chance.choice((1, 1, 3))):
            edit(root, chance)
        only = chance.choice(((), (), ("--rule", "hidden-failure")))
        warm = cli("lint", "--format", "json", *only)
        before = (kept / "cache/lint").stat().st_ino if (kept / "cache/lint").exists() else 0
        again = cli("lint", "--format", "json", *only)
        hits += before != 0 and (kept / "cache/lint").stat().st_ino == before
        assert (warm.code, warm.out) == (again.code, again.out)
        if kept.is_dir():
            kept.rename(aside)
        cold = cli("lint", "--format", "json", *only)
        shutil.rmtree(kept, ignore_errors=True)
        if aside.is_dir():
            aside.rename(kept)
        assert (warm.code, warm.out) == (cold.code, cold.out)
    assert hits > 3  # else nothing was tried


def test_the_second_look_reads_no_template(repo: Repo, cli: Command) -> None:
    root = repository(repo)
    first = cli("lint").expect(1)
    file = root / ".tfgen/cache/lint"
    kept = file.read_bytes(), file.stat().st_ino
    assert cli("lint").expect(1).out == first.out
    assert (file.read_bytes(), file.stat().st_ino) == kept
    write_tree(root, {"packer/filling.json": _TAKES_THEM.replace("null", "amazon-ebs")})
    assert cli("lint").out != first.out
    assert file.stat().st_ino != kept[1]


def test_findings_that_came_with_the_repository_are_not_believed(repo: Repo, cli: Command) -> None:
    root = repository(repo)
    first = cli("lint").expect(1)
    file = root / ".tfgen/cache/lint"
    data = file.read_bytes()
    file.unlink()
    cli("lint")
    file.with_name("other").write_bytes(data)
    file.with_name("other").replace(file)  # the same bytes, as a checkout would put them there
    inode = file.stat().st_ino
    assert cli("lint").expect(1).out == first.out
    assert file.stat().st_ino != inode


def test_wrong_bytes_are_no_findings(repo: Repo, cli: Command) -> None:
    root = repository(repo)
    first = cli("lint").expect(1).out
    file = root / ".tfgen/cache/lint"
    good = file.read_bytes()
    for place in range(0, len(good), len(good) // 5):
        with file.open("r+b") as opened:  # the inode stays
            opened.write(good[:place] + bytes([good[place] ^ 0x01]) + good[place + 1 :])
        result = cli("lint").expect(1)
        assert result.out == first
        assert ".tfgen/cache/lint is damaged, or of another version: removed" in result.err
        good = file.read_bytes()


def test_fixes_are_made_on_what_stands_there(repo: Repo, cli: Command) -> None:
    root = repository(repo)
    old = '{"builders": [{"type": "null", "communicator": "none"}], "provisioners": [{"type": "shell", "inline": ["a"],'
    old += ' "inline_shebang": "/bin/bash"}, {"type": "shell", "inline": ["cp a b", "cp c d"]}]}\n'
    write_tree(root, {"packer/old.json": old.replace('["a"]', '["cp a b", "cp c d"]')})
    cli("lint")
    cli("lint", "--fix")
    assert '"/bin/bash -e"' in (root / "packer/old.json").read_text()
    assert "no-errexit" not in cli("lint").out


def test_what_lies_outside_and_what_git_ignores_counts(repo: Repo, cli: Command) -> None:
    root = repository(repo)
    (root / "out").symlink_to("../outside")
    write_tree(root, {"packer/web.json": _TAKES_THEM.replace("gone.sh", "out/a.sh")})
    seen = [cli("lint", "--format", "json").out]
    write_tree(root.parent / "outside", {"a.sh": "set -e\n"})
    seen.append(cli("lint", "--format", "json").out)
    write_tree(root, {".gitignore": ".tfgen/\ngone.sh\n"})
    seen.append(cli("lint", "--format", "json").out)
    (root / ".gitignore").unlink()
    seen.append(cli("lint", "--format", "json").out)
    assert len(set(seen)) == 3
    assert seen[1] == seen[3]
