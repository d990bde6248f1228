"""The comments in a block, each with the argument that it is about; and the words of a block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.hcl.tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment in a call; `key` are the argument, and the item, beside or below which it stands, () at the end."""

    key: tuple[str, ...]
    text: str
    beside: bool = False


def body_of(node: Node) -> Node | None:
    """What stands between the braces of a block, or in a file."""
    return next((child for child in node.named_children if child.type == "body"), None)


def words_of(node: Node) -> list[str]:
    """A block's kind and labels."""
    return [text_of(child).strip('"') for child in node.named_children if child.type in ("identifier", "string_lit")]


def key_of(text: str) -> str | None:
    """A map's key as it is written, None where it is computed."""
    if re.fullmatch(r"[\w.-]+", text):  # with dots in `providers`
        return text
    plain = re.fullmatch(r'"([^"\\\n]*)"', text)
    return plain[1] if plain and "${" not in text and "%{" not in text else None


def comments_of(block: Node) -> Iterator[Comment]:
    """A comment belongs to what ends on its line, else to what begins next."""
    keyed = sorted(_keyed(block), key=lambda one: one[1].start_byte)
    for node in sorted(_nodes(block, "comment"), key=lambda node: node.start_byte):
        row, at = node.start_point[0], node.start_byte
        before = [key for key, one in keyed if one.end_point[0] == row and one.start_byte < at]
        after = [key for key, one in keyed if one.start_byte > at]
        key = before[-1] if before else after[0] if after else ()
        yield Comment(key=key, text=text_of(node), beside=bool(before))


def _keyed(block: Node) -> Iterator[tuple[tuple[str, ...], Node]]:
    body = body_of(block)
    for node in body.named_children if body else ():
        if node.type == "attribute":
            name = text_of(node.named_children[0])
            yield (name,), node
            for element in _nodes(node, "object_elem"):
                key = key_of(text_of(element.named_children[0]))
                if key is not None:
                    yield (name, key), element


def _nodes(node: Node, kind: str) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type == kind:
            yield current
        waiting.extend(current.children)
