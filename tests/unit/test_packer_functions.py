"""Packer's functions and operators, held against what Packer's own code gives (tests/data/packer-functions.json)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.evaluation.functions import IMPURE, PURE, SPECIAL
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.packer.syntax.values import Expression, Value, is_known

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "packer-functions.json").read_text(encoding="utf-8")
)
#: What Packer can tell and we leave to it: how many of the recorded values at most.
UNDECIDED = 51

#: hcl2template/functions.go, all of it.
NAMES = [
    "abs",
    "abspath",
    "alltrue",
    "anytrue",
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
    "basename",
    "base64decode",
    "base64encode",
    "base64gzip",
    "bcrypt",
    "can",
    "ceil",
    "chomp",
    "chunklist",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "consul_key",
    "contains",
    "convert",
    "csvdecode",
    "dirname",
    "distinct",
    "element",
    "endswith",
    "file",
    "filebase64",
    "fileexists",
    "fileset",
    "flatten",
    "floor",
    "format",
    "formatdate",
    "formatlist",
    "indent",
    "index",
    "join",
    "jsondecode",
    "jsonencode",
    "keys",
    "legacy_isotime",
    "legacy_strftime",
    "length",
    "log",
    "lookup",
    "lower",
    "max",
    "md5",
    "merge",
    "min",
    "parseint",
    "pathexpand",
    "pow",
    "range",
    "reverse",
    "replace",
    "regex",
    "regexall",
    "regex_replace",
    "rfc3339_parse",
    "rsadecrypt",
    "setintersection",
    "setproduct",
    "setunion",
    "sha1",
    "sha256",
    "sha512",
    "signum",
    "slice",
    "sort",
    "split",
    "startswith",
    "strcontains",
    "strrev",
    "substr",
    "sum",
    "templatefile",
    "textdecodebase64",
    "textencodebase64",
    "timestamp",
    "timeadd",
    "title",
    "trim",
    "trimprefix",
    "trimspace",
    "trimsuffix",
    "try",
    "unix_timestamp_parse",
    "upper",
    "urlencode",
    "uuidv4",
    "uuidv5",
    "values",
    "vault",
    "yamldecode",
    "yamlencode",
    "zipmap",
]


def value_of(text: str) -> Value:
    return read_native(f"x = {text}\n".encode()).attributes["x"]


def evaluated(text: str, **names: Value) -> Value:
    return evaluate(value_of(text), lambda path: names.get(path[-1], Expression(".".join(path))))


def test_every_function_of_packers_is_known_by_its_kind() -> None:
    assert sorted({*PURE, *IMPURE, *SPECIAL} - {"env"}) == sorted(NAMES)
    assert not PURE.keys() & IMPURE
    assert {text.partition("(")[0] for text in RECORDED["values"]} >= PURE.keys()


def test_values_are_those_of_packer() -> None:
    found = {text: evaluated(text) for text in RECORDED["values"]}
    known = {text: value for text, value in found.items() if is_known(value)}
    assert known == {text: RECORDED["values"][text] for text in known}
    differing = [text for text, value in known.items() if type(value) is bool and value is not RECORDED["values"][text]]
    assert differing == []
    assert len(found) - len(known) <= UNDECIDED


def test_what_packer_refuses_is_not_known() -> None:
    assert [text for text in RECORDED["refused"] if is_known(evaluated(text))] == []


@pytest.mark.parametrize("name", ["tolist", "toset", "tostring", "nonsensitive", "tomap", "strlen", "uuid"])
def test_functions_of_other_tools_are_not_known(name: str) -> None:
    assert isinstance(evaluated(f'{name}("a")'), Expression)


def test_what_is_not_known_stays_in_its_place() -> None:
    found = evaluated('[for s in ["a", var.x] : "scripts/${s}.sh"]')
    assert isinstance(found, list)
    assert found[0] == "scripts/a.sh"
    assert isinstance(found[1], Expression)
    assert found[1].args[1] == Expression("var.x", "ref", ("var", "x"))


@pytest.mark.parametrize(
    "text",
    [
        'upper("\\u0001")',
        'replace("a\\u0001", "a", "b")',
        'format("%5s", "\\u0001")',
        'lookup({a = "x"}, "\\u0001", "y")',
        '"\\u0001" == "a" ? "x" : "y"',
        'length("\\u0001")',
        'sha256(abspath("a"))',
        'startswith(abspath("a"), "/")',
        '"x-${abspath("a")}"',
        'can([file("nowhere"), 1][1])',
        'try(lookup({a = file("nowhere"), b = "x"}, "b", "y"), "z")',
    ],
)
def test_a_piece_that_only_a_build_knows_is_not_looked_into(text: str) -> None:
    assert isinstance(evaluated(text), Expression)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('join("/", ["a", "\\u0001"])', "a/\1"),
        ('format("%s.sh", "\\u0001")', "\1.sh"),
        ('[for s in ["\\u0001", "b"] : "${s}.sh"]', ["\1.sh", "b.sh"]),
    ],
)
def test_a_piece_that_only_a_build_knows_is_carried_along(text: str, value: Value) -> None:
    assert evaluated(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "setproduct(range(1000), range(1000), range(1000))",
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        'regex("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")',
        'regex("(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")',
        f'regex("{"a?" * 30}{"a" * 20}", "{"a" * 21}")',
        'format("%999999999d", 1)',
        'indent(999999999, "a\\nb")',
        f'replace("{"a" * 25}", "a", join("", [for i in range(1000) : "{"a" * 30}"]))',
        "pow(10, 1000000)",
        "9999999999 * 99999999999999 * 9999999999999 * 99999999999999999",
        'cidrsubnets("10.0.0.0/8", range(1000)...)',
    ],
)
def test_what_would_take_long_or_much_is_left_to_packer(text: str) -> None:
    began = time.process_time()
    assert not is_known(evaluated(text))
    assert time.process_time() - began < 1
