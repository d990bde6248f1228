"""A template that is renamed or moved keeps its identity: found by a real git, and without one."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.conftest import TOML, Command, Repo, read_tree
from tests.e2e.tools import give_up
from tests.functional.git_repo import DB, WEB, commit, edited, git, git_files, hcl, make, template
from tfgen_generators.ownership import examine

Move = Callable[[Path], str]


@pytest.fixture
def synced(repo: Repo, cli: Command) -> Path:
    """Two templates, synced and committed."""
    root = make(repo)
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    return root


def renamed(root: Path) -> str:
    (root / "packer/web.json").rename(root / "packer/site.json")
    return "packer/site.json"


def moved(root: Path) -> str:
    (root / "packer/team").mkdir()
    (root / "packer/web.json").rename(root / "packer/team/web.json")
    return "packer/team/web.json"


def staged(root: Path) -> str:
    git(root, "mv", "packer/web.json", "packer/site.json")
    return "packer/site.json"


def renamed_and_edited(root: Path) -> str:
    path = renamed(root)
    (root / path).write_text(edited((root / path).read_text()))
    return path


def staged_then_edited(root: Path) -> str:
    path = staged(root)
    (root / path).write_text(edited((root / path).read_text()))
    return path


def committed(root: Path) -> str:
    path = renamed_and_edited(root)
    commit(root, "renamed, not synced")
    return path


def committed_long_ago(root: Path) -> str:
    committed(root)
    git(root, "mv", "packer/site.json", "packer/shop.json")
    commit(root, "and again")
    (root / "packer/shop.json").write_text((root / "packer/shop.json").read_text() + "\n")
    return "packer/shop.json"


def on_a_merged_branch(root: Path) -> str:
    git(root, "checkout", "--quiet", "-b", "feature")
    path = committed(root)
    git(root, "checkout", "--quiet", "main")
    (root / "README.md").write_text("x\n")
    commit(root, "meanwhile")
    git(root, "merge", "--quiet", "--no-edit", "feature")
    return path


def to_an_odd_name(root: Path) -> str:
    path = 'packer/Ünï "x" = $(y)\\.json'
    (root / "packer/web.json").rename(root / path)
    return path


def to_no_identifier(root: Path) -> str:
    (root / "packer/web.json").rename(root / "packer/1st.json")
    return "packer/1st.json"


def to_a_name_that_is_taken(root: Path) -> str:
    (root / "packer/d").mkdir()
    (root / "packer/web.json").rename(root / "packer/d/b.json")
    (root / "packer/db.json").rename(root / "packer/d-b.json")
    return "packer/d/b.json"


def conflicted_index(root: Path) -> str:
    path = renamed(root)
    blob = git(root, "hash-object", "-w", "tfgen.toml").strip()
    entries = "".join(f"100644 {blob} {stage}\tpacker/web.json\n" for stage in (1, 2))
    import subprocess

    subprocess.run(["git", "update-index", "--index-info"], cwd=root, input=entries, text=True, check=True)
    return path


@pytest.mark.parametrize(
    "move",
    [
        renamed,
        moved,
        staged,
        renamed_and_edited,
        staged_then_edited,
        committed,
        committed_long_ago,
        on_a_merged_branch,
        to_an_odd_name,
        to_no_identifier,
        to_a_name_that_is_taken,
        conflicted_index,
    ],
)
def test_it_is_pinned(synced: Path, cli: Command, move: Move) -> None:
    path = move(synced)
    before = git_files(synced)
    check = cli("sync", "--check", "--format", "json").expect(2)
    assert {"name": "web", "from": "packer/web.json", "to": path} in json.loads(check.out)["renamed"]
    result = cli("sync").expect(0)
    assert git_files(synced) == before
    assert "pinned   web  packer/web.json -> " in result.out
    assert "deleted" not in result.out
    assert "created" not in result.out
    assert examine((synced / WEB).read_text()).source == path
    cli("sync", "--check").expect(0)
    assert cli("sync").expect(0).out == ""
    commit(synced, "done")
    cli("sync", "--check").expect(0)
    names = {item["path"]: item["name"] for item in json.loads(cli("list", "--format", "json").out)["templates"]}
    assert path in names


def test_the_report_and_the_diff(synced: Path, cli: Command) -> None:
    moved(synced)
    before = read_tree(synced)
    assert cli("sync", "--check").expect(2).out == (
        f"pin     web  packer/web.json -> packer/team/web.json\nchange  tfgen.toml\nchange  {WEB}\n"
    )
    diff = cli("sync", "--check", "--diff").expect(2)
    assert '+[templates.web]\n+path = "packer/team/web.json"\n' in diff.out
    assert read_tree(synced) == before
    assert "generated files are stale: tfgen.toml (change)" in cli("plan").expect(3).err
    assert cli("sync").expect(0).out == (
        f"pinned   web  packer/web.json -> packer/team/web.json\nchanged  tfgen.toml\nchanged  {WEB}\n"
    )
    text = (synced / WEB).read_text()
    assert 'project_name         = "web-ami-pipeline"' in text
    assert 'PACKER_SCRIPT = "packer/team/web.json"' in text


def test_a_pinned_template_that_moves_again(synced: Path, cli: Command) -> None:
    moved(synced)
    cli("sync").expect(0)
    toml = synced / "tfgen.toml"
    toml.write_text(toml.read_text().replace('web.json"', 'web.json" # since May'))
    commit(synced)
    git(synced, "mv", "packer/team/web.json", "packer/last.json")
    cli("sync").expect(0)
    assert toml.read_text() == TOML + '\n[templates.web]\npath = "packer/last.json" # since May\n'


def test_several_moves_at_once(repo: Repo, cli: Command) -> None:
    """Templates that are much alike, all moved and all edited: the file's name tells them apart."""
    names = [f"image{number}" for number in range(12)]
    base = template("base")
    files = {f"packer/{name}.json": base.replace('"null"', f'"null", "name": "{name}"') for name in names}
    root = make(repo, files)
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    (root / "packer/aws").mkdir()
    for name in names:
        target = root / f"packer/aws/{name}.json"
        (root / f"packer/{name}.json").rename(target)
        target.write_text(edited(target.read_text()))
    document = json.loads(cli("sync", "--format", "json").expect(0).out)
    assert (document["created"], document["deleted"]) == ([], [])
    assert {item["name"]: item["to"] for item in document["renamed"]} == {n: f"packer/aws/{n}.json" for n in names}


