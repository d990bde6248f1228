"""Ways in which a template moves."""

from __future__ import annotations

from pathlib import Path

from tests.functional.git_repo import edited


def move(root: Path, path: str) -> str:
    """The template `web` becomes `path`, which is returned."""
    (root / path).parent.mkdir(exist_ok=True)
    (root / "packer/web.json").rename(root / path)
    return path


def renamed(root: Path) -> str:
    return move(root, "packer/site.json")


def moved(root: Path) -> str:
    return move(root, "packer/team/web.json")


def renamed_and_edited(root: Path) -> str:
    path = renamed(root)
    (root / path).write_text(edited((root / path).read_text()))
    return path
