"""HCL2's expressions -> values. Most are read from their text alone, without their nodes.

Source of the rules: the HCL native syntax specification.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import SOURCE, sides_of, text_of
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_lines import attributes_of
from tfgen_generators.packer.syntax.hcl_unread import FIX, PLAIN, reference, unread
from tfgen_generators.packer.syntax.strings import dedent, undouble, unescape
from tfgen_generators.packer.syntax.values import Expression, Scalar, Value, composed, joined

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST = 2**63
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NAMES = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*")
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


def value_of(node: Node) -> Value:
    """The value of an `expression` node (or of one around or inside it)."""
    text = text_of(node)
    if PLAIN.fullmatch(text):
        return composed(text[1:-1])
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NAMES.fullmatch(text):
        return Expression(text, "ref", tuple(text.split(".")), node.start_point[0] + 1)
    if _NUMBER.fullmatch(text):
        return float(text) if not text.lstrip("-").isdigit() else _integer(text)
    return _compound(node, text)


def _integer(text: str) -> Value:
    number = int(text) if len(text) < 400 else _LARGEST  # Python refuses thousands of digits
    within = -_LARGEST < number < _LARGEST and (number or text[0] != "-")  # -0 keeps its sign
    return number if within else Expression(text)


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
    return reader(node, text) if reader else unread(node, text)


def _string(node: Node, text: str) -> Value:
    """A quoted template: parts, each text or an expression."""
    line = node.start_point[0] + 1
    inside = text_of(node)[1:-1]

    def literal(written: str) -> str:
        if "\n" in written:
            raise BrokenTemplateError("a quoted string must end on its line", line, FIX)
        return unescape(written)

    parts, whole = _parts(node, node.start_byte + 1, node.end_byte - 1, literal)
    return joined(inside, parts, line) if whole else Expression(inside, "", tuple(parts), line)


def _parts(node: Node, start: int, end: int, read: Callable[[str], str]) -> tuple[list[Value], bool]:
    """What stands between two bytes of a template: what `read` makes of raw text, and expressions.

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
        parts += [read(literal.rstrip() if sequence[2:3] == "~" else literal)]
        start, strip = child.end_byte, sequence[-2:-1] == "~"
        if child.type == "template_directive":
            whole = False
        inner = [value_of(item) for item in child.named_children if item.type == "expression"]
        parts += inner or [unread(child, sequence)]
    literal = SOURCE.data[start:end].decode()
    parts.append(read(literal.lstrip() if strip else literal))  # the grammar drops white space
    return [part for part in parts if part != ""], whole


def _heredoc(node: Node, text: str) -> Value:
    """`<<WORD`, and `<<-WORD`, which takes the common indentation away."""
    line = node.start_point[0] + 1
    start = node.start_byte + text.index("\n") + 1
    body = SOURCE.data[start : node.end_byte]
    parts, whole = _parts(node, start, start + body.rindex(b"\n") + 1 if b"\n" in body else start, undouble)
    indented = text.startswith("<<-")
    if whole and not indented:
        return joined(text, parts, line)
    if whole and all(isinstance(part, str) for part in parts):
        return dedent("".join(part for part in parts if isinstance(part, str)))
    return Expression(text, "", tuple(parts), line)


def _tuple(node: Node, text: str) -> Value:
    elements = [child for child in node.named_children if child.type != "comment"]
    if any(child.type.startswith("for_") for child in elements):
        return unread(node, text)
    return [value_of(child) for child in elements if child.type == "expression"]


def _object(node: Node, text: str) -> Value:
    found: dict[str, Value] = {}
    extra: list[Value] = []
    for element in node.named_children:
        if element.type == "comment":
            found |= attributes_of(element)
        if element.type != "object_elem":
            continue
        inner = [child for child in element.named_children if child.type == "expression"]
        if len(inner) != 2:
            return unread(node, text)
        key = _key(text_of(inner[0]))
        value = value_of(inner[1])
        if key is None:
            computed = value_of(inner[0])
            key = computed if isinstance(computed, str) else text_of(inner[0])
            if not isinstance(computed, str):
                extra += [key, computed]
        found[key] = value
    if extra:
        return Expression(text, "object", (found, *extra), node.start_point[0] + 1)
    return found


