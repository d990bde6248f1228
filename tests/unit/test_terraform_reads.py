"""Which files Terraform reads for an image: its own, those of its modules, and those that expressions name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import write_tree
from tfgen_generators.paths.terraform_reads import TerraformReads
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.store import Store

TOML = 'source_repository = "ami-builder"\n'
MODULE = "terraform/modules/codepipeline"
OUTSIDE = "../../../policies"
FILES = {
    "policies/p.json": "{}",
    "policies/q.json": "{}",
    "policies/deep/r.json": "{}",
    "policies/t.tpl": '${file("../../policies/q.json")}',
    "other/o.json": "{}",
    "terraform/pipelines/locals.tf": 'locals { account_id = "1" }\n',
    f"{MODULE}/main.tf": 'variable "name" { default = "none" }\n',
}


def read_by(root: Path, files: dict[str, str], toml: str = TOML, name: str = "web") -> set[str]:
    """What is read besides Terraform's own files."""
    write_tree(root, {**FILES, **files})
    tree = DiskTree(root)
    reads = TerraformReads(tree, parse_settings(toml), Store())
    found = {path for unit in (reads.module, reads.root) if unit for path in unit.files}
    found |= {path for pattern, _ in reads.of_image(name, f"packer/{name}.json") for path in pattern.files(tree)}
    return {path for path in found if not path.endswith(".tf") and not path.endswith(".tf.json")}


P, Q, R = "policies/p.json", "policies/q.json", "policies/deep/r.json"
ALL = {P, Q, "policies/t.tpl", R}
EXPRESSIONS = [
    (f'file("${{path.module}}/{OUTSIDE}/p.json")', {P}),
    (f'filebase64("${{path.module}}/{OUTSIDE}/p.json")', {P}),
    (f'core::filemd5("${{path.module}}/{OUTSIDE}/p.json")', {P}),
    ('filesha256("../../policies/p.json")', {P}),
    ('fileexists("${path.root}/../../policies/p.json")', {P}),
    ('file("${path.cwd}/../../policies/p.json")', {P}),
    ('file(abspath("../../policies/p.json"))', {P}),
    ('file(pathexpand("../../policies/p.json"))', {P}),
    ('file(join("/", [path.module, "..", "../../policies", "p.json"]))', {P}),
    ('file(format("%s/../../../policies/%s.json", path.module, "p"))', {P}),
    ('file("${local.dir}/p.json")', {P}),
    ('file("${dirname(local.dir)}/policies/p.json")', {P}),
    ('jsondecode(file(local.files["p"]))', {P}),
    ('[for f in ["p", "q"] : file("${local.dir}/${f}.json")]', {P, Q}),
    ("{ for k, v in local.files : k => file(v) }", {P, Q}),
    ('[for f in fileset(local.dir, "*.json") : file("${local.dir}/${f}")]', {P, Q}),
    ('fileset("${path.module}/../../../policies", "**/*.json")', {P, Q, R}),
    ('fileset("${path.module}/../../../policies", "**")', ALL),
    ('fileset("../../policies", "{p,q}.json")', {P, Q}),
    ('fileset("../../policies", "[p-q].json")', {P, Q}),
    ('templatefile("../../policies/t.tpl", { a = 1 })', {"policies/t.tpl", Q}),
    ('var.x ? file("../../policies/p.json") : file("../../policies/q.json")', {P, Q}),
    ('file("../../policies/${terraform.workspace}.json")', {P, Q, R}),
    ('file(try(local.none, "../../policies/p.json"))', {P}),
    ('file("../../policies/gone.json")', set()),
    ('file("/etc/passwd")', set()),
    ('"file(\\"../../policies/p.json\\")"', set()),
    ('<<-EOT\n    ${file("../../policies/p.json")}\n  EOT\n', {P}),
    ('"%{ if var.x }${file("../../policies/p.json")}%{ endif }"', {P}),
    ('jsonencode({ a = [{ b = file("../../policies/p.json") }] })', {P}),
]
LOCALS = (
    f'locals {{\n  dir = "${{path.module}}/{OUTSIDE}"\n'
    '  files = { p = "${local.dir}/p.json", q = "${local.dir}/q.json" }\n}\nvariable "x" { default = true }\n'
)


@pytest.mark.parametrize(("expression", "files"), EXPRESSIONS)
def test_an_expression_of_the_module(tmp_path: Path, expression: str, files: set[str]) -> None:
    text = f'{LOCALS}resource "terraform_data" "a" {{\n  input = {expression}\n}}\n'
    assert read_by(tmp_path, {f"{MODULE}/a.tf": text}) == files


@pytest.mark.parametrize(("expression", "files"), [pair for pair in EXPRESSIONS if "path.module" not in pair[0]])
def test_the_same_in_the_root_module(tmp_path: Path, expression: str, files: set[str]) -> None:
    text = f'{LOCALS.replace(OUTSIDE, "../../policies")}resource "terraform_data" "a" {{\n  input = {expression}\n}}\n'
    assert read_by(tmp_path, {"terraform/pipelines/a.tf": text}) == files


