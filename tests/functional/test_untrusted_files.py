"""The files of an unread branch that Terraform reads are those of the base, whatever leads to them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted

TOML = ESTATE["tfgen.toml"]


# Every file that Terraform reads


@pytest.mark.parametrize(
    "path",
    [
        f"{MODULE}/main.tf",
        f"{MODULE}/inner/main.tf",
        f"{MODULE}/inner/deep/policy.json",
        f"{ROOT}/locals.tf",
        f"{ROOT}/terraform.tfvars",
        f"{ROOT}/x.auto.tfvars.json",
        f"{ROOT}/terraform.tfstate",
        f"{ROOT}/.terraform.lock.hcl",
        f"{ROOT}/terraform.d/plugins/example/x/1.0/linux_amd64/terraform-provider-x",
        f"{ROOT}/template.tftpl",
        f"{ROOT}/.terraform-version",
        ".tool-versions",
        "terraform/.opentofu-version",
        "mise.toml",
    ],
)
def test_a_file_that_terraform_reads_is_that_of_the_base(root: Path, refused: Refused, path: str) -> None:
    push(root, {path: "{}" if path.endswith("json") else ESTATE.get(path, "") + "# mine\n"})
    said = refused(f"^error: {re.escape(path)}: .*(differs from main|is new: main does not have it|is not as in main)")
    assert len(said) == 1


@pytest.mark.parametrize("path", [f"{MODULE}/inner/main.tf", f"{ROOT}/backend.tf"])
def test_a_file_that_is_gone(root: Path, refused: Refused, path: str) -> None:
    (root / path).unlink()
    commit(root)
    refused(f"^error: {path}: was deleted; main has it")


def test_a_file_that_the_branch_lets_git_ignore_counts_all_the_same(root: Path, refused: Refused) -> None:
    push(root, {".gitignore": "evil.tf\n", f"{ROOT}/evil.tf": DATA})
    refused(f"{ROOT}/evil.tf:1: data source external")


def test_attributes_of_the_branch_change_no_comparison(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli, {f"{ROOT}/x.tf": "# $Id$\n"})
    push(root, {".gitattributes": "x.tf ident\n"})
    (root / ROOT / "x.tf").unlink()
    git(root, "checkout", "--quiet", "--", f"{ROOT}/x.tf")
    assert git(root, "status", "--porcelain") == ""
    refused(f"{ROOT}/x.tf: differs from main")


def test_what_git_is_told_to_overlook_is_seen(root: Path, refused: Refused) -> None:
    git(root, "update-index", "--assume-unchanged", f"{ROOT}/locals.tf")
    write_tree(root, {f"{ROOT}/locals.tf": "locals {\n  account_id = 1\n}\n"})
    refused(f"{ROOT}/locals.tf: differs from main")


def test_a_submodule(root: Path, refused: Refused, tmp_path: Path, cli: Command) -> None:
    other = write_tree(tmp_path / "other", {"main.tf": ESTATE[f"{MODULE}/main.tf"]})
    git(other, "init", "--quiet")
    commit(other)
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "terraform/modules/sub")
    push(root, {"tfgen.toml": TOML + '[module]\nsource = "../modules/sub"\n'})
    cli("sync").expect(0)
    commit(root)
    refused("^error: terraform/modules/sub/main.tf: is new")


# What hand-written files name elsewhere


@pytest.mark.parametrize("path", ["shared/policy.json", "shared/aws-config", "shared/many/x.json", "packer/script.tpl"])
def test_a_file_elsewhere_that_terraform_reads_by_name(repo: Repo, cli: Command, refused: Refused, path: str) -> None:
    text = """\
