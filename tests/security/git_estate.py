"""An estate in a folder of a repository, a branch from it, and programs that leave a mark when they run."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import TOY, Command, Repo, Result, write_tree
from tests.functional.git_repo import commit, git, template
from tests.prepared import prepared

MODULE = "terraform/modules/codepipeline"
ROOT = "terraform/pipelines"
FILES = {
    **TOY,
    ".gitignore": ".tfgen/\n.terraform/\n*.tfstate*\n",
    "packer/web.json": template("web"),
    "packer/db.json": template("db"),
}
#: What only shows in a plan where the branch's own Terraform was believed.
EVIL = 'resource "terraform_data" "evil" {\n  input = "evil"\n}\n'
#: The commands that read a tree, and start no Terraform.
READING = (
    ("sync", "--check"),
    ("list",),
    ("lint",),
    ("affected", "--base", "origin/main", "--why"),
    ("graph", "--format", "json"),
)
PLAN = ("plan", "--untrusted", "--base", "origin/main", "--format", "json")


@dataclass
class Estate:
    """The branch `pr`, checked out in `top`; the estate lies in `root`, and a program of the branch makes `mark`."""

    top: Path
    root: Path
    mark: Path
    cli: Command
    tfgen: Command

    def program(self, file: Path, then: str = 'exec /usr/bin/env git "$@"') -> Path:
        """An executable that leaves the mark."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch '{self.mark}'\nPATH=/usr/local/bin:/usr/bin:/bin {then}\n")
        file.chmod(0o755)
        return file

    def fake_bare(self, folder: Path, commit: str, *, settings: str = "") -> None:
        """Files that look like a bare repository whose origin/main is `commit`, with this repository's objects."""
        folder.mkdir(parents=True, exist_ok=True)
        objects = os.path.relpath(self.top / ".git/objects", folder / "objects")
        tree = os.path.relpath(self.top, folder)
        config = f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = {tree}\n"
        files = {"HEAD": f"{commit}\n", "config": config, "objects/info/alternates": f"{objects}\n"}
        write_tree(folder, {**files, "refs/remotes/origin/main": f"{commit}\n"})
        git(self.top, f"--git-dir={folder}", "read-tree", commit)
        write_tree(folder, {"config": f"{config}{settings}"})

    def evil_commit(self) -> str:
        """The branch gets a Terraform file of its own."""
        write_tree(self.root, {f"{MODULE}/evil.tf": EVIL})
        commit(self.top, "evil")
        return git(self.top, "rev-parse", "HEAD").strip()

    def commit(self) -> None:
        git(self.top, "-c", "advice.addEmbeddedRepo=false", "add", "--all")
        git(self.top, "commit", "--quiet", "--message", "more")

    def stale(self) -> None:
        """git has to look into every file to know whether it is as it was."""
        for path in self.root.rglob("*.*"):
            if path.is_file():
                os.utime(path, (1, 1))

    def require_unmarked(self) -> None:
        assert not self.mark.exists(), "a program of the branch ran"

    def reads(self) -> dict[tuple[str, ...], Result]:
        """Every command that reads, in this process."""
        self.mark.unlink(missing_ok=True)
        found: dict[tuple[str, ...], Result] = {}
        for arguments in READING:
            self.stale()
            found[arguments] = self.cli(*arguments)
            self.require_unmarked()
            assert found[arguments].code in (0, 1, 2, 3), found[arguments].err
        return found

    def holds(self, **environment: str) -> Result:
        """That nothing of the branch runs, and nothing of its Terraform is planned."""
        self.mark.unlink(missing_ok=True)
        self.stale()
        planned = self.tfgen(*PLAN, **environment)
        self.require_unmarked()
        assert planned.code in (0, 3), planned.err
        if planned.code == 0:
            shown = json.loads(planned.out)
            addresses = [resource["address"] for image in shown["images"] for resource in image["resources"]]
            assert addresses
            assert not [address for address in addresses if "evil" in address]
        return planned


def make_estate(repo: Repo, cli: Command, tfgen: Command, folder: str = ".") -> Estate:
    """A committed estate in `folder` of a repository, as origin has it, and a branch from it; works in that folder."""

    def make() -> Path:
        top = repo({os.path.normpath(f"{folder}/{path}"): text for path, text in FILES.items()})
        os.chdir(top / folder)
        cli("sync").expect(0)
        git(top, "init", "--quiet")
        commit(top)
        git(top, "remote", "add", "origin", "../origin")
        git(top, "update-ref", "refs/remotes/origin/main", "main")
        git(top, "checkout", "--quiet", "-b", "pr")
        return top

    top = prepared(repo, make, "pr", folder)
    root = top / folder
    os.chdir(root)
    return Estate(top=top, root=root, mark=top.parent / "mark", cli=cli, tfgen=tfgen)
