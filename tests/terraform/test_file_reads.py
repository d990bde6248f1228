"""Which file a name in an expression is: the real Terraform reads it, and tfgen knows it before."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.conftest import TOML, write_tree
from tfgen.terraform.binary import find_terraform
from tfgen_generators.paths.terraform_reads import TerraformReads
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.store import Store

ROOT, MODULE = "terraform/pipelines", "terraform/modules/codepipeline"
#: Each file says its own path.
FILES = {
    **{path: f'{{"at": "{path}"}}' for path in ("policies/a.json", "policies/b.json", "policies/deep/c.json")},
    "policies/t.tpl": 'policies/t.tpl ${file("../../policies/b.json")} ${x}',
    f"{MODULE}/own.txt": f"{MODULE}/own.txt",
    f"{MODULE}/sub/own.txt": f"{MODULE}/sub/own.txt",
    f"{ROOT}/near.txt": f"{ROOT}/near.txt",
    "terraform/modules/shared/m.tf": 'variable "f" {}\noutput "said" { value = file(var.f) }\n',
}
#: Expressions of the module.
EXPRESSIONS = (
    'file("${path.module}/own.txt")',
    'file("${path.module}/sub/../own.txt")',
    'file("near.txt")',
    'file("./near.txt")',
    'file("${path.root}/near.txt")',
    'file("${path.cwd}/near.txt")',
    'file("${path.module}/../../../policies/a.json")',
    'file("${path.module}/not there/../../../../policies/a.json")',
    'core::file("../../policies/b.json")',
    'file(abspath("../../policies/b.json"))',
    'file(pathexpand("../../policies/b.json"))',
    'file(join("/", [path.module, "../../..", "policies", "a.json"]))',
    'file(format("%s/%s.json", local.dir, "b"))',
    'file("${dirname(dirname(path.module))}/../policies/${basename("x/a.json")}")',
    'file("${trimsuffix(local.dir, "/")}/a.json")',
    'file(replace("../../policies/X.json", "X", "a"))',
    'file(lookup({ a = "${local.dir}/a.json" }, "a"))',
    'file(element(["${local.dir}/a.json"], 0))',
    'file(coalesce(null, "${local.dir}/a.json"))',
    'file(var.unset == null ? "${local.dir}/b.json" : var.unset)',
    '[for f in fileset(local.dir, "*.json") : file("${local.dir}/${f}")]',
    '[for f in fileset(local.dir, "**/*.json") : file("${local.dir}/${f}")]',
    '[for f in fileset(local.dir, "deep/?.json") : file("${local.dir}/${f}")]',
    '[for f in fileset(local.dir, "{a,b}.json") : file("${local.dir}/${f}")]',
    '[for f in fileset(local.dir, "[a-b].json") : file("${local.dir}/${f}")]',
    '[for f in fileset("../../policies", "../terraform/modules/codepipeline/*.txt") : file("../../policies/${f}")]',
    'templatefile("${local.dir}/t.tpl", { x = file("near.txt") })',
    "module.s.said",
)


def test_terraform_reads_what_tfgen_says(tmp_path: Path) -> None:
    """One expression at a time for tfgen, all at once for Terraform: both name the same files."""
    locals_ = 'locals {\n  dir = "${path.module}/../../../policies"\n}\nvariable "unset" {\n  default = null\n}\n'
    call = 'module "s" {\n  source = "../shared"\n  f = "${local.dir}/deep/c.json"\n}\n'
    outputs = [f'output "o{number}" {{\n  value = {text}\n}}\n' for number, text in enumerate(EXPRESSIONS)]
    root = 'module "web" {\n  source = "../modules/codepipeline"\n}\noutput "all" {\n  value = module.web\n}\n'
    write_tree(tmp_path, {**FILES, f"{MODULE}/main.tf": locals_ + call + "".join(outputs), f"{ROOT}/main.tf": root})
    found = really(tmp_path / ROOT)
    for number, text in enumerate(EXPRESSIONS):
        (tmp_path / MODULE / "main.tf").write_text(
            locals_ + (call if text.startswith("module.") else "") + outputs[number]
        )
        assert known(tmp_path) == found[f"o{number}"], text


def really(folder: Path) -> dict[str, set[str]]:
    """The files whose content is in each output."""
    program = find_terraform(None).argv

    def run(*arguments: str) -> str:
        done = subprocess.run([*program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init", "-input=false", "-no-color")
    run("apply", "-input=false", "-no-color", "-auto-approve")
    values = json.loads(run("output", "-json"))["all"]["value"]
    return {
        name: set(re.findall(r"(?:policies|terraform)/[\w/.]+", json.dumps(value))) for name, value in values.items()
    }


def known(root: Path) -> set[str]:
    """What tfgen knows to be read by a name in an expression."""
    tree = DiskTree(root)
    reads = TerraformReads(tree, parse_settings(TOML), Store())
    named = (pattern for pattern, _ in reads.for_all() if not pattern.with_folder)
    return {path for pattern in named for path in pattern.files(tree)}
