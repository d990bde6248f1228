"""tree-sitter's view of a shell text, and the words in it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from tfgen_generators.shell.marks import ANCHOR

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Point

_CHUNK = 512
#: How often a byte is looked at, at most, on average. Scripts need 10; what is no shell is read again from each error.
_LOOKS = 32
#: Where something is no shell, memory and time grow with the square of the number of `|` (a configure script has 1000).
_PIPES = 2000
#: Longer words are not copied with the substitutions in them, which may be nested as deep as there is room.
_LONGEST = 4096
#: In names that are no UTF-8. Half a character is a node to the grammar.
_SURROGATE = re.compile("[\ud800-\udfff]")
#: How `ANCHOR` is written for the grammar, which ends at a zero.
_ANCHOR = "\6/"
_QUOTES = re.compile(r"\\\r?\n|\\(.)|\"", re.DOTALL)


class Tree:
    """The tree of a text. `sound` is the offset of the first thing that is no shell; with none the tree `is_whole`."""

    def __init__(self, data: bytes, root: Node) -> None:
        self.root = root
        self._data = data
        self._is_anchored = _ANCHOR.encode() in data
        self.is_whole = not root.has_error
        self.sound = len(data) if self.is_whole else _first_error(root)

    def written(self, node: Node) -> str:
        """What stands at a node."""
        found = self._data[node.start_byte : node.end_byte].decode()
        return found.replace(_ANCHOR, ANCHOR) if self._is_anchored else found

    def word(self, node: Node) -> str:
        """The word at a node without its quotes; expansions as written."""
        if node.end_byte - node.start_byte > _LONGEST and node.child_count:
            return "".join(self.written(part) for part in node.children if not part.child_count)
        text = self.written(node)
        if "'" not in text and '"' not in text and "\\" not in text:
            return text
        if node.type in ("command_name", "concatenation"):
            return "".join(map(self.word, node.children))
        if node.type in ("ansi_c_string", "raw_string"):
            return text.lstrip("$")[1:-1]
        return _QUOTES.sub(r"\1", text) if "\\" in text else text.replace('"', "")


def kinds(*lines: str) -> frozenset[str]:
    """Kinds of nodes, as the grammar names them, with spaces between them."""
    return frozenset(kind for line in lines for kind in line.split())


def parse(text: str) -> Tree | None:
    """The tree of a text; None for what is no UTF-8 or would take too long: the time is linear in the length."""
    if text.count("|") > _PIPES or _SURROGATE.search(text):
        return None
    data = text.replace(ANCHOR, _ANCHOR).replace("\0", " ").encode()
    left = _LOOKS * (len(data) + _CHUNK)

    def read(at: int, _: Point) -> bytes:
        nonlocal left
        left -= _CHUNK
        # A quote ends each look ahead. (Nothing, before the end, would crash the process: tree-sitter 0.26.)
        return data[at : at + _CHUNK] if left > 0 or at >= len(data) else b'"'

    tree = _parser().parse(read)
    return Tree(data, tree.root_node) if left > 0 else None


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def _first_error(node: Node) -> int:
    """Where the first thing begins that is no shell. What is missing is no node where the grammar gives it no name."""
    while not node.is_error and (part := next((part for part in node.children if part.has_error), None)):
        node = part
    return node.start_byte
