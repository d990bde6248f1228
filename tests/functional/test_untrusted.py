"""What a branch that nobody has read may do, and that the rest is left out of the plan, or refused."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push, sha
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted, left_out, look, protected
from tfgen_generators.errors import RefusedError, TemplateError
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
    planned = accepted()
    generated = {path: (root / path).read_bytes() for path in map(str, _generated(root))}
    assert planned.generated == generated
    assert {"packer/new.json", "ansible/evil.yml"}.isdisjoint(planned.files)


def _generated(root: Path) -> list[Path]:
    return [path.relative_to(root) for path in (root / ROOT).glob("*.gen.tf")]


def test_what_was_made_here_is_no_part_of_the_branch(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file that no commit has is the pipeline's own; a state stays where it is."""
    written = ["terraform.tfstate", ".terraform/providers/x", "saved.tfplan", "errored.tfstate"]
    made = {f"{ROOT}/local_override.tf": DATA, f"{ROOT}/.terraform.lock.hcl": "1", f"{MODULE}/x.zip": "2"}
    write_tree(root, {**{f"{ROOT}/{name}": "1" for name in written}, **made})
    write_tree(root, {".git/info/exclude": "local_override.tf\n"})
    planned = accepted()
    assert planned.made_here == set(made)
    assert {planned.files[path].decode() for path in made} == set(made.values())
    assert not [path for path in planned.files if "tfstate" in path or ".terraform/" in path]
    assert "uses files of this machine that are in no commit: terraform/modules/codepipeline/x.zip" in (
        capfd.readouterr().err
    )


def test_what_was_changed_here_is_not_planned(root: Path) -> None:
    write_tree(root, {f"{ROOT}/locals.tf": DATA})
    assert DATA.encode() not in left_out(f"{ROOT}/locals.tf: differs from main").text()


def test_line_ends_are_no_difference(root: Path) -> None:
    for path in root.glob("terraform/**/*.tf"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    accepted()


# Generated files


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("web", "edited", "was edited by hand"),
        ("web", "signed", r"generated files are stale: .*pipeline_web.gen.tf \(change\)"),
        ("evil", "signed", r"generated files are stale: .*pipeline_evil.gen.tf \(delete\)"),
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
    refused(message)


def test_a_file_that_is_only_called_like_a_generated_one(root: Path) -> None:
    path = f"{ROOT}/pipeline_evil.gen.tf"
    push(root, {path: DATA})
    assert path not in left_out(f"{path}: is new").files


def test_the_bases_file_that_is_only_called_like_a_generated_one(repo: Repo, cli: Command) -> None:
    path = f"{ROOT}/pipeline_mine.gen.tf"
    branched(repo, cli, {path: "# mine\n"})
    assert accepted().files[path] == b"# mine\n"


def test_a_broken_template_that_keeps_a_signed_file(root: Path) -> None:
    body = 'module "web" {\n  source = "../x"\n}\n' + DATA
    push(root, {"packer/web.json": '{"builders": [{"type": }]}', WEB: sign("packer/web.json", body)})
    with pytest.raises(TemplateError):
        look()


def test_a_forgotten_pipelines_file_is_all_right(root: Path) -> None:
    path, text = f"{ROOT}/pipeline_old.gen.tf", sign("packer/old.json", removed_blocks("old", ["older"]))
    push(root, {path: text})
    assert accepted().generated[path] == text.encode()


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


@pytest.mark.parametrize(
    "name", ["Terraform/pipelines/evil.tf", "terraform/pipelines/LOCALS.tf", "TFGEN.toml", "PACKER/x"]
)
def test_names_that_are_one_for_some_file_systems(root: Path, refused: Refused, name: str) -> None:
    push(root, {name: DATA})
    refused("is the same name as")


# What runs as Terraform


@pytest.mark.parametrize("variable", ["TF_CLI_CONFIG_FILE", "AWS_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"])
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


def test_what_a_submodule_holds_is_named_by_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{sha(root)},vendor")
    git(root, "commit", "--quiet", "--message", "x")
    write_tree(root, {"vendor/config": "[default]\n"})
    monkeypatch.setenv("AWS_CONFIG_FILE", str(root / "vendor/config"))
    refused("^error: vendor: is named by AWS_CONFIG_FILE")


def test_terraforms_own_folder_is_another_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_DATA_DIR", str(root / "data"))
    push(root, {"data/environment": "evil"})
    found = accepted()
    assert not Path(found.env["TF_DATA_DIR"]).is_relative_to(root)
    assert "TF_WORKSPACE" not in found.env
    monkeypatch.setenv("TF_DATA_DIR", ".terraform")
    write_tree(root, {f"{ROOT}/.terraform/environment": "mine"})
    assert accepted().env["TF_WORKSPACE"] == "mine"


@pytest.mark.parametrize("given", ["PATH", "TFGEN_TERRAFORM", "--terraform"])
@pytest.mark.parametrize("name", ["terraform", "tofu"])
def test_a_program_that_lies_in_the_repository_is_the_bases(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, given: str, name: str
) -> None:
    root = branched(repo, cli, {f"bin/{name}": "#!/bin/sh\n"})
    (root / "bin" / name).chmod(0o755)
    push(root, {f"bin/{name}": "#!/bin/sh\nid\n"})
    git(root, "checkout", "--quiet", "main")
    commit_mode(root, f"bin/{name}")
    git(root, "rebase", "--quiet", "main", "feature")
    wanted = f"bin/{name}" if given == "--terraform" else None
    if given == "PATH":
        monkeypatch.setenv("PATH", os.pathsep.join([str(root / "bin"), "/usr/bin:/bin"]))
    elif given == "TFGEN_TERRAFORM":
        monkeypatch.setenv(given, str(root / "bin" / name))
    found = look(terraform=wanted)
    assert found.terraform is not None
    assert not Path(found.terraform).is_relative_to(root)
    assert found.files[f"bin/{name}"] == b"#!/bin/sh\n"
    assert str(root) not in found.env["PATH"]


def commit_mode(root: Path, path: str) -> None:
    (root / path).chmod(0o755)
    commit(root)


@pytest.mark.parametrize("link", ["file", "folder", "submodule", "made here"])
def test_a_program_that_came_with_the_branch(
    root: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused, link: str
) -> None:
    tool = write_tree(root, {"tools/terraform": "#!/bin/sh\n"}) / "tools/terraform"
    tool.chmod(0o755)
    git(root, "add", "--all")
    if link == "folder":
        (root / "bin").symlink_to("tools")
    elif link == "submodule":
        git(root, "rm", "--quiet", "-r", "--cached", "tools")
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{sha(root)},tools")
    elif link == "made here":
        write_tree(root, {".git/info/exclude": "bin\n", "bin/x": ""})
        (root / "bin/terraform").symlink_to("../tools/terraform")
    git(root, "commit", "--quiet", "--all", "--message", "x")
    folder = "bin" if (root / "bin").exists() else "tools"
    monkeypatch.setenv("TFGEN_TERRAFORM", f"{folder}/terraform")
    refused(f"^error: {folder}/terraform: is named by TFGEN_TERRAFORM and comes from the branch")
    monkeypatch.delenv("TFGEN_TERRAFORM")
    monkeypatch.setenv("PATH", os.pathsep.join([str(root / folder), os.environ["PATH"]]))
    found = look().terraform
    assert found is None or not Path(found).is_relative_to(root)


@pytest.mark.parametrize("on_path", ["link", "link/.", "link/inner/../../up"])
def test_a_program_that_a_link_of_the_branch_leads_to(
    root: Path, monkeypatch: pytest.MonkeyPatch, on_path: str
) -> None:
    """Where a folder of PATH passes through the repository, the branch does not choose where it ends."""
    elsewhere = write_tree(root.parent / "elsewhere", {"terraform": "#!/bin/sh\n", "inner/x": ""})
    (elsewhere / "terraform").chmod(0o755)
    (root / "tools").symlink_to("../elsewhere")
    (root / "up").symlink_to("tools")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "x")
    (root.parent / "link").symlink_to(root / "tools")
    (root.parent / "up").symlink_to(root / "up")
    entry = f"{root.parent}/{on_path}"
    monkeypatch.setenv("PATH", os.pathsep.join([entry, os.environ["PATH"]]))
    found = accepted()
    assert found.terraform is None or not Path(os.path.realpath(found.terraform)).is_relative_to(elsewhere)
    assert not [one for one in found.env["PATH"].split(os.pathsep) if os.path.realpath(one) == str(elsewhere)]