def test_a_folder_template_moves(repo: Repo, cli: Command) -> None:
    variables = 'variable "region" {\n  default = "x"\n}\n' + hcl("v").split("source")[0]
    source = hcl("web").replace('"null" "x" {', '"null" "x" {\n  host = var.region')
    root = make(repo, {"packer/team/variables.pkr.hcl": variables, "packer/team/web.pkr.hcl": source})
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    (root / "packer/team").rename(root / "packer/crew")
    (root / "packer/crew/variables.pkr.hcl").rename(root / "packer/crew/v.pkr.hcl")
    assert "pinned   team  packer/team -> packer/crew\n" in cli("sync").expect(0).out
    cli("sync", "--check").expect(0)


def test_a_broken_template_keeps_its_identity_through_a_rename(synced: Path, cli: Command) -> None:
    path = renamed(synced)
    good = (synced / path).read_text()
    (synced / path).write_text(good.replace("]\n}\n", ""))
    before = (synced / WEB).read_bytes()
    result = cli("sync").expect(1)
    assert "pinned   web  packer/web.json -> packer/site.json" in result.out
    assert (synced / WEB).read_bytes() == before
    (synced / path).write_text(good)
    assert cli("sync").expect(0).out == f"changed  {WEB}\n"


def test_into_an_ignored_folder_is_forgotten(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'ignore = ["packer/experiments/"]\n')
    commit(synced)
    (synced / "packer/experiments").mkdir()
    (synced / "packer/web.json").rename(synced / "packer/experiments/web.json")
    assert cli("sync").expect(0).out == f"forgot   {WEB}\n"
    cli("sync", "--check").expect(0)


def test_a_rename_goes_before_forgetting(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'removed = "keep"\n')
    path = renamed_and_edited(synced)
    assert f"pin     web  packer/web.json -> {path}  (97% alike)\n" in cli("sync", "--check").expect(2).out
    out = cli("sync", "--gone", "packer/web.json").expect(0).out
    assert out == f"created  terraform/pipelines/pipeline_site.gen.tf\nforgot   {WEB}\n"


def test_an_ignored_candidate_can_be_the_answer(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'ignore = ["packer/experiments/"]\n')
    commit(synced)
    (synced / "packer/experiments").mkdir()
    shutil.copyfile(synced / "packer/web.json", synced / "packer/experiments/x.json")
    renamed(synced)
    assert "packer/experiments/x.json (100%) or packer/site.json (100%)" in cli("sync").expect(3).err
    out = cli("sync", "--renamed", "packer/web.json=packer/experiments/x.json").expect(0).out
    assert out == f"created  terraform/pipelines/pipeline_site.gen.tf\nforgot   {WEB}\n"


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


def test_delete_and_add_is_no_rename(synced: Path, cli: Command) -> None:
    (synced / "packer/web.json").unlink()
    (synced / "packer/site.json").write_text(template("quite different"))
    assert cli("sync").expect(0).out == f"created  terraform/pipelines/pipeline_site.gen.tf\ndeleted  {WEB}\n"


def two_candidates(root: Path) -> None:
    shutil.copyfile(root / "packer/web.json", root / "packer/a.json")
    (root / "packer/web.json").rename(root / "packer/b.json")


