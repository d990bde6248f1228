"""docs/faults.md holds a row for each test of a fault, and what it quotes is what that test looks for."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "terraform"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "faults.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| fault ")
]


@cache
def module(name: str) -> ast.Module:
    return ast.parse((TESTS / name).read_text())


def functions(name: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in module(name).body if isinstance(node, ast.FunctionDef)}


def constants(tree: ast.AST) -> list[object]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[3].split("::")[-1])
def test_a_row_is_a_test(row: list[str]) -> None:
    _fault, sees, code, test = row
    name, function = test.split("::")
    assert function in functions(name), f"{test} is not there"
    texts = [value.replace("\\", "") for value in constants(module(name)) if isinstance(value, str)]
    for quoted in re.findall(r"`([^`]+)`", sees):
        if not quoted.startswith(("TFGEN_", ".tfgen")):
            assert any(quoted in text for text in texts), f"{test} does not look for: {quoted}"
    body = functions(name)[function]
    ways = {str(value) for value in constants(body)} | {node.attr for node in ast.walk(body) if hasattr(node, "attr")}
    # An error that is caught before it becomes a code has the code of its class; a kill has none.
    expected = {"killed": {"kill"}, "1": {"1", "raises"}}.get(code, {code})
    assert expected & ways, f"{test} does not look for exit code {code}"


def test_a_test_of_a_fault_is_a_row() -> None:
    named = {row[3] for row in ROWS}
    there = {
        f"{file.name}::{function}"
        for file in TESTS.glob("test_faults*.py")
        for function in functions(file.name)
        if function.startswith("test_")
    }
    assert there - named == set()
