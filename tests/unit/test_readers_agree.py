"""Two readers, one text: what tree-sitter finds for us, python-hcl2 finds too."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import hcl2
import pytest

from tests.e2e.tools import ROOT
from tests.unit.samples import VALID
from tests.unit.shapes import HARD, HCL2
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.packer.syntax.values import Expression, Value, expressions

if TYPE_CHECKING:
    from tfgen_generators.packer.syntax.syntax import Body

#: python-hcl2 8.1.4 refuses these, which Packer takes.
NOT_READ = {"exponents"}
TEXTS = {
    **{name: text for name, text in VALID.items() if name not in NOT_READ},
    "hcl2": HCL2,
    "hard": HARD.replace(", 1e3", ""),
    "base": (ROOT / "packer/base.pkr.hcl").read_text(),
}

Found = list[tuple[str, ...]]


def ours(body: Body, at: tuple[str, ...] = ()) -> Found:
    """Every attribute with the blocks around it and its value, as comparable text."""
    found: Found = [(*at, name, normal(value)) for name, value in body.attributes.items()]
    for block in body.blocks:
        found += [(*at, block.kind, *block.labels)]
        found += ours(block.body, (*at, block.kind, *block.labels))
    return found


def theirs(body: dict[str, Any], at: tuple[str, ...] = ()) -> Found:
    found: Found = []
    for key, value in body.items():
        if key in ("__is_block__", "__comments__", "__inline_comments__"):
            continue
        if isinstance(value, list) and value and all(is_block(item) for item in value):
            for item in value:
                labels, inner = unlabelled(item)
                found += [(*at, key, *labels), *theirs(inner, (*at, key, *labels))]
        else:
            found.append((*at, key, normal(plain(value))))
    return found


def is_block(item: Any) -> bool:
    return isinstance(item, dict) and ("__is_block__" in item or any(is_block(value) for value in item.values()))


def unlabelled(item: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    labels: tuple[str, ...] = ()
    while "__is_block__" not in item:
        ((label, item),) = ((key, value) for key, value in item.items() if not key.startswith("__"))
        labels = (*labels, label.strip('"'))
    return labels, item


def plain(value: Any) -> Value:
    """python-hcl2's value as one of ours: quoted text, `${expression}`, lists, maps."""
    if isinstance(value, dict):
        return {key.strip('"'): plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str) and value.startswith('"<<'):
        return Expression(value)
    if isinstance(value, str) and value.startswith('"') and not re.search(r"(?<!\$)\$\{|(?<!%)%\{", value):
        text = value[1:-1].replace("$${", "${").replace("%%{", "%{")
        return str(json.loads(f'"{text}"'))
    if isinstance(value, str):
        return {"true": True, "false": False, "null": None}.get(value, Expression(value))
    return value  # type: ignore[no-any-return]


def normal(value: Value) -> str:
    """Expressions without the signs that the two readers put around them, and without spaces."""
    if isinstance(value, Expression):
        return re.sub(r'[\s"(){}$]|<<-?\w+|EOT|EOF', "", value.text)
    if isinstance(value, dict):
        return "{" + ",".join(f"{re.sub(r'[()$}{]', '', key)}={normal(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(normal(item) for item in value) + "]"
    if isinstance(value, str):
        return re.sub(r'[\s"(){}$]|<<-?\w+|EOT|EOF', "", value)
    return repr(value)


def comparable(found: Found) -> list[tuple[str, ...]]:
    """A map with a computed key is one expression here and a map there."""
    return sorted((*item[:-1], re.sub(r"[\[\]{},=:]", "", item[-1])) for item in found)


@pytest.mark.parametrize("name", TEXTS)
def test_both_readers_find_the_same(name: str) -> None:
    text = TEXTS[name].replace("\r\n", "\n")
    body = read_native(text.encode())
    assert comparable(ours(body)) == comparable(theirs(hcl2.loads(text + "\n")))


def test_references_are_those_of_the_text() -> None:
    found = {
        ".".join(map(str, item.args[:2]))
        for value in read_native(HARD.encode()).values()
        for item in expressions(value)
        if item.op == "ref" and item.args[0] == "var"
    }
    assert found == {f"var.{name}" for name in re.findall(r"var\.(\w+)", HARD)}
