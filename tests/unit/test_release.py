"""One version in pyproject.toml, `tfgen --version`, CHANGELOG.md and tags: check_release.py finds each mistake."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tests.documented import ROOT
from tests.functional.git_repo import SETTINGS
from tfgen.distribution.installed import version
from tools.check_release import violations

CHANGELOG = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-30

### Added
- More.

## [0.1.0] - 2026-11-23

### Added
- All.
"""
Clone = Callable[..., Path]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    def make(*tags: str, changelog: str = CHANGELOG, pyproject: str = "0.2.0") -> Path:
        write_tree(tmp_path, {"CHANGELOG.md": changelog, "pyproject.toml": f'[project]\nversion = "{pyproject}"\n'})
        git = ("git", *SETTINGS, "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
        steps = [["init", "-q"], ["add", "."], ["commit", "-qm", "all"]]
        for step in (*steps, *(["tag", tag] for tag in tags)):
            subprocess.run([*git, *step], cwd=tmp_path, check=True, capture_output=True)
        return tmp_path

    return make


def test_this_repository() -> None:
    assert list(violations(ROOT, f"tfgen {version()}")) == []


@pytest.mark.parametrize("tags", [(), ("v0.2.0",), ("nightly",)])
def test_one_version_everywhere(clone: Clone, tags: tuple[str, ...]) -> None:
    assert list(violations(clone(*tags), "tfgen 0.2.0")) == []


def test_changes_after_a_release(clone: Clone) -> None:
    text = CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n- Not yet.\n")
    assert list(violations(clone(changelog=text), "tfgen 0.2.0")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pyproject": "0.3.0"}, "its newest release is 0.2.0, but pyproject.toml has the version 0.3.0"),
        ({"changelog": "# Changelog\n\n## [Unreleased]\n"}, "its newest release is none"),
        (
            {"changelog": CHANGELOG.replace("## [0.2.0]", "## 0.2.0")},
            "CHANGELOG.md:5: '## 0.2.0 - 2026-11-30' is neither",
        ),
        ({"changelog": CHANGELOG.replace(" - 2026-11-23", "")}, "CHANGELOG.md:10: '## [0.1.0]' is neither"),
        ({"changelog": CHANGELOG.replace("11-23", "11-31")}, "CHANGELOG.md:10: 2026-11-31 is no day"),
        ({"changelog": CHANGELOG.replace("2026-11-23", "2026-12-01")}, "0.1.0 of 2026-12-01 stands below 0.2.0"),
        ({"changelog": CHANGELOG.replace("[0.1.0]", "[0.2.0]")}, "CHANGELOG.md:10: 0.2.0 of 2026-11-23 stands below"),
        ({"changelog": CHANGELOG.replace("[0.1.0]", "[0.10.0]")}, "0.10.0 of 2026-11-23 stands below 0.2.0"),
        ({"changelog": CHANGELOG + "\n## [Unreleased]\n"}, "CHANGELOG.md:15: '## [Unreleased]' is neither"),
    ],
)
def test_a_planted_mistake_is_found(clone: Clone, change: dict[str, str], said: str) -> None:
    found = "\n".join(violations(clone(**change), f"tfgen {change.get('pyproject', '0.2.0')}"))
    assert said in found


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("v0.1.0", "tag v0.1.0: this commit's version is 0.2.0, so its tag is v0.2.0"),
        ("0.2.0", "tag 0.2.0: this commit's version is 0.2.0, so its tag is v0.2.0"),
        ("v0.3.0", "tag v0.3.0: CHANGELOG.md has no such release"),
        ("v0.2.0rc1", "tag v0.2.0rc1: CHANGELOG.md has no such release"),
    ],
)
def test_another_tag_is_found(clone: Clone, tag: str, said: str) -> None:
    assert said in list(violations(clone(tag), "tfgen 0.2.0"))


def test_a_tag_with_changes_that_are_not_released(clone: Clone) -> None:
    text = CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n- Not yet.\n")
    (found,) = violations(clone("v0.2.0", changelog=text), "tfgen 0.2.0")
    assert found.startswith("tag v0.2.0: CHANGELOG.md has changes under [Unreleased]")


def test_an_old_installation_is_found(clone: Clone) -> None:
    (found,) = violations(clone(), "tfgen 0.1.0")
    assert found.startswith("tfgen --version: says 'tfgen 0.1.0', but pyproject.toml has the version 0.2.0")
