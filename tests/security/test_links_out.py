"""Links of a branch that lead out of the repository: no command reads what is there, none writes there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT
from tests.functional.git_repo import commit, git

READING = (("sync", "--check"), ("list",), ("lint",), ("affected", "--base", "main"), ("graph", "--format", "json"))
COMMANDS = (*READING, ("sync",), ("comment", "--dry-run"), ("plan", "--untrusted", "--base", "main"))
#: What only shows where the link was followed.
SECRET = "canary-of-elsewhere"
OUTSIDE = {
    "tfgen.toml": f'{ESTATE["tfgen.toml"]}# {SECRET}\n[templates.{SECRET}]\npath = "packer/web.json"\n',
    f"{SECRET}.json": JSON,
    "broken.json": f'{{"builders": [{{"type": "{SECRET}"}}], {SECRET}',
    "pipelines/locals.tf": "",
    "packer/web.json": JSON,
    "x.tf": f'variable "{SECRET}" {{\n}}\n',
}
#: Where a link is put, and where it leads.
FOLDERS = {
    "the root module": (ROOT, "outside/pipelines"),
    "a folder around the root module": ("terraform", "outside"),
    "the folder of templates": ("packer", "outside"),
    "the module": (MODULE, "outside"),
    "a folder around the module": ("terraform/modules", "outside"),
    "tfgen.toml": ("tfgen.toml", "outside/tfgen.toml"),
}
FILES = {
    "a template": ("packer/x.json", "outside/broken.json"),
    "another template": ("packer/x.json", f"outside/{SECRET}.json"),
    "a folder of templates": ("packer/x", "outside"),
    "a template from git's own files": ("packer/x.json", "repo/.git/x.json"),
    "a folder of git's own files": ("packer/x", "repo/.git"),
    "a generated file": (f"{ROOT}/pipeline_web.gen.tf", "outside/x.tf"),
    "a file of the module": (f"{MODULE}/x.tf", "outside/x.tf"),
    "a script": ("scripts", "outside"),
}


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:
    root = repo(ESTATE)
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    git(root, "remote", "add", "origin", "../origin")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(root, "checkout", "--quiet", "-b", "pr")
    write_tree(root, {f".git/{SECRET}.json": JSON, ".git/x.json": OUTSIDE["broken.json"]})
    write_tree(root.parent / "outside", OUTSIDE)
    return root


def put(root: Path, path: str, target: str, *, absolute: bool = False) -> None:
    place = root / path
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    to = root / target.removeprefix("repo/") if target.startswith("repo/") else root.parent / target
    place.symlink_to(to if absolute else Path("../" * path.count("/") + "..") / to.relative_to(root.parent))
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "x")


def outside(root: Path) -> dict[str, bytes]:
    place = root.parent / "outside"
    return {str(path): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("name", FOLDERS)
def test_a_place_that_leads_out_is_refused(root: Path, cli: Command, name: str, absolute: bool) -> None:
    before = outside(root)
    path, target = FOLDERS[name]
    put(root, path, target, absolute=absolute)
    for command in COMMANDS:
        if "module" in name and "root" not in name and command[0] in ("list", "lint", "affected", "graph", "comment"):
            result = cli(*command)  # they do without it
        else:
            result = cli(*command).expect(3)
            said = f"error: {path}: is a symlink to outside the repository; remove it"
            untrusted = "error: tfgen.toml:1: module.source is outside the repository"  # of its module
            assert said in result.err or (command[0] == "plan" and untrusted in result.err)
        assert SECRET not in result.out + result.err
        assert outside(root) == before, command


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_leads_out_is_not_read(root: Path, cli: Command, name: str, absolute: bool) -> None:
    before = outside(root)
    put(root, *FILES[name], absolute=absolute)
    for command in COMMANDS:
        result = cli(*command)
        assert result.code in (0, 1, 2, 3, 64), result.err
        assert SECRET not in result.out + result.err, command
        assert outside(root) == before, command


@pytest.mark.parametrize(
    ("path", "to"),
    [(ROOT, "elsewhere/pipelines"), ("packer", "elsewhere/packer"), ("tfgen.toml", "elsewhere/x.toml"), (MODULE, "m")],
)
def test_a_link_that_stays_inside_works(root: Path, cli: Command, path: str, to: str) -> None:
    (root / to).parent.mkdir(exist_ok=True)
    shutil.move(root / path, root / to)
    if path == ROOT:  # Terraform takes a module's source from where the root module really is
        (root / "modules").symlink_to("terraform/modules")
    (root / path).symlink_to(Path("../" * path.count("/")) / to)
    commit(root)
    cli("sync").expect(0)
    for command in READING:
        cli(*command).expect(0)


@pytest.mark.parametrize(
    "setting",
    [
        *(
            'packer_dir = ".git"',
            'packer_dir = "./.GIT/hooks"',
            'terraform_dir = ".git/hooks"',
            'terraform_dir = ".git"',
        ),
        *('module.source = "../../.git/m"', 'module.source = "./../x/../../.git/m"'),
    ],
)
def test_gits_own_folder_is_no_place(root: Path, cli: Command, setting: str) -> None:
    toml = f"{setting}\n{ESTATE['tfgen.toml']}"
    write_tree(root, {"tfgen.toml": toml, ".git/m/main.tf": OUTSIDE["x.tf"], ".git/hooks/x.tf": OUTSIDE["x.tf"]})
    for command in (("sync",), ("sync", "--check"), ("plan", "--untrusted", "--base", "origin/main")):
        result = cli(*command)
        assert result.code in (1, 3)
        assert "git's own folder; use another folder" in result.err
        assert SECRET not in result.out + result.err
    assert not list((root / ".git").rglob("*.gen.tf"))
