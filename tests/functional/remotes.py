"""A clone with one commit on `main`, an origin beside it, and what git's settings say of a remote."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import TOML, Repo
from tests.functional.git_repo import commit, git

URL = "codecommit::eu-west-1://ami-builder"


def clone(repo: Repo, toml: str = TOML) -> Path:
    """A repository whose remote `origin` is the bare repository `origin.git` beside it; nothing is pushed yet."""
    root = repo({"tfgen.toml": toml, ".gitignore": ".tfgen/\n"})
    git(root, "init", "--quiet")
    commit(root)
    bare(root, "origin")
    return root


def bare(root: Path, name: str) -> Path:
    """A bare repository beside `root`, and a remote of that name that goes to it."""
    folder = root.parent / f"{name}.git"
    git(root.parent, "init", "--quiet", "--bare", folder.name)
    git(root, "remote", "add", name, str(folder))
    return folder


def add_commit(root: Path, message: str = "more") -> str:
    """An empty commit on the branch that is checked out; its id."""
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(root, "rev-parse", "HEAD").strip()


def commit_at(folder: Path, branch: str) -> str:
    """The commit of `branch` in a bare repository, "" when it is not there."""
    argv = ["git", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()


def setting(root: Path, key: str) -> list[str]:
    """Every value that git's settings have for `key`."""
    argv = ["git", "config", "--get-all", key]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False).stdout.splitlines()


def program(folder: Path, name: str, script: str) -> Path:
    """An executable shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
