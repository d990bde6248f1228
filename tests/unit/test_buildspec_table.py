"""docs/local-builds.md holds a row for each test of a local build, and what it quotes is what those tests look for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *(ROOT / "tests/functional").glob("test_local_build_*.py"),
    *(file for file in (ROOT / "tests/unit").glob("test_buildspec_*.py") if file != Path(__file__)),
]
FUNCTIONS = {
    node.name: (node, tree)
    for tree in (ast.parse(file.read_text(encoding="utf-8")) for file in FILES)
    for node in tree.body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
}
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/local-builds.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and " test_" in line
]
#: Words in code's type that are names, and nothing that is shown.
_NAMES = re.compile(r"--\w+|\[remote\] region|tfgen reap|env -0|exit|environment|/bin/sh")


def texts(tree: ast.AST) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2].split(",")[0])
def test_a_row_is_tests(row: list[str]) -> None:
    _codebuild, here, tests = row
    known: list[str] = []
    for name in tests.split(", "):
        assert name in FUNCTIONS, f"{name} is not there"
        known += texts(FUNCTIONS[name][1])
    for quoted in re.findall(r"`([^`]+)`", here):
        if not _NAMES.fullmatch(quoted):
            assert any(quoted.strip() in text.replace("\\", "") for text in known), f"{tests}: {quoted}"


def test_a_test_is_in_a_row() -> None:
    named = {name for row in ROWS for name in row[2].split(", ")}
    assert FUNCTIONS.keys() - named == set()
    assert len(ROWS) > 40, "the table is not read any more"
