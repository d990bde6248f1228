"""The files that Terraform reads of an untrusted plan are those of the base, whatever leads to them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push, sha
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted, left_out

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
        "terraform/other/main.tf",
        "buildspec.yml",
    ],
)
def test_a_file_that_terraform_reads_is_that_of_the_base(root: Path, path: str) -> None:
    push(root, {path: "{}" if path.endswith("json") else ESTATE.get(path, "") + "# mine\n"})
    planned = left_out(f"{re.escape(path)}: .*(differs from main|is new: main does not have it)")
    assert len(planned.said) == 1
    assert planned.files.get(path, b"").decode() == ESTATE.get(path, "")


@pytest.mark.parametrize("path", [f"{MODULE}/inner/main.tf", f"{ROOT}/backend.tf"])
def test_a_file_that_is_gone(root: Path, path: str) -> None:
    (root / path).unlink()
    commit(root)
    assert left_out(f"{path}: was deleted; main has it").files[path].decode() == ESTATE[path]


def test_a_file_that_the_branch_lets_git_ignore_counts_all_the_same(root: Path) -> None:
    push(root, {".gitignore": "evil.tf\n", f"{ROOT}/evil.tf": DATA})
    assert DATA.encode() not in left_out(f"{ROOT}/evil.tf: is new").text()


def test_attributes_of_the_branch_change_no_comparison(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {f"{ROOT}/x.tf": "# $Id$\n"})
    push(root, {".gitattributes": "x.tf ident\n"})
    (root / ROOT / "x.tf").unlink()
    git(root, "checkout", "--quiet", "--", f"{ROOT}/x.tf")
    assert git(root, "status", "--porcelain") == ""
    assert left_out(f"{ROOT}/x.tf: differs from main").files[f"{ROOT}/x.tf"] == b"# $Id$\n"


def test_what_git_is_told_to_overlook_is_seen(root: Path) -> None:
    git(root, "update-index", "--assume-unchanged", f"{ROOT}/locals.tf")
    write_tree(root, {f"{ROOT}/locals.tf": "locals {\n  account_id = 1\n}\n"})
    left_out(f"{ROOT}/locals.tf: differs from main")


def test_a_submodule(root: Path, tmp_path: Path, cli: Command) -> None:
    other = write_tree(tmp_path / "other", {"main.tf": ESTATE[f"{MODULE}/main.tf"]})
    git(other, "init", "--quiet")
    commit(other)
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "terraform/modules/sub")
    push(root, {"tfgen.toml": TOML + '[module]\nsource = "../modules/sub"\n'})
    cli("sync").expect(0)
    commit(root)
    planned = left_out("tfgen.toml:3: module.source was changed")
    assert not [path for path in planned.files if path.startswith("terraform/modules/sub")]


def test_a_submodule_in_the_place_of_the_root_module(root: Path, refused: Refused) -> None:
    """Nothing in it is tracked, and yet it came with the branch."""
    shutil.move(root / ROOT, root / "aside")
    git(root, "rm", "--quiet", "-r", "--cached", ROOT)
    shutil.move(root / "aside", root / ROOT)
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{sha(root)},{ROOT}")
    git(root, "commit", "--quiet", "--message", "x")
    write_tree(root, {f"{ROOT}/evil_override.tf": DATA, f"{ROOT}/terraform.tfvars": "x = 1\n"})
    planned = left_out(f"{ROOT}: is a submodule, and main has another or none")
    assert planned.made_here == set()
    assert DATA.encode() not in planned.text()


# What hand-written files name elsewhere


@pytest.mark.parametrize("path", ["shared/policy.json", "shared/aws-config", "shared/many/x.json", "packer/script.tpl"])
def test_a_file_elsewhere_that_terraform_reads_by_name(repo: Repo, cli: Command, path: str) -> None:
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
    assert left_out(f"{path}: differs from main").files[path] == files[path].encode()


def test_a_sentence_that_no_file_can_be_called(repo: Repo, cli: Command) -> None:
    """A description is a text in quotes like a path."""
    texts = ("a name, then a number, " * 20, "one/of/two/" * 400)
    words = "".join(f'variable "x{len(text)}" {{\n  description = "{text}"\n}}\n' for text in texts)
    root = branched(repo, cli, {f"{ROOT}/variables.tf": words})
    push(root, {"packer/new.tpl": ""})
    accepted()


# Symlinks


def test_symlinks_that_lead_out(root: Path, refused: Refused, tmp_path: Path) -> None:
    write_tree(tmp_path / "out", {"x.tf": DATA, "x.json": JSON})
    (root / ROOT / "x.tf").symlink_to(tmp_path / "out/x.tf")
    (root / ROOT / "folder").symlink_to(tmp_path / "out")
    (root / "packer/secret.pkr.hcl").symlink_to("/proc/self/environ")
    commit(root)
    refused("^error: packer/secret.pkr.hcl: is a symlink to outside the repository")
    (root / "packer/secret.pkr.hcl").unlink()
    planned = left_out(f"{ROOT}/x.tf: is new", f"{ROOT}/folder: is new")
    assert {f"{ROOT}/x.tf", f"{ROOT}/folder"}.isdisjoint(planned.files)
    git(root, "rm", "--quiet", "--cached", f"{ROOT}/x.tf")
    assert f"{ROOT}/x.tf" not in left_out(f"{ROOT}/x.tf: is new").files, (
        "a link of this machine's is none of the plan's"
    )


@pytest.mark.parametrize("name", ["packer", ROOT])
def test_folders_that_lead_out(root: Path, refused: Refused, tmp_path: Path, name: str) -> None:
    shutil.move(root / name, tmp_path / "out")
    (root / name).symlink_to(tmp_path / "out")
    commit(root)
    refused(f"^error: {name}: is a symlink to outside the repository")


def test_a_link_of_the_bases_whose_target_changes(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {"packer/shared/x.tf": "# shared\n", "packer/files/y": "1"})
    git(root, "checkout", "--quiet", "main")
    (root / ROOT / "x.tf").symlink_to("../../packer/shared/x.tf")
    (root / MODULE / "files").symlink_to("../../../packer/files")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    accepted()
    push(root, {"packer/shared/x.tf": DATA, "packer/files/y": "2"})
    planned = left_out("packer/shared/x.tf: differs from main", "packer/files/y: differs from main")
    assert planned.files["packer/shared/x.tf"] == b"# shared\n"
    assert planned.files[f"{ROOT}/x.tf"] == b"-> ../../packer/shared/x.tf"


def test_links_of_the_base_that_lead_out_are_not_followed(root: Path, tmp_path: Path) -> None:
    git(root, "checkout", "--quiet", "main")
    write_tree(root, {f"{ROOT}/files/x": "1"})
    links = {
        "absolute": str(tmp_path),
        "above": "../../../../..",
        "back": f"../../../{root.name}/packer",
        "by": "above/x",
    }
    for name, target in links.items():
        (root / ROOT / name).symlink_to(target)
    (root / ROOT / "inside").symlink_to("files/x")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    planned = accepted()
    assert [path for path in planned.files if planned.files[path].startswith(b"-> ")] == [f"{ROOT}/inside"]


def test_a_module_that_becomes_a_link_to_another(repo: Repo, cli: Command) -> None:
    other = {path.replace("codepipeline", "other"): text for path, text in ESTATE.items() if path.startswith(MODULE)}
    root = branched(repo, cli, other)
    shutil.rmtree(root / MODULE)
    (root / MODULE).symlink_to("other")
    commit(root)
    left_out(f"{MODULE}: is new: main does not have it")


def test_a_link_that_becomes_a_file(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli)
    git(root, "checkout", "--quiet", "main")
    (root / ROOT / "policy.json").symlink_to("../../README.md")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    (root / ROOT / "policy.json").unlink()
    push(root, {f"{ROOT}/policy.json": "../../README.md"})
    left_out(f"{ROOT}/policy.json: differs from main")


def test_a_file_that_becomes_a_link_with_the_same_text(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {f"{ROOT}/name.txt": "innocent.tf"})
    (root / ROOT / "name.txt").unlink()
    (root / ROOT / "name.txt").symlink_to("innocent.tf")
    commit(root)
    left_out(f"{ROOT}/name.txt: differs from main")


def test_a_root_module_that_becomes_a_link_to_a_copy(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli)
    git(root, "checkout", "--quiet", "main")
    shutil.copytree(root / ROOT, root / "terraform/old")
    commit(root)
    git(root, "rebase", "--quiet", "main", "feature")
    accepted()
    shutil.rmtree(root / ROOT)
    (root / ROOT).symlink_to("old")
    commit(root)
    left_out(f"{ROOT}: is new: main does not have it")


def test_terraform_in_the_repositorys_root(repo: Repo, cli: Command) -> None:
    toml = TOML + 'terraform_dir = "."\n[module]\nsource = "./terraform/modules/codepipeline"\n'
    root = branched(repo, cli, {"tfgen.toml": toml, "locals.tf": ESTATE[f"{ROOT}/locals.tf"]})
    push(root, {"packer/new.json": JSON, "tfgen.toml": toml.replace("[module]", '[environment]\nA = "1"\n[module]')})
    cli("sync").expect(0)
    accepted()
    push(root, {"ansible/x.yml": "x", "x.auto.tfvars": "x = 1\n"})
    assert "x.auto.tfvars" not in left_out(r"ansible/x\.yml: is new", r"x\.auto\.tfvars: is new").files
