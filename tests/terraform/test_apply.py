"""`tfgen apply` on a real Terraform: exactly the saved plan, and asking first."""

from __future__ import annotations

import os
import subprocess
import sys

import pexpect
import pytest

from tests.conftest import Command, Repo, write_tree
from tests.terraform.toy import (
    APPLY,
    ESTATE,
    PLAN,
    STATE,
    SYNC,
    after,
    terminal,
)


def test_a_plan_that_was_overtaken_is_refused(repo: Repo, tfgen: Command) -> None:
    after(repo, tfgen, ESTATE, SYNC, PLAN, APPLY)
    result = tfgen("apply", "saved").expect(3)
    assert "│ Error: Saved plan is stale" in result.err
    assert "the state has changed since this plan was made" in result.err


def test_a_file_that_is_no_plan(repo: Repo, tfgen: Command) -> None:
    after(repo, tfgen, ESTATE, SYNC)
    assert "plan file nope not found" in tfgen("apply", "nope").expect(64).err
    assert "tfgen.toml is not a saved plan" in tfgen("apply", "tfgen.toml").expect(64).err


def test_apply_without_a_plan_and_without_a_terminal_is_refused(repo: Repo, tfgen: Command) -> None:
    after(repo, tfgen, ESTATE, SYNC)
    assert "this is not a terminal; run: tfgen plan --out FILE" in tfgen("apply").expect(3).err


@pytest.mark.parametrize(("answer", "code", "made"), [("yes", 0, True), ("no", 1, False), ("y", 1, False)])
def test_apply_asks_on_a_terminal(repo: Repo, tfgen: Command, answer: str, code: int, *, made: bool) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    with terminal("apply") as child:
        child.expect("Plan: 2 to add")
        child.expect("Only 'yes' will be accepted: ")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code
    assert (root / STATE).exists() is made
    assert list((root / ".tfgen").glob("*.tfplan")) == []


def test_plans_of_killed_runs_are_removed(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive = f"apply-{ended.pid}.tfplan", f"apply-{os.getpid()}.tfplan"
    write_tree(root, {f".tfgen/{name}": "x" for name in (dead, f"{dead}.json", alive)})
    with terminal("apply") as child:
        child.expect("Only 'yes' will be accepted: ")
        child.sendline("no")
        child.expect(pexpect.EOF)
    assert [file.name for file in (root / ".tfgen").glob("apply-*")] == [alive]


def test_arguments_of_terraforms_go_to_the_plan_that_is_asked_about(repo: Repo, tfgen: Command) -> None:
    root = repo({**ESTATE, "terraform/pipelines/x.tf": 'variable "x" {\n}\n\noutput "x" {\n  value = var.x\n}\n'})
    tfgen("sync").expect(0)
    with terminal("apply", "--", "-var", "x=mine", "-generate-config-out=new.tf") as child:  # which apply does not know
        child.expect("Only 'yes' will be accepted: ")
        child.sendline("yes")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    assert '"mine"' in (root / STATE).read_text()


def test_nothing_to_apply_asks_nothing(repo: Repo, tfgen: Command) -> None:
    after(repo, tfgen, ESTATE, SYNC, PLAN, APPLY)
    with terminal("apply") as child:
        child.expect("No changes")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0


def test_the_question_comes_after_the_plan(repo: Repo, tfgen: Command) -> None:
    """Where stdout is a pipe it is buffered, and the plan must be out before somebody answers."""
    root = after(repo, tfgen, ESTATE, SYNC)
    with pexpect.spawn(
        "sh",
        ["-c", f"env -u PYTHONUNBUFFERED {sys.executable} -m tfgen apply > shown"],
        env={**os.environ, "TERM": "xterm"},
        encoding="utf-8",
        timeout=60,
    ) as child:
        child.expect("Only 'yes' will be accepted: ")
        assert "Plan: 2 to add" in (root / "shown").read_text()
        child.sendline("no")
        child.expect(pexpect.EOF)
