"""What an earlier run has left in .tfgen/cache changes no answer, whatever was edited since."""

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

#: What a file may say, by how its name ends.
TEXTS = {
    ".tf": (
        'module "m" {\n  source = "./inner"\n}\n',
        'module "m" {\n  source = "../shared"\n}\n',
        'locals {\n  s = "../shared"\n}\nmodule "m" {\n  source = local.s\n}\n',
        'module "m" {\n  source = "../${terraform.workspace}"\n}\n',
        'locals {\n  a = file("${path.module}/../../../data/a.txt")\n}\n',
        'locals {\n  b = templatefile("../../data/t.tpl", {})\n}\n',
        'locals {\n  c = fileset("../../data", "*.txt")\n  policy = file("../../data/b.txt")\n}\n',
        'variable "project_description" {}\nlocals {\n  d = file("../../data/${var.project_description}.txt")\n}\n',
        "# nothing\n",
        "locals {\n",
    ),
    ".json": (
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "script": "scripts/a.sh"}]}\n',
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "file", "source": "data"}]}\n',
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "ansible", "playbook_file": "site.yml"}]}\n',
    ),
    ".yml": (
        "version: 0.2\nphases: {build: {commands: [bash scripts/b.sh]}}\n",
        "- hosts: all\n  roles: [a]\n",
        "a: [\n",
    ),
    ".toml": (
        TOML,
        f'{TOML}[inputs]\nproject_description = "a"\n',
        f'{TOML}[inputs]\nproject_description = {{ expression = "local.policy" }}\n',
        f'{TOML}[templates.web.inputs]\nproject_description = "b"\n',
        f'{TOML}[environment]\nX = "data/a.txt"\n',
    ),
    "": ("1\n", '${file("../../data/a.txt")}\n', "2\n"),
}
PLACES = (
    *(f"{MODULE}/s.tf", f"{MODULE}/inner/m.tf", "terraform/modules/shared/m.tf", "terraform/modules/other/m.tf"),
    *(f"{ROOT}/locals.tf", f"{ROOT}/terraform.tfvars", "data/a.txt", "data/b.txt", "data/t.tpl", "scripts/a.sh"),
    *("scripts/b.sh", "packer/web.json", "packer/db.json", "site.yml", "buildspec.yml", "roles/a/tasks/main.yml"),
    *("tfgen.toml", "README.md"),
)
LINKS = ((f"{MODULE}/s.tf", "../shared/m.tf"), (f"{MODULE}/inner", "../shared"), ("data/b.txt", "a.txt"))


def text_for(path: str, chance: random.Random) -> str:
    return chance.choice(TEXTS.get(Path(path).suffix, TEXTS[""]))


def edit(root: Path, chance: random.Random) -> None:
    """One edit: a text, a file that is gone, a link, a commit."""
    what = chance.random()
    if what < 0.15:
        git(root, "add", "--all")
        git(root, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--allow-empty", "-qm", "x")
        return
    link, target = chance.choice(LINKS)
    path = root / (link if what < 0.3 else chance.choice(PLACES))
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    if what < 0.3 and not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    elif what > 0.4 or path.name == "tfgen.toml":
        write_tree(root, {str(path.relative_to(root)): text_for(path.name, chance)})


@depth.deep
@pytest.mark.parametrize("seed", range(depth.amount(3, 60)))
def test_a_warm_cache_changes_no_answer(repo: Repo, cli: Command, seed: int) -> None:
    chance = random.Random(seed)
    root = repo(
        {path: text_for(path, chance) for path in PLACES if not path.endswith(".tfvars")} | {"tfgen.toml": TOML}
    )
    git(root, "init", "--quiet", "--initial-branch=main")
    write_tree(root, {".gitignore": ".tfgen/\n"})
    commit(root)
    for _ in range(12):
        for _ in range(chance.randrange(1, 3)):
            edit(root, chance)
        warm = cli("affected", "--why")
        again = cli("affected", "--why")
        kept, aside = root / ".tfgen", root / ".git/kept"
        if kept.is_dir():
            kept.rename(aside)
        cold = cli("affected", "--why")
        if aside.is_dir():
            shutil.rmtree(kept, ignore_errors=True)
            aside.rename(kept)
        assert (warm.code, warm.out) == (again.code, again.out) == (cold.code, cold.out)
