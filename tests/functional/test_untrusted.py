"""What a branch that nobody has read may do, and that the rest is refused before Terraform runs."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted, protected
from tfgen.untrusted.checks import check_untrusted
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError
from tfgen_generators.generated.ownership import removed_blocks, sign

TOML = ESTATE["tfgen.toml"]
WEB = f"{ROOT}/pipeline_web.gen.tf"


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
        ("web", "edited", "was edited by hand"),
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
    refused(f"{WEB}: must not be a symlink")


def test_a_cache_that_came_with_the_branch_is_not_believed(root: Path, cli: Command, refused: Refused) -> None:
    for number in range(60):
        write_tree(root, {f"packer/many/i{number}.json": JSON})
    cli("sync").expect(0)
    cache = root / ".tfgen/cache"
    assert (cache / "facts").is_file()
    push(root, {".tfgen/cache/init": "x", "packer/web.json": JSON})
    refused(r"\.tfgen: must not be committed; run: git rm -r --cached \.tfgen")


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
    refused(f"^error: {re.escape(shown)}: must not be committed")


def test_terraforms_folder_as_a_symlink(root: Path, refused: Refused) -> None:
    write_tree(root, {"packer/data/terraform.tfstate": "{}"})
    (root / ROOT / ".terraform").symlink_to("../../packer/data")
    git(root, "add", "--force", "--all")
    commit(root)
    refused(f"{ROOT}/.terraform: must not be committed")


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
    refused(f"^error: bin/tool: is named by {variable} and differs from main")


@pytest.mark.parametrize("name", ["terraform", "tofu"])
def test_a_program_on_path_that_lies_in_the_repository(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: Refused, name: str
) -> None:
    root = branched(repo, cli, {f"bin/{name}": "#!/bin/sh\n"})
    (root / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(root / "bin"), os.environ["PATH"]]))
    accepted()
    push(root, {f"bin/{name}": "#!/bin/sh\nid\n"})
    refused(f"^error: bin/{name}: is named by PATH and differs from main")


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
        refused("^error: bin/terraform: is named by TFGEN_TERRAFORM and differs from main")


@pytest.mark.parametrize("name", ["aqua.yaml", "mise.local.toml", ".prototools", ".opentofu-version"])
def test_a_version_manager_s_file(root: Path, refused: Refused, name: str) -> None:
    push(root, {f"terraform/{name}": "x"})
    refused(f"^error: terraform/{name}: chooses which Terraform runs")


def test_what_the_command_line_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(root, {"bin/terraform": "#!/bin/sh\n", "vars/x.tfvars": "x = 1\n"})
    with pytest.raises(RefusedError, match=r"bin/terraform: is named by --terraform and differs from main"):
        check_untrusted(open_workspace(), protected(), terraform="bin/terraform")
    with pytest.raises(RefusedError, match=r"vars/x.tfvars: is named by -var-file=../../vars/x.tfvars"):
        check_untrusted(open_workspace(), protected(), arguments=["-parallelism=2", "-var-file=../../vars/x.tfvars"])
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-input=false -var-file='../../vars/x.tfvars'")
    with pytest.raises(RefusedError, match=r"vars/x.tfvars: is named by TF_CLI_ARGS_plan"):
        accepted()


# The command


def test_the_command_refuses_before_terraform_runs(root: Path, tfgen: Command) -> None:
    witness = root / "witness"
    tool = write_tree(root.parent, {"terraform": f"#!/bin/sh\ntouch '{witness}'\n"}) / "terraform"
    tool.chmod(0o755)
    push(root, {f"{ROOT}/evil.tf": DATA, f"{MODULE}/x\n.tf": "# x\n"})
    result = tfgen("plan", "--untrusted", "--base", protected(), "--terraform", str(tool)).expect(3)
    assert result.out == ""
    assert f"error: {ROOT}/evil.tf:1: data source external runs a program or contacts a server" in result.err
    assert f"error: {MODULE}/x\\n.tf: is new: main does not have it" in result.err
    assert not witness.exists()
    assert not (root / ROOT / ".terraform").exists()
