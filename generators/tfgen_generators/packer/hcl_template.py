"""Reading HCL2 templates (`*.pkr.hcl`) with tree-sitter: fast when cold, and it keeps the lines.

Why not `hcl2` here: docs/adr/0003-hcl-readers.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from tfgen_generators.packer.facts import (
    GENERATOR_INPUT,
    GENERATOR_STATEMENT,
    REFERENCE_LENGTH,
    BrokenTemplateError,
    Facts,
    NotATemplateError,
    source_name,
)
from tfgen_generators.packer.hcl_syntax import check_syntax, check_top_level, name_of_item, text, walk

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

#: What a block declares for its neighbours, and how a reference to it begins.
_DECLARING = {"variable": "var", "source": "source", "data": "data", "local": "local"}
_DECLARING_ATTRIBUTES = {"variables": "var", "locals": "local"}
_BARE_VALUE = re.compile(r"=\s*\{\{[^\"\n]*\}\}\s*$", re.MULTILINE)
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
    try:
        check_syntax(root)
    except BrokenTemplateError:
        if GENERATOR_STATEMENT.search(data.decode()) or _BARE_VALUE.search(data.decode()):
            raise NotATemplateError(f"{GENERATOR_INPUT}, not HCL") from None
        raise
    body = next((child for child in root.named_children if child.type == "body"), None)
    check_top_level(body)
    return _facts([_Block(node) for node in _blocks(body)])


def _facts(blocks: list[_Block]) -> Facts:
    needs: dict[str, int] = {}
    source_needs: dict[str, dict[str, int]] = {}
    sources: set[str] = set()
    computed = False
    for block in blocks:
        target = needs
        if block.kind == "source":
            target = source_needs.setdefault(".".join(["source", *block.labels]), {})
        for name, line in _references(block.node):
            target.setdefault(name, line)
        if block.kind == "build":
            named = _Sources(block)
            computed = computed or named.computed
            for name, line in named.found:
                sources.add(name)
                needs.setdefault(name, line)
    return Facts(
        blocks=frozenset(block.kind for block in blocks),
        declares=frozenset(_declared(blocks)),
        needs=needs,
        source_needs=source_needs,
        sources=frozenset(sources),
        computed_sources=computed,
        required=frozenset(f"var.{block.labels[0]}" for block in blocks if block.is_required_variable),
    )


def attribute_names(data: bytes) -> frozenset[str]:
    """The names that a file of values sets; empty when it cannot be read."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return frozenset()
    root = _parse(data.removeprefix(b"\xef\xbb\xbf"))
    return frozenset(name_of_item(item) for body in root.named_children for item in _attributes(body))


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

    @property
    def is_required_variable(self) -> bool:
        has_default = any(name_of_item(item) == "default" for item in _attributes(self.body))
        return self.kind == "variable" and bool(self.labels) and not has_default


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


class _Sources:
    """The sources that a build block names as text, each with its line; `computed` when it names others too."""

    def __init__(self, build: _Block) -> None:
        self.computed = False
        self._written: list[Node] = []
        for attribute in _attributes(build.body):
            if name_of_item(attribute) == "sources":
                self._list(attribute)
        for node in _blocks(build.body):
            block = _Block(node)
            if block.kind == "source":
                self._written += [child for child in node.named_children if child.type == "string_lit"][:1]
            elif block.kind == "dynamic" and block.labels == ["source"]:
                labels = [item for item in _attributes(block.body) if name_of_item(item) == "labels"]
                for item in labels:
                    self._list(item)
                self.computed = self.computed or not labels
        named = [(source_name(text(node).strip('"')), node.start_point[0] + 1) for node in self._written]
        self.found = [(name, line) for name, line in named if name]

    def _list(self, attribute: Node) -> None:
        strings = _plain_strings(attribute.named_children[-1])
        self.computed = self.computed or strings is None
        self._written += strings or []


def _plain_strings(expression: Node) -> list[Node] | None:
    """The elements of `["a", "b"]`; None for any other expression."""
    for kind in ("collection_value", "tuple"):
        if len(expression.named_children) != 1 or expression.named_children[0].type != kind:
            return None
        expression = expression.named_children[0]
    found: list[Node] = []
    for element in expression.named_children:
        inner = element
        while inner.type in ("expression", "literal_value") and len(inner.named_children) == 1:
            inner = inner.named_children[0]
        if inner.type == "string_lit":
            found.append(inner)
        elif element.type == "expression":
            return None
    return found


def _references(node: Node) -> Iterator[tuple[str, int]]:
    """`var.x`, `local.x` and `data.type.name` below `node`, each with its line."""
    bound: set[str] = set()
    for child in walk(node):
        if child.type == "for_intro":
            # `[for data in ...]`: a name of its own for what follows.
            bound |= {text(name) for name in child.named_children if name.type == "identifier"}
        if child.type != "variable_expr":
            continue
        names = [text(child)]
        length = 0 if names[0] in bound else REFERENCE_LENGTH.get(names[0], 0)
        following = child.next_named_sibling
        while following is not None and following.type == "get_attr" and len(names) <= length:
            names.append(text(following).lstrip("."))
            following = following.next_named_sibling
        if length and len(names) == length + 1:
            yield ".".join(names), child.start_point[0] + 1
