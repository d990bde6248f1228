"""HCL2's native syntax as nodes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgen_generators.lint.templates.nodes import BOM, File, Key, Node

if TYPE_CHECKING:
    from tree_sitter import Node as SyntaxNode

_COLLECTIONS = frozenset({"expression", "collection_value"})
_PLAIN_KEY = re.compile(r'"([^"\\$%\n]*)"|([\w-]+)')


def read_native_nodes(file: File) -> Node:
    """The tree of a file of HCL2's native syntax that discovery could read. Raises what the readers raise."""
    from tfgen_generators.hcl.tree import tree_of

    shift = len(BOM) if file.data.startswith(BOM) else 0
    root = tree_of(file.data[shift:])
    body = next((child for child in root.named_children if child.type == "body"), None)
    return _body(file, shift, body, (0, len(file.data)))


def _body(file: File, shift: int, body: SyntaxNode | None, around: tuple[int, int]) -> Node:
    from tfgen_generators.hcl.tree import text_of

    found = Node(file, *around)
    found.kids = {}
    lists: dict[str, dict[Key, Node]] = {}
    for item in body.named_children if body is not None else ():
        if item.type == "attribute":
            name = item.named_children[0]
            found.kids[text_of(name)] = _keyed(_native(file, shift, item.named_children[-1]), name, shift)
        elif item.type == "block":
            kind, block = _block(file, shift, item)
            if kind not in lists:
                lists[kind] = {}
                found.kids[kind] = _list(block, lists[kind])
            lists[kind][len(lists[kind])] = block
    return found


def _list(first: Node, kids: dict[Key, Node]) -> Node:
    found = Node(first.file, first.start, first.end, scalar=[])
    found.key, found.kids = first.key, kids
    return found


def _block(file: File, shift: int, item: SyntaxNode) -> tuple[str, Node]:
    from tfgen_generators.hcl.tree import text_of

    kind, *rest = item.named_children
    body = next((child for child in rest if child.type == "body"), None)
    found = _body(file, shift, body, (item.start_byte + shift, item.end_byte + shift))
    found.labels = tuple(text_of(child).strip('"') for child in rest if child.type in ("string_lit", "identifier"))
    return text_of(kind), _keyed(found, kind, shift)


def _keyed(node: Node, name: SyntaxNode, shift: int) -> Node:
    node.key = (name.start_byte + shift, name.end_byte + shift)
    return node


def _native(file: File, shift: int, item: SyntaxNode) -> Node:
    """An expression: lists and objects that are written out have nodes inside."""
    from tfgen_generators.packer.syntax.hcl_values import value_of

    found = Node(file, item.start_byte + shift, item.end_byte + shift)
    inner = item
    while inner.type in _COLLECTIONS and inner.named_child_count == 1:
        inner = inner.named_children[0]
    children = inner.named_children if inner.type in ("tuple", "object") else []
    if inner.type == "tuple" and not any(child.type.startswith("for_") for child in children):
        elements = [child for child in children if child.type == "expression"]
        found.scalar, found.kids = [], {at: _native(file, shift, child) for at, child in enumerate(elements)}
    elif inner.type == "object" and (pairs := _pairs(children)) is not None:
        found.kids = {}
        for key, name, element in pairs:
            found.kids[key] = _keyed(_native(file, shift, element), name, shift)
    else:
        found.scalar = value_of(item)
    return found


def _pairs(children: list[SyntaxNode]) -> list[tuple[str, SyntaxNode, SyntaxNode]] | None:
    """Key, its node and the value's of an object's elements; None where a key must be computed."""
    from tfgen_generators.hcl.tree import text_of

    found: list[tuple[str, SyntaxNode, SyntaxNode]] = []
    for child in children:
        if child.type.startswith("for_"):
            return None
        if child.type == "object_elem":
            sides = [inner for inner in child.named_children if inner.type == "expression"]
            match = _PLAIN_KEY.fullmatch(text_of(sides[0])) if len(sides) == 2 else None
            if match is None:
                return None
            found.append((match[1] or match[2] or "", sides[0], sides[1]))
    return found
