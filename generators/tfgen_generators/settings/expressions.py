"""Whether a text of tfgen.toml is one expression of Terraform's, and nothing more.

The expression is the user's own, but it must stay an attribute's value: it cannot end the attribute, open a block or
comment away what follows. Source: the HCL native syntax specification; the parser is tree-sitter's, imported only for
what is more than a reference.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import tree_of

if TYPE_CHECKING:
    from tree_sitter import Node

_REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")
_NUMBER = re.compile(rb"\d+(\.\d+)?([eE][+-]?\d+)?")
_ACCESS = frozenset({"get_attr", "index", "splat"})
_BEFORE = b"x = "


@cache
def expression_error(text: str) -> str:
    """Why `text` is not one well-formed expression on one line; "" when it is."""
    if _REFERENCE.fullmatch(text):
        return ""
    if not text.strip():
        return "it is empty"
    if text != text.strip():
        return "it begins or ends with a space"
    if not all(sign == " " or sign.isprintable() for sign in text):
        return "it contains a line break or another control character"
    return _grammar_error(text)


def _grammar_error(text: str) -> str:
    data = text.encode()
    # The second one ends where the first does, whatever the parser recovers from: a bracket must be its own.
    for before, after in ((_BEFORE, b"\n"), (b"x = (", b")\n")):
        whole = before + data + after
        root = tree_of(whole)
        if root.has_error:
            return "its syntax is not valid"
        if message := _shape_error(root, len(whole) - 1) or _literal_error(root, whole):
            return message
    return ""


def _shape_error(root: Node, end: int) -> str:
    body = next((child for child in root.named_children if child.type == "body"), None)
    if any(node.type == "comment" for node in _walk(root)):
        return "it contains a comment"
    if body is None or [child.type for child in body.named_children] != ["attribute"]:
        return "it is more than one expression"
    value = body.named_children[0].named_children[-1]
    if (value.start_byte, value.end_byte) != (len(_BEFORE), end):
        return "there is text after its end"
    return ""


def _literal_error(root: Node, whole: bytes) -> str:
    """What the grammar takes and Terraform does not: `1.5.0`, `1e31.5`."""
    for node in _walk(root):
        following = node.next_named_sibling
        if node.type == "literal_value" and following is not None and following.type in _ACCESS:
            return "a number or a string has no attributes"
        if node.type == "numeric_lit" and not _NUMBER.fullmatch(whole, node.start_byte, node.end_byte):
            return "it contains a number that Terraform does not accept"
    return ""


def _walk(node: Node) -> list[Node]:
    found: list[Node] = []
    stack = [node]
    while stack:
        found.append(current := stack.pop())
        stack.extend(current.named_children)
    return found
