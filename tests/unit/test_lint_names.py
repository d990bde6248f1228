"""AWS's limits of names and tags, as far as a value is known."""

from __future__ import annotations

import pytest

from tfgen_generators.lint.rules.names.ami_names import name_problems, tag_problems
from tfgen_generators.lint.templates.values import Values
from tfgen_generators.packer.syntax.values import Expression, Value

NOTHING = Values({}, {}, {}, {})
UNKNOWN = Expression("var.x", "ref", ("var", "x"))


def template(*parts: Value) -> Expression:
    return Expression("text", "template", parts)


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        ("web-1", 0),
        ("Aa0 ()[]./-'@_", 0),
        ("ab", 1),
        ("abc", 0),
        ("a" * 128, 0),
        ("a" * 129, 1),
        ("web:1", 1),
        ("wéb", 1),
        ("a:" + "b" * 130, 2),
        ("{{timestamp}}", 0),
        ("w{{timestamp}}", 0),
        ("web {{user `a:b+c`}}", 0),
        ("web:{{timestamp}}", 1),
        ("a" * 129 + "{{timestamp}}", 1),
        (template("web:", UNKNOWN), 1),
        (template("w", UNKNOWN), 0),
        (template("a" * 100, UNKNOWN, "b" * 29), 1),
        (UNKNOWN, 0),
        (None, 0),
        (7, 1),
    ],
)
def test_names(name: Value, problems: int) -> None:
    assert len(list(name_problems(NOTHING, name))) == problems


def test_a_variable_s_default_counts() -> None:
    values = Values({"x": "a+b"}, {}, {}, {})
    assert len(list(name_problems(values, template("web ", UNKNOWN)))) == 1


@pytest.mark.parametrize(
    ("tags", "problems"),
    [
        ({"Name": "web"}, 0),
        ({"a" * 128: "b" * 256}, 0),
        ({"a" * 129: "b"}, 1),
        ({"a": "b" * 257}, 1),
        ({"a": template("b" * 257, UNKNOWN)}, 1),
        ({"AWS:x": "b"}, 1),
        ({f"k{number}": "v" for number in range(50)}, 0),
        ({f"k{number}": "v" for number in range(51)}, 1),
    ],
)
def test_tags(tags: dict[str, Value], problems: int) -> None:
    assert len(list(tag_problems(NOTHING, tags))) == problems
