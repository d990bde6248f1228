from __future__ import annotations

import hcl2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen_generators.hcl import Interpolated, Reference, block, comment, is_identifier, quote

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


def test_a_comment_is_one_line() -> None:
    assert comment('x\nresource "a" "b" {\r}\u2028') == '# x\\nresource "a" "b" {\\r}\\u2028'


@pytest.mark.parametrize(("text", "good"), [("web-1", True), ("_a", True), ("1a", False), ("a.b", False), ("", False)])
def test_identifiers(text: str, *, good: bool) -> None:
    assert is_identifier(text) is good


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20))
def test_hcl2_reads_back_one_block_whatever_the_text(text: str) -> None:
    document = hcl2.loads(block("module", "m", [[("value", text)]]))
    assert list(document["module"][0]) == ['"m"']
    assert {key for key in document["module"][0]['"m"'] if not key.startswith("__")} == {"value"}
