"""The tables of docs/paths.md."""

from __future__ import annotations

from tests.documented import ROOT


def names_of(section: str) -> set[str]:
    """The names of the tests in the tables of one section."""
    page = (ROOT / "docs" / "paths.md").read_text(encoding="utf-8")
    (text,) = (part for part in page.split("\n## ") if part.startswith(f"{section}\n"))
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("|--", "| name"))]
    return {row.strip("| ").rpartition("|")[2].strip(" `") for row in rows}
