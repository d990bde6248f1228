"""How a rename is found: git is asked, whatever its state, and without it the digest decides."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, read_tree
from tests.e2e.tools import give_up
from tests.functional.git_repo import DB, WEB, commit, edited, git, git_files, make, template
from tests.functional.moves import renamed, renamed_and_edited


@pytest.mark.parametrize("history", ["none", "unborn", "broken", "no git", "packer is ignored"])
def test_without_gits_answer_the_digest_decides(
    repo: Repo, cli: Command, history: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(repo)
    if history in ("unborn", "packer is ignored"):
        git(root, "init", "--quiet")
    if history == "broken":
        (root / ".git").mkdir()
    if history == "no git":
        monkeypatch.setenv("PATH", os.fspath(root))
    cli("sync").expect(0)
    (root / "packer/web.json").rename(root / "packer/site.json")
    assert "pinned   web  packer/web.json -> packer/site.json" in cli("sync").expect(0).out


def test_a_shallow_clone_of_a_committed_rename(synced: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for move, code, says in ((renamed, 2, "pin     web"), (edited, 3, "the clone is shallow (git fetch --unshallow)")):
        clone = synced.parent / f"clone-{says[:3]}"
        if move is renamed:
            renamed(synced)
        else:
            file = synced / "packer/site.json"
            file.write_text(edited(file.read_text()))
        commit(synced, "renamed")
        git(synced.parent, "clone", "--quiet", "--depth=1", f"file://{synced}", str(clone))
        monkeypatch.chdir(clone)
        result = cli("sync", "--check").expect(code)
        assert says in result.out + result.err


def test_the_digest_is_kept_up_to_date_where_there_is_no_git(repo: Repo, cli: Command) -> None:
    root = make(repo)
    cli("sync").expect(0)
    file = root / "packer/web.json"
    file.write_text(edited(file.read_text()))
    before = read_tree(root)
    assert cli("sync", "--check").expect(0).out == ""
    assert read_tree(root) == before
    result = cli("sync").expect(0)
    assert (result.out, "2 unchanged" in result.err) == ("", True)
    assert read_tree(root)[WEB] != before[WEB]
    file.rename(root / "packer/site.json")
    assert "pinned   web" in cli("sync").expect(0).out


def test_an_edit_of_a_template_changes_no_file_under_git(synced: Path, cli: Command) -> None:
    file = synced / "packer/web.json"
    file.write_text(edited(file.read_text()))
    before = read_tree(synced)
    cli("sync", "--check").expect(0)
    cli("sync").expect(0)
    assert read_tree(synced) == before


def test_a_hook_may_run_sync(synced: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """git gives hooks its own idea of where things are; and ours of its must not reach them."""
    renamed_and_edited(synced)
    for name in ("GIT_INDEX_FILE", "GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, "elsewhere")
    assert "pinned   web" in cli("sync").expect(0).out


def test_nothing_of_the_repositorys_own_is_run(synced: Path, cli: Command) -> None:
    witness = synced.parent / "ran"
    script = synced.parent / "script"
    script.write_text(f"#!/bin/sh\ntouch '{witness}'\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.json.textconv", "diff.json.command", "core.pager"):
        git(synced, "config", key, str(script))
    (synced / ".git/info/attributes").write_text("*.json diff=json\n")
    for hook in ("post-index-change", "pre-commit"):
        shutil.copy(script, synced / ".git/hooks" / hook)
    renamed_and_edited(synced)
    before = git_files(synced)
    assert "pinned   web" in cli("sync").expect(0).out
    assert not witness.exists()
    assert git_files(synced) == before


def test_git_is_asked_only_when_something_is_gone_and_something_new(
    synced: Path, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        pytest.fail("git was asked")

    monkeypatch.setattr("tfgen.git.repository._run", never)
    cli("sync", "--check").expect(0)
    (synced / "packer/new.json").write_text(template("new"))
    cli("sync").expect(0)
    (synced / "packer/db.json").unlink()
    assert cli("sync").expect(0).out == f"deleted  {DB}\n"


def test_a_folder_below_gits_root_and_a_linked_worktree(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(repo)
    cli("sync").expect(0)
    git(root.parent, "init", "--quiet")
    git(root.parent, "add", root.name)
    git(root.parent, "commit", "--quiet", "--message", "x")
    other = root.parent.parent / "worktree"
    git(root.parent, "worktree", "add", "--quiet", str(other))
    for place in (root, other / root.name):
        monkeypatch.chdir(place)
        path = renamed_and_edited(place)
        assert f"pinned   web  packer/web.json -> {path}" in cli("sync").expect(0).out


def test_a_repository_of_somebody_else_is_said(synced: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for path in [synced, *synced.rglob("*")]:
        try:
            os.chown(path, 12345, 12345)
        except PermissionError:
            give_up("only root can give files away: run the tests as root")
    file = synced / "packer/web.json"
    (synced / "packer/site.json").write_text(edited(file.read_text()))
    file.unlink()
    error = cli("sync").expect(3).err
    assert "git cannot say whether it was renamed: the repository belongs to another user" in error
    assert (synced / WEB).exists()
    assert "deleted" in cli("sync", "--gone", "packer/web.json").expect(0).out
