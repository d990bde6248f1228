"""What git ignores is no template; git itself is the oracle."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, Command, Repo
from tfgen_generators.packer.discovery.gitignore import GitIgnore

PATTERNS = [
    ("*.draft.json", ""),
    ("build/", "!build/\n"),
    ("/packer/out", ""),
    ("packer/**/tmp", ""),
    ("*.json\n!web.json", ""),
    ("# a comment\n\n  \npacker/team/*.json", "!api.json\n"),
    ("\\#odd.json\nspace\\ .json\nx[ab].json", ""),
    ("packer/*\n!packer/team/", ""),
    ("[", "*.json"),
]
FILES = [
    "packer/web.json",
    "packer/web.draft.json",
    "packer/build/a.json",
    "packer/out/b.json",
    "packer/a/b/tmp/c.json",
    "packer/team/api.json",
    "packer/team/web.json",
    "packer/#odd.json",
    "packer/xa.json",
    "packer/xc.json",
]


@pytest.mark.parametrize(("outer", "inner"), PATTERNS)
def test_as_git_does(repo: Repo, cli: Command, outer: str, inner: str) -> None:
    root = repo({**dict.fromkeys(FILES, JSON), ".gitignore": f"{outer}\n", "packer/.gitignore": inner})
    git(root, "init", "-q")
    ignored = {path for path in FILES if git(root, "check-ignore", "-q", "--no-index", path) == 0}
    listed = json.loads(cli("list", "--format", "json").expect(0).out)
    assert {template["path"] for template in listed["templates"]} == set(FILES) - ignored


def git(root: Path, *arguments: str) -> int:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False).returncode


def test_a_tracked_file_is_never_ignored(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON, "packer/made/old.json": JSON, "packer/made/new.json": JSON})
    git(root, "init", "-q")
    git(root, "add", "packer/made/old.json")
    (root / ".gitignore").write_text("made/\n")
    result = cli("list", "--format", "json").expect(0)
    assert "packer/web.json" in result.out
    assert '"path": "packer/made/old.json"' in result.out
    assert '"path": "packer/made/new.json",\n      "reason": "ignored by git"' in result.out


def test_an_ignored_folder_is_said_once(repo: Repo, cli: Command) -> None:
    repo({"packer/a.pkr.hcl": HCL2, ".gitignore": "build\n", **{f"packer/build/{n}.json": JSON for n in range(5)}})
    result = cli("list").expect(0)
    assert "packer/build: folder ignored by git" in result.err
    assert "packer/build/0.json" not in result.out + result.err


def test_without_an_ignore_file_pathspec_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "packer").mkdir()
    assert not GitIgnore(tmp_path).ignores("packer/web.json")
