"""Lines that are read without the parser give what it gives, and count nowhere else."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.e2e.tools import ROOT
from tests.unit.samples import BROKEN, VALID
from tests.unit.shapes import HARD, HCL2
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_lines import without_lines
from tfgen_generators.packer.syntax.hcl_reader import parsed, read_native
from tfgen_generators.packer.syntax.syntax import Body
from tfgen_generators.packer.syntax.values import Expression

TEXTS = [
    HARD,
    HCL2,
    (ROOT / "packer/base.pkr.hcl").read_text(),
    *VALID.values(),
    *(text for text, _ in BROKEN.values()),
]
LINES = """\
region = var.region
source "amazon-ebs" "web" {
  ami_name = "web-${local.stamp}-x"
  owners   = ["1", "2", "${var.x}"] # ours
  size     = 12
  encrypt  = true
  user     = env("USER")

  // below
  tags = {
    Name = "web"
    Of   = null
  }
  inner {
    a-b = data.x.y.z
  }
  more = merge(local.tags, { A = "1", b = [var.c, "d"] }, {}, [])
  name = "x-${formatdate("YYYY", timestamp())}"
  empty {}
  lines = [
    "a ${var.b}", # c

    "d ${f("e")}"
    // f
  ]
}
build "x" { sources = ["a"] } # one
words = [
  "a",
]
"""
PIECES = [
    *('"', "{", "}", "\n", "=", '"x"', "${", "#", "/*", "*/", "<<EOT\n", "EOT\n", "[", "]", ",", 'a = "b"\n', "}\n"),
    *(" ", "for", " in ", ": ", '"${var.x}"', "%", "\\", "\r\n", "a = 1 + 2\n", "(", ")", "? 1 : 2", "//", "k = {\n"),
    *("x = [\n", "]\n", '"a",\n', '"b"\n', 'f("a", g())', "{ a = 1 }", "[]", "{}", 'x "y" { a = b }\n', "x {}\n"),
    *('x "y" {\n', "null", "-", ".", '["a", "b"]', "e\u0301", "\n\n", "\t", "x = f(\n", "- y = 2\n", '*/ a = "b"\n'),
]


def plain(value: Any) -> Any:
    """Everything in a body or a value, with the lines of expressions, which compare without them."""
    if isinstance(value, Body):
        attributes = [(name, value.lines[name], plain(inner)) for name, inner in value.attributes.items()]
        return attributes, [(one.kind, one.labels, one.line, plain(one.body)) for one in value.blocks]
    if isinstance(value, Expression):
        return value.text, value.op, value.line, plain(list(value.args))
    if isinstance(value, dict):
        return {"": [(name, plain(inner)) for name, inner in value.items()]}
    return [plain(inner) for inner in value] if isinstance(value, list) else (type(value), value)


def read(text: str, *, whole: bool) -> Any:
    data = text.encode()
    try:
        return plain(parsed(data, data, {}) if whole else read_native(data))
    except BrokenTemplateError as error:
        return error.message, error.line, error.fix


def test_most_lines_are_not_parsed() -> None:
    data = LINES.encode()
    shown, runs = without_lines(data)
    assert [len(lines) for _, lines in runs.values()] == [LINES.count("\n")]
    assert b"owners" in shown
    assert plain(parsed(data, shown, runs)) == read(LINES, whole=True)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_samples(number: int) -> None:
    assert read(TEXTS[number], whole=False) == read(TEXTS[number], whole=True)


@pytest.mark.parametrize(
    "text",
    [
        'x = {\n  a = "b"\n  - c = 1\n}\n',
        'x = {\n  a = "b"\n  [0] = 1\n}\n',
        'x = [\n  a = "b"\n]\n',
        'x = <<EOT\na = "b"\nc = "d"\nEOT\ny = 1\n',
        'x = <<EOT\n  a = "${[\n  for b in c : {\n  d = e\n  }]}"\nEOT\n',
        'x = "\n  a = "b"\n"\n',
        "x = { for a, b in c : a => {\n  d = b\n} }\n",
        "x = {\n  for a in b :\n  a => {\n    c = raw\n  } if f(a)\n}\n",
        'x = {\n  a = "b"\n  c "d" {\n  }\n}\n',
        'a = "b"\na = "c"\n',
        'b {\n  a = "b"\n\n}\n/* a\nc = "d"\n*/\nd = "e"\n',
        'b { a = 1\n  c = "d"\n}\n',
        'b\n  a = "b"\n{\n}\n',
        '{}\n\nb "c" {\n  a = "b"\n}\n',
        "b {\n" * 99 + 'c {\n  d {\n    e {\n      a = "b"\n    }\n  }\n}\n' + "}\n" * 99,
        'if = "b"\nc = for\n',
        'a = "*/"\nb = "/*"\nc = 1',
        'x = [\n  "a"\n  "b"\n]\n',
        'x = [\n  "a",\n  "b"\n][0]\ny = [\n]\n[0]\n',
        'x = [\n  "a",\n  "b"\n]\n\n[0]\n',
        'x = <<EOT\ny = [\n  "a",\nEOT\nb {\n  z = [\n  ]\n}\n',
        'x = { /*\n a */\n y = [\n "b*/",\n "c",\n]\n}\n/* d\n"e*/",\n"f",\n]\nz = 1\ny = 2\n',
        "x = { if = 1 }\ny = for(1)\n",
        "x = true(1)\ny = null.a\nz = {true = 1}\n",
        'x = "${true}"\ny = "a${null}"\nz = "${true}b"\n',
        "x = {\n  b { a = 1 }\n}\n",
        'x = f(1, "2",)\ny = [1,]\nz = {a = 1,}\nw = { a = 1, a = 2, b = [{}] }\n',
        "b { a = 1, c = 2 }\nc { a = 1 } d { b = 2 }\n",
        'b { a = var.b }\nc = f ("x")\nd = f( [ { e = g() } ] )\n',
        "x = 1 ? 2 : 3\ny = f(1).a\nz = [1][0]\nw = {a = 1}.a\n",
        'a = env("X")\nb = "${env}"\nc = "$${a}"\n',
    ],
)
def test_shapes(text: str) -> None:
    assert read(text, whole=False) == read(text, whole=True)


@pytest.mark.parametrize("seed", range(8))
def test_any_text(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(120):
        lines = [chance.choice(TEXTS + [LINES] * 9).splitlines(keepends=True) for _ in range(2)]
        text = "".join(line for some in lines for line in some[chance.randrange(len(some) or 1) :][:12])
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(PIECES) + text[at + chance.choice([0, 0, 1, 5]) :]
        assert read(text, whole=False) == read(text, whole=True), text