def test_a_program_that_was_put_into_the_repository_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = write_tree(root, {".git/info/exclude": "bin\n", "bin/terraform": "#!/bin/sh\n"}) / "bin/terraform"
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(root / "bin"), os.environ["PATH"]]))
    assert accepted().terraform == str(tool)


@pytest.mark.parametrize("name", ["aqua.yaml", "mise.local.toml", ".prototools", ".opentofu-version"])
def test_a_version_manager_s_file_is_not_seen_from_where_terraform_runs(root: Path, name: str) -> None:
    push(root, {f"terraform/{name}": "x"})
    found = accepted()
    assert f"terraform/{name}" not in found.files
    assert not found.top.is_relative_to(root)


def test_what_the_command_line_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(root, {"vars/x.tfvars": "x = 1\n"})
    with pytest.raises(RefusedError, match=r"vars/x.tfvars: is named by -var-file=../../vars/x.tfvars"):
        look(arguments=["-parallelism=2", "-var-file=../../vars/x.tfvars"])
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-input=false -var-file='../../vars/x.tfvars'")
    with pytest.raises(RefusedError, match=r"vars/x.tfvars: is named by TF_CLI_ARGS_plan"):
        look()
    monkeypatch.delenv("TF_CLI_ARGS_plan")
    write_tree(root, {"ci/y.tfvars": "y = 1\n"})
    assert look(arguments=["-var-file=../../ci/y.tfvars"]).made_here == {"ci/y.tfvars"}


# The command


def test_the_command_refuses_before_terraform_runs(root: Path, tfgen: Command) -> None:
    witness = root / "witness"
    tool = write_tree(root.parent, {"terraform": f"#!/bin/sh\ntouch '{witness}'\n"}) / "terraform"
    tool.chmod(0o755)
    push(root, {"saved.tfplan": "x", ".tfgen/x\n": "# x\n"})
    result = tfgen("plan", "--untrusted", "--base", protected(), "--terraform", str(tool)).expect(3)
    assert result.out == ""
    assert "error: .tfgen: must not be committed" in result.err
    assert "error: saved.tfplan: must not be committed" in result.err
    assert not witness.exists()
    assert not (root / ROOT / ".terraform").exists()
