"""What tree-sitter's grammar lets pass and HCL does not: a file that Packer would refuse is said to be broken.

Source: the HCL native syntax specification (bodies, one-line blocks, quoted templates).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.facts import TOP_LEVEL, BrokenTemplateError, NotATemplateError

if TYPE_CHECKING:
    from tree_sitter import Node

_FIX = "correct the syntax"


def check_syntax(root: Node) -> None:
    """Raises BrokenTemplateError at the first thing that HCL refuses."""
    if root.has_error:
        raise _first_error(root)
    for node in walk(root):
        if node.type == "body":
            _check_body(node)
        elif node.type == "block":
            _check_block(node)
        elif node.type == "quoted_template" or node.type == "string_lit":
            _check_quoted(node)


def check_top_level(body: Node | None) -> None:
    """Raises NotATemplateError for values and for other tools' HCL, BrokenTemplateError for a misspelt block."""
    items = [child for child in body.named_children if child.type in ("block", "attribute")] if body else []
    unknown = [item for item in items if item.type == "attribute" or name_of_item(item) not in TOP_LEVEL]
    if not items or not unknown:
        return
    first = unknown[0]
    name, line = name_of_item(first), first.start_point[0] + 1
    if all(item.type == "attribute" for item in items):
        raise NotATemplateError("variable values, not a template")
    hint = did_you_mean(name, TOP_LEVEL)
    if len(unknown) == len(items) and not hint.startswith("did you mean"):
        raise NotATemplateError("HCL of another tool: no block of Packer's")
    kind = "attribute" if first.type == "attribute" else "block"
    raise BrokenTemplateError(f"{kind} {name!r} cannot stand at the top of a Packer file", line, hint)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, in the order of the text."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.named_children))


def name_of_item(item: Node) -> str:
    """The name of an attribute, the type of a block."""
    return text(item.named_children[0])


def text(node: Node) -> str:
    return (node.text or b"").decode()


def _check_body(body: Node) -> None:
    seen: set[str] = set()
    last = -1
    for item in body.named_children:
        if item.type not in ("attribute", "block"):
            continue
        row = item.start_point[0]
        if row == last:
            raise BrokenTemplateError("two things on one line, and HCL wants a line for each", row + 1, _FIX)
        last = item.end_point[0]
        if item.type == "attribute":
            name = name_of_item(item)
            if name in seen:
                raise BrokenTemplateError(f"the attribute {name!r} stands twice", row + 1, "remove one")
            seen.add(name)


def _check_block(block: Node) -> None:
    opening = next((child for child in block.named_children if child.type == "block_start"), None)
    if opening is None:
        return
    row = block.start_point[0]
    if opening.start_point[0] != row:
        raise BrokenTemplateError("the { of a block must stand on the block's own line", row + 1, _FIX)
    body = next((child for child in block.named_children if child.type == "body"), None)
    if body is None:
        return
    items = [child for child in body.named_children if child.type in ("attribute", "block")]
    one_line = block.end_point[0] == row
    if items and not one_line and items[0].start_point[0] == row:
        raise BrokenTemplateError("a block's content must begin on a line of its own", row + 1, _FIX)
    if one_line and any(item.type == "block" for item in items):
        raise BrokenTemplateError("a block on one line can hold one attribute, and no block", row + 1, _FIX)


def _check_quoted(node: Node) -> None:
    for child in node.named_children:
        if child.type == "template_literal" and b"\n" in (child.text or b""):
            raise BrokenTemplateError("a quoted string must end on its line", node.start_point[0] + 1, _FIX)


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
