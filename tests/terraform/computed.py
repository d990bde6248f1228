"""What tfgen computes of a module's resources, held against what Terraform plans for the same call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfgen_generators.module.resources.instance import Instance
from tfgen_generators.module.resources.model import Nested, Place, Resources, is_decided
from tfgen_generators.module.resources.text import read_text
from tfgen_generators.packer.syntax.hcl_reader import read_native
from tfgen_generators.packer.syntax.values import Value

MODULES = Path(__file__).resolve().parents[2] / "terraform" / "modules"
PLACE = Place(account="123456789012", partition="aws", region="eu-west-1")


def instance(module: str, inputs: dict[str, str], outputs: Mapping[str, Value] | None = None) -> Instance:
    """A call of one of our modules; the inputs are HCL, `outputs` those of the other modules by their name."""
    text = read_text({path.name: path.read_bytes() for path in sorted((MODULES / module).glob("*.tf"))})
    root = Instance(read_text({}), None, PLACE, outputs)
    given = read_native("".join(f"{name} = {value}\n" for name, value in inputs.items()).encode()).attributes
    return Instance(text, {name: root.value(value) for name, value in given.items()}, PLACE)


def assert_as_planned(made: Resources, planned: list[dict[str, Any]]) -> int:
    """Every resource, and each attribute that is decided; gives how many attributes were compared."""
    keys = sorted((one.kind, one.name, one.key) for one in made.made)
    assert keys == sorted((each["type"], each["name"], str(each.get("index", ""))) for each in planned)
    assert made.open_kinds == frozenset()
    values = {(each["type"], each["name"], str(each.get("index", ""))): each["values"] for each in planned}
    return sum(_compare(dict(one.attributes), one.blocks, values[one.kind, one.name, one.key]) for one in made.made)


def _compare(attributes: dict[str, Value], blocks: tuple[Nested, ...], planned: dict[str, Any]) -> int:
    compared = 0
    for name, value in attributes.items():
        if name in planned and planned[name] is not None and is_decided(value):
            assert _plain(value) == _plain(planned[name]), name
            compared += 1
    for kind in {block.kind for block in blocks}:
        here = sorted((block for block in blocks if block.kind == kind), key=lambda block: str(block.attributes))
        theirs = planned.get(kind)
        if theirs is not None:
            assert len(here) == len(theirs), kind
            if len(here) == 1:
                compared += _compare(dict(here[0].attributes), here[0].blocks, theirs[0])
    return compared


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] == "{":
        return json.loads(value)
    if isinstance(value, list):
        return sorted(map(str, value))
    return value if isinstance(value, bool | dict) else str(value)
