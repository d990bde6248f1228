"""`tfgen affected` as a person runs it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.conftest import Command


def ask_command(root: Path, tfgen: Command) -> frozenset[str]:
    """The names that the command prints for the work tree at `root`, against its last commit."""
    with contextlib.chdir(root):
        return frozenset(tfgen("affected", "--base", "HEAD", "--format", "names").expect(0).out.split())
