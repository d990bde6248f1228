"""`tfgen plan` on a real Terraform, with its built-in resource: no provider, no AWS."""

from __future__ import annotations

import json
import os

import pytest

from tests.conftest import JSON, TOY, Command, Repo
from tests.terraform.toy import (
    ESTATE,
    SYNC,
    after,
    resources,
)


@pytest.mark.both
def test_plan_apply_plan(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    planned = tfgen("plan", "--detailed-exitcode", "--out", "saved.tfplan").expect(2)
    assert [line.split() for line in planned.out.splitlines()] == [
        ["IMAGE", "ACTION", "CREATED", "CHANGED", "REPLACED", "DESTROYED"],
        ["db", "created", "1", "0", "0", "0"],
        ["web", "created", "1", "0", "0", "0"],
        [],
        ["Plan:", "2", "to", "add,", "0", "to", "change,", "0", "to", "destroy."],
    ]
    assert "tfgen apply saved.tfplan" in planned.err
    assert (root / "saved.tfplan").stat().st_mode & 0o777 == 0o600
    applied = tfgen("apply", "saved.tfplan").expect(0)
    assert applied.out == "Apply complete! Resources: 2 added, 0 changed, 0 destroyed.\n"
    assert "web: module.web.terraform_data.pipeline created" in applied.err
    assert resources(root) == ["module.db.pipeline", "module.web.pipeline"]
    again = tfgen("plan", "--detailed-exitcode").expect(0)
    assert again.out.startswith("No changes.")


def test_the_plan_by_image_as_json(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC, ("plan", "--out", "first"), ("apply", "first"))
    (root / "packer/db.json").unlink()
    (root / "packer/new.json").write_text(JSON.replace("amazon-ebs", "null"))
    (root / "tfgen.toml").write_text(TOY["tfgen.toml"] + '[templates.web]\nenvironment = { A = "1" }\n')
    (root / "terraform/pipelines/more.tf").write_text('resource "terraform_data" "mine" {\n}\n')
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["action"]) for image in document["images"]] == [
        ("db", "destroyed"),
        ("new", "created"),
        ("web", "changed"),
        ("(shared)", "created"),
    ]
    assert document["images"][0]["resources"] == [
        {
            "address": "module.db.terraform_data.pipeline",
            "action": "delete",
            "reason": "delete_because_no_resource_config",
            "forced_by": [],
            "imported_by": None,
            "moved_from": None,
        }
    ]
    assert document["summary"] == {"add": 2, "change": 1, "remove": 1, "import": 0, "actions": 0}
    assert document["changes"] is True


def test_a_replace_is_called_one(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC, ("plan", "--out", "first"), ("apply", "first"))
    (root / "tfgen.toml").write_text(TOY["tfgen.toml"] + '[names]\nproject_name = "other-{name}"\n')
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["action"], image["replaced"]) for image in document["images"]] == [
        ("db", "replaced", 1),
        ("web", "replaced", 1),
    ]


def test_stale_files_are_refused_before_terraform_runs(repo: Repo, tfgen: Command) -> None:
    root = repo(ESTATE)
    result = tfgen("plan").expect(3)
    assert "generated files are stale: terraform/pipelines/pipeline_db.gen.tf (create)" in result.err
    assert result.err.rstrip().endswith("run: tfgen sync")
    assert not (root / "terraform/pipelines/.terraform").exists()


@pytest.mark.both
def test_init_runs_only_when_needed(repo: Repo, tfgen: Command, product: str) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    assert f"{product} init" in tfgen("plan").expect(0).err
    assert f"{product} init" not in tfgen("plan").expect(0).err
    (root / "tfgen.toml").write_text(TOY["tfgen.toml"] + '[environment]\nA = "1"\n')
    tfgen("sync").expect(0)
    assert f"{product} init" not in tfgen("plan").expect(0).err
    (root / "packer/new.json").write_text(JSON)
    tfgen("sync").expect(0)
    assert f"{product} init" in tfgen("plan").expect(0).err


@pytest.mark.both
def test_init_runs_again_when_terraform_asks_for_it(repo: Repo, tfgen: Command, product: str) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    tfgen("plan").expect(0)
    (root / "terraform/pipelines/.terraform/modules/modules.json").write_text('{"Modules":[]}')
    assert f"{product} init" in tfgen("plan").expect(0).err


@pytest.mark.parametrize(
    ("out", "code", "says"),
    [
        ("packer/web.json", 3, "exists and is not a plan"),
        ("packer", 64, "is a folder"),
        ("nowhere/plan", 64, "nowhere not found; create it"),
        ("pipe", 3, "exists and is not a plan"),
    ],
)
def test_a_plan_overwrites_nothing_but_plans(repo: Repo, tfgen: Command, out: str, code: int, says: str) -> None:
    root = repo(ESTATE)
    os.mkfifo(root / "pipe")
    tfgen("sync").expect(0)
    result = tfgen("plan", "--out", out).expect(code)
    assert says in result.err
    assert "terraform plan" not in result.err
    assert (root / "packer/web.json").read_text() == JSON


def test_a_plan_that_changes_only_outputs_is_a_change(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC, ("plan", "--out", "first"), ("apply", "first"))
    (root / "terraform/pipelines/outputs.tf").write_text('output "x" {\n  value = "1"\n}\n')
    planned = tfgen("plan", "--detailed-exitcode", "--out", "second").expect(2)
    assert "Changes to outputs: x" in planned.out
    assert "No changes" not in planned.out
    document = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert (document["changes"], document["images"], document["outputs"]) == (True, [], ["x"])
    tfgen("apply", "second").expect(0)
    tfgen("plan", "--detailed-exitcode").expect(0)


@pytest.mark.both
def test_what_is_forgotten_is_said(repo: Repo, tfgen: Command) -> None:
    root = repo({**ESTATE, "terraform/pipelines/more.tf": 'resource "terraform_data" "mine" {\n}\n'})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "first").expect(0)
    tfgen("apply", "first").expect(0)
    removed = "removed {\n  from = terraform_data.mine\n\n  lifecycle {\n    destroy = false\n  }\n}\n"
    (root / "terraform/pipelines/more.tf").write_text(removed)
    document = json.loads(tfgen("plan", "--detailed-exitcode", "--format", "json").expect(2).out)
    assert [(image["name"], image["action"], image["forgotten"]) for image in document["images"]] == [
        ("(shared)", "forgotten", 1)
    ]


def test_a_state_file_where_we_stand_is_no_concern(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    monkeypatch.chdir(root / "packer")
    (root / "packer/terraform.tfstate").write_text("")
    tfgen("--version").expect(0)
    tfgen("plan").expect(0)
