"""What the Terraform and the tfgen.toml of an unread branch would do is not in the plan; the base's may still act."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import TOML as PLAIN
from tests.conftest import Command, Repo, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, push, sha
from tests.functional.git_repo import commit, git
from tests.functional.refusals import DATA, Refused, accepted, left_out
from tests.pinned import REQUIREMENT

TOML = ESTATE["tfgen.toml"]
VARIABLES = "".join(f'variable "{name}" {{\n  default = ""\n}}\n' for name in ("x", "y"))
PROVISIONER = 'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "x"\n  }\n}\n'


# Structure


@pytest.mark.parametrize("folder", [ROOT, f"{MODULE}/inner"])
def test_what_terraform_would_do_is_not_looked_at(root: Path, folder: str) -> None:
    """Each way to write it is as good: nothing of it is there."""
    texts = {
        "a.tf": DATA,
        "b_override.tf.json": '{"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {}}]}}}}',
        "c.tofu": 'resource "random_id" "x" {\n}\n',
        "d.tf": 'module "x" {\n  source = "example/x/aws"\n}\nmodule "y" {\n  source = "../../../../../y"\n}\n',
        "e.tf": 'terraform {\n  backend "http" {\n  }\n}\n',
        "f.tf": "x = {\n",
        "g.tf": 'data "exte\\u0072nal" "x" {\n}\n',
    }
    push(root, {f"{folder}/{path}": text for path, text in texts.items()})
    planned = left_out(*(f"{folder}/{name}: is new: main does not have it" for name in texts))
    assert len(planned.said) == len(texts)
    assert not {f"{folder}/{name}" for name in texts} & planned.files.keys()


@pytest.mark.parametrize(
    ("folder", "text", "message"),
    [
        (MODULE, 'data "external" "x" {\n  program = ["sh", "-c", var.x]\n}\n', "1: data source external runs a prog"),
        (
            MODULE,
            'data "http" "x" {\n  url = "https://${local.x}/"\n}\nlocals {\n  x = var.x\n}\n',
            "1: data source http",
        ),
        (MODULE, 'data "local_file" "x" {\n  filename = var.x\n}\n', "1: data source local_file reads what"),
        (MODULE, "locals {\n  x = file(var.x)\n}\n", r"0?: ?file\(\) reads a file whose path is a variable"),
        (ROOT, 'data "http" "x" {\n  url = module.web.x\n}\n', "1: data source http"),
    ],
)
def test_values_of_the_branch_do_not_get_to_what_acts_in_the_base(
    repo: Repo, cli: Command, refused: Refused, folder: str, text: str, message: str
) -> None:
    branched(repo, cli, {f"{folder}/x.tf": text, f"{MODULE}/variables.tf": VARIABLES})
    refused(f"{folder}/x.tf:{message}" if not message.startswith("0") else f"{folder}/x.tf:1: file")


def test_what_acts_in_the_base_without_values_of_the_branch_is_trusted(repo: Repo, cli: Command) -> None:
    text = """\
