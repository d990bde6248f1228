"""What a branch that nobody has read could try, and that it is refused before Terraform runs."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, clone, push, sha
from tests.functional.git_repo import commit, git
from tfgen.untrusted import check_untrusted
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError
from tfgen_generators.ownership import removed_blocks, sign

TOML = ESTATE["tfgen.toml"]
WEB = f"{ROOT}/pipeline_web.gen.tf"
DATA = 'data "external" "x" {\n  program = ["sh", "-c", "id"]\n}\n'
CI = ("GITHUB_BASE_REF", "BITBUCKET_PR_DESTINATION_BRANCH", "CODEBUILD_WEBHOOK_BASE_REF", "CHANGE_TARGET")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CI, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "DESTINATION_COMMIT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:
    return branched(repo, cli)


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Refused:
    return Refused(capfd)


class Refused:
    """That the branch is refused with a message, and with which others."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *wanted: str, base: str | None = None, allowed: tuple[str, ...] = ()) -> list[str]:
        self.capfd.readouterr()
        with pytest.raises(RefusedError) as error:
            check_untrusted(open_workspace(), base, allowed)
        assert error.value.exit_code == 3
        said = [f"error: {error.value}", *self.capfd.readouterr().err.splitlines()]
        for text in wanted:
            assert any(re.search(text, line) for line in said), f"{text!r} in {said}"
        return said


def accepted(*allowed: str, base: str | None = None) -> None:
    check_untrusted(open_workspace(), base, allowed)


# What a branch may do


def test_templates_and_settings_are_all_right(root: Path, cli: Command) -> None:
    accepted()
    (root / "packer/db.json").unlink()
    toml = TOML + '[environment]\nA = "${file(1)}"\n[inputs]\nb = { pattern = "/x/{name}-{account_id}" }\n'
    module = "".join(f'variable "{name}" {{\n  default = ""\n}}\n' for name in ("b",))
    git(root, "checkout", "--quiet", "main")
    push(root, {f"{MODULE}/more.tf": module})
    git(root, "rebase", "--quiet", "main", "feature")
    write_tree(root, {"packer/new.json": JSON, "tfgen.toml": toml, "README.md": "x", "ansible/evil.yml": "x"})
    cli("sync").expect(0)
    git(root, "add", "--all")
    commit(root)
    accepted()


def test_what_is_not_committed_is_looked_at_just_so(root: Path, refused: Refused) -> None:
    write_tree(root, {f"{ROOT}/evil.tf": DATA})
    refused(f"{ROOT}/evil.tf:1: data source external runs a program")


def test_what_was_made_here_is_no_part_of_the_branch(root: Path) -> None:
    made = ["terraform.tfstate", ".terraform/providers/x", ".terraform.lock.hcl", "saved.tfplan", "errored.tfstate"]
    write_tree(root, {f"{ROOT}/{name}": "1" for name in made})
    write_tree(root, {".git/info/exclude": "local_override.tf\n", f"{ROOT}/local_override.tf": DATA})
    accepted()


def test_line_ends_are_no_difference(root: Path) -> None:
    for path in root.glob("terraform/**/*.tf"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    accepted()


# Generated files


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("web", "edited", "was edited by hand since tfgen wrote it"),
        ("web", "signed", r"is not what sync writes \(change\)"),
        ("evil", "signed", r"is not what sync writes \(delete\)"),
        ("evil", DATA, "was not written by tfgen"),
        ("web", DATA, "was not written by tfgen"),
        ("evil", "forgets and more", "was edited by hand"),
    ],
)
def test_a_generated_file_is_what_sync_writes(root: Path, refused: Refused, name: str, text: str, message: str) -> None:
    path = f"{ROOT}/pipeline_{name}.gen.tf"
    if text == "edited":
        text = (root / path).read_text().replace("}\n", "}\n\n" + DATA)
    elif text == "signed":
        text = sign(f"packer/{name}.json", f'module "{name}" {{\n  source = "../x"\n}}\n' + DATA, "0" * 64)
    elif text == "forgets and more":
        text = sign("packer/evil.json", removed_blocks("evil") + "\n" + DATA)
    push(root, {path: text})
    refused(f"^error: {path}: .*{message}")


def test_a_broken_template_that_keeps_a_signed_file(root: Path, refused: Refused) -> None:
    body = 'module "web" {\n  source = "../x"\n}\n' + DATA
    push(root, {"packer/web.json": '{"builders": [{"type": }]}', WEB: sign("packer/web.json", body)})
    refused("packer/web.json:1: ", f"{WEB}: ")


def test_a_forgotten_pipelines_file_is_all_right(root: Path) -> None:
    push(root, {f"{ROOT}/pipeline_old.gen.tf": sign("packer/old.json", removed_blocks("old"))})
    accepted()


