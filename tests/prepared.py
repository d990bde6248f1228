"""Repositories that many tests begin with: each worker makes one once, and copies it from then on.

Syncing, committing, planning and applying take longer than most of what is then tested.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tfgen.terraform.environment import run_environment
from tfgen.terraform.init import keep_done

#: As tests/conftest.py has it, which imports this.
Repo = Callable[..., Path]

_kept: list[Path] = []


def keep_in(folder: Path) -> None:
    """From now on, copies are kept in `folder`."""
    _kept[:] = [folder]


def prepared(repo: Repo, make: Callable[[], Path], *key: object) -> Path:
    """What `make` makes by `repo`, or a copy of it; works in its folder. `key` is all that it depends on."""
    kept = _kept[0] / hashlib.sha256(repr(key).encode()).hexdigest()
    if not kept.exists():
        root = make()
        shutil.copytree(root, kept, symlinks=True)
        return root
    root = repo({})
    shutil.copytree(kept, root, symlinks=True, dirs_exist_ok=True)
    _know_init(root)
    return root


def _know_init(root: Path) -> None:
    """What `terraform init` has made is as good in another folder, whose path is a part of what tfgen remembers."""
    cache = root / ".tfgen/cache"
    if (cache / "init").exists() and (cache / "terraform-version.json").exists():  # a script's version is not kept
        answer = json.loads((cache / "terraform-version.json").read_bytes())["answer"]
        identity = f"{answer['product']} {answer['version']}"
        keep_done(root / "terraform/pipelines", cache / "init", identity, run_environment(os.environ))
