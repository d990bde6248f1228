"""What an unread branch is compared with: a base that its author cannot choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command, Repo
from tests.functional.branches import ESTATE, ROOT, clone, push, sha
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted, left_out, protected


def test_a_base_that_the_author_chose(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    push(root, {f"{ROOT}/evil.tf": 'locals {\n  evil = file("/proc/self/environ")\n}\n'})
    git(root, "tag", "origin/main")
    git(root, "checkout", "--quiet", "-b", "second")
    here = clone(root, tmp_path / "clone")
    monkeypatch.chdir(here)
    left_out(f"{ROOT}/evil.tf: is new: origin/main does not have it", base="origin/main")
    monkeypatch.setenv("GITHUB_BASE_REF", "feature")
    refused(
        "GITHUB_BASE_REF=feature: the pull request targets another branch than --base origin/main", base="origin/main"
    )
    accepted(base="origin/feature")
    refused("--base origin/x: ", base="origin/x")


def test_without_a_base_nothing_is_planned(root: Path, tfgen: Command) -> None:
    protected()
    result = tfgen("plan", "--untrusted").expect(64)
    assert "--untrusted needs --base; use the protected branch that pull requests go into, for example" in result.err
    tfgen("plan", "--untrusted", "--base", "origin/trunk").expect(3)
    git(root, "update-ref", "refs/remotes/origin/trunk", "main")
    tfgen("plan", "--untrusted", TFGEN_BASE="origin/trunk").expect(0)


def test_without_a_repository_there_is_no_base(repo: Repo, cli: Command, refused: Refused) -> None:
    repo(ESTATE)
    cli("sync").expect(0)
    refused("not a git repository")


def test_without_git_but_with_a_repository(root: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    monkeypatch.setenv("PATH", "")
    refused("git not found on PATH", base="origin/main")


def test_a_workspace_below_gits_root(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    root = repo({f"team/{path}": text for path, text in ESTATE.items()})
    monkeypatch.chdir(root / "team")
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    accepted()
    push(root, {f"team/{ROOT}/evil.tf": DATA, ".tool-versions": "terraform path:./evil\n"})
    planned = left_out(f"{ROOT}/evil.tf: is new", base=sha(root, "HEAD~1"))
    assert len(planned.said) == 1
    assert DATA.encode() not in planned.text()
    assert f"team/{ROOT}/pipeline_web.gen.tf" in planned.files
    push(root, {"team/.tfgen/x": "1"})
    refused(r"^error: \.tfgen: must not be committed", base=sha(root, "HEAD~2"))
