"""`plan --changed` and `affected`: a file that Terraform reads by its name in an expression, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push
from tests.functional.git_repo import commit, git
from tfgen.git.merge_base import find_base
from tfgen.plan.compared.changed_images import ChangedImages, find_changed
from tfgen.workspace import open_workspace

P = "policies/p.json"
READS = 'locals {{\n  read = file("{0}")\n}}\n'
IN_MODULE = READS.format("${path.module}/../../../policies/p.json")
IN_ROOT = READS.format("${path.module}/../../policies/p.json")


def changed(*arguments: str) -> ChangedImages:
    workspace = open_workspace()
    return find_changed(workspace, find_base(workspace.root, None), arguments)


def affected(cli: Command) -> list[str]:
    return cli("affected", "--format", "names").expect(0).out.split()


@pytest.mark.parametrize(
    ("files", "reader"),
    [
        ({f"{MODULE}/pol.tf": IN_MODULE}, f"{MODULE}/pol.tf:2"),
        ({f"{MODULE}/inner/pol.tf": READS.format("../../policies/p.json")}, f"{MODULE}/inner/pol.tf:2"),
        ({f"{ROOT}/pol.tf": IN_ROOT}, f"{ROOT}/pol.tf:2"),
        ({f"{ROOT}/pol.tf": 'locals {\n  f = fileset("../../policies", "*.json")\n}\n'}, f"{ROOT}/pol.tf:2"),
        ({f"{ROOT}/pol.tf": READS.format("../../${terraform.workspace}/p.json")}, f"{ROOT}/pol.tf:2"),
        (
            {f"{ROOT}/pol.tf": 'data "archive_file" "x" {\n  source_dir = "${path.root}/../../policies"\n}\n'},
            f"{ROOT}/pol.tf:2",
        ),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_a_file_elsewhere(repo: Repo, cli: Command, files: dict[str, str], reader: str, *, gone: bool) -> None:
    root = branched(repo, cli, {**files, P: "{}", "other/p.txt": ""})
    push(root, {"other/p.txt": "x"})
    assert (changed().targets, changed().whole) == ((), "")
    assert affected(cli) == []
    (root / P).unlink() if gone else push(root, {P: '{"a": 2}'})
    assert changed().whole == f"{P} differs from main (read by {reader})"
    assert affected(cli) == ["db", "web"]


def test_an_expression_of_one_image(repo: Repo, cli: Command) -> None:
    text = '[templates.web.inputs]\nproject_description = { expression = "file(\\"../../policies/p.json\\")" }\n'
    root = branched(repo, cli, {"tfgen.toml": ESTATE["tfgen.toml"] + text, P: "{}"})
    push(root, {P: '{"a": 2}'})
    assert (changed().targets, changed().whole) == (("web",), "")
    assert affected(cli) == ["web"]


def test_a_file_that_the_module_reads_for_an_input(repo: Repo, cli: Command) -> None:
    module = READS.format("${path.module}/../../../policies/${var.project_description}.json")
    toml = ESTATE["tfgen.toml"] + '[templates.web.inputs]\nproject_description = "p"\n'
    toml += '[templates.db.inputs]\nproject_description = "q"\n'
    root = branched(repo, cli, {"tfgen.toml": toml, f"{MODULE}/pol.tf": module, P: "{}", "policies/q.json": "{}"})
    push(root, {P: '{"a": 2}'})
    assert (changed().targets, changed().whole) == (("web",), "")
    assert affected(cli) == ["web"]


def test_a_link_of_the_root_module(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {"shared/common.tf": "# 1\n"})
    (root / ROOT / "common.tf").symlink_to("../../shared/common.tf")
    commit(root)
    git(root, "branch", "--force", "main", "feature")
    push(root, {"shared/common.tf": "# 2\n"})
    assert changed().whole == f"shared/common.tf differs from main (read by {ROOT}/common.tf)"


def test_links_of_the_module(repo: Repo, cli: Command) -> None:
    """File, folder, and a chain: the link counts, and what is behind it."""
    root = branched(repo, cli, {"shared/a.txt": "1", "shared/b/c.txt": "1", "shared/z.txt": "1"})
    (root / "shared/chain").symlink_to("a.txt")
    (root / MODULE / "chain.txt").symlink_to("../../../shared/chain")
    (root / MODULE / "folder").symlink_to("../../../shared/b")
    commit(root)
    git(root, "branch", "--force", "main", "feature")
    for path in ("shared/a.txt", "shared/b/c.txt"):
        push(root, {path: "2"})
        assert changed().whole.startswith(f"{path} differs from main")
        assert affected(cli) == ["db", "web"]
        git(root, "reset", "--quiet", "--hard", "main")
    push(root, {"shared/z.txt": "2"})
    assert (changed().whole, affected(cli)) == ("", [])
    (root / "shared/chain").unlink()
    (root / "shared/chain").symlink_to("z.txt")
    assert changed().whole == f"shared/chain differs from main (read by {MODULE}/chain.txt)"
    assert affected(cli) == ["db", "web"]


def test_a_var_file(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {"values/prod.tfvars": "a = 1\n"})
    push(root, {"values/prod.tfvars": "a = 2\n"})
    assert changed().whole == ""
    assert "prod.tfvars differs from main" in changed("-var-file=../../values/prod.tfvars").whole


def test_a_computed_source(repo: Repo, cli: Command) -> None:
    computed = 'locals {\n  up = ".."\n}\nmodule "s" {\n  source = "${local.up}/shared"\n}\n'
    root = branched(repo, cli, {f"{MODULE}/s.tf": computed, "terraform/modules/shared/m.tf": "", "notes.txt": ""})
    push(root, {"notes.txt": "x"})
    assert (changed().whole, affected(cli)) == ("", [])
    push(root, {"terraform/modules/shared/m.tf": "# 2\n"})
    assert changed().whole == "terraform/modules/shared/m.tf differs from main"
    assert affected(cli) == ["db", "web"]


def test_a_source_that_is_not_known(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {f"{MODULE}/s.tf": 'module "s" {\n  source = terraform.workspace\n}\n', "m/m.tf": ""})
    assert changed().whole == ""
    push(root, {"m/m.tf": "# 2\n"})
    assert changed().whole.startswith("m/m.tf differs from main")
    assert affected(cli) == ["db", "web"]


def submodule(root: Path, tmp_path: Path) -> Path:
    """A repository with policies and a script, as the submodule `vendor`."""
    there = write_tree(tmp_path / "there", {"p.json": "{}", "x.sh": "", "roles/a/tasks/main.yml": "[]\n"})
    git(there, "init", "--quiet")
    commit(there)
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(there), "vendor")
    commit(root)
    git(root, "branch", "--force", "main", "feature")
    return there


def bump(root: Path, there: Path, *, checked_out: bool) -> None:
    write_tree(there, {"x.sh": "2"})
    commit(there)
    git(root / "vendor", "fetch", "--quiet")
    git(root / "vendor", "checkout", "--quiet", git(there, "rev-parse", "HEAD").strip())
    commit(root)
    if not checked_out:
        git(root, "submodule", "--quiet", "deinit", "--force", "vendor")
        assert not list((root / "vendor").iterdir())


SCRIPT = '{"builders": [{"type": "null"}], "provisioners": [{"type": "%s", %s}]}\n'


@pytest.mark.parametrize("checked_out", [True, False])
@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("shell", '"script": "vendor/x.sh"'),
        ("file", '"source": "vendor/"'),
        ("file", '"source": "vendor/roles"'),
        ("ansible-local", '"playbook_file": "site.yml", "role_paths": ["vendor/roles/a"]'),
        ("ansible", '"playbook_file": "site.yml"'),
    ],
)
def test_a_submodule(repo: Repo, cli: Command, tmp_path: Path, kind: str, argument: str, *, checked_out: bool) -> None:
    files = {"packer/web.json": SCRIPT % (kind, argument), "site.yml": "- hosts: all\n  roles: [a]\n"}
    root = branched(repo, cli, {**files, "ansible.cfg": "[defaults]\nroles_path = vendor/roles\n"})
    there = submodule(root, tmp_path)
    assert affected(cli) == []
    bump(root, there, checked_out=checked_out)
    assert affected(cli) == ["web"]
    assert affected(cli) == ["web"]


@pytest.mark.parametrize("checked_out", [True, False])
def test_a_submodule_that_terraform_reads(repo: Repo, cli: Command, tmp_path: Path, *, checked_out: bool) -> None:
    root = branched(repo, cli, {f"{MODULE}/pol.tf": READS.format("../../vendor/p.json")})
    there = submodule(root, tmp_path)
    bump(root, there, checked_out=checked_out)
    assert changed().whole == f"vendor differs from main (read by {MODULE}/pol.tf:2)"
    assert affected(cli) == ["db", "web"]


def test_another_place_of_a_submodule(repo: Repo, cli: Command, tmp_path: Path) -> None:
    root = branched(repo, cli, {"packer/web.json": SCRIPT % ("shell", '"script": "vendor/x.sh"')})
    submodule(root, tmp_path)
    modules = (root / ".gitmodules").read_text()
    push(root, {".gitmodules": modules.replace("/there", "/elsewhere")})
    assert affected(cli) == ["web"]


def below(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, toml: str, module: str) -> Path:
    """A workspace in `team1`, which shares what stands above it."""
    shared = {"shared/policies/p.json": "{}", "shared/modules/m/m.tf": "", "shared/other.txt": ""}
    files = {**ESTATE, "tfgen.toml": ESTATE["tfgen.toml"] + toml, f"{MODULE}/pol.tf": module}
    root = repo({**{f"team1/{path}": text for path, text in files.items()}, **shared})
    monkeypatch.chdir(root / "team1")
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    git(root, "checkout", "--quiet", "-b", "feature")
    return root


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("shared/policies/p.json", READS.format("${path.module}/../../../../shared/policies/p.json")),
        ("shared/policies/p.json", 'locals {\n  r = fileset("../../../shared/policies", "*.json")\n}\n'),
        ("shared/modules/m/m.tf", 'module "m" {\n  source = "../../../../shared/modules/m"\n}\n'),
    ],
)
def test_above_the_folder_of_tfgen_toml(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, path: str, module: str
) -> None:
    root = below(repo, cli, monkeypatch, "", module)
    push(root, {"shared/other.txt": "x"})
    assert (changed().whole, affected(cli)) == ("", [])
    push(root, {path: "# 2\n"})
    assert changed().whole.startswith(f"../{path} differs from main")
    assert affected(cli) == ["db", "web"]
    assert f"because ../{path} (read by " in cli("affected", "--why").expect(0).out
    assert cli("affected", "--head", "HEAD", "--format", "names").expect(0).out.split() == ["db", "web"]


def test_above_the_folder_for_one_image(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        '[templates.web.inputs]\nproject_description = { expression = "file(\\"../../../shared/policies/p.json\\")" }\n'
    )
    root = below(repo, cli, monkeypatch, text, "")
    (root / "shared/policies/p.json").unlink()
    assert (changed().targets, affected(cli)) == (("web",), ["web"])


def test_the_folder_of_the_module_is_a_link(repo: Repo, cli: Command) -> None:
    """Terraform cleans paths as text: `..` from the link's place, not from where it leads."""
    files = {"shared/m/pol.tf": IN_MODULE, "shared/policies/p.json": "", P: "", "shared/x.txt": ""}
    root = branched(repo, cli, files)
    for file in (root / MODULE).iterdir():
        file.rename(root / "shared/m" / file.name)
    (root / MODULE).rmdir()
    (root / MODULE).symlink_to("../../shared/chain")
    (root / "shared/chain").symlink_to("m")
    commit(root)
    git(root, "branch", "--force", "main", "feature")
    cli("sync", "--check").expect(0)
    for path, counts in (
        (P, True),
        ("shared/m/pol.tf", True),
        ("shared/m/inner/main.tf", True),
        ("shared/policies/p.json", False),
        ("shared/x.txt", False),
    ):
        push(root, {path: "# 2\n"})
        assert (bool(changed().whole), affected(cli)) == (counts, ["db", "web"] if counts else []), path
        git(root, "reset", "--quiet", "--hard", "main")
    (root / "shared/chain").unlink()
    (root / "shared/chain").symlink_to("../shared/m")
    assert changed().whole.startswith("shared/chain differs")
    assert affected(cli) == ["db", "web"]