locals {
  policy = file("${path.module}/../../shared/policy.json")
  many   = { for name in ["x"] : name => file("../../shared/many/${name}.json") }
  made   = templatefile("${path.root}/../../packer/script.tpl", {})
}
provider "terraform" {
  shared_config_files = ["../../shared/aws-config"]
}
"""
    files = {"shared/policy.json": "{}", "shared/aws-config": "", "shared/many/x.json": "{}", "packer/script.tpl": ""}
    root = branched(repo, cli, {**files, f"{ROOT}/reads.tf": text, "shared/other": "1"})
    push(root, {"shared/other": "2", "packer/new.tpl": ""})
    accepted()
    push(root, {path: "[default]\ncredential_process = id\n"})
    refused(f"^error: {path}: differs from main")


# Symlinks


def test_symlinks_that_lead_out(root: Path, refused: Refused, tmp_path: Path) -> None:
    write_tree(tmp_path / "out", {"x.tf": DATA, "x.json": JSON})
    (root / ROOT / "x.tf").symlink_to(tmp_path / "out/x.tf")
    (root / ROOT / "folder").symlink_to(tmp_path / "out")
    (root / "packer/secret.pkr.hcl").symlink_to("/proc/self/environ")
    commit(root)
    out = "is a symlink to outside the repository"
    refused(*(f"^error: {path}: {out}" for path in (f"{ROOT}/x.tf", f"{ROOT}/folder", "packer/secret.pkr.hcl")))


@pytest.mark.parametrize("name", ["packer", ROOT])
def test_folders_that_lead_out(root: Path, refused: Refused, tmp_path: Path, name: str) -> None:
    shutil.move(root / name, tmp_path / "out")
    (root / name).symlink_to(tmp_path / "out")
    commit(root)
    refused(f"^error: {name}: is a symlink to outside the repository")


def test_a_link_of_the_bases_whose_target_changes(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli, {"packer/shared/x.tf": "# shared\n", "packer/files/y": "1"})
    git(root, "checkout", "--quiet", "main")
    (root / ROOT / "x.tf").symlink_to("../../packer/shared/x.tf")
    (root / MODULE / "files").symlink_to("../../../packer/files")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    accepted()
    push(root, {"packer/shared/x.tf": DATA, "packer/files/y": "2"})
    refused(f"^error: {ROOT}/x.tf:1: data source external", "^error: packer/files/y: differs from main")


def test_a_module_that_becomes_a_link_to_another(repo: Repo, cli: Command, refused: Refused) -> None:
    other = {path.replace("codepipeline", "other"): text for path, text in ESTATE.items() if path.startswith(MODULE)}
    root = branched(repo, cli, other)
    shutil.rmtree(root / MODULE)
    (root / MODULE).symlink_to("other")
    commit(root)
    refused(f"^error: {MODULE}: is new: main does not have it")


def test_a_link_that_becomes_a_file(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli)
    git(root, "checkout", "--quiet", "main")
    (root / ROOT / "policy.json").symlink_to("../../README.md")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    (root / ROOT / "policy.json").unlink()
    push(root, {f"{ROOT}/policy.json": "../../README.md"})
    refused(f"^error: {ROOT}/policy.json: differs from main")


def test_a_file_that_becomes_a_link_with_the_same_text(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli, {f"{ROOT}/name.txt": "innocent.tf"})
    (root / ROOT / "name.txt").unlink()
    (root / ROOT / "name.txt").symlink_to("innocent.tf")
    commit(root)
    refused(f"^error: {ROOT}/name.txt: differs from main")


def test_a_root_module_that_becomes_a_link_to_a_copy(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli)
    git(root, "checkout", "--quiet", "main")
    shutil.copytree(root / ROOT, root / "terraform/old")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    accepted()
    shutil.rmtree(root / ROOT)
    (root / ROOT).symlink_to("old")
    commit(root)
    refused(f"^error: {ROOT}: is new: main does not have it")


def test_terraform_in_the_repositorys_root(repo: Repo, cli: Command, refused: Refused) -> None:
    toml = TOML + 'terraform_dir = "."\n[module]\nsource = "./terraform/modules/codepipeline"\n'
    root = branched(repo, cli, {"tfgen.toml": toml, "locals.tf": ESTATE[f"{ROOT}/locals.tf"]})
    push(root, {"packer/new.json": JSON, "tfgen.toml": toml.replace("[module]", '[environment]\nA = "1"\n[module]')})
    cli("sync").expect(0)
    accepted()
    push(root, {"ansible/x.yml": "x", "x.auto.tfvars": "x = 1\n"})
    refused(r"^error: ansible/x\.yml: is new", r"^error: x\.auto\.tfvars: is new")
