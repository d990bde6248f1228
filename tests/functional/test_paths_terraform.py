"""docs/paths.md, the names in Terraform: a real plan says which file each expression reads, and tfgen has that file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import TOML, write_tree
from tests.e2e.tools import bare_environment, require_tool
from tests.paths_table import names_of
from tests.unit.test_graph_template import graph

MODULE, ROOT = "terraform/modules/codepipeline", "terraform/pipelines"
PART = f"{MODULE}/part"
BASES = (MODULE, ROOT, ".", PART)
#: Test -> expression in the module, the folder that its file is taken from. `@` is the name.
EXPRESSIONS: Mapping[str, tuple[str, str]] = {
    "terraform-path-module": ('file("${path.module}/@.txt")', MODULE),
    "terraform-path-root": ('file("${path.root}/@.txt")', ROOT),
    "terraform-path-cwd": ('file("${path.cwd}/@.txt")', ROOT),
    "terraform-plain": ('file("@.txt")', ROOT),
    "terraform-above": ('file("${path.module}/../../../@.txt")', "."),
    "terraform-templatefile": ('templatefile("${path.module}/@.txt", {})', MODULE),
    "terraform-fileset": ('file("${path.module}/${one(fileset(path.module, "@.{txt,none}"))}")', MODULE),
    "terraform-fileset-deep": (
        'file("${path.module}/part/${one(fileset("${path.module}/part", "**/@.txt"))}")',
        BASES[3],
    ),
    "terraform-local": ('file("${local.folder}/@.txt")', PART),
}
_SOURCE = "terraform-module-source"
_CALL = 'module "m" {\n  source = "../modules/codepipeline"\n}\noutput "m" {\n  value = module.m\n}\n'
_INNER = 'output "read" {\n  value = file("${path.module}/terraform-module-source.txt")\n}\n'


def _tree() -> dict[str, str]:
    names = (*EXPRESSIONS, _SOURCE)
    files = {str(Path(base) / f"{name}.txt"): str(Path(base) / f"{name}.txt") for base in BASES for name in names}
    outputs = "".join(
        f'output "{name}" {{\n  value = {text.replace("@", name)}\n}}\n' for name, (text, _) in EXPRESSIONS.items()
    )
    inner = f'module "inner" {{\n  source = "./part"\n}}\noutput "{_SOURCE}" {{\n  value = module.inner.read\n}}\n'
    return {
        **files,
        "buildspec.yml": "version: 0.2\n",
        f"{MODULE}/main.tf": f'locals {{\n  folder = "${{path.module}}/part"\n}}\n{outputs}{inner}',
        f"{MODULE}/part/main.tf": _INNER,
        f"{ROOT}/main.tf": _CALL,
        "packer/web.json": '{"builders": [{"type": "null", "communicator": "none"}]}',
    }


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], set[str]]:
    """What each expression read, and what tfgen's graph has."""
    root = write_tree(tmp_path_factory.mktemp("terraform").resolve() / "tree", _tree())
    environment = bare_environment(tmp_path_factory.mktemp("home"), {"TF_CLI_CONFIG_FILE": "/dev/null"})
    for argv in (["init"], ["plan", "-out=plan"], ["show", "-json", "plan"]):
        done = subprocess.run(
            [require_tool("terraform", "put it on PATH:"), *argv, *(["-no-color"] if argv[0] != "show" else [])],
            cwd=root / ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)["planned_values"]["outputs"]["m"]["value"]
    for path in (root / ROOT).glob("plan"):
        path.unlink()
    return found, set(graph(root, _tree(), TOML).made_of("web"))


@pytest.mark.parametrize("name", [*EXPRESSIONS, _SOURCE])
def test_expression(name: str, read: tuple[dict[str, str], set[str]]) -> None:
    wanted = str(Path(EXPRESSIONS[name][1] if name in EXPRESSIONS else PART) / f"{name}.txt")
    assert read[0][name] == wanted
    assert wanted in read[1]


def test_each_row_of_the_document_has_a_test() -> None:
    assert names_of("Terraform") == {*EXPRESSIONS, _SOURCE}
