"""A repository with a main branch and a branch from it, for what depends on the difference."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import TOY, Command, Repo, write_tree
from tests.functional.git_repo import commit, git, template
from tests.prepared import prepared

ROOT = "terraform/pipelines"
MODULE = "terraform/modules/codepipeline"
GITIGNORE = ".tfgen/\n.terraform/\n*.tfstate\n*.tfstate.*\n*.tfplan\n"
#: Hand-written Terraform with everything that only looks like something.
INNOCENT = """\
# data "external" "x" { program = ["sh"] }
/* provisioner "local-exec" {
   module "evil" { source = "git::https://example.com/evil" } */
locals {
  quoted = "resource \\"x\\" { provisioner \\"local-exec\\" {} }"
  here   = <<-EOT
    data "external" "x" {
      program = ["sh"]
    }
  EOT
  number = 1e3
}
"""
ESTATE = {
    **TOY,
    ".gitignore": GITIGNORE,
    f"{ROOT}/innocent.tf": INNOCENT,
    f"{ROOT}/backend.tf": 'terraform {\n  backend "local" {\n    path = "terraform.tfstate"\n  }\n}\n',
    f"{MODULE}/inner/main.tf": 'output "x" {\n  value = 1\n}\n',
    f"{MODULE}/calls.tf": 'module "inner" {\n  source = "./inner"\n}\n',
    "packer/web.json": template("web"),
    "packer/db.json": template("db"),
}


def branched(repo: Repo, cli: Command, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A synced estate on main, and a branch `feature` that is checked out and changes nothing yet."""
    whole = {**ESTATE, **(files or {})}

    def make() -> Path:
        root = repo(whole)
        cli("sync").expect(0)
        git(root, "init", "--quiet")
        commit(root)
        git(root, "checkout", "--quiet", "-b", "feature")
        return root

    return prepared(repo, make, "branched", whole)


def push(root: Path, files: Mapping[str, str | bytes], *, message: str = "x") -> None:
    """Commits `files`, ignored ones too, as whoever may push a branch can."""
    write_tree(root, files)
    git(root, "add", "--force", "--", *files)
    commit(root, message)


def sha(root: Path, name: str = "HEAD") -> str:
    return git(root, "rev-parse", name).strip()


def clone(root: Path, place: Path, *options: str) -> Path:
    """As CI has it: the server's HEAD is main, and the branch is checked out that is checked out in `root`."""
    branch = git(root, "branch", "--show-current").strip()
    git(root, "checkout", "--quiet", "main", "--")
    argv = ["git", "clone", "--quiet", "--branch", branch, *options, f"file://{root}", str(place)]
    subprocess.run(argv, check=True, capture_output=True)
    git(root, "checkout", "--quiet", branch, "--")
    return place
