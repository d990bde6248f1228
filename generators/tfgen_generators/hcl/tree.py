"""tree-sitter's view of a file, and the text that stands at a node."""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_EXPONENT = rb"(?<![\w.])(?<!\w-)(\d+(?:\.\d+)?)([eE][+-]?)(?=\d)"


class Source(threading.local):
    """The bytes that are being read: what stands at a node. (The tree may be of bytes with other numbers.)"""

    data = b""


SOURCE = Source()


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def tree_of(data: bytes) -> Node:
    """The root of the tree; from now on `text_of` gives what stands in `data`."""
    SOURCE.data = data
    root = _parser().parse(data).root_node
    if root.has_error and re.search(_EXPONENT, data):
        # The grammar (1.2.0) knows 1.5e3 and neither 1e3 nor 1.5E3. A number of the same length moves no position.
        without = re.sub(_EXPONENT, lambda match: match.group(1) + b"0" * len(match.group(2)), data)
        root = _parser().parse(without).root_node
    return root


def text_of(node: Node) -> str:
    """What stands at a node of the latest tree."""
    return SOURCE.data[node.start_byte : node.end_byte].decode()