def _key(text: str) -> str | None:
    if PLAIN.fullmatch(text):
        return composed(text[1:-1])
    return text if re.fullmatch(r"[\w-]+", text) else None


def _call(node: Node, text: str) -> Value:
    name = text_of(node.named_children[0])
    arguments: list[Value] = []
    for child in node.named_children[1:]:
        if child.type == "function_arguments":
            arguments += [value_of(inner) for inner in child.named_children if inner.type == "expression"]
            if any(inner.type == "ellipsis" for inner in child.named_children):
                return Expression(text, "spread", (name, *arguments), node.start_point[0] + 1)
    return Expression(text, "call", (name, *arguments), node.start_point[0] + 1)


def _conditional(node: Node, text: str) -> Value:
    sides = sides_of(node)
    found = value_of(sides[-1])
    for condition, then in zip(sides[-3::-2], sides[-2::-2], strict=True):
        rest = text if condition is sides[0] else SOURCE.data[condition.start_byte : node.end_byte].decode()
        found = Expression(rest, "if", (value_of(condition), value_of(then), found), condition.start_point[0] + 1)
    return found


def _chain(node: Node, text: str) -> Value:
    """`var.x.y`, `local.map[var.x]`, `var.list[*].name`: a name, a call or a value, and what is taken from it."""
    return _chained([child for child in node.named_children if child.type != "comment"], text)


def _chained(nodes: list[Node], text: str) -> Value:
    first, *rest = nodes
    line = first.start_point[0] + 1
    if first.type == "variable_expr":
        length = next((at for at, child in enumerate(nodes[1:], 1) if child.type != "get_attr"), len(nodes))
        found: Value = reference(nodes[:length])
        rest = nodes[length:]
        if not rest and isinstance(found, Expression):
            return Expression(text, "ref", found.args, line)
    else:
        found = value_of(first)
    for child in rest:
        if child.type == "splat":
            inner = [step for kind in child.named_children for step in kind.named_children]
            found = Expression(text, "splat", (found, *(_index(step) for step in inner)), line)
        else:
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
    """Comparisons, logic and arithmetic."""
    inner = node.named_children[0]
    operator = next((child for child in inner.children if not child.is_named and child.type in _OPERATORS), None)
    if operator is None:
        return unread(node, text)
    sides: list[list[Node]] = [[], []]
    for child in inner.named_children:
        if child.type != "comment":
            sides[child.start_byte > operator.start_byte].append(child)
    values = [_chained(nodes, "".join(map(text_of, nodes))) for nodes in sides if nodes]
    return Expression(text, operator.type, tuple(values), node.start_point[0] + 1)


def _for(node: Node, text: str) -> Value:
    """`[for k, v in X : R if C]` and `{for k, v in X : K => R... if C}`."""
    inner = node.named_children[0]
    intro = next(child for child in inner.named_children if child.type == "for_intro")
    names = [text_of(child) for child in intro.named_children if child.type == "identifier"]
    conditions = [child.named_children[-1] for child in inner.named_children if child.type == "for_cond"]
    collection = [value_of(child) for child in intro.named_children if child.type == "expression"]
    *keys, result = [value_of(child) for child in inner.named_children if child.type == "expression"] or [None]
    if not collection or len(names) not in (1, 2) or _ROOTS & {*names} or len(keys) != (inner.type != "for_tuple_expr"):
        return unread(node, text)
    grouping = any(child.type == "ellipsis" for child in inner.named_children)
    condition = value_of(conditions[0]) if conditions else True
    bound = (names[0] if len(names) == 2 else "", names[-1])
    args = (*bound, collection[0], condition, grouping, keys[0] if keys else None, result)
    return Expression(text, "for" if not keys else "map", args, node.start_point[0] + 1)


_OPERATORS = ("==", "!=", "&&", "||", "!", "+", "-", "*", "/", "%", "<", "<=", ">", ">=")
#: What the first name of a reference stands for: a `for` that binds one of these is not looked into.
_ROOTS = frozenset({"build", "data", "local", "packer", "path", "source", "var"})
_READERS = {
    "string_lit": _string,
    "quoted_template": _string,
    "heredoc_template": _heredoc,
    "tuple": _tuple,
    "object": _object,
    "function_call": _call,
    "conditional": _conditional,
    "for_expr": _for,
    "operation": _operation,
}
