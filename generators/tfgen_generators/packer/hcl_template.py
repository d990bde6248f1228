"""Reading HCL2 templates (`*.pkr.hcl`) with tree-sitter: fast when cold, and it keeps the lines.

Why not `hcl2` here: docs/adr/0003-hcl-readers.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from tfgen_generators.packer.facts import REFERENCE_LENGTH, BrokenTemplateError, Facts, source_name
from tfgen_generators.packer.hcl_syntax import check_syntax, check_top_level, name_of_item, text, walk

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

#: What a block declares for its neighbours, and how a reference to it begins.
_DECLARING = {"variable": "var", "source": "source", "data": "data", "local": "local"}
_DECLARING_ATTRIBUTES = {"variables": "var", "locals": "local"}
_EXPONENT = re.compile(rb"(?<![\w.-])(\d+(?:\.\d+)?)([eE][+-]?)(?=\d)")


def read_hcl(data: bytes) -> Facts:
    """Facts of one HCL2 file. Raises NotATemplateError, or BrokenTemplateError with the line that is not HCL2."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenTemplateError("not UTF-8 text", line, "save it as UTF-8") from None
    root = _parse(data)
    check_syntax(root)
    body = next((child for child in root.named_children if child.type == "body"), None)
    check_top_level(body)
    blocks = [_Block(node) for node in _blocks(body)]
    needs: dict[str, int] = {}
    sources: set[str] = set()
    for block in blocks:
        for name, line in [*_references(block.node), *_used_sources(block)]:
            needs.setdefault(name, line)
        sources |= {name for name, _ in _used_sources(block)}
    return Facts(
        blocks=frozenset(block.kind for block in blocks),
        declares=frozenset(_declared(blocks)),
        needs=needs,
        sources=frozenset(sources),
    )


class _Block:
    """A block's type, its labels and its body."""

    def __init__(self, node: Node) -> None:
        children = node.named_children
        self.node = node
        self.kind = text(children[0])
        labels = (child for child in children[1:] if child.type in ("string_lit", "identifier"))
        self.labels = [text(child).strip('"') for child in labels]
        self.body = next((child for child in children if child.type == "body"), None)
        self.line = node.start_point[0] + 1


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _parse(data: bytes) -> Node:
    root = _parser().parse(data).root_node
    if root.has_error and _EXPONENT.search(data):
        # The grammar (1.2.0) knows 1.5e3 and neither 1e3 nor 1.5E3. A number of the same length moves no position.
        without = _EXPONENT.sub(lambda match: match.group(1) + b"0" * len(match.group(2)), data)
        root = _parser().parse(without).root_node
    return root


def _blocks(body: Node | None) -> Iterator[Node]:
    return (child for child in body.named_children if child.type == "block") if body else iter(())


def _attributes(body: Node | None) -> list[Node]:
    return [child for child in body.named_children if child.type == "attribute"] if body else []


def _declared(blocks: list[_Block]) -> set[str]:
    """Every declaration of the file. Raises BrokenTemplateError when something is declared twice."""
    found: set[str] = set()
    for block in blocks:
        if block.kind in _DECLARING:
            names = [".".join([_DECLARING[block.kind], *block.labels])]
        else:
            root = _DECLARING_ATTRIBUTES.get(block.kind)
            names = [f"{root}.{name_of_item(item)}" for item in _attributes(block.body)] if root else []
        for name in names:
            if name in found:
                raise BrokenTemplateError(f"{name} is declared twice in this file", block.line, "remove one")
            found.add(name)
    return found


def _used_sources(build: _Block) -> list[tuple[str, int]]:
    """The sources that a build block names, each with its line; those that must be computed are not among them."""
    if build.kind != "build":
        return []
    written: list[Node] = []
    for attribute in _attributes(build.body):
        if name_of_item(attribute) == "sources":
            written += _plain_strings(attribute.named_children[-1])
    for node in _blocks(build.body):
        block = _Block(node)
        if block.kind == "source":
            written += [child for child in node.named_children if child.type == "string_lit"][:1]
    named = [(source_name(text(node).strip('"')), node.start_point[0] + 1) for node in written]
    return [(name, line) for name, line in named if name]


def _plain_strings(expression: Node) -> list[Node]:
    """The elements of `["a", "b"]`; [] for any other expression."""
    for kind in ("collection_value", "tuple"):
        if len(expression.named_children) != 1 or expression.named_children[0].type != kind:
            return []
        expression = expression.named_children[0]
    found: list[Node] = []
    for element in expression.named_children:
        inner = element
        while inner.type in ("expression", "literal_value") and len(inner.named_children) == 1:
            inner = inner.named_children[0]
        if inner.type == "string_lit":
            found.append(inner)
    return found


def _references(node: Node) -> Iterator[tuple[str, int]]:
    """`var.x`, `local.x`, `data.type.name` and `source.type.name` (a reference, not a block), with their lines."""
    for child in walk(node):
        if child.type != "variable_expr":
            continue
        names = [text(child)]
        length = REFERENCE_LENGTH.get(names[0], 0)
        following = child.next_named_sibling
        while following is not None and following.type == "get_attr" and len(names) <= length:
            names.append(text(following).lstrip("."))
            following = following.next_named_sibling
        # `source.name` and `source.type` are what a provisioner knows of the running build.
        if length and len(names) == length + 1:
            yield ".".join(names), child.start_point[0] + 1
