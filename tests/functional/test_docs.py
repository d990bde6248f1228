"""`tfgen docs`: pages of the clone, and of the wheel where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.documented import ROOT
from tfgen.manual import pages


def test_it_lists_the_pages_with_their_titles(cli: Command) -> None:
    lines = cli("docs").expect(0).out.splitlines()
    assert lines[0].split() == ["TOPIC", "TITLE"]
    topics = {line.split()[0]: line.split(None, 1)[1] for line in lines[1:]}
    assert topics["plan-and-apply"] == "Plan and apply"
    assert topics["tfgen.toml"] == "tfgen.toml"
    assert set(topics) >= {page.stem for page in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize(
    ("topic", "path"),
    [
        ("affected", "affected.md"),
        ("docs/affected.md", "affected.md"),
        ("tfgen.toml", "tfgen.toml.md"),
        ("no-manifest", "rules/no-manifest.md"),
        ("rules/README", "rules/README.md"),
        ("0007-identity", "adr/0007-identity.md"),
    ],
)
def test_it_prints_a_page(topic: str, path: str, cli: Command) -> None:
    assert cli("docs", topic).expect(0).out == (ROOT / "docs" / path).read_text()


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("afected", "did you mean affected?"),
        ("no-manifset", "did you mean no-manifest?"),
        ("zzzzzz", "tfgen docs lists the pages"),
        ("../README", "did you mean README?"),
        ("", "tfgen docs lists the pages"),
    ],
)
def test_an_unknown_topic_names_the_nearest(topic: str, said: str, cli: Command) -> None:
    result = cli("docs", topic).expect(64)
    assert result.err == f"error: there is no page on {topic!r}; {said}\n"


def test_an_installation_without_pages_says_so(tmp_path: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that has them in the package finds them there."""
    package = tmp_path / "site/lib/tfgen/manual"
    package.mkdir(parents=True)
    monkeypatch.setattr(pages, "__file__", str(package / "pages.py"))
    assert "install it anew" in cli("docs").expect(1).err
    shutil.copytree(ROOT / "docs", package.parent / "docs")
    assert cli("docs", "graph").expect(0).out.startswith("# ")
    assert cli("lint", "--explain", "no-manifest").expect(0).out.startswith("# ")
