"""What a person sees on a terminal while Terraform runs: a bar, the images at work, lines that scroll above."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pexpect
import pytest

from tests.conftest import Command, Repo
from tests.terraform.faults import planned, synced
from tests.terraform.toy import faulty_terraform, slow_estate, terminal


def test_a_bar_and_the_images_at_work(repo: Repo, tfgen: Command) -> None:
    slow_estate(repo, tfgen)
    with terminal("apply", "saved") as child:
        child.expect_exact("web: module.web.terraform_data.first created")
        child.expect(r"━.* 2/3 .*terraform apply: creating web.* 0:00:0\d")
        child.sendintr()
        child.expect_exact("stopping: terraform finishes running operations; press Ctrl-C again to kill it")
        child.expect_exact("(applied: web (2 of 3))")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 130


def test_a_plan_counts_the_images_that_it_has_looked_at(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    resource = {"addr": "module.web.terraform_data.pipeline"}
    begun = json.dumps({"type": "refresh_start", "hook": {"resource": resource}})
    fault = f"echo '{begun}'; while ! test -e .enough; do sleep 0.1; done; exit 1"
    with terminal("plan", "--terraform", faulty_terraform(root, "plan", fault)) as child:
        child.expect(r"1/2 .*terraform plan: refreshing web \(1 of 2\)")
        (root / "terraform/pipelines/.enough").touch()
        child.expect_exact("terraform plan failed (exit code 1)")
        child.expect(pexpect.EOF)


@pytest.mark.parametrize("width", [40, 200])
def test_any_width_will_do(repo: Repo, tfgen: Command, width: int) -> None:
    slow_estate(repo, tfgen)
    with terminal("apply", "saved") as child:
        child.setwinsize(24, width)
        child.expect_exact("terraform_data.first created")
        child.expect(r"\d/3")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 130


def test_text_from_terraform_steers_no_terminal(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    resource = {"addr": "module.web.terraform_data.x\u001b]0;owned\u0007"}
    begun = json.dumps({"type": "apply_start", "hook": {"resource": resource, "action": "create"}})
    done = json.dumps({"type": "apply_complete", "hook": {"resource": resource, "action": "create"}})
    said = root / "said"
    said.write_text(f"{begun}\n{done}\n")
    with terminal("apply", "saved", "--terraform", faulty_terraform(root, "apply", f"cat '{said}'; exit 1")) as child:
        child.expect(pexpect.EOF)
        assert child.before is not None
        assert "\x1b]0;owned" not in child.before
        assert "x\\x1b]0;owned\\x07 created" in child.before


def test_lines_in_a_pipe(repo: Repo, tfgen: Command) -> None:
    synced(repo, tfgen)
    tfgen("plan", "--out", "saved").expect(0)
    err = tfgen("apply", "saved").expect(0).err
    lines = [re.sub(r" after \ds", "", line) for line in err.splitlines()]
    assert lines.pop(0).startswith("applying the plan that ")
    assert lines[0] == "terraform apply ..."
    assert sorted(line.split("  [")[0] for line in lines[1:3]) == [
        "db: module.db.terraform_data.pipeline created",
        "web: module.web.terraform_data.pipeline created",
    ]
    assert [line[-5:] for line in lines[1:3]] == ["[1/2]", "[2/2]"]
    assert not any("\x1b" in line or "━" in line for line in lines)
    assert Path("saved").exists()
