"""What the site of the documentation is made of: every page, in its place, with links that hold there."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath

import pytest
import yaml

from tests.documented import ROOT
from tools import site_pages

_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "pages"
    site_pages.put(folder)
    return folder


def test_every_page_is_there_and_none_of_the_tests(pages: Path) -> None:
    assert (pages / "README.md").is_file()
    assert {page.name for page in (pages / "docs").glob("*.md")} == {page.name for page in (ROOT / "docs").glob("*.md")}
    assert (pages / "terraform/modules/codepipeline/README.md").is_file()
    assert list((pages / "tests").rglob("*.md")) == []


def test_decisions_have_a_list(pages: Path) -> None:
    listed = (pages / "docs/adr/README.md").read_text()
    for page in (ROOT / "docs/adr").glob("0*.md"):
        assert f"({page.name})" in listed


def test_links_lead_to_files(pages: Path) -> None:
    dead = []
    for page in pages.rglob("*.md"):
        for target in _LINK.findall(page.read_text()):
            if not re.match(r"[a-z]+:|/", target) and not (pages / normpath(str(page.parent / target))).is_file():
                dead.append(f"{page.relative_to(pages)}: {target}")
    assert dead == []


def test_no_page_asks_another_server() -> None:
    """No fonts of another server, and no diagrams that a script of another server draws."""
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert settings["theme"]["font"] is False
    assert "repo_url" not in settings
    assert not re.search(r"https?://", (ROOT / "mkdocs.yml").read_text())
    assert "mermaid" not in str(settings)
