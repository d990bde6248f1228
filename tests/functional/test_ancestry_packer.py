"""Names as Packer itself computes them: what tfgen knows of them beforehand is true."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.e2e.tools import require_tool
from tfgen_generators.ancestry.patterns import meet, shown
from tfgen_generators.ancestry.texts import Texts
from tfgen_generators.packer.details import decode_details
from tfgen_generators.packer.discovery.outcome import read_file
from tfgen_generators.packer.syntax.values import Expression

#: Expression -> what tfgen shows of it.
HCL2 = {
    '"base-${formatdate("YYYYMMDD", timestamp())}"': "base-*",
    '"base-${formatdate("DD MMM YYYY hh:mm ZZZ", timestamp())}"': "base-*",
    '"base-${formatdate("EEE, DD MMM YYYY hh:mm:ss AA", timestamp())}"': "base-*",
    '"base-${regex_replace(timestamp(), "[- TZ:]", "")}"': "base-*",
    'regex_replace("base-${timestamp()}", "[-:]", "_")': "base_*",
    '"base-${uuidv4()}"': "base-*",
    'replace("base.1.${timestamp()}", ".", "-")': "base-1-*",
    'format("%s-%05d-%s-%d%%", "base", 42, var.name, 7)': "base-00042-fallback-7%",
    'join("-", ["base", var.name, timestamp()])': "base-fallback-*",
    'lower("BASE-${formatdate("YYYY-MM-DD\'T\'hh:mm:ssZ", timestamp())}")': "base-*",
    '"base-${upper(formatdate("D MMMM", timestamp()))}"': "base-*",
    '"base-${substr(timestamp(), 0, 4)}"': "base-*",
    'trimsuffix("base-x-${timestamp()}", "Z")': "*",
    '"base-${strrev("abc")}-${title("x y")}"': "base-cba-X Y",
    '"base-${timeadd(timestamp(), "1h")}"': "base-*",
    'var.name == "fallback" ? "yes" : "no"': "yes",
    'lookup({ a = "x" }, "a", "y")': "x",
    'coalesce("", "first")': "first",
}
LEGACY = {
    "{{timestamp}}": "*",
    "{{isotime}}": "*",
    '{{isotime "2006-01-02"}}': "*",
    '{{isotime "Jan _2 15:04 MST"}}': "*",
    "{{uuid}}": "*",
    "x-{{user `n`}}": "x-a:b",
}


def packer(template: Path, line: str) -> list[str]:
    """What Packer's console says of a line whose texts stand between bars."""
    program = require_tool("packer")
    done = subprocess.run([program, "console", template], input=line + "\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1].removeprefix("> ").split("|")


def test_hcl2(tmp_path: Path) -> None:
    values = "".join(f"  v{number} = {text}\n" for number, text in enumerate(HCL2))
    template = tmp_path / "x.pkr.hcl"
    template.write_text(
        f'variable "name" {{\n  default = "fallback"\n}}\nlocals {{\n{values}}}\n'
        'source "null" "x" {\n  communicator = "none"\n}\nbuild {\n  sources = ["null.x"]\n}\n'
    )
    names = ", ".join(f"local.v{number}" for number in range(len(HCL2)))
    actual = packer(template, f'join("|", [{names}])')
    details = decode_details(read_file(template.read_bytes(), "hcl2", "", details=True).details)
    texts = Texts([details], {}, {})
    for number, (text, wanted) in enumerate(HCL2.items()):
        known = texts.of(Expression(text, "ref", ("local", f"v{number}")))
        assert [shown(pattern) for pattern in known] == [wanted], text
        assert meet(known[0], (actual[number],)), f"{text}: {actual[number]}"


def test_legacy(tmp_path: Path) -> None:
    template = tmp_path / "x.json"
    template.write_text(json.dumps({"variables": {"n": "a:b"}, "builders": [{"type": "null", "communicator": "none"}]}))
    actual = packer(template, "|".join(LEGACY))
    details = decode_details(read_file(template.read_bytes(), "json", "", details=True).details)
    texts = Texts([details], {}, {})
    for text, said in zip(LEGACY, actual, strict=True):
        known = texts.of(text)
        assert [shown(pattern) for pattern in known] == [LEGACY[text]], text
        assert meet(known[0], (said,)), f"{text}: {said}"
