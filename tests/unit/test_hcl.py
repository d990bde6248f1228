from __future__ import annotations

import hcl2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import depth
from tfgen_generators.hcl.write import Interpolated, Reference, Value, block, comment, is_identifier, quote, why_changed

ACCOUNT = Reference(expression="local.account_id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", '"plain"'),
        ('a "quoted" \\ path', r'"a \"quoted\" \\ path"'),
        ("two\nlines\r\tand a tab", r'"two\nlines\r\tand a tab"'),
        ("${local.x}", r'"\u0024{local.x}"'),
        ("%{if true}", r'"\u0025{if true}"'),
        ("$${x}", r'"\u0024\u0024{x}"'),
        ("%${x}", r'"\u0025\u0024{x}"'),
        ("a $ 5 % sign", '"a $ 5 % sign"'),
        ("\x00\x1b\x7f\u2028", r'"\u0000\u001b\u007f\u2028"'),
        ("größe 日本 😀", '"größe 日本 😀"'),
        ("a\u202eb\u200b\ufeff", r'"a\u202eb\u200b\ufeff"'),
        ("\uffff\U000e0041", r'"\uffff\U000e0041"'),
    ],
)
def test_text_is_quoted_as_data(text: str, expected: str) -> None:
    assert quote(text) == expected


def test_a_reference_is_the_only_expression() -> None:
    value = Interpolated(parts=("a-${x}-", ACCOUNT, "-b"))
    assert quote(value) == r'"a-\u0024{x}-${local.account_id}-b"'


def test_a_sign_before_a_reference_does_not_make_it_text() -> None:
    assert quote(Interpolated(parts=("a$", ACCOUNT))) == r'"a\u0024${local.account_id}"'


def test_groups_are_aligned_by_themselves() -> None:
    text = block(
        "module", "web", [[("source", "../m")], [("a", "1"), ("longer", "2")], [("env", {"B": "2", "A": "1"})]]
    )
    assert text == (
        'module "web" {\n'
        '  source = "../m"\n'
        "\n"
        '  a      = "1"\n'
        '  longer = "2"\n'
        "\n"
        "  env = {\n"
        '    A = "1"\n'
        '    B = "2"\n'
        "  }\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (5, "5"),
        (-(2**63), "-9223372036854775808"),
        (1e-07, "1e-07"),
        (-0.0, "0.0"),
        (1.5e300, "1.5e+300"),
        (ACCOUNT, "local.account_id"),
        (Interpolated(parts=(ACCOUNT,)), "local.account_id"),
        ({}, "{}"),
        ([], "[]"),
        (["a", 1, [], {}], '["a", 1, [], {}]'),
        ([["a"], "b"], '[\n    ["a"],\n    "b",\n  ]'),
        (["x" * 60, "y" * 60], f'[\n    "{"x" * 60}",\n    "{"y" * 60}",\n  ]'),
        ({"b": 1, "a c": 2}, '{\n    "a c" = 2\n    b     = 1\n  }'),
        ({"for": 1, "true": 2, "${x}": 3}, '{\n    "\\u0024{x}" = 3\n    "for"       = 1\n    "true"      = 2\n  }'),
        # fmt counts grapheme clusters: a sign that is not one by itself stands there by its code point.
        ({"é": 1, "日": 2}, '{\n    "é"      = 1\n    "\\u65e5" = 2\n  }'),
        ({"a": 1, "long": {"b": 2}, "zz": 3}, "{\n    a = 1\n    long = {\n      b = 2\n    }\n    zz = 3\n  }"),
        ([{"a": [1]}], "[\n    {\n      a = [1]\n    },\n  ]"),
    ],
)
def test_values_are_written_canonically(value: Value, written: str) -> None:
    assert block("module", "m", [[("v", value)]]) == f'module "m" {{\n  v = {written}\n}}\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plain \0", ""),
        ("é", ""),
        ("e\u0301", "NFC"),
        ("\u212b", "NFC"),
        ("x" + "\u0332" * 30, ""),
        ("x" + "\u0332" * 31, "30 combining signs"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_text_that_terraform_would_change(text: str, says: str) -> None:
    assert bool(why_changed(text)) is bool(says)
    assert says in why_changed(text)


def test_a_comment_is_one_line() -> None:
    assert comment('x\nresource "a" "b" {\r}\u2028') == '# x\\nresource "a" "b" {\\r}\\u2028'


@pytest.mark.parametrize(("text", "good"), [("web-1", True), ("_a", True), ("1a", False), ("a.b", False), ("", False)])
def test_identifiers(text: str, *, good: bool) -> None:
    assert is_identifier(text) is good


@depth.deep
@settings(max_examples=depth.amount(75, 600), deadline=None)
@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20))
def test_hcl2_reads_back_one_block_whatever_the_text(text: str) -> None:
    document = hcl2.loads(block("module", "m", [[("value", text)]]))
    assert list(document["module"][0]) == ['"m"']
    assert {key for key in document["module"][0]['"m"'] if not key.startswith("__")} == {"value"}
