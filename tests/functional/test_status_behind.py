"""Whether an AMI is behind HEAD, by the commit that it was built from, and what is not committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.functional.git_repo import commit, git, make
from tfgen.affected.find import find_affected
from tfgen.git.repository import head_commit
from tfgen.status.behind import verdicts
from tfgen.status.length.changes import changes_since
from tfgen.status.uncommitted import find_uncommitted
from tfgen.workspace import open_workspace
from tfgen_generators.errors import TfgenError

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


def over(image: str, commit: str) -> tuple[str, str, str]:
    """The verdict with what is not committed."""
    workspace = open_workspace()
    found = find_uncommitted(workspace, head_commit(workspace.root)).over(verdicts(workspace, {image: commit}))
    return found[image].behind.verdict, found[image].behind.file, found[image].behind.why


def test_an_uncommitted_change_makes_unknown_what_it_concerns(root: Path) -> None:
    head, template = at(root, "HEAD"), root / "packer/db.json"
    (root / "README.md").write_text("changed\n")
    (root / "new.txt").write_text("not in git\n")
    assert over("db", head) == ("no", "", "")
    template.write_text(template.read_text() + "\n")
    why = "packer/db.json has uncommitted changes, which concern the image"
    assert over("db", head) == ("unknown", "packer/db.json", why)
    assert over("web", head) == ("no", "", "")
    assert over("web", at(root, "HEAD~1"))[:2] == ("yes", "packer/web.json")
    assert find_uncommitted(open_workspace(), head).paths == ("README.md", "new.txt", "packer/db.json")
    git(root, "add", "--all")
    assert over("db", head)[:2] == ("unknown", "packer/db.json")
    (root / "packer/web.json").unlink()
    assert over("web", head)[0] == "unknown"
    template.write_text("{")
    assert over("db", head)[:2] == ("unknown", "packer/db.json")


def test_a_work_tree_that_cannot_be_compared_is_unknown_for_all(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head, workspace = at(root, "HEAD"), open_workspace()
    found = verdicts(workspace, {"db": head, "web": at(root, "HEAD~1")})
    (root / "README.md").write_text("changed\n")

    def refuse(*_: object) -> None:
        raise TfgenError("a file is missing")

    monkeypatch.setattr("tfgen.affected.find.affected_between", refuse)
    over = find_uncommitted(workspace, head).over(found)
    assert over["db"].behind.verdict == "unknown"
    assert over["db"].behind.why == "uncommitted changes cannot be compared with HEAD: a file is missing"
    assert over["web"].behind.verdict == "yes"


def test_without_a_commit_nothing_is_uncommitted(repo: Repo) -> None:
    make(repo)
    assert find_uncommitted(open_workspace(), "").paths == ()


def test_an_image_that_head_does_not_have(root: Path) -> None:
    assert verdict("gone", at(root, "HEAD~1"))[::2] == ("unknown", "the image is not in HEAD")


def test_as_affected_says(root: Path) -> None:
    for name in ("HEAD", "HEAD~1", "HEAD~2"):
        workspace, base = open_workspace(), at(root, name)
        affected = {one.name for one in find_affected(workspace, base=base).images}
        found = verdicts(workspace, {"web": base, "db": base})
        assert {image for image, one in found.items() if one.behind.verdict == "yes"} == affected


def test_a_base_that_cannot_be_compared_with_is_behind(root: Path) -> None:
    good = (root / "tfgen.toml").read_text()
    (root / "tfgen.toml").write_text("nonsense = [")
    commit(root)
    (root / "tfgen.toml").write_text(good)
    commit(root)
    found = verdict("db", at(root, "HEAD~1"))
    assert found[:2] == ("yes", "")
    assert "cannot be read" in found[2]


def test_a_renamed_and_a_merged_image(root: Path) -> None:
    first = at(root, "HEAD~2")
    git(root, "checkout", "--quiet", "-b", "branch")
    (root / "packer/db.json").rename(root / "packer/data.json")
    commit(root)
    aside = at(root, "HEAD")
    git(root, "checkout", "--quiet", "main")
    (root / "beside.md").write_text("x")
    commit(root)
    git(root, "merge", "--quiet", "--no-ff", "--message", "merge", "branch")
    assert verdict("data", first)[:2] == ("yes", "packer/data.json")
    assert verdict("db", first)[0] == "unknown"
    assert verdict("data", aside)[0] == "no"
    assert verdict("data", at(root, "HEAD~1"))[0] == "yes"
    (root / "packer/data.json").write_text((root / "packer/data.json").read_text() + "\n")
    commit(root)
    assert verdict("data", aside)[:2] == ("yes", "packer/data.json")


def test_a_shallow_clone_gets_its_history_or_says_so(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, first = tmp_path / "clone", at(root, "HEAD~2")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", str(clone))
    monkeypatch.chdir(clone)
    git(clone, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    found = verdict("web", first)
    assert (found[0], "the clone is shallow" in found[2]) == ("unknown", True)
    git(clone, "remote", "set-url", "origin", f"file://{root}")
    assert verdict("web", first)[0] == "yes"
    assert verdict("db", first)[0] == "no"


def test_a_repository_around_the_folder_of_tfgen(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(repo)
    around = root.parent
    git(around, "init", "--quiet")
    commit(around)
    first = at(root, "HEAD")
    (around / "beside.md").write_text("x")
    commit(around)
    assert verdict("web", first)[0] == "no"
    monkeypatch.setenv("GIT_COMMITTER_DATE", AT.format(3))
    (root / "packer/web.json").write_text((root / "packer/web.json").read_text() + "\n")
    commit(around)
    assert verdict("web", first)[:2] == ("yes", "packer/web.json")
    assert verdict("web", first)[3] == AT.format(3)
    assert verdict("db", first)[0] == "no"
    (around / "beside.md").write_text("dirty")
    assert over("db", first)[0] == "no"
    (root / "packer/db.json").write_text((root / "packer/db.json").read_text() + "\n")
    assert over("db", first)[:2] == ("unknown", "packer/db.json")


def test_a_deleted_template(root: Path) -> None:
    first = at(root, "HEAD")
    (root / "packer/db.json").unlink()
    commit(root)
    assert verdict("db", first)[::2] == ("unknown", "the image is not in HEAD")
    assert verdict("web", first)[0] == "no"


def test_a_submodule_that_moves(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "roles"
    (other / "own/tasks").mkdir(parents=True)
    (other / "own/tasks/main.yml").write_text("- ping:\n")
    git(other, "init", "--quiet")
    commit(other)
    play = [{"type": "ansible-local", "playbook_file": "web.yml", "role_paths": ["modules/own"]}]
    template = json.loads((root / "packer/web.json").read_text()) | {"provisioners": play}
    (root / "packer/web.json").write_text(json.dumps(template))
    (root / "web.yml").write_text("- hosts: all\n  roles: [own]\n")
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "modules")
    commit(root)
    first = at(root, "HEAD")
    (other / "own/tasks/main.yml").write_text("- debug:\n")
    commit(other)
    git(root / "modules", "-c", "protocol.file.allow=always", "pull", "--quiet", "--rebase", "origin", "HEAD")
    monkeypatch.setenv("GIT_COMMITTER_DATE", AT.format(5))
    commit(root)
    assert verdict("web", first)[::3] == ("yes", AT.format(5))
    assert verdict("web", first)[1].startswith("modules")
    assert verdict("db", first)[0] == "no"


def test_what_changed_since(root: Path) -> None:
    found = changes_since(open_workspace(), "web", at(root, "HEAD~2"))
    assert [(one.at, one.subject, list(one.paths)) for one in found.commits] == [
        (AT.format(3), "web \\x1b[31m", ["packer/web.json"])
    ]
    assert changes_since(open_workspace(), "db", at(root, "HEAD~2")).commits == ()
    assert "full name" in changes_since(open_workspace(), "db", "-x").problem
