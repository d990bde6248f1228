"""`plan --changed` in a folder that lacks the images which are not targets: the same plan, or the whole folder."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import depth
from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push
from tests.functional.git_repo import commit, git
from tests.prepared import prepared
from tests.terraform.toy import STATE, faulty_terraform, resources, start, stubborn_terraform
from tfgen.plan.reduced_root import reduced_root
from tfgen.terraform.argv import RunOptions
from tfgen.terraform.binary import find_terraform
from tfgen.workspace import open_workspace

OUTPUTS = {
    f"{ROOT}/outputs.tf": 'output "mine" {\n  value = "kept"\n}\n',
    f"{ROOT}/shared.tf": 'resource "terraform_data" "shared" {\n  input = file("policies/one.json")\n}\n',
    f"{ROOT}/policies/one.json": "{}\n",
}


def plain(repo: Repo, tfgen: Command, files: Mapping[str, str] | None = None) -> Path:
    """Without the file that only looks as if it had data sources which run something."""
    return branched(repo, tfgen, {f"{ROOT}/innocent.tf": "", **(files or {})})


@pytest.fixture
def root(repo: Repo, tfgen: Command) -> Path:
    """`db` and `web` are applied, `new` is what the branch adds."""
    return prepared(repo, lambda: with_new(plain(repo, tfgen, OUTPUTS), tfgen), "new")


def with_new(root: Path, tfgen: Command) -> Path:
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    write_tree(root, {"packer/new.json": JSON})
    tfgen("sync").expect(0)
    return root


def seen_by_terraform(root: Path, tfgen: Command, *arguments: str, **environment: str) -> list[set[str]]:
    """The files that stand in the current folder of each `terraform plan`."""
    file = root / "seen"
    terraform = faulty_terraform(root, "plan", f'{{ ls -A | tr "\\n" "/"; echo; }} >> "{file}"')
    tfgen("plan", "--changed", "--terraform", terraform, *arguments, **environment).expect(0)
    return [set(line.split("/")) - {""} for line in file.read_text().splitlines()]


def test_terraform_reads_the_targets_alone(root: Path, tfgen: Command) -> None:
    [seen] = seen_by_terraform(root, tfgen, "--out", "part")
    assert {"pipeline_new.gen.tf", "outputs.tf", "policies"} <= seen
    assert not {"pipeline_web.gen.tf", "pipeline_db.gen.tf"} & seen
    assert not list((root / ".tfgen").glob("part-*"))


def test_the_plan_is_applied_in_the_whole_folder(root: Path, tfgen: Command) -> None:
    before = resources(root)
    tfgen("plan", "--changed", "--out", "part").expect(0)
    tfgen("apply", "part").expect(0)
    assert resources(root) == sorted([*before, "module.new.pipeline"])
    state = json.loads((root / STATE).read_text())
    assert state["outputs"]["mine"]["value"] == "kept"
    tfgen("plan", "--detailed-exitcode").expect(0)


def test_it_is_the_plan_that_terraform_makes_of_the_whole_folder(root: Path, tfgen: Command) -> None:
    (root / "packer/db.json").unlink()
    write_tree(root, {"tfgen.toml": (root / "tfgen.toml").read_text() + '[templates.web.environment]\nA = "1"\n'})
    tfgen("sync").expect(0)
    tfgen("plan", "--changed", "--out", "part").expect(0)
    terraform = [*find_terraform().argv]
    targets = [f"-target=module.{name}" for name in ("db", "new", "web")]
    subprocess.run([*terraform, "plan", "-out=whole", *targets], cwd=root / ROOT, check=True, capture_output=True)
    ours, whole = (shown(root, root / "part"), shown(root, root / ROOT / "whole"))
    assert ours["resource_changes"] == whole["resource_changes"]
    assert {change["address"]: change["change"]["actions"] for change in ours["resource_changes"]} == {
        "module.db.terraform_data.pipeline": ["delete"],
        "module.new.terraform_data.pipeline": ["create"],
        "module.web.terraform_data.pipeline": ["update"],
    }
    assert ours.get("output_changes") == whole.get("output_changes")
    assert ours["prior_state"] == whole["prior_state"]


def shown(root: Path, plan: Path) -> dict[str, Any]:
    argv = [*find_terraform().argv, "show", "-json", str(plan)]
    done = subprocess.run(argv, cwd=root / ROOT, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "text",
    [
        'output "web" {\n  value = module.web.name\n}\n',
        'output "web" {\n  value = module . web.name\n}\n',
        'resource "terraform_data" "after" {\n  depends_on = [module.web]\n}\n',
    ],
)
def test_an_image_that_is_named_by_hand_stays(repo: Repo, tfgen: Command, text: str) -> None:
    output = 'output "name" {\n  value = var.project_name\n}\n'
    root = with_new(plain(repo, tfgen, {f"{ROOT}/names.tf": text, f"{MODULE}/names.tf": output}), tfgen)
    [seen] = seen_by_terraform(root, tfgen)
    assert {"pipeline_web.gen.tf", "pipeline_new.gen.tf"} <= seen
    assert "pipeline_db.gen.tf" not in seen


@depth.deep
@pytest.mark.parametrize(
    ("file", "expression"),
    [
        (f"{ROOT}/place.tf", "path.cwd"),
        (f"{ROOT}/place.tf", "abspath(path.module)"),
        (f"{ROOT}/place.tf", 'fileset(path.module, "*.tf")'),
        (f"{MODULE}/place.tf", "path.root"),
        (f"{MODULE}/inner/place.tf", "path . root"),
        (f"{ROOT}/place.tf", '"external"'),
        (f"{ROOT}/place.tf", 'templatefile("${path.module}/place.tpl", {})'),
        (f"{ROOT}/place.tf", 'fileexists("../../../shared/v") ? 1 : 2'),
    ],
)
def test_what_depends_on_its_place_is_planned_there(repo: Repo, tfgen: Command, file: str, expression: str) -> None:
    """In a usual run, what plan would start Terraform in; two other tests start it where this is the whole folder."""
    files = {file: f"locals {{\n  place = {expression}\n}}\n", f"{ROOT}/place.tpl": ""}
    if depth.is_on():
        [seen] = seen_by_terraform(with_new(plain(repo, tfgen, files), tfgen), tfgen)
        assert "pipeline_web.gen.tf" in seen
        return

    def make() -> Path:
        root = with_new(plain(repo, tfgen, OUTPUTS), tfgen)
        tfgen("plan", "--changed").expect(0)
        return root

    root = prepared(repo, make, "new, planned")
    assert is_reduced()
    write_tree(root, files)
    assert not is_reduced()


def is_reduced() -> bool:
    """Whether `new` is planned in a folder without the other images."""
    with reduced_root(open_workspace(), RunOptions(targets=("new",)), os.environ) as reduced:
        return reduced is not None


@pytest.mark.parametrize(
    ("arguments", "environment", "whole"),
    [
        (["-target=module.db"], {}, True),
        (["-state=other.tfstate"], {}, True),
        (["-generate-config-out=generated.tf"], {}, True),
        (["-replace=module.db.terraform_data.pipeline"], {}, True),
        ([], {"TF_CLI_ARGS_plan": "-target=module.db"}, True),
        ([], {"TF_LOG": "info", "TF_LOG_PATH": "terraform.log"}, True),
        (["-var", "x=1", "-parallelism=2", "-refresh=false"], {"TF_CLI_ARGS": "-no-color"}, False),
    ],
)
def test_what_a_person_asks_of_terraform_may_need_the_whole_folder(
    root: Path, tfgen: Command, arguments: list[str], environment: dict[str, str], whole: bool
) -> None:
    write_tree(root, {f"{ROOT}/x.tf": 'variable "x" {\n  default = 1\n}\n'})
    commit(root)
    git(root, "branch", "--force", "main", "HEAD")
    write_tree(root, {"packer/another.json": JSON})
    tfgen("sync").expect(0)
    [seen] = seen_by_terraform(root, tfgen, "--", *arguments, **environment)
    assert ("pipeline_web.gen.tf" in seen) == whole


def test_a_file_of_a_person_s_under_a_generated_name_stays(root: Path, tfgen: Command) -> None:
    (root / ROOT / "pipeline_common.gen.tf").write_text("locals {\n  common = 1\n}\n")
    [seen] = seen_by_terraform(root, tfgen, "--base", "main")
    assert "pipeline_common.gen.tf" in seen


def test_workspaces_that_lie_elsewhere_are_planned_in_the_whole_folder(repo: Repo, tfgen: Command) -> None:
    backend = 'terraform {\n  backend "local" {\n    workspace_dir = "../../../states"\n  }\n}\n'
    root = with_new(plain(repo, tfgen, {f"{ROOT}/backend.tf": backend}), tfgen)
    [seen] = seen_by_terraform(root, tfgen)
    assert "pipeline_web.gen.tf" in seen


def test_git_finds_the_real_repository(root: Path, tfgen: Command) -> None:
    file = root / "top"
    terraform = faulty_terraform(root, "plan", f'git rev-parse --show-toplevel > "{file}"')
    tfgen("plan", "--changed", "--terraform", terraform).expect(0)
    assert file.read_text().strip() == str(root)


def test_nothing_is_said_of_what_tfgen_asks_of_terraform(root: Path, tfgen: Command) -> None:
    assert "Deprecated" not in tfgen("plan", "--changed").expect(0).err


def test_what_is_wrong_is_said_of_the_whole_folder(root: Path, tfgen: Command) -> None:
    push(root, {f"{ROOT}/named.tf.json": '{"module": {"x": {"source": "../modules/codepipeline", "a": 1}}}'})
    git(root, "branch", "--force", "main", "HEAD")
    write_tree(root, {"packer/another.json": JSON})
    tfgen("sync").expect(0)
    result = tfgen("plan", "--changed").expect(1)
    assert result.err.count('The argument "project_name" is required') == 1, result.err
    assert "part-" not in result.err


def test_an_image_that_only_terraform_finds_is_planned_in_the_whole_folder(repo: Repo, tfgen: Command) -> None:
    override = '{"module": {"web": {"source": "../modules/codepipeline"}}}'
    root = with_new(plain(repo, tfgen, {f"{ROOT}/x_override.tf.json": override}), tfgen)
    first, second = seen_by_terraform(root, tfgen)
    assert "pipeline_web.gen.tf" not in first
    assert "pipeline_web.gen.tf" in second


def test_a_held_lock_is_told_of_as_ever(root: Path, tfgen: Command) -> None:
    """The lock that Terraform takes, and what it writes beside it, stay where everybody looks for them."""
    lock = {"ID": "1" * 8, "Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-23T00:00:00Z"}
    (root / ROOT / ".terraform.tfstate.lock.info").write_text(json.dumps(lock))
    with (root / STATE).open("r+b") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        result = tfgen("plan", "--changed").expect(75)
    assert "the state is locked by ann@desk since 2026-11-23 00:00:00 UTC" in result.err


def test_state_that_is_not_there_is_not_made(repo: Repo, tfgen: Command) -> None:
    root = plain(repo, tfgen)
    write_tree(root, {"packer/new.json": JSON})
    tfgen("sync").expect(0)
    tfgen("plan", "--changed", "--out", "part").expect(0)
    assert not (root / STATE).exists()
    tfgen("apply", "part").expect(0)
    assert resources(root) == ["module.new.pipeline"]


def test_another_workspace_of_terraforms(root: Path, tfgen: Command) -> None:
    terraform = [*find_terraform().argv]
    subprocess.run([*terraform, "workspace", "new", "other"], cwd=root / ROOT, check=True, capture_output=True)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    write_tree(root, {"packer/another.json": JSON})
    tfgen("sync").expect(0)
    commit(root)
    tfgen("plan", "--changed", "--out", "part", "--format", "json").expect(0)
    tfgen("apply", "part").expect(0)
    state = json.loads((root / ROOT / "terraform.tfstate.d/other/terraform.tfstate").read_text())
    assert len(state["resources"]) == 5


def test_a_root_module_that_is_the_repository(repo: Repo, tfgen: Command) -> None:
    files = {name.removeprefix(f"{ROOT}/"): text for name, text in ESTATE.items() if "innocent" not in name}
    root = repo({name: text.replace("../modules", "./terraform/modules") for name, text in files.items()})
    toml = files["tfgen.toml"] + 'terraform_dir = "."\n\n[module]\nsource = "./terraform/modules/codepipeline"\n'
    write_tree(root, {"tfgen.toml": toml})
    tfgen("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    git(root, "checkout", "--quiet", "-b", "feature")
    write_tree(root, {"packer/new.json": JSON})
    tfgen("sync").expect(0)
    [seen] = seen_by_terraform(root, tfgen)
    assert "pipeline_new.gen.tf" in seen
    assert not {"pipeline_web.gen.tf", ".tfgen"} & seen


def test_what_a_killed_run_has_left_is_taken_away(root: Path, tfgen: Command) -> None:
    terraform = stubborn_terraform(root, "plan")
    process = start("plan", "--changed", "--terraform", str(terraform))
    deadline = time.monotonic() + 60
    folders: list[Path] = []
    while not folders or not (folders[0] / ROOT / "begun").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        folders = list((root / ".tfgen").glob("part-*"))
    tfgen("plan", "--changed").expect(0)
    assert folders[0].exists(), "somebody is at work in it"
    process.kill()
    process.communicate()
    subprocess.run(["pkill", "-f", str(terraform)], check=False)
    tfgen("plan", "--changed").expect(0)
    assert not folders[0].exists()
    assert (root / ROOT / "policies/one.json").exists()


def test_without_space_for_links_the_whole_folder_is_planned(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    assert is_reduced()
    monkeypatch.setattr(Path, "symlink_to", full)
    assert not is_reduced()
    assert not list((root / ".tfgen").glob("part-*"))
