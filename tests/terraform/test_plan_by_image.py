"""The plan by image: every word that an image can get, as table, JSON and Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import TOY, TOY_MODULE, Command, Repo, write_tree
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.toy import ESTATE, SYNC, after

SCHEMA = json.loads((ROOT / "docs/plan.schema.json").read_text())
SECRET = "dont-show-this"


def document(tfgen: Command, *arguments: str) -> dict[str, Any]:
    """The plan as JSON, held against its schema."""
    found: dict[str, Any] = json.loads(tfgen("plan", "--format", "json", *arguments).expect(0).out)
    jsonschema.validate(found, SCHEMA)
    return found


def words(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(image["name"], image["action"]) for image in found["images"]]


def applied(repo: Repo, tfgen: Command, files: dict[str, str] | None = None) -> Path:
    return after(repo, tfgen, {**ESTATE, **(files or {})}, SYNC, ("plan", "--out", "first"), ("apply", "first"))


def test_created_updated_destroyed_unchanged(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen, {"packer/same.json": ESTATE["packer/web.json"]})
    (root / "packer/db.json").rename(root / "packer/new.json")
    write_tree(root, {"packer/new.json": '{"builders": [{"type": "null", "communicator": "none"}]}'})
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"] + '[templates.web.environment]\nA = "1"\n'})
    tfgen("sync").expect(0)
    found = document(tfgen)
    assert words(found) == [("db", "destroyed"), ("new", "created"), ("web", "changed")]
    assert (found["unchanged"], found["moves_only"], found["refused"]) == (["same"], False, ["db"])
    table = tfgen("plan").expect(0).out
    assert "\n1 more unchanged\n" in table
    assert "\ndb is destroyed completely: 1 resource\n" in table


def test_an_image_that_loses_or_gains_a_part_is_changed(repo: Repo, tfgen: Command) -> None:
    more = 'resource "terraform_data" "more" {\n}\n'
    root = applied(repo, tfgen, {"terraform/modules/codepipeline/main.tf": TOY_MODULE + more})
    write_tree(root, {"terraform/modules/codepipeline/main.tf": TOY_MODULE})
    found = document(tfgen)
    assert [(image["name"], image["action"], image["destroyed"]) for image in found["images"]] == [
        ("db", "changed", 1),
        ("web", "changed", 1),
    ]
    again = more + more.replace("more", "again")
    write_tree(root, {"terraform/modules/codepipeline/main.tf": TOY_MODULE + again})
    found = document(tfgen)
    assert [(image["name"], image["action"], image["created"]) for image in found["images"]] == [
        ("db", "changed", 1),
        ("web", "changed", 1),
    ]


def test_outputs_that_change_are_no_moves_only(repo: Repo, tfgen: Command) -> None:
    output = 'output "x" {\n  value = "%d"\n}\n\noutput "y" {\n  value = "same"\n}\n'
    root = applied(repo, tfgen, {"terraform/pipelines/x.tf": output % 1})
    tfgen("rename", "db", "data", "--keep-names").expect(0)
    write_tree(root, {"terraform/pipelines/x.tf": output % 2})
    found = document(tfgen)
    assert words(found) == [("data", "moved")]
    assert (found["moves_only"], found["outputs"], found["changes"]) == (False, ["x"], True)


@pytest.mark.both
def test_replaced_says_which_attribute_forces_it(repo: Repo, tfgen: Command) -> None:
    trigger = "  lifecycle {\n    replace_triggered_by = [terraform_data.pipeline]\n  }\n"
    more = f'resource "terraform_data" "after" {{\n{trigger}}}\n'
    root = applied(repo, tfgen, {"terraform/modules/codepipeline/main.tf": TOY_MODULE + more})
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"] + '[templates.web.names]\nproject_name = "other"\n'})
    tfgen("sync").expect(0)
    found = document(tfgen)
    assert words(found) == [("web", "replaced")]
    resources = found["images"][0]["resources"]
    assert sorted((item["address"], item["reason"], item["forced_by"]) for item in resources) == [
        ("module.web.terraform_data.after", "replace_triggered_by", []),
        ("module.web.terraform_data.pipeline", "cannot_update", ["triggers_replace"]),
    ]
    shown = tfgen("plan").expect(0).out
    assert "module.web.terraform_data.pipeline is replaced: forced by triggers_replace" in shown
    assert "module.web.terraform_data.after is replaced: a resource that it depends on is replaced" in shown


def test_what_stands_behind_the_dashes_is_told_as_it_is(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    destroying = tfgen("plan", "--", "-destroy").expect(0)
    assert "web is destroyed completely: 1 resource" in destroying.out
    assert words(document(tfgen, "--", "-destroy")) == [("db", "destroyed"), ("web", "destroyed")]
    assert "**2 destroyed**" in tfgen("plan", "--format", "markdown", "--", "-destroy").expect(0).out
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"] + '[environment]\nA = "1"\n'})
    tfgen("sync").expect(0)
    changing = tfgen("plan").expect(0).out
    assert "\nmodule.db.terraform_data.pipeline is changed\n" in changing
    limited = tfgen("plan", "--", "-target=module.nothing").expect(0).out
    assert "AWS matches the templates" not in limited
    assert "cannot be passed after --: tfgen sets it" in tfgen("plan", "--", "-help").expect(64).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--base", "main"], "--base requires --changed or --untrusted; add one of them, or remove --base"),
        (
            ["--changed", "--allow-module", "x"],
            "--allow-module requires --untrusted; add --untrusted, or remove --allow-module",
        ),
        (["--lock-timeout", "30"], "--lock-timeout 30 is not a duration; use for example 30s or 5m"),
    ],
)
def test_flags_that_mean_nothing_here(repo: Repo, tfgen: Command, arguments: list[str], says: str) -> None:
    repo(ESTATE)
    assert says in tfgen("plan", *arguments).expect(64).err


@pytest.mark.both
def test_moves_only(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    # The name of the template reaches no input of this module, so a rename is nothing but another address.
    tfgen("rename", "db", "data", "--keep-names").expect(0)
    write_tree(root, {"tfgen.toml": (root / "tfgen.toml").read_text()})
    found = document(tfgen)
    assert words(found) == [("data", "moved")]
    assert found["images"][0]["moved_from"] == "db"
    assert (found["moves_only"], found["changes"]) == (True, True)
    shown = tfgen("plan", "--detailed-exitcode", "--gate").expect(2).out
    assert shown.startswith("Moves only: ")
    assert "moved from db" in shown
    assert "Moves only" in tfgen("plan", "--format", "markdown").expect(0).out


def test_moved_and_changed_is_no_moves_only(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    tfgen("rename", "db", "data", "--keep-names").expect(0)
    write_tree(root, {"tfgen.toml": (root / "tfgen.toml").read_text() + '[environment]\nA = "1"\n'})
    tfgen("sync").expect(0)
    found = document(tfgen)
    assert words(found) == [("data", "changed"), ("web", "changed")]
    assert found["moves_only"] is False
    assert found["images"][0]["moved_from"] == "db"


def test_imported(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    write_tree(
        root,
        {
            "terraform/pipelines/more.tf": 'import {\n  to = terraform_data.mine\n  id = "abc"\n}\n\n'
            'resource "terraform_data" "mine" {\n}\n'
        },
    )
    found = document(tfgen)
    assert words(found) == [("(shared)", "imported")]
    assert found["summary"]["import"] == 1


def test_drifted(estate: Estate, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody deletes a log group and tags a project by hand: AWS differs from the state."""
    root = estate.folder.parents[1]
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"], "packer/web.json": ESTATE["packer/web.json"]})
    estate.generated.unlink()
    monkeypatch.chdir(root)
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    assert words(document(tfgen)) == [], "how a provider writes the same down is no drift"
    logs = estate.emulator.client("logs")
    (group,) = logs.describe_log_groups()["logGroups"]
    logs.delete_log_group(logGroupName=group["logGroupName"])
    found = document(tfgen)
    (image,) = found["images"]
    assert (image["name"], image["action"], image["created"], image["drifted"]) == ("web", "changed", 1, 1)
    assert [item["action"] for item in image["drift"]] == ["delete"]
    assert "DRIFTED" in tfgen("plan").expect(0).out.splitlines()[0]
    codebuild = estate.emulator.client("codebuild")
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    codebuild.update_project(name="web-ami-pipeline", timeoutInMinutes=7)
    refreshed = tfgen("plan", "--", "-refresh-only").expect(0).out
    assert refreshed.startswith("Refresh only: ")
    assert "DRIFTED" in refreshed.splitlines()[1]
    (image,) = document(tfgen)["images"]
    assert (image["action"], image["changed"], image["drifted"]) == ("changed", 1, 1)


