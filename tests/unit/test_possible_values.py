"""What values may come to in a pipeline: every text, exactly where all is known."""

from __future__ import annotations

import time

import pytest

from tfgen_generators.packer.details import Details, details_of
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.paths.values.possible_values import PossibleValues
from tfgen_generators.paths.values.sources import ANY_UNSET, ValueSources
from tfgen_generators.shell.marks import UNKNOWN

NAMES = """
variable "os" {
  default = "debian"
}
variable "arch" {
  default = "amd64"
}
variable "unset" {
  type = string
}
variable "list" {
  default = ["a", "b"]
}
variable "home" {
  default = env("STAGE")
}
locals {
  lower   = lower("WEB")
  again   = "${local.lower}-x"
  third   = upper(local.again)
  scripts = formatlist("scripts/%s.sh", var.list)
  by_os   = { debian = ["apt.sh"], rhel = ["yum.sh"] }
  maps    = [{ name = "a", file = "1.sh" }, { name = "b", file = var.unset }]
}
"""


def possible(text: str, **set_values: list[str]) -> list[str]:
    """Every text of every element."""
    body = read_native(f"{NAMES}locals {{\n  wanted = {text}\n}}\n".encode())
    details = details_of(body)
    template = Template(name="x", path="packer/x.pkr.hcl", format="hcl2", kind="file")
    around = ValueSources(environment={"STAGE": ("dev", "prod")}, set_values=set_values)
    values = PossibleValues(template, [details], around)
    return [text for item in values.items(details.locals["wanted"]) for text in values.texts(item)]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ('[for s in var.list : "scripts/${s}.sh"]', ["scripts/a.sh", "scripts/b.sh"]),
        ('[for i, s in var.list : format("%02d-%s.sh", i, s)]', ["00-a.sh", "01-b.sh"]),
        ("[for k, v in local.by_os : v[0] if k == var.os]", ["apt.sh"]),
        ('[for m in local.maps : m.file if m.name == "a"]', ["1.sh"]),
        ("local.maps[*].file", ["1.sh", UNKNOWN]),
        ("local.scripts", ["scripts/a.sh", "scripts/b.sh"]),
        ('formatlist("%s/%s.sh", var.os, var.list)', ["debian/a.sh", "debian/b.sh"]),
        ('concat(local.scripts, ["c.sh"])', ["scripts/a.sh", "scripts/b.sh", "c.sh"]),
        ('[for p in setproduct(["x", "y"], var.list) : join("/", p)]', ["x/a", "x/b", "y/a", "y/b"]),
        ('lookup(merge(local.by_os, { suse = ["zypper.sh"] }), "suse", [])', ["zypper.sh"]),
        ('values({ b = "2", a = "1" })', ["1", "2"]),
        ('[for f in keys(local.by_os) : "${f}.sh"]', ["debian.sh", "rhel.sh"]),
        ("[local.third]", ["WEB-X"]),
        ('[replace("scripts/x-y.sh", "-", "_")]', ["scripts/x_y.sh"]),
        ('flatten([for o, s in local.by_os : [for f in s : "${o}/${f}"]])', ["debian/apt.sh", "rhel/yum.sh"]),
        ('[jsondecode("{\\"a\\": \\"x.sh\\"}").a]', ["x.sh"]),
        ('[try(local.by_os["nope"][0], "default.sh")]', ["default.sh"]),
        ('[for f in fileset(".", "scripts/*.sh") : "x/${f}"]', [f"x/scripts/{UNKNOWN}.sh"]),
        ("[element(var.list, 1)]", ["b"]),
        ("slice(var.list, 0, 1)", ["a"]),
        ('[tostring("x.sh")]', [UNKNOWN]),
        ("[uuidv4()]", [UNKNOWN]),
        ('[file("list.txt")]', [UNKNOWN]),
        ('split("\\n", file("list.txt"))', [UNKNOWN]),
    ],
)
def test_what_is_known_is_exact(text: str, texts: list[str]) -> None:
    assert possible(text) == texts


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("[upper(var.os)]", ["DEBIAN", "RHEL"]),
        ('["${var.os}/${upper(var.os)}.sh"]', ["debian/DEBIAN.sh", "rhel/RHEL.sh"]),
        ('[format("%s/%s.sh", var.os, upper(var.os))]', ["debian/DEBIAN.sh", "rhel/RHEL.sh"]),
        ('[for s in var.list : "${var.os}-${s}"]', ["debian-a", "debian-b", "rhel-a", "rhel-b"]),
        ("local.by_os[var.os]", ["apt.sh", "yum.sh"]),
        ('lookup(local.by_os, var.os, ["x.sh"])', ["apt.sh", "yum.sh"]),
        ('[var.os == "rhel" ? "yum.sh" : "apt.sh"]', ["apt.sh", "yum.sh"]),
        ('[var.os == "rhel" ? "yum.sh" : var.os == "debian" ? "apt.sh" : "apk.sh"]', ["apt.sh", "yum.sh"]),
        ('["${var.home}.sh"]', ["dev.sh", "prod.sh"]),
        ("[upper(var.home)]", ["DEV", "PROD"]),
        (
            '[join("/", ["scripts", var.os, "${var.unset}.sh"])]',
            [f"scripts/debian/{UNKNOWN}.sh", f"scripts/rhel/{UNKNOWN}.sh"],
        ),
    ],
)
def test_every_value_that_a_variable_may_have_counts(text: str, texts: list[str]) -> None:
    assert possible(text, os=["rhel"]) == texts


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ('[format("%s/x.sh", var.unset)]', [f"{UNKNOWN}/x.sh"]),
        ('formatlist("%s/%s.sh", var.unset, var.list)', [f"{UNKNOWN}/a.sh", f"{UNKNOWN}/b.sh"]),
        ('[for s in var.list : "${s}/${var.unset}.sh"]', [f"a/{UNKNOWN}.sh", f"b/{UNKNOWN}.sh"]),
        ("[upper(var.unset)]", [UNKNOWN]),
        ('[for s in var.unset : "x/${s}"]', [UNKNOWN]),
        ('[var.unset == "a" ? "b.sh" : "c.sh"]', ["b.sh", "c.sh"]),
        ('[var.unset == "a" ? "b.sh" : var.unset == "b" ? "c.sh" : "d.sh"]', ["b.sh", "c.sh", "d.sh"]),
        ('concat(["a.sh"], var.unset)', ["a.sh", UNKNOWN]),
    ],
)
def test_a_piece_that_nobody_knows_stays_a_piece(text: str, texts: list[str]) -> None:
    assert possible(text) == texts


