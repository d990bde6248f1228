"""tree-sitter's view of a file, and the text that stands at a node."""

from __future__ import annotations

import re
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_EXPONENT = rb"(?<![\w.])(?<!\w-)(\d+(?:\.\d+)?)([eE][+-]?)(?=\d)"

#: `$$${` and `%%%{`: the last two and the brace are an escape, which the grammar (1.2.0) takes for an expression.
_DOUBLED = re.compile(rb"(?<!\$)\$(?:\$\$)+\{|(?<!%)%(?:%%)+\{")

#: Longer than people write.
_BLANKS = re.compile(rb"[ \t\r\n]{200,}")
_MANY, _ALL_SPACES = b" " * 200, bytes.maketrans(b"\t\r\n", b"   ")

#: Bytes of a text that is parsed without a look at the clock, and of what the parser is given at once.
_LONG, _PIECE = 8192, 1 << 16
#: Processor time for a text, and for each megabyte of it; a valid one takes less than half of that. Only what the
#: parser does about errors takes more: sometimes the square of what follows, and nothing but time tells of that.
_SECONDS = 1.0


#: A line that is read by itself: what it is, a name and a value.
Line = tuple[str, str, Any]
#: First byte of a comment -> its end, and the lines that it stands for.
Runs = dict[int, tuple[int, list[Line]]]


class Source(threading.local):
    """The bytes that are being read: what stands at a node. (The tree may be of bytes with other numbers.)"""

    data = b""
    #: What is a comment in the tree and none in `data`, and the first bytes of those that were read.
    runs: Runs = {}  # noqa: RUF012 replaced, never changed
    taken: set[int] = set()  # noqa: RUF012 as above


SOURCE = Source()


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def tree_of(data: bytes) -> Node:
    """The root of the tree; from now on `text_of` gives what stands in `data`."""
    SOURCE.runs = {}
    if _MANY in data.translate(_ALL_SPACES):
        # Where something is wrong, the parser looks through all blanks again from each of them. (The line of what is
        # wrong is then one of the shorter text.)
        SOURCE.data = _BLANKS.sub(_shorter, data)
        if (root := _root(SOURCE.data)).has_error:
            return root
    SOURCE.data = data
    return _root(data)


def _shorter(blanks: re.Match[bytes]) -> bytes:
    """What means the same: a line that ends, and what the next one begins with."""
    _, line_end, last = blanks[0].rpartition(b"\n")
    return line_end + last[-100:]


def _root(data: bytes) -> Node:
    if b"$$${" in data or b"%%%{" in data:
        data = _DOUBLED.sub(lambda match: b"_" * len(match[0]), data)
    root = _parsed(data)
    if root.has_error and re.search(_EXPONENT, data):
        # The grammar (1.2.0) knows 1.5e3 and neither 1e3 nor 1.5E3. A number of the same length moves no position.
        without = re.sub(_EXPONENT, lambda match: match.group(1) + b"0" * len(match.group(2)), data)
        root = _parsed(without)
    return root


def _parsed(data: bytes) -> Node:
    """The root of a tree; where the parser does not come to an end, that of a text with an error."""
    if len(data) < _LONG:
        return _parser().parse(data).root_node
    latest = time.thread_time() + _SECONDS * (1 + len(data) / (1 << 20))
    try:
        return (
            _parser()
            .parse(lambda at, _: data[at : at + _PIECE], progress_callback=lambda *_: time.thread_time() > latest)
            .root_node
        )
    except ValueError:  # as it says that it was told to stop
        _parser().reset()
        return _parser().parse(data[:_LONG] + b"\n]]]]\n").root_node


def text_of(node: Node) -> str:
    """What stands at a node of the latest tree."""
    return SOURCE.data[node.start_byte : node.end_byte].decode()


def sides_of(conditional: Node) -> list[Node]:
    """What `A ? B : C ? D : E` consists of: A, B, C, D, E. (The grammar takes `A ? B : C` for the second condition.)"""
    found: list[Node] = []
    current: Node | None = conditional
    while current is not None:
        condition, *others = [child for child in current.named_children if child.type == "expression"]
        found[:0] = others
        inner = [child for child in condition.named_children if child.type != "comment"]
        current = inner[0] if len(inner) == 1 and inner[0].type == "conditional" else None
    return [condition, *found]