def test_a_generated_file_that_is_a_symlink(root: Path, refused: Refused) -> None:
    shutil.move(root / WEB, root / "packer/elsewhere")
    (root / WEB).symlink_to("../../packer/elsewhere")
    commit(root)
    refused(f"{WEB}: is a symlink")


def test_a_cache_that_came_with_the_branch_is_not_believed(root: Path, cli: Command, refused: Refused) -> None:
    for number in range(60):
        write_tree(root, {f"packer/many/i{number}.json": JSON})
    cli("sync").expect(0)
    cache = root / ".tfgen/cache"
    assert (cache / "facts").is_file()
    push(root, {".tfgen/cache/init": "x", "packer/web.json": JSON})
    refused(r"\.tfgen: is in the commit, and must never be; git rm -r --cached \.tfgen")


# What must not be tracked


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"{ROOT}/.terraform/terraform.tfstate", f"{ROOT}/.terraform"),
        (f"{ROOT}/.Terraform/environment", f"{ROOT}/.Terraform"),
        (".tfgen/cache/init", ".tfgen"),
        ("saved.tfplan", "saved.tfplan"),
        ("packer/x.TFPLAN", "packer/x.TFPLAN"),
    ],
)
def test_what_no_commit_may_hold(root: Path, refused: Refused, path: str, shown: str) -> None:
    push(root, {path: "{}"})
    refused(f"^error: {re.escape(shown)}: is in the commit")


def test_terraforms_folder_as_a_symlink(root: Path, refused: Refused) -> None:
    write_tree(root, {"packer/data/terraform.tfstate": "{}"})
    (root / ROOT / ".terraform").symlink_to("../../packer/data")
    git(root, "add", "--force", "--all")
    commit(root)
    refused(f"{ROOT}/.terraform: is in the commit")


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
        f"^error: {folder}/d.tf:5: module 'y' is a folder outside the repository",
        f"^error: {folder}/e.tf:2: backend http is not as in main",
        f"^error: {folder}/f.tf:2: is not valid HCL",
    )
    assert len(said) == 7
    assert "a maintainer who has read it plans this without --untrusted" in said[0]


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
    refused(f"^error: {path}: is gone, and main has it")


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
    out = "is a symlink that leads out of the repository"
    refused(*(f"^error: {path}: {out}" for path in (f"{ROOT}/x.tf", f"{ROOT}/folder", "packer/secret.pkr.hcl")))


@pytest.mark.parametrize("name", ["packer", ROOT])
def test_folders_that_lead_out(root: Path, refused: Refused, tmp_path: Path, name: str) -> None:
    shutil.move(root / name, tmp_path / "out")
    (root / name).symlink_to(tmp_path / "out")
    commit(root)
    refused(f"^error: {name}: leads out of the repository")


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
    accepted(base="feature")


def test_another_root_module(repo: Repo, cli: Command, refused: Refused) -> None:
    root = branched(repo, cli, {"terraform/other/locals.tf": ESTATE[f"{ROOT}/locals.tf"]})
    push(root, {"tfgen.toml": 'terraform_dir = "terraform/other"\n' + TOML})
    cli("sync").expect(0)
    commit(root)
    refused("^error: tfgen.toml:1: terraform_dir is not terraform/pipelines, as in main")


def test_a_base_without_settings(root: Path, refused: Refused) -> None:
    git(root, "checkout", "--quiet", "main")
    git(root, "rm", "--quiet", "tfgen.toml")
    git(root, "commit", "--quiet", "--message", "x")
    git(root, "checkout", "--quiet", "-b", "later")
    push(root, {"tfgen.toml": TOML})
    said = refused("^error: tfgen.toml: main has none that can be read")
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


# The base