data "external" "x" {
  program = ["python3", "${path.module}/x.py"]
}
data "http" "x" {
  url = "https://example.com/x.json"
}
data "archive_file" "x" {
  type        = "zip"
  source_dir  = "${path.module}/files"
  output_path = "${path.module}/${var.x}.zip"
}
"""
    root_text = 'variable "url" {\n}\ndata "http" "y" {\n  url = var.url\n}\n'
    branched(
        repo, cli, {f"{MODULE}/x.tf": text + VARIABLES, f"{ROOT}/y.tf": root_text + PROVISIONER, f"{ROOT}/z.tf": DATA}
    )
    accepted()


@pytest.mark.parametrize(
    "text", ["x = {\n", 'data "exte\\u0072nal" "x" {\n}\n', 'module "y" {\n  source = "../../../../y"\n}\n']
)
@pytest.mark.parametrize("folder", [ROOT, MODULE])
def test_a_base_that_cannot_be_understood_is_refused(
    repo: Repo, cli: Command, refused: Refused, text: str, folder: str
) -> None:
    branched(repo, cli, {f"{folder}/x.tf": text})
    refused(rf"^error: {folder}/x\.tf:")


def test_a_base_that_names_the_check_out_by_its_absolute_path(root: Path, refused: Refused) -> None:
    git(root, "checkout", "--quiet", "main")
    push(root, {f"{ROOT}/y.tf": f'module "y" {{\n  source = "{root}/evil"\n}}\n'})
    git(root, "rebase", "--quiet", "main", "feature")
    refused(f"^error: {ROOT}/y.tf: main names this check-out by its absolute path")


def test_what_the_base_has_is_planned(repo: Repo, cli: Command) -> None:
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
    assert left_out(f"{ROOT}/all.tf: differs from main").files[f"{ROOT}/all.tf"] == text.encode()


# Modules


def test_a_module_from_elsewhere_must_be_allowed(root: Path, cli: Command) -> None:
    source = "git::https://example.com/acme/x//sub?ref=v1.2"
    push(root, {"tfgen.toml": TOML + f'[module]\nsource = "{source}"\n'})
    cli("sync").expect(0)
    commit(root)
    assert source.encode() not in left_out("tfgen.toml:3: module.source was changed; planned as in main").text()
    assert source.encode() in accepted("other/", "git::https://example.com/acme/").text()


def test_another_version_of_the_bases_module(repo: Repo, cli: Command) -> None:
    toml = TOML + '[module]\nsource = "acme/x/aws"\nversion = "2.0"\n'
    root = branched(repo, cli, {"tfgen.toml": toml})
    accepted()
    push(root, {"tfgen.toml": toml.replace("2.0", "1.0")})
    cli("sync").expect(0)
    planned = left_out("tfgen.toml:4: module.version was changed")
    assert b'version = "2.0"' in planned.generated[f"{ROOT}/pipeline_web.gen.tf"]


@pytest.mark.parametrize("folder", ["packer/evil", "terraform/modules/evil", "evil"])
def test_a_module_that_the_branch_brings_along(root: Path, cli: Command, folder: str) -> None:
    shutil.copytree(root / MODULE, root / folder)
    push(root, {"tfgen.toml": TOML + f'[module]\nsource = "../../{folder}"\n', f"{folder}/evil.tf": DATA})
    cli("sync").expect(0)
    commit(root)
    planned = left_out(f"{folder}/evil.tf: is new", f"{folder}/calls.tf: is new", "tfgen.toml:3: module.source")
    assert not [path for path in planned.files if path.startswith(f"{folder}/")]


def test_inputs_that_only_the_branchs_module_has(root: Path, cli: Command) -> None:
    """What the base's module declares is planned; the rest is said."""
    toml = TOML + '[environment]\nA = "1"\n[inputs]\nx = "2"\n[templates.web.inputs]\ny = "3"\n'
    push(root, {f"{MODULE}/more.tf": VARIABLES, "tfgen.toml": toml})
    cli("sync").expect(0)
    commit(root)
    planned = left_out(
        f"{MODULE}/more.tf: is new",
        f"tfgen.toml:5: x is not a variable of the module in {MODULE}",
        "tfgen.toml:7: y is not a variable of the module",
    )
    text = planned.generated[f"{ROOT}/pipeline_web.gen.tf"].decode()
    assert 'A             = "1"' in text or 'A = "1"' in text.replace("  ", "")
    assert "x " not in [line.strip()[:2] for line in text.splitlines()]


def test_an_input_that_only_the_bases_module_requires(repo: Repo, cli: Command) -> None:
    root = branched(
        repo,
        cli,
        {f"{MODULE}/more.tf": 'variable "x" {\n  type = string\n}\n', "tfgen.toml": TOML + '[inputs]\nx = "1"\n'},
    )
    (root / MODULE / "more.tf").unlink()
    push(root, {"tfgen.toml": PLAIN})
    cli("sync").expect(0)
    commit(root)
    planned = left_out(f"tfgen.toml:1: x stays: the module in {MODULE} requires it")
    assert b" x " in planned.generated[f"{ROOT}/pipeline_web.gen.tf"]


# tfgen.toml


@pytest.mark.parametrize("place", ["[inputs]\nx = ", "[templates.web.inputs]\nx = ", "[names]\naccount_id = "])
@pytest.mark.parametrize("expression", ['file("/proc/self/environ")', "local.secret", 'upper("evil")'])
def test_an_expression(repo: Repo, cli: Command, place: str, expression: str) -> None:
    """However harmless it looks, it is the base's at that very key, or none."""
    root = branched(repo, cli, {f"{MODULE}/x.tf": 'variable "x" {\n  default = ""\n}\n'})
    value = f"'{expression}'" if "names" in place else f"{{ expression = '{expression}' }}"
    push(root, {"tfgen.toml": f"{TOML}{place}{value}\n"})
    cli("sync").expect(0)
    commit(root)
    planned = left_out(r"tfgen.toml:3: (inputs|templates\.web\.inputs|names)\S* (is another expression|was changed)")
    assert expression.encode() not in b"".join(planned.generated.values())
    git(root, "checkout", "--quiet", "-b", "later")
    assert expression.encode() in b"".join(accepted(base=sha(root, "feature")).generated.values())


