"""`plan --changed` and `plan --untrusted` with real Terraform, from a branch to its plan."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push
from tests.functional.git_repo import commit, git
from tests.terraform.toy import resources
from tfgen.terraform.binary import find_terraform

TOML = ESTATE["tfgen.toml"]


@pytest.fixture
def root(repo: Repo, tfgen: Command) -> Path:
    """Applied on main, but for `unapplied`, which a full plan would show."""
    root = branched(repo, tfgen)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    git(root, "checkout", "--quiet", "main")
    write_tree(root, {"packer/unapplied.json": JSON})
    tfgen("sync").expect(0)
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    return root


def planned(tfgen: Command, *arguments: str) -> dict[str, str]:
    """Image -> what happens to it."""
    result = tfgen("plan", "--format", "json", *arguments).expect(0)
    return {image["name"]: image["action"] for image in json.loads(result.out)["images"]}


@pytest.mark.both
def test_only_what_the_branch_changes_is_planned(root: Path, tfgen: Command) -> None:
    write_tree(root, {"packer/new.json": JSON, "tfgen.toml": TOML + '[templates.web.environment]\nA = "1"\n'})
    (root / "packer/db.json").unlink()
    tfgen("sync").expect(0)
    assert planned(tfgen, "--changed") == {"db": "destroyed", "new": "created", "web": "changed"}
    assert "unapplied" in planned(tfgen)


def test_a_renamed_image_moves(root: Path, tfgen: Command) -> None:
    write_tree(root, {"tfgen.toml": TOML + '[templates.site]\npath = "packer/web.json"\nmoved_from = ["web"]\n'})
    tfgen("sync").expect(0)
    assert set(planned(tfgen, "--changed")) == {"site"}


def test_a_move_that_is_not_applied_yet_is_planned_too(root: Path, tfgen: Command) -> None:
    """Terraform refuses targets that leave moved resources out."""
    git(root, "checkout", "--quiet", "main")
    tfgen("rename", "web", "site", "--keep-names").expect(0)
    commit(root)
    git(root, "checkout", "--quiet", "-b", "later")
    write_tree(root, {"packer/new.json": JSON})
    tfgen("sync").expect(0)
    result = tfgen("plan", "--changed", "--base", "main", "--format", "json").expect(0)
    assert "planning only the images that differ from main: new, and site, web (named by a moved block)" in result.err
    document = json.loads(result.out)
    assert [(image["name"], image["action"]) for image in document["images"]] == [("new", "created"), ("site", "moved")]
    assert document["unchanged"] == []


def test_nothing_is_planned_where_nothing_differs(root: Path, tfgen: Command) -> None:
    tfgen("plan", "--out", "other").expect(0)
    push(root, {"README.md": "x"})
    assert planned(tfgen, "--changed") == {}
    result = tfgen("plan", "--changed", "--out", "other").expect(0)
    assert result.out == "No image differs: nothing was planned.\n"
    assert not (root / "other").exists(), "an older plan must not be taken for this one"
    assert tfgen("apply", "other").expect(0).out == "No image differs: nothing was planned.\n"


def test_everything_is_planned_where_the_module_differs(root: Path, tfgen: Command) -> None:
    push(root, {f"{MODULE}/more.tf": "# mine\n"})
    result = tfgen("plan", "--changed").expect(0)
    assert f"{MODULE}/more.tf differs from main" in result.err
    assert "unapplied" in result.out


@pytest.mark.both
def test_a_branch_of_templates_is_planned_untrusted(root: Path, tfgen: Command) -> None:
    write_tree(root, {"packer/new.json": JSON})
    tfgen("sync").expect(0)
    commit(root)
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    untrusted = ("--untrusted", "--base", "origin/main")
    assert planned(tfgen, *untrusted, "--changed", "--out", "saved") == {"new": "created"}
    tfgen("apply", "saved").expect(0)
    assert "module.new.pipeline" in resources(root)
    push(root, {f"{ROOT}/more.tf": "locals {\n  x = 1\n}\n"})
    said = f"not planned: {ROOT}/more.tf: is new: origin/main does not have it (needs a trusted plan)\n"
    assert said in tfgen("plan", *untrusted).expect(0).out
    assert said in tfgen("plan", *untrusted, "--gate").expect(3).out
    tfgen("plan", *untrusted, "--out", "other").expect(0)
    assert "more.tf" in tfgen("comment", "other", "--dry-run").expect(0).out
    assert "was made from other files" in tfgen("apply", "other").expect(3).err


@pytest.mark.parametrize("workspace", ["default", "other"])
def test_an_untrusted_plan_knows_the_state(root: Path, tfgen: Command, workspace: str) -> None:
    """The local state stays where it is, whichever of Terraform's workspaces is selected."""
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    untrusted = ("--untrusted", "--base", "origin/main", "--format", "json")
    if workspace != "default":
        argv = [*find_terraform().argv, "workspace", "new", workspace]
        subprocess.run(argv, cwd=root / ROOT, check=True, capture_output=True)
        tfgen("plan", "--out", "new").expect(0)
        tfgen("apply", "new").expect(0)
        assert json.loads(tfgen("plan", *untrusted).expect(0).out)["changes"] is False
    else:
        document = json.loads(tfgen("plan", *untrusted).expect(0).out)
        assert [image["name"] for image in document["images"]] == ["unapplied"]
        assert document["unchanged"] == ["db", "web"]
    assert not (root / ROOT / ".terraform.tfstate.lock.info").exists()
