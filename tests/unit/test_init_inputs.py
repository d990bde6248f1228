"""What makes `terraform init` run again, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tfgen.terraform.init import NEEDS_INIT, fingerprint, is_done, keep_done, workspace_name
from tfgen.terraform.inputs import local_modules

GENERATED = 'module "web" {\n  source = "../module"\n  environment_vars = {\n    A = "1"\n  }\n}\n'
TREE = {
    "root/versions.tf": 'terraform {\n  required_version = ">= 1.6"\n}\n',
    "root/pipeline_web.gen.tf": GENERATED,
    "root/.terraform.lock.hcl": "",
    "module/main.tf": 'module "inner" {\n  source = "./inner"\n}\n',
    "module/inner/main.tf": 'resource "terraform_data" "x" {\n}\n',
}
Change = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tree(tmp_path, TREE) / "root"


@pytest.mark.parametrize(
    "files",
    [
        {"root/versions.tf": 'terraform {\n  required_version = ">= 1.7"\n}\n'},
        {"root/backend.tf": 'terraform {\n  backend "s3" {\n  }\n}\n'},
        {"root/backend.tofu": ""},
        {"root/backend.tofu.json": "{}"},
        {"root/more.tf.json": "{}"},
        {"root/.terraform.lock.hcl": "x"},
        {"root/pipeline_db.gen.tf": GENERATED.replace("web", "db")},
        {"root/pipeline_web.gen.tf": GENERATED.replace("../module", "../other")},
        {"module/versions.tf": ""},
        {"module/inner/versions.tf": ""},
        {"module/inner/override.tofu": ""},
    ],
)
def test_an_input_has_changed(root: Path, files: dict[str, str]) -> None:
    before = fingerprint(root, "1.11.4", {})
    write_tree(root.parent, files)
    assert fingerprint(root, "1.11.4", {}) != before


@pytest.mark.parametrize(
    "files",
    [
        {"root/pipeline_web.gen.tf": GENERATED.replace('A = "1"', 'B = "2"')},
        {"root/README.md": "x"},
        {"root/terraform.tfstate": "{}"},
        {"elsewhere/main.tf": ""},
    ],
)
def test_no_input_has_changed(root: Path, files: dict[str, str]) -> None:
    before = fingerprint(root, "1.11.4", {})
    write_tree(root.parent, files)
    assert fingerprint(root, "1.11.4", {}) == before


def test_terraform_itself_and_its_settings_are_inputs(root: Path) -> None:
    before = fingerprint(root, "1.11.4", {})
    assert fingerprint(root, "1.11.5", {}) != before
    for name in ("TF_CLI_CONFIG_FILE", "TF_DATA_DIR", "TF_WORKSPACE", "TF_CLI_ARGS_init"):
        assert fingerprint(root, "1.11.4", {name: "x"}) != before
    assert fingerprint(root, "1.11.4", {"AWS_REGION": "x"}) == before


def test_a_good_init_is_remembered_as_long_as_what_it_made_is_there(root: Path, tmp_path: Path) -> None:
    mark, env = tmp_path / "mark", {"TF_DATA_DIR": "data"}
    keep_done(root, mark, "1.11.4", env)
    wanted = fingerprint(root, "1.11.4", env)
    assert not is_done(root, mark, wanted, env)
    write_tree(root, {"data/modules/modules.json": "{}"})
    assert is_done(root, mark, wanted, env)
    assert not is_done(root, mark, "other", env)


def test_terraforms_workspace(root: Path) -> None:
    assert workspace_name(root, {}) == "default"
    write_tree(root, {".terraform/environment": "blue\n", "data/environment": "green"})
    assert workspace_name(root, {}) == "blue"
    assert workspace_name(root, {"TF_DATA_DIR": "data"}) == "green"
    assert workspace_name(root, {"TF_WORKSPACE": "red"}) == "red"


@pytest.mark.parametrize(
    "summary",
    [
        "Module not installed",
        "Module source has changed",
        "Module version requirements have changed",
        "Required plugins are not installed",
        "Inconsistent dependency lock file",
        'Backend initialization required, please run "terraform init"',
        'Backend initialization required, please run "tofu init"',
        'State store initialization required, please run "terraform init"',
        'HCP Terraform or Terraform Enterprise initialization required: please run "terraform init"',
        'Cloud backend initialization required: please run "tofu init"',
        "registry.example/hashicorp/aws: there is no package for registry.example/hashicorp/aws 3.39.0 cached in x",
    ],
)
def test_terraform_asks_for_init(summary: str) -> None:
    assert NEEDS_INIT.search(summary)


@pytest.mark.parametrize("summary", ["Invalid reference", "Backend configuration changed", "Saved plan is stale"])
def test_init_would_not_help(summary: str) -> None:
    assert not NEEDS_INIT.search(summary)


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ('module "a" { source = "../module" }', ["module", "module/inner"]),
        ('locals {\n  base = ".."\n}\nmodule "a" {\n  source = "${local.base}/module"\n}', ["module", "module/inner"]),
        ('module "a" {\n  source = join("/", ["..", "module", "inner"])\n}', ["module/inner"]),
        ('# source = "../module"\nlocals {\n  source = "../module"\n}', []),
        ('module "a" {\n  source = <<-EOT\n    ../module/inner\n  EOT\n}', ["module/inner"]),
        ('module "a" {\n  source = var.anything\n}', []),
        ('module "a" {\n  source = "terraform-aws-modules/vpc/aws"\n}', []),
        ('module "a" {\n  source = "../module/inner"\n  broken = [\n}', ["module/inner"]),
    ],
)
def test_the_modules_that_a_root_module_calls_by_a_path(root: Path, text: str, folders: list[str]) -> None:
    """Terraform 1.15 takes sources that are computed from locals."""
    (root / "pipeline_web.gen.tf").unlink()
    write_tree(root.parent.parent / "shared", {"calls.tf": f"{text}\n"})
    (root / "calls.tf").symlink_to(root.parent.parent / "shared/calls.tf")
    assert [str(folder.relative_to(root.parent)) for folder in local_modules(root)] == folders
