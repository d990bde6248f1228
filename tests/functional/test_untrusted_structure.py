"""What the Terraform of an unread branch would do: its blocks, modules and settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push, sha
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted
from tfgen_generators.errors import RefusedError

TOML = ESTATE["tfgen.toml"]


# Structure


@pytest.mark.parametrize("folder", [ROOT, f"{MODULE}/inner"])
def test_what_terraform_would_do_is_named(root: Path, refused: Refused, folder: str) -> None:
    """Each way to write it: tests/unit/test_root_module.py."""
    texts = {
        "a.tf": DATA,
        "b_override.tf.json": '{"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {}}]}}}}',
        "c.tofu": 'resource "random_id" "x" {\n}\n',
        "d.tf": 'module "x" {\n  source = "example/x/aws"\n}\nmodule "y" {\n  source = "../../../../../y"\n}\n',
        "e.tf": 'terraform {\n  backend "http" {\n  }\n}\n',
        "f.tf": "x = {\n",
    }
    push(root, {f"{folder}/{path}": text for path, text in texts.items()})
    said = refused(
        f"^error: {folder}/a.tf:1: data source external runs a program",
        f"^error: {folder}/b_override.tf.json: provisioner local-exec runs commands",
        f"^error: {folder}/c.tofu:1: provider hashicorp/random is new",
        f"^error: {folder}/d.tf:2: the source of module 'x' is not on the allow-list",
        f"^error: {folder}/d.tf:5: module 'y' is outside the repository",
        f"^error: {folder}/e.tf:2: backend http differs from main",
        f"^error: {folder}/f.tf:2: is not valid HCL",
    )
    assert len(said) == 7
    assert "a maintainer must review it and plan without --untrusted" in said[0]


def test_more_data_sources_that_act_are_refused_although_the_base_has_them(
    repo: Repo, cli: Command, refused: Refused
) -> None:
    """What a branch writes into tfgen.toml reaches the module's variables, and so perhaps the program's arguments."""
    program = 'data "external" "x" {\n  program = ["sh", "-c", var.project_name]\n}\n'
    provisioner = 'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "x"\n  }\n}\n'
    branched(repo, cli, {f"{MODULE}/x.tf": program, f"{ROOT}/y.tf": provisioner})
    refused(f"{MODULE}/x.tf:1: data source external", f"{ROOT}/y.tf:2: provisioner local-exec")


def test_what_the_base_has_is_known(repo: Repo, cli: Command) -> None:
    text = """\