def test_json_syntax(tmp_path: Path) -> None:
    text = '{"resource": {"terraform_data": {"a": {"input": "${file(\\"../../policies/p.json\\")}"}}}}'
    assert read_by(tmp_path, {f"{MODULE}/a.tf.json": text}) == {P}


@pytest.mark.parametrize(
    ("block", "files"),
    [
        (
            'data "archive_file" "a" {\n  source_dir = "../../policies"\n  output_path = "x.zip"\n}\n',
            ALL,
        ),
        ('data "archive_file" "a" {\n  source_file = "${path.module}/../../../policies/p.json"\n}\n', {P}),
        ('data "local_file" "a" {\n  filename = "../../policies/p.json"\n}\n', {P}),
        ('data "external" "a" {\n  program = ["sh", "${path.module}/../../../policies/p.json"]\n}\n', {P}),
        ('resource "aws_s3_object" "a" {\n  source = "../../policies/p.json"\n}\n', {P}),
        (
            (
                'resource "terraform_data" "a" {\n  for_each = fileset("../../policies", "*.json")\n'
                '  input = file("../../policies/${each.value}")\n}\n'
            ),
            {P, Q},
        ),
        (
            (
                'data "archive_file" "a" {\n  source_file = "../../policies/p.json"\n  output_path = "a.zip"\n}\n'
                'resource "terraform_data" "b" {\n  input = filebase64sha256(data.archive_file.a.output_path)\n}\n'
            ),
            {P},
        ),
        (
            'resource "terraform_data" "a" {\n  provisioner "file" {\n    source = "../../policies/p.json"\n  }\n}\n',
            {P},
        ),
        ('# file("../../policies/p.json")\n/* source = "../../policies" */\n', set()),
    ],
)
def test_blocks(tmp_path: Path, block: str, files: set[str]) -> None:
    assert read_by(tmp_path, {f"{MODULE}/a.tf": block}) == files


@pytest.mark.parametrize(
    ("toml", "name", "files"),
    [
        (f"{TOML}[inputs]\nname = 'p'\n", "web", {P}),
        (f"{TOML}[inputs]\nname = 'p'\n[templates.web.inputs]\nname = 'q'\n", "web", {Q}),
        (f"{TOML}[inputs]\nname = 'p'\n[templates.web.inputs]\nname = 'q'\n", "db", {P}),
        (f"{TOML}[inputs]\nname = {{ fact = 'name' }}\n", "q", {Q}),
        (f"{TOML}[inputs]\nname = {{ pattern = '{{name}}' }}\n", "p", {P}),
        (f"{TOML}[inputs]\nname = {{ expression = 'local.name' }}\n", "web", {Q}),
        (f"{TOML}[module.inputs]\nname = 'p'\n", "web", {P}),
        (TOML, "web", {R}),
    ],
)
def test_a_variable_of_the_module(tmp_path: Path, toml: str, name: str, files: set[str]) -> None:
    module = 'variable "name" { default = "deep/r" }\nlocals { p = file("../../policies/${var.name}.json") }\n'
    root = 'locals { name = "q" }\n'
    tree = {f"{MODULE}/main.tf": module, "terraform/pipelines/names.tf": root}
    assert read_by(tmp_path, tree, toml, name) == files


@pytest.mark.parametrize(
    ("expression", "files"),
    [
        ("file('../../policies/p.json')", {P}),
        ("local.policy", {P}),
        ("data.local_file.p.content", {Q}),
    ],
)
@pytest.mark.parametrize("table", ["inputs", "module.inputs", "templates.web.inputs"])
def test_an_expression_of_tfgen_toml(tmp_path: Path, table: str, expression: str, files: set[str]) -> None:
    quoted = expression.replace("'", '\\"')
    toml = f'{TOML}[{table}]\ndescription = {{ expression = "{quoted}" }}\n'
    root = (
        'locals {\n  policy = local.inner\n  inner = file("../../policies/p.json")\n}\n'
        'data "local_file" "p" {\n  filename = "../../policies/q.json"\n}\n'
    )
    found = read_by(tmp_path, {"terraform/pipelines/more.tf": root if "file(" not in expression else ""}, toml)
    assert files <= found


SHARED, INNER = "terraform/modules/shared/m.tf", "terraform/inner/i.tf"


