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
        (
            '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell-local", "inline": ["packer build '
            'packer/db.json"]}]}\n'
        ),
    ),
    ".yml": (
        "version: 0.2\nphases: {build: {commands: [bash scripts/b.sh]}}\n",
        "- hosts: all\n  roles: [a]\n",
        "- hosts: all\n  roles: [shared]\n",
        "a: [\n",
    ),
    ".toml": (
        TOML,
        f'{TOML}[inputs]\nproject_description = "a"\n',
        f'{TOML}[inputs]\nproject_description = {{ expression = "local.policy" }}\n',
        f'{TOML}[templates.web.inputs]\nproject_description = "b"\n',
        f'{TOML}[environment]\nX = "data/a.txt"\n',
    ),
    ".sh": ("1\n", "cat data/a.txt\n", "packer build packer/db.json\n", ". scripts/b.sh\n"),
    "": ("1\n", '${file("../../data/a.txt")}\n', "2\n"),
}
PLACES = (
    *(f"{MODULE}/s.tf", f"{MODULE}/inner/m.tf", "terraform/modules/shared/m.tf", "terraform/modules/other/m.tf"),
    *(f"{ROOT}/locals.tf", f"{ROOT}/terraform.tfvars", "data/a.txt", "data/b.txt", "data/t.tpl", "scripts/a.sh"),
    *("scripts/b.sh", "packer/web.json", "packer/db.json", "site.yml", "buildspec.yml", "roles/a/tasks/main.yml"),
    *("tfgen.toml", "README.md"),
)
LINKS = (
    (f"{MODULE}/s.tf", "../shared/m.tf"),
    (f"{MODULE}/inner", "../shared"),
    (f"{MODULE}/inner", "../other"),
    ("data/b.txt", "a.txt"),
    ("data/b.txt", "t.tpl"),
)
#: A submodule, which is not checked out.
SUBMODULE = "roles/shared"


def text_for(path: str, chance: random.Random) -> str:
    return chance.choice(TEXTS.get(Path(path).suffix, TEXTS[""]))


def committed(root: Path, chance: random.Random) -> None:
    """Everything is committed, sometimes with another commit of the submodule."""
    git(root, "add", "--all")
    if chance.random() < 0.5:
        named = f"160000,{chance.choice('123') * 40},{SUBMODULE}"
        git(root, "update-index", "--add", "--cacheinfo", named)
        (root / SUBMODULE).mkdir(parents=True, exist_ok=True)
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--allow-empty", "-qm", "x")


def moved(root: Path, chance: random.Random) -> None:
    """A template or another file goes to a name beside it and back, gets another mode, or is as it was in HEAD."""
    there = [path for path in (*PLACES, "packer/web2.json", "data/c.txt") if (root / path).is_file()]
    path = root / chance.choice([*there, *(one for one in there if one.startswith("packer/"))])
    what = chance.random()
    if what < 0.5 and path.name != "tfgen.toml":
        beside = {"web": "web2", "web2": "web", "a": "c", "c": "a"}.get(path.stem, f"{path.stem}-moved")
        path.rename(path.with_stem(beside))
    elif what < 0.7:
        path.chmod(path.stat().st_mode ^ 0o111)
    else:
        git(root, "checkout", "--quiet", "--force", "HEAD", "--", ".")


def edit(root: Path, chance: random.Random) -> None:
    """One edit: a text, a file that is gone, moved or as it was, a link, a commit."""
    what = chance.random()
    if what < 0.25:
        committed(root, chance)
        return
    if what < 0.35:
        moved(root, chance)
        return
    link, target = chance.choice(LINKS)
    tf = [path for path in PLACES if path.endswith(".tf") or path.startswith("data/")]
    path = root / (link if what < 0.45 else chance.choice(tf if what < 0.8 else PLACES))
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    if what < 0.45 and not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    elif chance.random() < 0.8 or path.name == "tfgen.toml":
        write_tree(root, {str(path.relative_to(root)): text_for(path.name, chance)})


@depth.deep
@pytest.mark.parametrize("seed", range(1, depth.amount(3, 60)))
def test_a_warm_cache_changes_no_answer(repo: Repo, cli: Command, seed: int) -> None:
    chance = random.Random(seed)
    root = repo(
        {path: text_for(path, chance) for path in PLACES if not path.endswith(".tfvars")} | {"tfgen.toml": TOML}
    )
    git(root, "init", "--quiet", "--initial-branch=main")
    write_tree(root, {".gitignore": ".tfgen/\n"})
    commit(root)
    for _ in range(20):
        edit(root, chance)
        warm = cli("affected", "--why")
        again = cli("affected", "--why")
        assert (warm.code, warm.out) == (again.code, again.out)
        kept, aside = root / ".tfgen", root / ".git/kept"
        if kept.is_dir():
            kept.rename(aside)
        cold = cli("affected", "--why")
        if aside.is_dir():
            shutil.rmtree(kept, ignore_errors=True)
            aside.rename(kept)
        assert (warm.code, warm.out) == (cold.code, cold.out)


def test_a_module_that_calls_another_module_now(repo: Repo, cli: Command) -> None:
    inner, shared = f"{MODULE}/inner/m.tf", "terraform/modules/shared/m.tf"
    web = TEXTS[".json"][0]
    root = repo({"tfgen.toml": TOML, "packer/web.json": web, f"{MODULE}/s.tf": TEXTS[".tf"][0], inner: "", shared: ""})
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    write_tree(root, {"notes.txt": ""})
    assert cli("affected", "--format", "names").expect(0).out == ""
    for text in (TEXTS[".tf"][1], TEXTS[".tf"][0], TEXTS[".tf"][2]):
        write_tree(root, {f"{MODULE}/s.tf": text, shared: "# 1\n", inner: "# 1\n"})
        commit(root)
        write_tree(root, {shared: "# 2\n"})
        found = cli("affected", "--format", "names").expect(0).out.split()
        assert found == ([] if "./inner" in text else ["web"])
