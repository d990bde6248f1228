"""Ways in which a template moves."""

from __future__ import annotations

from pathlib import Path

from tests.functional.git_repo import edited


def renamed(root: Path) -> str:
    (root / "packer/web.json").rename(root / "packer/site.json")
    return "packer/site.json"


def moved(root: Path) -> str:
    (root / "packer/team").mkdir()
    (root / "packer/web.json").rename(root / "packer/team/web.json")
    return "packer/team/web.json"


def renamed_and_edited(root: Path) -> str:
    path = renamed(root)
    (root / path).write_text(edited((root / path).read_text()))
    return path
