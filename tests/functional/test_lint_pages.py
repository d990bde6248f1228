"""Every rule has a page, every page a rule, and the pages' examples are what they say they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import TOML, Command, Repo
from tfgen_generators.lint.registry import all_rules

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((path for path in (DOCS / "rules").glob("*.md") if path.name != "README.md"), key=lambda path: path.stem)

_SECTION = re.compile(r"^## (.*)$", re.MULTILINE)
_FILE = re.compile(r"^`([^`\n]+)`( \((?:in ISO 8859-1|a link)\))?\n+```[a-z0-9]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FOUND = re.compile(r"^Found: (.*)$", re.MULTILINE)


class Example(NamedTuple):
    """One section: its files, and where the rule finds something."""

    files: dict[str, bytes]
    found: list[str]
    links: dict[str, str]


def sections(page: Path) -> list[tuple[str, str]]:
    """Heading and text of each section of a page."""
    _, *pieces = _SECTION.split(page.read_text())
    return list(zip(pieces[::2], pieces[1::2], strict=True))


def examples(page: Path) -> dict[str, Example]:
    found: dict[str, Example] = {}
    for heading, text in sections(page):
        if heading.startswith(("Bad", "Good")):
            places = re.findall(r"`([^`]+)`", " ".join(_FOUND.findall(text)))
            written = _FILE.findall(text)
            files = {
                path: content.encode("latin-1" if "ISO" in other else "utf-8")
                for path, other, content in written
                if "link" not in other
            }
            links = {path: content.strip() for path, other, content in written if "link" in other}
            found[heading] = Example(files=files, found=sorted(places), links=links)
    return found


EXAMPLES = [
    pytest.param(page.stem, heading, example, id=f"{page.stem}: {heading}")
    for page in PAGES
    for heading, example in examples(page).items()
]


@pytest.mark.parametrize(("rule", "heading", "example"), EXAMPLES)
def test_the_examples_are_what_they_say(repo: Repo, cli: Command, rule: str, heading: str, example: Example) -> None:
    assert example.files, "no file: a path as code, then a fenced block"
    root = repo({"tfgen.toml": TOML, "packer/.keep": "", **example.files})
    for path, target in example.links.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    result = cli("lint", "--rule", rule, "--format", "json")
    found = [f"{one['path']}:{one['line'] or 0}" for one in json.loads(result.out)["findings"]]
    assert sorted(found) == example.found, result.out
    assert bool(found) == heading.startswith("Bad")


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert [page.stem for page in PAGES] == [rule.id for rule in all_rules()]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_page_says_what_the_rule_is(rule) -> None:  # type: ignore[no-untyped-def]
    page = DOCS / "rules" / f"{rule.id}.md"
    text = page.read_text()
    assert text.startswith(f"# {rule.id}\n")
    assert f"Severity: **{rule.severity}**." in text
    headings = [heading for heading, _ in sections(page)]
    assert {"Why it matters", "How to fix it", "How to disable it"} <= {*headings}
    assert any(heading.startswith("Bad") for heading in headings)
    assert any(heading.startswith("Good") for heading in headings)
    assert re.fullmatch(r"\S.*[^.\s]", rule.summary), "one line, no full stop"


def test_the_index_lists_all() -> None:
    listed = (
        (DOCS / "rules" / "README.md").read_text().split("<!-- rules: begin -->")[1].split("<!-- rules: end -->")[0]
    )
    rows = [f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.summary} |" for rule in all_rules()]
    assert listed.strip().splitlines()[2:] == rows, "\n".join(rows)
