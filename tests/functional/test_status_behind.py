"""Whether an AMI is behind HEAD, by the commit that it was built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.functional.git_repo import commit, git, make
from tfgen.affected.find import find_affected
from tfgen.status.behind import verdicts
from tfgen.status.changes_since import changes_since
from tfgen.workspace import open_workspace

AT = "2026-01-0{}T12:00:00Z"


@pytest.fixture
def root(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three commits: all, README.md, web's template."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", AT.format(1))
    root = make(repo)
    git(root, "init", "--quiet")
    commit(root)
    monkeypatch.setenv("GIT_COMMITTER_DATE", AT.format(2))
    (root / "README.md").write_text("new\n")
    commit(root, "readme")
    monkeypatch.setenv("GIT_COMMITTER_DATE", AT.format(3))
    (root / "packer/web.json").write_text((root / "packer/web.json").read_text() + "\n")
    commit(root, "web \x1b[31m")
    return root


def at(root: Path, name: str) -> str:
    return git(root, "rev-parse", name).strip()


def verdict(image: str, commit: str) -> tuple[str, str, str, str]:
    found = verdicts(open_workspace(), {image: commit})[image]
    return found.behind.verdict, found.behind.file, found.behind.why, found.superseded_at


def test_only_what_concerns_the_image_makes_it_behind(root: Path) -> None:
    first = at(root, "HEAD~2")
    assert verdict("web", first)[:2] == ("yes", "packer/web.json")
    assert verdict("web", first)[3] == AT.format(3)
    assert verdict("db", first) == ("no", "", "", "")
    assert verdict("web", at(root, "HEAD")) == ("no", "", "", "")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("", "does not say"),
        ("HEAD-dirty", "uncommitted"),
        ("HEAD", "full name"),
        ("main", "full name"),
        ("--output=x", "full name"),
        ("f" * 39, "full name"),
        ("F" * 40, "full name"),
        ("f" * 64, "full name"),
        ("f" * 40, "not in this repository"),
    ],
)
def test_what_is_no_commit_is_unknown(root: Path, told: str, reason: str) -> None:
    found = verdict("web", told)
    assert found[0] == "unknown"
    assert reason in found[2]
    assert not (root / "x").exists()


def test_a_rewritten_commit_is_unknown(root: Path) -> None:
    old = at(root, "HEAD")
    git(root, "commit", "--quiet", "--amend", "--message", "another")
    assert verdict("db", old)[::2] == ("unknown", "the commit is not an ancestor of HEAD (rewritten?)")
    assert verdict("db", at(root, "HEAD^{tree}"))[0] == "unknown"


def test_uncommitted_changes_do_not_count(root: Path) -> None:
    (root / "packer/db.json").write_text((root / "packer/db.json").read_text() + "\n")
    assert verdict("db", at(root, "HEAD"))[0] == "no"


def test_an_image_that_head_does_not_have(root: Path) -> None:
    assert verdict("gone", at(root, "HEAD~1"))[::2] == ("unknown", "the image is not in HEAD")


def test_as_affected_says(root: Path) -> None:
    for name in ("HEAD", "HEAD~1", "HEAD~2"):
        workspace, base = open_workspace(), at(root, name)
        affected = {one.name for one in find_affected(workspace, base=base).images}
        found = verdicts(workspace, {"web": base, "db": base})
        assert {image for image, one in found.items() if one.behind.verdict == "yes"} == affected


def test_what_changed_since(root: Path) -> None:
    found = changes_since(open_workspace(), "web", at(root, "HEAD~2"))
    assert [(one.at, one.subject, list(one.paths)) for one in found.commits] == [
        (AT.format(3), "web \\x1b[31m", ["packer/web.json"])
    ]
    assert changes_since(open_workspace(), "db", at(root, "HEAD~2")).commits == ()
    assert "full name" in changes_since(open_workspace(), "db", "-x").problem
