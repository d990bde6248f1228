"""The examples of docs/json.md are what the published schemas say."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.documented import ROOT

_COMMANDS = ("adopt", "affected", "dispatch", "graph", "lint", "plan", "promote", "prune", "rollback", "status")


@pytest.mark.parametrize("command", _COMMANDS)
def test_an_example_is_what_its_schema_says(command: str) -> None:
    schema = json.loads((ROOT / f"docs/{command}.schema.json").read_text())
    section = (ROOT / "docs/json.md").read_text().split(f"## `tfgen {command}`")[1].split("\n## ")[0]
    example = json.loads(section.split("```json\n")[1].split("```")[0])
    jsonschema.Draft202012Validator(schema).validate(example)
    assert set(schema["required"]) <= example.keys()
