"""What is redirected into a command, and the words that the grammar takes for a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tfgen_generators.shell.expand import Expansion
from tfgen_generators.shell.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node


class Redirected(NamedTuple):
    """The files that are redirected in, the text of here-documents and here-strings, and the files that are written."""

    reads: tuple[str, ...]
    given: str
    writes: tuple[str, ...]


def redirected(tree: Tree, expansion: Expansion, node: Node) -> Redirected:
    """What is redirected into a command, and where its output goes."""
    reads: list[str] = []
    writes: list[str] = []
    given: list[str] = []
    for part in node.children:
        if part.type == "file_redirect" and any(inner.type == "<" for inner in part.children):
            reads += [expansion.text(inner) for inner in part.children_by_field_name("destination")[:1]]
        elif part.type == "file_redirect" and any(inner.type in (">", ">>", ">|") for inner in part.children):
            writes += [expansion.text(inner) for inner in part.children_by_field_name("destination")[:1]]
        elif part.type == "heredoc_redirect":
            given += [tree.written(inner) for inner in part.children if inner.type == "heredoc_body"]
        elif part.type == "herestring_redirect":
            given += [expansion.text(inner) for inner in part.named_children]
    return Redirected(tuple(reads), "\n".join(given), tuple(writes))


def behind(expansion: Expansion, node: Node) -> Iterator[str]:
    """Arguments that the grammar takes for a part of a redirection: `a >file b`, `a <<END b`."""
    for part in node.children[1:]:
        if part.type.endswith("_redirect"):
            for inner in (*part.children_by_field_name("destination")[1:], *part.children_by_field_name("argument")):
                yield expansion.text(inner)
