"""Reading HCL2 templates (`*.pkr.hcl`) with tree-sitter: fast when cold, and it keeps the lines.

Why not `hcl2` here: docs/adr/0003-hcl-readers.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tfgen_generators.packer.json_template import BrokenTemplateError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

#: What a file can declare for its neighbours, and how a traversal of it begins.
_DECLARING = {"variable": "var", "source": "source", "data": "data"}


@dataclass(frozen=True, kw_only=True)
class HclFacts:
    """One file: what it declares, what it needs from somewhere, and whether it builds.

    Declarations and needs are dotted: `var.region`, `local.stamp`, `source.amazon-ebs.web`, `data.amazon-ami.base`.
    """

    has_build: bool
    only_packer_block: bool
    declares: frozenset[str]
    needs: frozenset[str]
    sources: frozenset[str]

    @property
    def missing(self) -> frozenset[str]:
        return self.needs - self.declares


def read_hcl(data: bytes) -> HclFacts:
    """Facts of one HCL2 file. Raises BrokenTemplateError with the first line that is not HCL2."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenTemplateError("not UTF-8 text", line, "save it as UTF-8") from None
    root = _parser().parse(data).root_node
    if root.has_error:
        raise _syntax_error(root)
    blocks = [_Block(node) for body in root.named_children if body.type == "body" for node in _blocks(body)]
    declares: set[str] = set()
    needs: set[str] = set()
    sources: set[str] = set()
    for block in blocks:
        declares |= _declared(block)
        needs |= _traversals(block.node)
        if block.kind == "build":
            used = _used_sources(block)
            needs |= used
            sources |= used
    return HclFacts(
        has_build=any(block.kind == "build" for block in blocks),
        only_packer_block=bool(blocks) and all(block.kind == "packer" for block in blocks),
        declares=frozenset(declares),
        needs=frozenset(needs),
        sources=frozenset(sources or {name for name in declares if name.startswith("source.")}),
    )


class _Block:
    """A block's type, its labels and its body."""

    def __init__(self, node: Node) -> None:
        children = node.named_children
        self.node = node
        self.kind = _text(children[0])
        self.labels = [_text(child).strip('"') for child in children[1:] if child.type in ("string_lit", "identifier")]
        self.body = next((child for child in children if child.type == "body"), None)


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _blocks(body: Node | None) -> Iterator[Node]:
    return (child for child in body.named_children if child.type == "block") if body else iter(())


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _declared(block: _Block) -> set[str]:
    if block.kind in _DECLARING:
        return {".".join([_DECLARING[block.kind], *block.labels])}
    if block.kind == "local":
        return {f"local.{label}" for label in block.labels}
    names = {_text(child.named_children[0]) for child in _attributes(block.body)}
    if block.kind == "locals":
        return {f"local.{name}" for name in names}
    if block.kind == "variables":
        return {f"var.{name}" for name in names}
    return set()


def _attributes(body: Node | None) -> list[Node]:
    return [child for child in body.named_children if child.type == "attribute"] if body else []


def _used_sources(build: _Block) -> set[str]:
    used: set[str] = set()
    for attribute in _attributes(build.body):
        if _text(attribute.named_children[0]) == "sources":
            used |= {_source_name(text) for text in _literals(attribute)}
    for node in _blocks(build.body):
        block = _Block(node)
        if block.kind == "source" and block.labels:
            used.add(_source_name(block.labels[0]))
    return used


def _source_name(written: str) -> str:
    """Packer takes `source.TYPE.NAME` and `TYPE.NAME`."""
    return written if written.startswith("source.") else f"source.{written}"


def _literals(node: Node) -> Iterator[str]:
    for child in _walk(node):
        if child.type == "string_lit":
            yield _text(child).strip('"')


def _traversals(node: Node) -> set[str]:
    """`var.x`, `local.x`, `data.type.name` and `source.type.name` (a reference, not a block) below `node`."""
    found: set[str] = set()
    for child in _walk(node):
        if child.type != "variable_expr" or child.parent is None:
            continue
        root = _text(child)
        length = {"var": 2, "local": 2, "data": 3, "source": 3}.get(root, 0)
        names = [root]
        following = child.next_named_sibling
        while following is not None and following.type == "get_attr" and len(names) < length:
            names.append(_text(following).lstrip("."))
            following = following.next_named_sibling
        # `source.name` and `source.type` are what a provisioner knows of the running build.
        if length and len(names) == length:
            found.add(".".join(names))
    return found


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(current.named_children)


def _syntax_error(root: Node) -> BrokenTemplateError:
    stack = [root]
    first: Node | None = None
    while stack:
        node = stack.pop()
        if (node.is_error or node.is_missing) and (first is None or node.start_byte < first.start_byte):
            first = node
        stack.extend(child for child in node.children if child.has_error or child.is_missing)
    if first is None:
        return BrokenTemplateError("not valid HCL2", 1, "correct the syntax")
    line, column = first.start_point[0] + 1, first.start_point[1] + 1
    if first.is_missing:
        return BrokenTemplateError(
            f"not valid HCL2: {first.type} is missing (column {column})", line, "correct the syntax"
        )
    return BrokenTemplateError(f"not valid HCL2 (column {column})", line, "correct the syntax")