terraform {
  required_providers {
    random = { source = "hashicorp/random" }
    other  = { source = "example/other", version = "1.0" }
  }
}
provider "other" {
  # comment
  endpoint = "https://example.com"
}
data "terraform_remote_state" "x" {
  backend = "local"
}
module "remote" {
  source  = "example/x/aws"
  version = "1.0"
}
locals {
  arn = provider::other::arn("x")
}
"""
    root = branched(repo, cli, {f"{ROOT}/all.tf": text})
    accepted()
    push(root, {f"{ROOT}/all.tf": text.replace("# comment", "# another")})
    with pytest.raises(RefusedError, match=rf"{ROOT}/all.tf: differs from main"):
        accepted()


# Modules


def test_a_module_from_elsewhere_must_be_allowed(root: Path, refused: Refused, cli: Command) -> None:
    source = "git::https://example.com/acme/x//sub?ref=v1.2"
    push(root, {"tfgen.toml": TOML + f'[module]\nsource = "{source}"\n'})
    cli("sync").expect(0)
    commit(root)
    refused(
        r"^error: tfgen.toml:3: the source of module 'of the images' is not on the allow-list.*--allow-module PREFIX"
    )
    accepted("other/", "git::https://example.com/acme/")


def test_another_version_of_the_bases_module(repo: Repo, cli: Command, refused: Refused) -> None:
    toml = TOML + '[module]\nsource = "acme/x/aws"\nversion = "2.0"\n'
    root = branched(repo, cli, {"tfgen.toml": toml})
    accepted()
    push(root, {"tfgen.toml": toml.replace("2.0", "1.0")})
    cli("sync").expect(0)
    refused(r"tfgen.toml:3: .*not on the allow-list: acme/x/aws 1.0")


@pytest.mark.parametrize("folder", ["packer/evil", "terraform/modules/evil", "evil"])
def test_a_module_that_the_branch_brings_along(root: Path, refused: Refused, cli: Command, folder: str) -> None:
    shutil.copytree(root / MODULE, root / folder)
    push(root, {"tfgen.toml": TOML + f'[module]\nsource = "../../{folder}"\n', f"{folder}/evil.tf": DATA})
    cli("sync").expect(0)
    commit(root)
    refused(f"^error: {folder}/evil.tf:1: data source external", f"^error: {folder}/calls.tf: is new: main does not")


# tfgen.toml


@pytest.mark.parametrize("place", ["[inputs]\nx = ", "[templates.web.inputs]\nx = ", "[names]\naccount_id = "])
def test_an_expression_that_does_more_than_compute(repo: Repo, cli: Command, refused: Refused, place: str) -> None:
    root = branched(repo, cli, {f"{MODULE}/x.tf": 'variable "x" {\n  default = ""\n}\n'})
    expression, function = 'file("/proc/self/environ")', "file"
    value = f"'{expression}'" if "names" in place else f"{{ expression = '{expression}' }}"
    toml = f"{TOML}{place}{value}\n"
    push(root, {"tfgen.toml": toml})
    cli("sync").expect(0)
    commit(root)
    refused(rf"^error: tfgen.toml:3: an expression calls {function}\(\), which may read files")
    git(root, "checkout", "--quiet", "-b", "later")
    accepted(base=sha(root, "feature"))


def test_another_root_module(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli, {"terraform/other/locals.tf": ESTATE[f"{ROOT}/locals.tf"]})
    push(root, {"tfgen.toml": 'terraform_dir = "terraform/other"\n' + TOML})
    cli("sync").expect(0)
    commit(root)
    refused("^error: tfgen.toml:1: terraform_dir is terraform/pipelines in main")


def test_a_base_without_settings(root: Path, refused: Refused) -> None:
    git(root, "checkout", "--quiet", "main")
    git(root, "rm", "--quiet", "tfgen.toml")
    git(root, "commit", "--quiet", "--message", "x")
    git(root, "checkout", "--quiet", "-b", "later")
    push(root, {"tfgen.toml": TOML})
    said = refused("^error: tfgen.toml: main has no readable tfgen.toml")
    assert len(said) == 1


@pytest.mark.parametrize("folder", [f"{ROOT}/files", f"{MODULE}/files", "terraform"])
def test_a_folder_that_terraform_reads_cannot_become_that_of_the_templates(
    repo: Repo, cli: Command, refused: Refused, folder: str
) -> None:
    at = "terraform/x" if folder == "terraform" else folder
    made = 'locals {\n  x = [for n in ["a"] : templatefile("${path.module}/files/${n}.tpl", {})]\n}\n'
    files = {f"{at}/a.tpl": "a", f"{ROOT}/made.tf": made, f"{ROOT}/files/b": "b", f"{MODULE}/made.tf": made}
    root = branched(repo, cli, {**files, f"{MODULE}/files/b": "b"})
    evil = {f"{ROOT}/files/a.tpl": "${file(1)}", f"{MODULE}/files/a.tpl": "${file(1)}"}
    for name in ("web", "db"):
        git(root, "mv", f"packer/{name}.json", f"{folder}/{name}.json")
    toml = TOML + f'packer_dir = "{folder}"\n'
    write_tree(root, {**{path: text for path, text in evil.items() if path.startswith(folder)}, "tfgen.toml": toml})
    cli("sync").expect(0)
    commit(root)
    refused(*(f"^error: {path}: " for path in evil if path.startswith(folder)))
