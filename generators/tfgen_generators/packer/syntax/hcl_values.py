"""HCL2's expressions -> values. Most are read from their text alone, without their nodes.

Source of the rules: the HCL native syntax specification.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import SOURCE, text_of
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.strings import DOUBLED, dedent, unescape
from tfgen_generators.packer.syntax.values import Expression, Scalar, Value

if TYPE_CHECKING:
    from tree_sitter import Node

_FIX = "fix the syntax"
_LARGEST = 2**63
_PLAIN = re.compile(r'"[^"\\$%\n]*"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NAMES = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*")
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


def value_of(node: Node) -> Value:
    """The value of an `expression` node (or of one around or inside it)."""
    text = text_of(node)
    if _PLAIN.fullmatch(text):
        return text[1:-1]
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NAMES.fullmatch(text):
        return Expression(text, "ref", tuple(text.split(".")), node.start_point[0] + 1)
    if _NUMBER.fullmatch(text):
        return float(text) if not text.lstrip("-").isdigit() else _integer(text)
    return _compound(node, text)


def _integer(text: str) -> Value:
    number = int(text) if len(text) < 400 else _LARGEST  # Python refuses thousands of digits
    return number if -_LARGEST < number < _LARGEST else Expression(text)


def _compound(node: Node, text: str) -> Value:
    children = node.named_children
    kind = node.type
    if len(children) == 1 and kind in ("expression", "literal_value", "template_expr", "collection_value", "expr_term"):
        return _by_kind(children[0], text)
    return _by_kind(node, text)


def _by_kind(node: Node, text: str) -> Value:
    kind = node.type
    if kind in ("expression", "literal_value", "template_expr", "collection_value"):
        if node.named_child_count == 1:
            return _by_kind(node.named_children[0], text)
        return _chain(node, text)
    reader = _READERS.get(kind)
    return reader(node, text) if reader else _other(node, text)


def _string(node: Node, text: str) -> Value:
    """A quoted template: parts, each text or an expression."""
    line = node.start_point[0] + 1
    inside = text_of(node)[1:-1]
    parts, whole = _parts(node, node.start_byte + 1, node.end_byte - 1)
    for number, part in enumerate(parts):
        if isinstance(part, str):
            if "\n" in part:
                raise BrokenTemplateError("a quoted string must end on its line", line, _FIX)
            parts[number] = unescape(part)
    return joined(inside, parts, line) if whole else Expression(inside, "", tuple(parts), line)


def _parts(node: Node, start: int, end: int) -> tuple[list[Value], bool]:
    """What stands between two bytes of a template: raw text (the grammar drops white space), and expressions.

    Also whether that is all: not where there are directives (`%{if}`).
    """
    parts: list[Value] = []
    whole, strip = True, False
    for child in node.named_children:
        if child.type not in ("template_interpolation", "template_directive"):
            continue
        sequence = text_of(child)
        literal = SOURCE.data[start : child.start_byte].decode()
        literal = literal.lstrip() if strip else literal
        parts += [literal.rstrip() if sequence[2:3] == "~" else literal]
        start, strip = child.end_byte, sequence[-2:-1] == "~"
        if child.type == "template_directive":
            whole = False
        inner = [value_of(item) for item in child.named_children if item.type == "expression"]
        parts += inner or [_other(child, sequence)]
    literal = SOURCE.data[start:end].decode()
    parts.append(literal.lstrip() if strip else literal)
    return [part for part in parts if part != ""], whole


def joined(text: str, parts: list[Value], line: int) -> Value:
    if all(isinstance(part, str) for part in parts):  # also where there is none: ""
        return "".join(part for part in parts if isinstance(part, str))
    if len(parts) == 1:
        only = parts[0]
        if isinstance(only, Expression):
            return Expression(text, only.op, only.args, only.line)  # "${var.x}" is var.x, and is kept as it was written
        return only
    return Expression(text, "template", tuple(parts), line)


def _heredoc(node: Node, text: str) -> Value:
    """`<<WORD`, and `<<-WORD`, which takes the common indentation away."""
    line = node.start_point[0] + 1
    start = node.start_byte + text.index("\n") + 1
    body = SOURCE.data[start : node.end_byte]
    parts, whole = _parts(node, start, start + body.rindex(b"\n") + 1 if b"\n" in body else start)
    parts = [DOUBLED.sub(r"\1{", part) if isinstance(part, str) else part for part in parts]
    indented = text.startswith("<<-")
    if whole and not indented:
        return joined(text, parts, line)
    if whole and all(isinstance(part, str) for part in parts):
        return dedent("".join(part for part in parts if isinstance(part, str)))
    return Expression(text, "", tuple(parts), line)


def _tuple(node: Node, text: str) -> Value:
    elements = [child for child in node.named_children if child.type != "comment"]
    if any(child.type.startswith("for_") for child in elements):
        return _other(node, text)
    return [value_of(child) for child in elements if child.type == "expression"]


def _object(node: Node, text: str) -> Value:
    found: dict[str, Value] = {}
    extra: list[Value] = []
    for element in node.named_children:
        if element.type != "object_elem":
            continue
        inner = [child for child in element.named_children if child.type == "expression"]
        if len(inner) != 2:
            return _other(node, text)
        key = _key(text_of(inner[0]))
        value = value_of(inner[1])
        if key is None:
            computed = value_of(inner[0])
            if not isinstance(computed, str):
                extra.append(computed)
            key = computed if isinstance(computed, str) else text_of(inner[0])
        found[key] = value
    if extra:
        return Expression(text, "", (found, *extra), node.start_point[0] + 1)
    return found


def _key(text: str) -> str | None:
    if _PLAIN.fullmatch(text):
        return text[1:-1]
    return text if re.fullmatch(r"[\w-]+", text) else None


def _call(node: Node, text: str) -> Value:
    name = text_of(node.named_children[0])
    arguments: list[Value] = []
    for child in node.named_children[1:]:
        if child.type == "function_arguments":
            arguments += [value_of(inner) for inner in child.named_children if inner.type == "expression"]
            if "..." in text_of(child):
                return Expression(text, "", (name, *arguments), node.start_point[0] + 1)
    return Expression(text, "call", (name, *arguments), node.start_point[0] + 1)


def _conditional(node: Node, text: str) -> Value:
    inner = [value_of(child) for child in node.named_children if child.type == "expression"]
    return Expression(text, "if" if len(inner) == 3 else "", tuple(inner), node.start_point[0] + 1)


def _chain(node: Node, text: str) -> Value:
    """`var.x.y`, `local.map[var.x]`: a name or a call, and what is taken from it."""
    first, *rest = node.named_children
    if first.type not in ("variable_expr", "function_call") or any(child.type == "splat" for child in rest):
        return _other(node, text)
    names = [text_of(first)]
    while first.type == "variable_expr" and rest and rest[0].type == "get_attr":
        names.append(text_of(rest.pop(0)).lstrip(".").strip())
    line = node.start_point[0] + 1
    found: Value = Expression(".".join(names), "ref", tuple(names), line)
    if first.type == "function_call":
        found = _call(first, names[0])
    elif not rest:
        return Expression(text, "ref", tuple(names), line)
    for child in rest:
        found = Expression(text, "index", (found, _index(child)), line)
    return found


def _index(node: Node) -> Value:
    """The key in `[key]`, `.name` and `.0`."""
    keys = [value_of(inner) for child in node.named_children for inner in child.named_children]
    if node.type == "index" and len(keys) == 1:
        return keys[0]
    name = text_of(node).lstrip(".").strip()
    return int(name) if name.isdigit() and len(name) < 9 else name


def _operation(node: Node, text: str) -> Value:
    """Comparisons and logic; arithmetic stays text."""
    inner = node.named_children[0]
    operator = next((child for child in inner.children if not child.is_named and child.type in _OPERATORS), None)
    if operator is None:
        return _other(node, text)
    sides: list[list[Node]] = [[], []]
    for child in inner.named_children:
        sides[child.start_byte > operator.start_byte].append(child)
    values = [_side(nodes, text) for nodes in sides if nodes]
    if any(value is _NO_SIDE for value in values):
        return _other(node, text)
    return Expression(text, operator.type, tuple(values), node.start_point[0] + 1)


def _side(nodes: list[Node], text: str) -> Value:
    """One operand: a node, or a name with its attributes."""
    first, *rest = nodes
    if not rest:
        return value_of(first) if first.type != "variable_expr" else _reference(nodes)
    if first.type == "variable_expr" and all(child.type == "get_attr" for child in rest):
        return _reference(nodes)
    return _NO_SIDE


def _other(node: Node, text: str) -> Value:
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
            if (reference := _reference(nodes)).args[0] not in bound:
                found.append(reference)
            continue
        elif kind == "function_call":
            name, *_ = current.named_children
            arguments = [text_of(inner) for child in current.named_children[1:] for inner in child.named_children]
            plain = tuple(argument[1:-1] for argument in arguments if _PLAIN.fullmatch(argument))
            found.append(Expression(text_of(current), "call", (text_of(name), *plain), current.start_point[0] + 1))
        elif kind == "template_literal":
            _check_literal(current)
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


def _reference(nodes: list[Node]) -> Expression:
    """The name that a `variable_expr` begins, with the attributes that follow it."""
    node, *attributes = nodes
    names = [text_of(node), *(text_of(attribute).lstrip(".").strip() for attribute in attributes)]
    return Expression(".".join(names), "ref", tuple(names), node.start_point[0] + 1)


def _check_literal(node: Node) -> None:
    parent = node.parent
    if parent is not None and parent.type != "heredoc_template" and "\n" in text_of(node):
        raise BrokenTemplateError("a quoted string must end on its line", node.start_point[0] + 1, _FIX)


_OPERATORS = ("==", "!=", "&&", "||", "!")
_NO_SIDE = Expression("")
_READERS = {
    "string_lit": _string,
    "quoted_template": _string,
    "heredoc_template": _heredoc,
    "tuple": _tuple,
    "object": _object,
    "function_call": _call,
    "conditional": _conditional,
    "operation": _operation,
}