def test_two_candidates_are_refused_where_nobody_can_answer(synced: Path, cli: Command) -> None:
    two_candidates(synced)
    before = read_tree(synced)
    for arguments in (["sync"], ["sync", "--check"], ["plan"]):
        result = cli(*arguments).expect(3)
        assert "packer/web.json is gone, and may be packer/a.json (100%) or packer/b.json (100%) now" in result.err
        assert "--renamed packer/web.json=packer/a.json" in result.err
        assert "--gone packer/web.json" in result.err
    assert read_tree(synced) == before
    document = json.loads(cli("sync", "--format", "json").expect(3).out)
    assert [item["path"] for item in document["refused"]] == [WEB]
    assert (document["deleted"], document["kept"]) == ([], [WEB])
    assert not document["written"]


def test_the_flags_answer(synced: Path, cli: Command) -> None:
    two_candidates(synced)
    cli("sync", "--check", "--renamed", "packer/web.json=packer/b.json").expect(2)
    result = cli("sync", "--renamed", "./packer/web.json=packer/b.json").expect(0)
    assert "pinned   web  packer/web.json -> packer/b.json" in result.out
    assert "created  terraform/pipelines/pipeline_a.gen.tf" in result.out


def test_gone_overrides_what_git_says(synced: Path, cli: Command) -> None:
    renamed(synced)
    out = cli("sync", "--gone", "packer/web.json").expect(0).out
    assert out == f"created  terraform/pipelines/pipeline_site.gen.tf\ndeleted  {WEB}\n"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--renamed", "packer/web.json"], "OLD_PATH=NEW_PATH is wanted"),
        (
            ["--renamed", "packer/wib.json=packer/b.json"],
            "no template of that path is gone; did you mean packer/web.json?",
        ),
        (["--renamed", "packer/web.json=packer/c.json"], "packer/c.json is no template"),
        (["--renamed", "packer/web.json=packer/db.json", "--gone", "packer/web.json"], "contradicts another flag"),
        (["--gone", "packer/db.json"], "no template of that path is gone"),
    ],
)
def test_wrong_flags_are_usage_errors(synced: Path, cli: Command, flags: list[str], says: str) -> None:
    two_candidates(synced)
    before = read_tree(synced)
    assert says in cli("sync", *flags).expect(64).err
    assert read_tree(synced) == before


def test_one_new_template_that_fits_two_gone_ones(synced: Path, cli: Command) -> None:
    shutil.copyfile(synced / "packer/web.json", synced / "packer/web2.json")
    cli("sync").expect(0)
    commit(synced)
    (synced / "packer/web2.json").unlink()
    renamed_and_edited(synced)
    result = cli("sync").expect(3)
    assert "packer/web.json is gone" in result.err
    assert "packer/web2.json is gone" in result.err
    out = cli("sync", "--gone", "packer/web2.json").expect(0).out
    assert "pinned   web  packer/web.json -> packer/site.json" in out


@pytest.mark.parametrize(("answer", "pinned"), [("7\nx\n2", "packer/b.json"), ("3", "")])
def test_a_terminal_is_asked(synced: Path, answer: str, pinned: str) -> None:
    two_candidates(synced)
    child = pexpect.spawn(sys.executable, ["-m", "tfgen", "sync"], encoding="utf-8", timeout=60, cwd=str(synced))
    child.expect_exact("packer/web.json is gone. Which template is it now?")
    child.expect_exact("3  none: it is gone")
    for line in answer.split("\n"):
        child.expect_exact("Number (1 to 3): ")
        child.sendline(line)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    text = (synced / "tfgen.toml").read_text()
    assert text == TOML + (f'\n[templates.web]\npath = "{pinned}"\n' if pinned else "")
    assert (synced / WEB).exists() == bool(pinned)


def test_the_end_of_the_input_is_no_answer(synced: Path) -> None:
    two_candidates(synced)
    before = read_tree(synced)
    child = pexpect.spawn(sys.executable, ["-m", "tfgen", "sync"], encoding="utf-8", timeout=60, cwd=str(synced))
    child.expect_exact("Number (1 to 3): ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
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

    monkeypatch.setattr("tfgen.git._run", never)
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


def test_a_name_with_a_tab_is_a_name_like_others(synced: Path, cli: Command) -> None:
    """The header holds it as an escape; the disk and git know the sign itself."""
    odd = synced / "packer" / "od\td.json"
    odd.write_text(template("odd"))
    cli("sync").expect(0)
    commit(synced)
    odd.write_text(template("odd").replace("builders", "bilders"))
    assert "is still there but no template of its own any more" in cli("sync").expect(1).err
    odd.write_text(edited(template("odd")))
    odd.rename(synced / "packer" / "even.json")
    assert "pin     od-d  packer/od\\td.json -> packer/even.json" in cli("sync", "--check").expect(2).out.replace(
        "\t", "\\t"
    )


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
    assert "git cannot say whether it was renamed: the repository belongs to somebody else" in error
    assert (synced / WEB).exists()
    assert "deleted" in cli("sync", "--gone", "packer/web.json").expect(0).out