@pytest.mark.parametrize(
    ("main", "called"),
    [
        ('module "a" { source = "../shared" }', {SHARED}),
        ('module "a" {\n  # source = "../../inner"\n  source = "../shared"\n}', {SHARED}),
        ('module "a" {\n  source /* x */ = /* "../../inner" */ "../shared"\n}', {SHARED}),
        ('module "a" {\n  source = <<EOT\n../shared\nEOT\n}', {SHARED}),
        ('module "a" { source = "../shared/" }', {SHARED}),
        ('module "a" { source = "..//shared" }', {SHARED}),
        ('module "a" { source = local.s }\nlocals {\n s = "${local.up}/shared"\n up = ".."\n}', {SHARED}),
        ('module "a" { source = var.s }\nvariable "s" {\n default = "../shared"\n const = true\n}', {SHARED}),
        ('module "a" { source = "../${terraform.workspace}" }', {SHARED}),
        ('module "a" { source = "../../${terraform.workspace}" }', {SHARED, INNER}),
        ('module "a" { source = terraform.workspace }', {SHARED, INNER}),
        ('module "a" { source = "hashicorp/${terraform.workspace}/aws" }', set()),
        ('module "a" { source = "hashicorp/x/aws" }', set()),
        ('locals { text = "source = \\"../shared\\"" }', set()),
        ('module "a" { source = "../../inner" }', {INNER}),
    ],
)
def test_sources(tmp_path: Path, main: str, called: set[str]) -> None:
    write_tree(tmp_path, {**FILES, f"{MODULE}/main.tf": main, SHARED: "", INNER: ""})
    reads = TerraformReads(DiskTree(tmp_path), parse_settings(TOML), Store())
    assert reads.module is not None
    assert reads.module.files.keys() & {SHARED, INNER} == called
    assert {edge.label[:8] for path, edge in reads.module.files.items() if path in called} <= {"source: "}


def test_a_source_in_json(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            **FILES,
            f"{MODULE}/m.tf.json": '{"module": {"a": {"source": "${local.s}"}}, "locals": {"s": "../shared"}}',
            "terraform/modules/shared/m.tf": 'output "o" { value = file("${path.module}/../../../policies/p.json") }',
        },
    )
    reads = TerraformReads(DiskTree(tmp_path), parse_settings(TOML), Store())
    assert reads.module is not None
    assert {"terraform/modules/shared/m.tf", P} <= reads.module.files.keys()


def test_a_file_that_is_handed_down(tmp_path: Path) -> None:
    files = {
        f"{MODULE}/main.tf": 'module "a" {\n  source = "../shared"\n  f = "${path.module}/../../../policies/p.json"\n}',
        "terraform/modules/shared/m.tf": 'variable "f" {}\nlocals { a = file(var.f) }\n',
    }
    assert read_by(tmp_path, files) == {P}


def test_links(tmp_path: Path) -> None:
    """A module's file that is a link: what it says counts, and where it is."""
    write_tree(tmp_path, {**FILES, "shared/s.tf": 'locals { p = file("../../policies/p.json") }\n', "shared/x.txt": ""})
    (tmp_path / MODULE / "s.tf").symlink_to("../../../shared/s.tf")
    (tmp_path / MODULE / "files").symlink_to("../../../shared")
    tree = DiskTree(tmp_path)
    reads = TerraformReads(tree, parse_settings(TOML), Store())
    assert reads.module is not None
    assert {f"{MODULE}/s.tf", P, f"{MODULE}/files/x.txt"} <= reads.module.files.keys()
    assert tree.links(f"{MODULE}/s.tf") == ("shared/s.tf",)


def test_the_expression_of_the_account(tmp_path: Path) -> None:
    toml = f'{TOML}[names]\naccount_id = "trimspace(file(\\"../../policies/p.json\\"))"\n'
    assert read_by(tmp_path, {}, toml) == {P}
    own = f"{toml}[templates.db.names]\naccount_id = 'local.account_id'\n"
    assert (read_by(tmp_path, {}, own, "db"), read_by(tmp_path, {}, own)) == (set(), {P})


def test_a_file_that_is_not_understood(tmp_path: Path) -> None:
    """What it names in plain text counts all the same."""
    text = 'locals {\n  p = file("${path.module}/../../../policies/p.json")\nmodule "a" {\n  source = "../shared"\n'
    write_tree(tmp_path, {**FILES, f"{MODULE}/a.tf": text, SHARED: ""})
    reads = TerraformReads(DiskTree(tmp_path), parse_settings(TOML), Store())
    assert reads.module is not None
    assert {P, SHARED} <= reads.module.files.keys()
    assert reads.everything().unreadable == {f"{MODULE}/a.tf": "is not valid HCL"}


def test_what_is_nested_too_deeply_and_calls_itself(tmp_path: Path) -> None:
    deep = "(" * 3000 + "1" + ")" * 3000
    text = f'locals {{\n  a = {deep}\n  b = local.b\n}}\nmodule "a" {{\n  source = "../codepipeline"\n}}\n'
    write_tree(tmp_path, {**FILES, f"{MODULE}/a.tf": text, "policies/t.tpl": f"${{file({deep})}}"})
    (tmp_path / MODULE / "b.tf").write_text('locals {\n  c = templatefile("../../policies/t.tpl", {})\n}\n')
    (tmp_path / MODULE / "c.tf").write_text('module "a" {\n  source = "../codepipeline"\n}\n' * 3)
    reads = TerraformReads(DiskTree(tmp_path), parse_settings(TOML), Store())
    assert reads.module is not None
    assert f"{MODULE}/main.tf" in reads.module.files
