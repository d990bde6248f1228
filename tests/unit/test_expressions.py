from __future__ import annotations

import pytest

from tfgen_generators.settings.expressions import expression_error


@pytest.mark.parametrize(
    "text",
    [
        "local.account_id",
        "data.aws_caller_identity.us-east.account_id",
        "var.list[0].name",
        'var.map["a.b"]',
        'upper("${local.a}-x")',
        '"a // b # c /* d"',
        "1e3 + 2.5 * -1.5E-3",
        "local.list.0",
        "[1, 2][0]",
        "1 + 2 == 3 && !false",
        'var.a == "b" ? 1 : 2',
        '"a" == var.b[0].c',
        "[for x in var.y : x if x != null]",
        '{ a = 1, "b" = [true, null] }',
        'var.a ? "b" : "c"',
        "provider::aws::arn_parse(local.arn).region",
        "module.x[*].id",
        '"größe"',
    ],
)
def test_one_expression_is_taken(text: str) -> None:
    assert expression_error(text) == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        (" local.a", "begins or ends with a space"),
        ("local.a\nb = 1", "a line break"),
        ("local.a\r", "begins or ends with a space"),
        ("local\r.a", "a line break"),
        ("local.a\u2028b", "a line break"),
        ("a b", "syntax"),
        ("1 +", "syntax"),
        ("(1", "syntax"),
        ("1)", "syntax"),
        ("1 }", "syntax"),
        ('1 }\tresource "x" "y" {', "a line break"),
        ("1) + (2", "syntax"),
        ("local.a # x", "comment"),
        ("local.a // x", "comment"),
        ("local.a /* x */", "comment"),
        ("[1, # x]", "syntax"),
        ("1 /*", "syntax"),
        ("a = 1", "syntax"),
        ("1 y = 2", "more than one"),
        ('"a', "syntax"),
        ('"a" "b"', "syntax"),
        ('"\\q"', "syntax"),
        ("<<EOT", "syntax"),
        ("1.5.0", "has no attributes"),
        ('"a".b', "has no attributes"),
        ("1e31.5", "a number that Terraform does not accept"),
        ("${local.a}", "syntax"),
    ],
)
def test_anything_else_is_refused(text: str, says: str) -> None:
    assert says in expression_error(text)