def test_a_base_that_the_author_chose(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    push(root, {f"{ROOT}/evil.tf": 'locals {\n  evil = file("/proc/self/environ")\n}\n'})
    git(root, "tag", "origin/main")
    git(root, "checkout", "--quiet", "-b", "second")
    here = clone(root, tmp_path / "clone")
    monkeypatch.chdir(here)
    refused(f"{ROOT}/evil.tf: is new: origin/main does not have it")
    monkeypatch.setenv("GITHUB_BASE_REF", "feature")
    refused("whoever opens a pull request chooses its target")
    accepted(base="feature")


def test_without_a_base_everything_is_refused(root: Path, refused: Refused) -> None:
    git(root, "branch", "--quiet", "-m", "main", "trunk")
    refused("which branch this one will be merged into is not known; name it")
    accepted(base="trunk")
    refused("--base x: git knows no such commit here", base="x")


def test_without_a_repository_the_structure_is_looked_at(
    repo: Repo, cli: Command, refused: Refused, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = repo(ESTATE)
    cli("sync").expect(0)
    accepted()
    assert "warning: this is no git repository: hand-written files are not compared" in capfd.readouterr().err
    write_tree(root, {f"{ROOT}/evil.tf": DATA, f"{MODULE}/p.tf": 'resource "random_id" "x" {\n}\n'})
    (root / MODULE / "out.tf").symlink_to(tmp_path)
    refused(f"{ROOT}/evil.tf:1: data", f"{MODULE}/p.tf:1: provider hashicorp/random is new", "out.tf: is a symlink")


def test_without_git_but_with_a_repository(root: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    monkeypatch.setenv("PATH", "")
    refused("git is not on PATH")


def test_a_workspace_below_gits_root(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    root = repo({f"team/{path}": text for path, text in ESTATE.items()})
    monkeypatch.chdir(root / "team")
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    accepted()
    push(root, {f"team/{ROOT}/evil.tf": DATA, "team/.tfgen/x": "1", ".tool-versions": "terraform path:./evil\n"})
    refused(
        f"^error: {ROOT}/evil.tf:1",
        r"^error: \.tfgen: is in",
        r"\.\./\.tool-versions: chooses",
        base=sha(root, "HEAD~1"),
    )


# What runs as Terraform


@pytest.mark.parametrize("variable", ["TF_CLI_CONFIG_FILE", "TFGEN_TERRAFORM", "TF_PLUGIN_CACHE_DIR", "TF_DATA_DIR"])
@pytest.mark.parametrize("absolute", [True, False])
def test_what_the_environment_points_to_is_that_of_the_base(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: Refused, variable: str, absolute: bool
) -> None:
    root = branched(repo, cli, {"bin/tool": "1"})
    path = "bin" if variable.endswith("DIR") else "bin/tool"
    monkeypatch.setenv(variable, str(root / path) if absolute else path)
    accepted()
    push(root, {"bin/tool": "2"})
    refused(f"^error: bin/tool: is named by {variable}, and is not as in main")


@pytest.mark.parametrize("name", ["terraform", "tofu"])
def test_a_program_on_path_that_lies_in_the_repository(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: Refused, name: str
) -> None:
    root = branched(repo, cli, {f"bin/{name}": "#!/bin/sh\n"})
    (root / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(root / "bin"), os.environ["PATH"]]))
    accepted()
    push(root, {f"bin/{name}": "#!/bin/sh\nid\n"})
    refused(f"^error: bin/{name}: is named by PATH, and is not as in main")


def test_a_link_that_is_named(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: Refused, tmp_path: Path
) -> None:
    root = branched(repo, cli, {"bin/other": "#!/bin/sh\n", "bin/terraform": "#!/bin/sh\n"})
    monkeypatch.setenv("TFGEN_TERRAFORM", "bin/terraform")
    accepted()
    for target in ("other", str(tmp_path)):
        (root / "bin/terraform").unlink()
        (root / "bin/terraform").symlink_to(target)
        commit(root)
        refused("^error: bin/terraform: is named by TFGEN_TERRAFORM, and is not as in main")


@pytest.mark.parametrize("name", ["aqua.yaml", "mise.local.toml", ".prototools", ".opentofu-version"])
def test_a_version_manager_s_file(root: Path, refused: Refused, name: str) -> None:
    push(root, {f"terraform/{name}": "x"})
    refused(f"^error: terraform/{name}: chooses which Terraform runs")


def test_what_the_command_line_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(root, {"bin/terraform": "#!/bin/sh\n", "vars/x.tfvars": "x = 1\n"})
    with pytest.raises(RefusedError, match=r"bin/terraform: is named by --terraform, and is not as in main"):
        check_untrusted(open_workspace(), None, terraform="bin/terraform")
    with pytest.raises(RefusedError, match=r"vars/x.tfvars: is named by -var-file=../../vars/x.tfvars"):
        check_untrusted(open_workspace(), None, arguments=["-parallelism=2", "-var-file=../../vars/x.tfvars"])
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-input=false -var-file='../../vars/x.tfvars'")
    with pytest.raises(RefusedError, match=r"vars/x.tfvars: is named by TF_CLI_ARGS_plan"):
        accepted()


# The command


def test_the_command_refuses_before_terraform_runs(root: Path, tfgen: Command) -> None:
    witness = root / "witness"
    tool = write_tree(root.parent, {"terraform": f"#!/bin/sh\ntouch '{witness}'\n"}) / "terraform"
    tool.chmod(0o755)
    push(root, {f"{ROOT}/evil.tf": DATA, f"{MODULE}/x\n.tf": "# x\n"})
    result = tfgen("plan", "--untrusted", "--terraform", str(tool)).expect(3)
    assert result.out == ""
    assert f"error: {ROOT}/evil.tf:1: data source external runs a program or calls somebody" in result.err
    assert f"error: {MODULE}/x\\n.tf: is new: main does not have it" in result.err
    assert not witness.exists()
    assert not (root / ROOT / ".terraform").exists()
