"""A template that may be renamed or gone: who answers, and what is refused without an answer."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

from tests.conftest import TOML, Command, read_tree
from tests.functional.git_repo import WEB, commit
from tests.functional.moves import renamed, renamed_and_edited


def two_candidates(root: Path) -> None:
    shutil.copyfile(root / "packer/web.json", root / "packer/a.json")
    (root / "packer/web.json").rename(root / "packer/b.json")


def test_two_candidates_are_refused_where_nobody_can_answer(synced: Path, cli: Command) -> None:
    two_candidates(synced)
    before = read_tree(synced)
    for arguments in (["sync"], ["sync", "--check"], ["plan"]):
        result = cli(*arguments).expect(3)
        assert (
            "packer/web.json no longer exists and may have become packer/a.json (100%) or packer/b.json (100%)"
            in result.err
        )
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
        (["--renamed", "packer/web.json"], "is not OLD_PATH=NEW_PATH"),
        (
            ["--renamed", "packer/wib.json=packer/b.json"],
            "no template was deleted at that path; did you mean packer/web.json?",
        ),
        (["--renamed", "packer/web.json=packer/c.json"], "packer/c.json is not a template"),
        (["--renamed", "packer/web.json=packer/db.json", "--gone", "packer/web.json"], "contradicts another flag"),
        (["--gone", "packer/db.json"], "no template was deleted at that path"),
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
    assert "packer/web.json no longer exists" in result.err
    assert "packer/web2.json no longer exists" in result.err
    out = cli("sync", "--gone", "packer/web2.json").expect(0).out
    assert "pinned   web  packer/web.json -> packer/site.json" in out


def test_an_ignored_candidate_can_be_the_answer(synced: Path, cli: Command) -> None:
    (synced / "tfgen.toml").write_text(TOML + 'ignore = ["packer/experiments/"]\n')
    commit(synced)
    (synced / "packer/experiments").mkdir()
    shutil.copyfile(synced / "packer/web.json", synced / "packer/experiments/x.json")
    renamed(synced)
    assert "packer/experiments/x.json (100%) or packer/site.json (100%)" in cli("sync").expect(3).err
    out = cli("sync", "--renamed", "packer/web.json=packer/experiments/x.json").expect(0).out
    assert out == f"created  terraform/pipelines/pipeline_site.gen.tf\nforgot   {WEB}\n"


@pytest.mark.parametrize(("answer", "pinned"), [("7\nx\n2", "packer/b.json"), ("3", "")])
def test_a_terminal_is_asked(synced: Path, answer: str, pinned: str) -> None:
    two_candidates(synced)
    child = pexpect.spawn(sys.executable, ["-m", "tfgen", "sync"], encoding="utf-8", timeout=60, cwd=str(synced))
    child.expect_exact("packer/web.json no longer exists. Which template is it now?")
    child.expect_exact("3  none: delete its pipeline web")
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