@pytest.mark.both
def test_what_is_secret_is_shown_nowhere(repo: Repo, tfgen: Command) -> None:
    module = TOY_MODULE + (
        'resource "terraform_data" "secret" {\n'
        f'  input            = sensitive("{SECRET}-${{var.environment_vars.A}}")\n'
        f'  triggers_replace = sensitive("{SECRET}-${{var.environment_vars.A}}")\n'
        '}\n\noutput "secret" {\n  value     = terraform_data.secret.output\n  sensitive = true\n}\n'
    )
    root_output = 'output "x" {\n  value     = module.web.secret\n  sensitive = true\n}\n'
    toml = TOY["tfgen.toml"] + '[environment]\nA = "1"\n'
    files = {"terraform/modules/codepipeline/main.tf": module, "terraform/pipelines/x.tf": root_output}
    root = applied(repo, tfgen, {**files, "tfgen.toml": toml})
    write_tree(root, {"tfgen.toml": toml.replace("1", "2")})
    tfgen("sync").expect(0)
    said = [tfgen("plan", "--out", "saved", "--format", form).expect(0) for form in ("table", "json", "markdown")]
    said.append(tfgen("apply", "saved", "--allow-destroy", "web", "--allow-destroy", "db").expect(0))
    assert "triggers_replace" in said[0].out
    assert not any(SECRET in result.out + result.err for result in said)
    written = [root / "saved.json", *(root / ".tfgen").rglob("*")]
    assert len(written) > 3
    assert not [file for file in written if file.is_file() and SECRET.encode() in file.read_bytes()]