@pytest.mark.parametrize(
    ("text", "texts", "some_file_texts"),
    [
        ("{{user `needed`}}", [], [UNKNOWN]),
        ("./{{ user `needed` }}/", [], [f"./{UNKNOWN}/"]),
        ("{{user `nowhere`}}", [], [UNKNOWN]),
        ("{{user `needed`}}/a.sh", [f"{UNKNOWN}/a.sh"], [f"{UNKNOWN}/a.sh"]),
        ("{{user `empty`}}", [""], [""]),
        ("scripts/{{user `empty`}}a.sh", ["scripts/a.sh"], ["scripts/a.sh"]),
        ("{{user `given`}}", ["x"], ["x"]),
        ("scripts/{{user `given` | upper}}.sh", ["scripts/X.sh"], ["scripts/X.sh"]),
        ("scripts/{{user `given` | clean_resource_name}}.sh", [f"scripts/{UNKNOWN}.sh"], [f"scripts/{UNKNOWN}.sh"]),
    ],
)
def test_a_legacy_variable_without_a_value(text: str, texts: list[str], some_file_texts: list[str]) -> None:
    """Packer does not build then; unless a file that the buildspec computes gives it a value."""
    details = Details(variables={"needed": None, "empty": [""], "given": None})
    template = Template(name="x", path="packer/x.json", format="json", kind="file")
    around = {"given": ["x"]}
    assert PossibleValues(template, [details], ValueSources(set_values=around)).texts(text) == texts
    computed = ValueSources(set_values={**around, ANY_UNSET: [UNKNOWN]})
    assert PossibleValues(template, [details], computed).texts(text) == some_file_texts


def test_what_many_values_would_take_is_left_to_packer() -> None:
    """Sixty-four combinations, each with loops and long lists, a thousand times over."""
    text = '[for a in range(1000) : "${var.os}${var.arch}${a}"], setproduct(range(140), [var.os, var.arch])'
    began = time.process_time()
    found = possible(f"[{', '.join([text] * 300)}]", os=["b"] * 7, arch=["c"] * 7)
    assert UNKNOWN in found
    assert time.process_time() - began < 3


def test_files_that_functions_read_in_a_loop() -> None:
    body = read_native(b'locals {\n  x = { for s in ["a", "b"] : s => file("scripts/${s}.sh") }\n}\n')
    details = details_of(body)
    template = Template(name="x", path="packer/x.pkr.hcl", format="hcl2", kind="file")
    values = PossibleValues(template, [details], ValueSources())
    ((use, value),) = details.files
    texts = [text for item in values.items(value) for text in values.texts(item)]
    assert (use, texts) == ("function", ["scripts/a.sh", "scripts/b.sh"])