def test_the_bases_expression_stays_where_the_branch_has_another(repo: Repo, cli: Command) -> None:
    toml = TOML + '[inputs]\nx = {{ expression = "{}" }}\n'
    root = branched(repo, cli, {f"{MODULE}/x.tf": VARIABLES, "tfgen.toml": toml.format("local.a")})
    push(root, {"tfgen.toml": toml.format("local.b") + 'y = { expression = "local.a" }\n'})
    cli("sync").expect(0)
    commit(root)
    planned = left_out("tfgen.toml:3: inputs.x is another expression", "tfgen.toml:4: inputs.y is another expression")
    text = planned.generated[f"{ROOT}/pipeline_web.gen.tf"].decode()
    assert "local.a\n" in text
    assert "local.b" not in text
    assert text.count("local.a\n") == 1


@pytest.mark.parametrize("table", ["[module.providers]", "[templates.web.providers]"])
def test_providers(repo: Repo, cli: Command, table: str) -> None:
    root = branched(repo, cli)
    push(root, {"tfgen.toml": f'{TOML}{table}\nterraform = "terraform.admin"\n'})
    cli("sync").expect(0)
    commit(root)
    assert b"terraform.admin" not in left_out(r"tfgen.toml:2: \S*providers was changed").text()
    git(root, "checkout", "--quiet", "-b", "later")
    push(root, {"tfgen.toml": TOML})
    cli("sync").expect(0)
    commit(root)
    assert b"terraform.admin" in left_out(r"tfgen.toml:1: \S*providers was changed", base=sha(root, "feature")).text()


def test_the_dispatcher_is_the_bases(root: Path, cli: Command) -> None:
    toml = 'trigger = "affected"\n[dispatcher]\nsource = "git::https://example.com/evil"\n'
    toml += f'inputs = {{ tfgen_requirement = "{REQUIREMENT}" }}\n'
    switch = 'variable "start_on_push" {\n  default = true\n}\n'
    push(root, {"tfgen.toml": TOML + toml, f"{MODULE}/switch.tf": switch})
    cli("sync").expect(0)
    commit(root)
    planned = left_out("tfgen.toml:2: trigger was changed", "tfgen.toml:3: dispatcher was changed")
    assert b"example.com" not in b"".join(planned.generated.values())


def test_what_is_shared_and_how_much_may_start_are_the_bases(repo: Repo, cli: Command) -> None:
    """A branch can neither widen the roles of all, nor start more than the account takes; secrets are names."""
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    names = ("environment_secrets", "shared")
    module = {f"{MODULE}/{name}.tf": f'variable "{name}" {{\n  default = null\n}}\n' for name in names}
    root = branched(repo, cli, {"tfgen.toml": f"{TOML}max_in_flight = 3\n", **module})
    shared = f'[shared]\nroles = true\n[shared.inputs]\nbuild_policy_arns = {{ a = "{arn}" }}\n'
    environment = '[environment]\nDB = { secret = "app/db" }\n'
    push(root, {"tfgen.toml": f"{TOML}max_in_flight = 0\n{shared}[quota]\nevent_rules = 9\n{environment}"})
    cli("sync").expect(0)
    commit(root)
    planned = left_out("tfgen.toml:2: max_in_flight was changed", "tfgen.toml:3: shared was changed")
    assert arn.encode() not in planned.text()
    assert b'secret = "app/db"' in planned.text()


def test_another_root_module(repo: Repo, cli: Command) -> None:
    root = branched(repo, cli, {"terraform/other/locals.tf": ESTATE[f"{ROOT}/locals.tf"]})
    push(root, {"tfgen.toml": 'terraform_dir = "terraform/other"\n' + TOML})
    cli("sync").expect(0)
    commit(root)
    planned = left_out("tfgen.toml:1: terraform_dir was changed; planned as in main")
    assert set(planned.generated) == {f"{ROOT}/pipeline_web.gen.tf", f"{ROOT}/pipeline_db.gen.tf"}


@pytest.mark.parametrize("before", [None, "x =", "branch = 1\n"])
def test_a_base_without_settings(root: Path, refused: Refused, before: str | None) -> None:
    git(root, "checkout", "--quiet", "main")
    git(root, "rm", "--quiet", "tfgen.toml")
    if before:
        write_tree(root, {"tfgen.toml": before})
        git(root, "add", "tfgen.toml")
    git(root, "commit", "--quiet", "--message", "x")
    git(root, "checkout", "--quiet", "-b", "later")
    push(root, {"tfgen.toml": TOML})
    said = refused("^error: tfgen.toml: main has no readable tfgen.toml")
    assert len(said) == 1


@pytest.mark.parametrize("folder", [f"{ROOT}/files", f"{MODULE}/files", "terraform"])
def test_a_folder_that_terraform_reads_becomes_that_of_the_templates(repo: Repo, cli: Command, folder: str) -> None:
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
    planned = left_out(*(f"{path}: " for path in evil if path.startswith(folder)))
    assert b"file(1)" not in planned.text()
    assert f'"{folder}/web.json"'.encode() in planned.generated[f"{ROOT}/pipeline_web.gen.tf"]
