"""Expressions of HCL2 that are kept as text: the references and calls that stand in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import text_of
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_lines import refuse
from tfgen_generators.packer.syntax.values import Expression, Value

if TYPE_CHECKING:
    from tree_sitter import Node

FIX = "fix the syntax"
PLAIN = re.compile(r'"[^"\\$%\n]*"')


def unread(node: Node, text: str) -> Value:
    """Anything else: its text, and the references and calls that stand in it (not the names that a `for` binds)."""
    bound: set[str] = set()
    found: list[Value] = []
    stack = [[node]]
    while stack:
        current, *_ = nodes = stack.pop()
        kind = current.type
        if kind == "for_intro":
            bound |= {text_of(name) for name in current.named_children if name.type == "identifier"}
        elif kind == "variable_expr":
            if (named := reference(nodes)).args[0] not in bound:
                found.append(named)
            continue
        elif kind == "function_call":
            name, *_ = current.named_children
            arguments = [text_of(inner) for child in current.named_children[1:] for inner in child.named_children]
            plain = tuple(argument[1:-1] for argument in arguments if PLAIN.fullmatch(argument))
            found.append(Expression(text_of(current), "call", (text_of(name), *plain), current.start_point[0] + 1))
        elif kind == "template_literal":
            _check_literal(current)
        elif kind == "comment":
            refuse(current)
        stack.extend(reversed(_with_attributes(current.named_children)))
    return Expression(text, "", tuple(found), node.start_point[0] + 1)


def _with_attributes(nodes: list[Node]) -> list[list[Node]]:
    """Each node, and the attributes that follow it. (A node finds its own siblings from the root of the tree.)"""
    found: list[list[Node]] = []
    attributes: list[Node] = []
    for node in reversed(nodes):
        if node.type == "get_attr":
            attributes.append(node)
            found.append([node])
        else:
            found.append([node, *reversed(attributes)])
            attributes = []
    return found[::-1]


def reference(nodes: list[Node]) -> Expression:
    """The name that a `variable_expr` begins, with the attributes that follow it."""
    node, *attributes = nodes
    names = [text_of(node), *(text_of(attribute).lstrip(".").strip() for attribute in attributes)]
    return Expression(".".join(names), "ref", tuple(names), node.start_point[0] + 1)


def _check_literal(node: Node) -> None:
    parent = node.parent
    if parent is not None and parent.type != "heredoc_template" and "\n" in text_of(node):
        raise BrokenTemplateError("a quoted string must end on its line", node.start_point[0] + 1, FIX)
