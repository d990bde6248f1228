"""HCL2's native syntax -> bodies and values, with tree-sitter; as strict as Packer where the grammar is not.

One pass over the syntax tree.
Why not `hcl2` here: docs/adr/0003-hcl-readers.md. Source of the rules: the HCL native syntax specification.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import SOURCE, Runs, text_of, tree_of
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_line import UnreadLinesError
from tfgen_generators.packer.syntax.hcl_lines import DEEPEST, refuse, take, without_lines
from tfgen_generators.packer.syntax.hcl_values import value_of
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.utf_8 import check_utf_8, not_utf_8
from tfgen_generators.packer.syntax.values import Expression, Value, joined

if TYPE_CHECKING:
    from tree_sitter import Node

_FIX = "fix the syntax"
_DEEPEST = 100
#: A byte that is no UTF-8, as "surrogateescape" has it.
_NO_CHARACTER = re.compile("[\udc80-\udcff]")


def read_native(data: bytes) -> Body:
    """The body of a file. Raises BrokenTemplateError with the line that is not HCL2."""
    shown, runs = without_lines(data)
    if runs:
        with contextlib.suppress(BrokenTemplateError, UnreadLinesError):
            return parsed(data, shown, runs)
    return parsed(data, data, {})


def parsed(data: bytes, shown: bytes, runs: Runs) -> Body:
    """The body of `data`, of which the parser is shown something else where `runs` are."""
    root = tree_of(shown)
    if root.has_error:
        raise _first_error(root)
    if runs:
        SOURCE.data, SOURCE.runs, SOURCE.taken = data, runs, set()
    body = _body(_items(root))
    if len(SOURCE.taken) < len(runs):
        raise UnreadLinesError
    return body


def in_utf_8(data: bytes) -> bytes:
    """`data` as UTF-8, with what is none in its comments replaced: Packer does not look into those.

    Raises NotATemplateError where it is something else.
    """
    check_utf_8(data)
    try:
        data.decode()
    except UnicodeDecodeError:
        return _without_strange_comments(data)
    return data


def _without_strange_comments(data: bytes) -> bytes:
    escaped = data.decode(errors="surrogateescape")
    text = _NO_CHARACTER.sub("?", escaped).encode()  # as many bytes as before
    strange = [at for at, (byte, kept) in enumerate(zip(data, text, strict=True)) if byte != kept]
    comments = ((node.start_byte, node.end_byte) for node in _comments(tree_of(text)))
    inside = iter(sorted(comments))
    start, end = next(inside, (len(data), len(data)))
    for at in strange:
        while end <= at:
            start, end = next(inside, (len(data), len(data)))
        if at < start:
            raise not_utf_8(data, at)
    return text


def _comments(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type == "comment":
            yield node
        stack.extend(node.children)


def read_template(text: str) -> Value:
    """The value of a string that is a template (HCL's JSON syntax). What cannot be read is kept as text."""
    outer = SOURCE.data
    root = tree_of(f"x = <<TEXT\n{text}\nTEXT\n".encode())
    try:
        if root.has_error or "\nTEXT" in text:
            return Expression(text)
        value = _body(_items(root)).attributes["x"]
    except (BrokenTemplateError, KeyError, IndexError):
        return Expression(text)
    finally:
        SOURCE.data = outer
    if isinstance(value, str):
        return value.removesuffix("\n")
    if not isinstance(value, Expression):
        return value
    if value.op != "template":
        return Expression(text, value.op, value.args)
    *parts, last = value.args
    if not isinstance(last, str) or (last := last.removesuffix("\n")):
        parts.append(last)
    return joined(text, parts, 0)


def _items(node: Node) -> list[Node]:
    """What stands in a file or a block: the grammar has the first and the last comments outside of the body."""
    found: list[Node] = []
    for child in node.named_children:
        if child.type == "body":
            found += child.named_children
        elif child.type == "comment":
            found.append(child)
        elif child.type == "block_start":
            found.clear()
        elif child.type == "object" and SOURCE.runs:
            raise UnreadLinesError  # a file that is one object, and a run behind it
    return found


def _body(items: list[Node], depth: int = 0) -> Body:
    body = Body()
    last = -1
    if depth > _DEEPEST and items:
        raise BrokenTemplateError("nested too deeply", items[0].start_point[0] + 1)
    for item in items:
        kind = item.type
        if kind == "comment":
            (take if depth <= _DEEPEST - DEEPEST else refuse)(item, body)
            continue
        row = item.start_point[0]
        if row == last:
            raise BrokenTemplateError("two items on one line; HCL requires a line for each", row + 1, _FIX)
        last = item.end_point[0]
        if kind == "block":
            body.blocks.append(_block(item, row, depth))
            continue
        name_node, value_node = item.named_children[0], item.named_children[-1]
        name = text_of(name_node)
        if name in body.attributes:
            raise BrokenTemplateError(f"duplicate attribute {name!r}", row + 1, "remove one")
        body.attributes[name] = value_of(value_node)
        body.lines[name] = row + 1
    return body


def _block(node: Node, row: int, depth: int) -> Block:
    kind, *rest = node.named_children
    labels: list[str] = []
    body: Node | None = None
    for child in rest:
        if child.type in ("string_lit", "identifier"):
            labels.append(text_of(child).strip('"'))
        elif child.type == "block_start":
            if child.start_point[0] != row:
                raise BrokenTemplateError("the { of a block must be on the first line of the block", row + 1, _FIX)
        elif child.type == "body":
            body = child
    if body is not None:
        _check_lines(node, body, row)
    return Block(text_of(kind), tuple(labels), _body(_items(node), depth + 1), row + 1)


def _check_lines(block: Node, body: Node, row: int) -> None:
    """Where HCL wants a block's content: on lines of its own, or one attribute on the block's line."""
    if body.start_point[0] != row:
        return
    items = [child for child in body.named_children if child.type in ("attribute", "block")]
    one_line = block.end_point[0] == row
    if items and not one_line and items[0].start_point[0] == row:
        raise BrokenTemplateError("the content of a block must begin on a new line", row + 1, _FIX)
    if one_line and any(item.type == "block" for item in items):
        raise BrokenTemplateError("a block on one line can contain only one attribute and no block", row + 1, _FIX)


def _first_error(root: Node) -> BrokenTemplateError:
    stack = [root]
    first: Node | None = None
    while stack:
        node = stack.pop()
        if (node.is_error or node.is_missing) and (first is None or node.start_byte < first.start_byte):
            first = node
        stack.extend(child for child in node.children if child.has_error or child.is_missing)
    if first is None:
        return BrokenTemplateError("not valid HCL2", 1, _FIX)
    line, column = first.start_point[0] + 1, first.start_point[1] + 1
    lacking = f": {first.type} is missing" if first.is_missing else ""
    return BrokenTemplateError(f"not valid HCL2{lacking} (column {column})", line, _FIX)
