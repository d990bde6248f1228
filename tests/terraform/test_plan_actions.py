"""The commands with plans that this machine's Terraform cannot make: it says what 1.15.5 has said (tests/data)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import Command, Repo, write_tree
from tests.terraform.conftest import ROOT
from tests.terraform.faults import synced
from tfgen.terraform.binary import find_terraform

RECORDED = ROOT / "tests" / "data" / "terraform-1.15"
SCHEMA = json.loads((ROOT / "docs/plan.schema.json").read_text())
NOTIFY = "module.web.action.toy_call.notify"


def says(root: Path, *, plan: Path, show: Path | None = None, apply: Path | None = None, ends: int = 0) -> None:
    """Makes `TFGEN_TERRAFORM` the real Terraform, whose plans, `show` and `apply` say what these files hold."""
    real = find_terraform(env={**os.environ, "TFGEN_TERRAFORM": ""}).argv[0]
    branches = [f'plan) "{real}" "$@" >{root}/.real || test $? = 2; cat {plan}; exit 2;;']
    branches += [f"show) cat {show}; exit 0;;"] if show else []
    branches += [f"apply) cat {apply}; exit {ends};;"] if apply else []
    write_tree(root, {"says": f'#!/bin/sh\ncase $1 in\n{chr(10).join(branches)}\nesac\nexec {real} "$@"\n'})
    (root / "says").chmod(0o755)


@pytest.fixture
def estate(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = synced(repo, tfgen)
    monkeypatch.setenv("TFGEN_TERRAFORM", str(root / "says"))
    return root


def test_a_plan_with_actions_is_shown_gated_and_applied(estate: Path, tfgen: Command) -> None:
    plan, show = RECORDED / "actions_plan.jsonl", RECORDED / "actions_show.json"
    says(estate, plan=plan, show=show, apply=RECORDED / "actions_apply_after.jsonl", ends=1)
    gated = tfgen("plan", "--out", "saved", "--gate", "--format", "json").expect(3)
    document = json.loads(gated.out)
    jsonschema.validate(document, SCHEMA)
    (image,) = document["images"]
    assert (image["invoked"], document["summary"]["actions"], document["refused_actions"]) == (2, 2, ["web"])
    assert [action["event"] for action in image["actions"]] == ["BeforeUpdate", "AfterUpdate"]
    refusal = "the plan invokes actions without permission: web (2 invoked); to allow it, add: --allow-action web"
    assert refusal in gated.err
    assert "tfgen apply needs --allow-action NAME for each" in gated.err
    assert refusal in tfgen("apply", "saved").expect(3).err
    tfgen("plan", "--out", "saved", "--gate", TFGEN_ALLOW_ACTION="db web").expect(0)
    comment = tfgen("comment", "saved", "--dry-run").expect(0).out
    assert "actions of 1 image would be invoked without permission: `web`" in comment
    assert "Refused" not in tfgen("comment", "saved", "--dry-run", "--allow-action", "web").expect(0).out
    failed = tfgen("apply", "saved", "--allow-action", "web").expect(1).err
    assert f"web: {NOTIFY} failed\n" in failed
    assert f"action {NOTIFY} of image web failed after module.web.toy_thing.t is created, and no later plan" in failed
    assert f"to invoke it again, run: tfgen plan --out FILE -- -invoke={NOTIFY}, then: tfgen apply FILE" in failed


def test_what_only_the_plan_itself_says_of_actions_is_gated(estate: Path, tfgen: Command) -> None:
    """The events, and so the manifest, do not tell of them."""
    quiet = estate / "quiet.jsonl"
    quiet.write_text(
        "".join(line for line in (RECORDED / "actions_plan.jsonl").open() if '"planned_action_invocation"' not in line)
    )
    says(estate, plan=quiet, show=RECORDED / "actions_show.json")
    tfgen("plan", "--out", "saved", "--gate").expect(0)
    assert "invokes actions without permission: web (2 invoked)" in tfgen("apply", "saved").expect(3).err


def test_what_is_not_understood_is_shown_everywhere(estate: Path, tfgen: Command) -> None:
    stream, show = estate / "stream.jsonl", estate / "show.json"
    summary = {"type": "change_summary", "@message": "Plan: 1 to add.", "changes": {"add": 1}}
    stream.write_text('{"type": "quantum"}\nno json\n' + json.dumps(summary) + "\n")
    show.write_text('{"format_version": "1.99", "resource_changes": [], "spins": [1, 2], "complete": true}')
    says(estate, plan=stream, show=show, apply=stream)
    table = tfgen("plan", "--out", "saved", "--gate").expect(0).out
    for line in ("1 of quantum", "1 of line that is not JSON", "2 of spins"):
        assert f"not understood: {line}\n" in table
    document = json.loads(tfgen("plan", "--out", "saved", "--format", "json").expect(0).out)
    jsonschema.validate(document, SCHEMA)
    assert {"type": "spins", "count": 2} in document["not_understood"]
    assert "`2 of spins`" in tfgen("comment", "saved", "--dry-run").expect(0).out
    applied = tfgen("apply", "saved").expect(0).err
    assert "the plan has format 1.99, and this tfgen knows 1.2" in applied
    assert "not understood: 2 of spins\n" in applied
    assert "not understood: 1 of quantum\n" in applied
    show.write_text('{"format_version": "2.0"}')
    for arguments in (["plan", "--out", "saved"], ["apply", "saved"]):
        assert "the plan has format 2.0, and this tfgen knows 1.x; use a newer tfgen" in tfgen(*arguments).expect(3).err


def test_events_of_another_format(estate: Path, tfgen: Command) -> None:
    stream = estate / "stream.jsonl"
    stream.write_text('{"type": "version", "@message": "Terraform 3.0.0", "ui": "2.0"}\n')
    says(estate, plan=stream)
    refused = tfgen("plan", "--out", "saved").expect(1).err
    assert "Terraform 3.0.0 reports in format 2.0, and this tfgen knows 1.x; use a newer tfgen" in refused
    assert not (estate / "saved").exists()


def test_checks_and_ephemeral_variables_of_the_real_terraform(repo: Repo, tfgen: Command) -> None:
    """Terraform 1.10 and later."""
    root = synced(repo, tfgen)
    check = (
        'check "health" {\n  assert {\n    condition     = local.account_id == ""\n    error_message = "sick"\n  }\n}\n'
    )
    variable = 'variable "pw" {\n  type      = string\n  ephemeral = true\n}\n'
    write_tree(root, {"terraform/pipelines/more.tf": check + variable})
    planned = tfgen("plan", "--out", "saved", "--gate", "--", "-var", "pw=x").expect(0)
    assert 'Failed checks: check "health"' in planned.out
    assert 'Failed checks:** `check "health"`.' in tfgen("comment", "saved", "--dry-run").expect(0).out
    failed = tfgen("apply", "saved").expect(1).err
    assert "the variable pw is ephemeral, so the plan does not hold its value" in failed
    assert "tfgen apply FILE -- -var pw=..." in failed
    tfgen("apply", "saved", "--", "-var", "pw=x").expect(0)
