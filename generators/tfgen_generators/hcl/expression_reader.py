"""Expressions out of tree-sitter's tree, and out of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from tfgen_generators.hcl.expressions import (
    Access,
    AnyExpression,
    Call,
    Either,
    For,
    Listed,
    Mapped,
    Null,
    Other,
    Reference,
    Template,
    Text,
)
from tfgen_generators.hcl.tree import SOURCE, tree_of

if TYPE_CHECKING:
    from tree_sitter import Node

_UNKNOWN = Other(())
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def expression_of(text: str) -> AnyExpression:
    """The expression that a text is; one of unknown value where it is none."""
    return _parsed(f"x = {text}\n")


def template_of(text: str) -> AnyExpression:
    """The expression that a text of the JSON syntax, or a template's file, is."""
    if "${" not in text and "%{" not in text:
        return Text(text.replace("$${", "${").replace("%%{", "%{"))
    mark = "TEXT"
    while mark in text:
        mark += "_"
    found = _parsed(f"x = <<{mark}\n{text}\n{mark}\n")
    if not isinstance(found, Template) or not isinstance(found.parts[-1], Text):
        return found
    last = Text(found.parts[-1].value.removesuffix("\n"))
    parts = (*found.parts[:-1], last) if last.value else found.parts[:-1]
    return parts[0] if len(parts) == 1 else Template(parts)


def _parsed(text: str) -> AnyExpression:
    root = tree_of(text.encode("utf-8", "replace"))
    body = next((child for child in root.named_children if child.type == "body"), None)
    first = body.named_children[0] if body and body.named_children else None
    if root.has_error or first is None or first.type != "attribute":
        return _UNKNOWN
    try:
        return read_expression(first.named_children[-1])
    except RecursionError:
        return _UNKNOWN


def read_expression(node: Node) -> AnyExpression:
    """The expression at a node of the latest tree. Raises RecursionError where it is nested too deeply."""
    read = _READERS.get(node.type)
    return read(node) if read else Other(tuple(map(read_expression, _named(node))))


def _call(node: Node) -> AnyExpression:
    inner = _named(node)
    arguments = next((child for child in inner if child.type == "function_arguments"), None)
    name = _text(inner[0]).removeprefix("core::").removeprefix("core__")
    return Call(name, tuple(map(read_expression, _named(arguments))) if arguments else ())


def _conditional(node: Node) -> AnyExpression:
    decides, *options = map(read_expression, _named(node))
    return Either((*options, decides))


def _wrapped(node: Node) -> AnyExpression:
    """What an expression wraps, with the parts of it that are taken."""
    inner = _named(node)
    if not inner:
        return _UNKNOWN
    base = read_expression(inner[0])
    if len(inner) == 1:
        return base
    if any(child.type not in ("get_attr", "index", "splat") for child in inner[1:]):
        return Other(tuple(map(read_expression, inner)))
    names = tuple(name for child in inner[1:] for name in _steps(child))
    if isinstance(base, Reference):
        return Reference((*base.names, *names))
    return Access(base, names)


def _steps(node: Node) -> Iterator[str]:
    if node.type == "get_attr":
        yield _text(node.named_children[-1])
        return
    if node.type == "index":
        text = _text(node).strip("[]. ").strip('"')
        yield text if text and all(sign.isalnum() or sign in "_-" for sign in text) else "*"
        return
    yield "*"
    for child in _named(node):
        for inner in _named(child) if child.type in ("attr_splat", "full_splat") else (child,):
            if inner.type in ("get_attr", "index"):
                yield from _steps(inner)


def _collection(node: Node) -> AnyExpression:
    inner = _named(node)
    if node.type == "tuple":
        return Listed(tuple(read_expression(child) for child in inner if child.type == "expression"))
    found: list[AnyExpression] = []
    for child in inner:
        if child.type == "object_elem":
            key, value = _named(child)[0], _named(child)[-1]
            name = read_expression(key)
            if isinstance(name, Reference) and len(name.names) == 1:
                name = Text(name.names[0])
            found += [name, read_expression(value)]
    return Mapped(tuple(found))


def _for(node: Node) -> AnyExpression:
    inner = _named(node)
    intro = next(child for child in inner if child.type == "for_intro")
    names = tuple(_text(child) for child in intro.named_children if child.type == "identifier")
    collection = next((child for child in intro.named_children if child.type == "expression"), None)
    results: list[AnyExpression] = []
    for child in inner:
        if child.type == "expression":
            results.append(read_expression(child))
        elif child.type == "for_cond":
            results.append(Other(tuple(map(read_expression, _named(child)))))
    return For(
        names, read_expression(collection) if collection else _UNKNOWN, tuple(results), node.type == "for_object_expr"
    )


def _template(node: Node) -> AnyExpression:
    """Text between interpolations is what stands between them: the grammar leaves blanks out."""
    children = node.children
    quoted = node.type != "heredoc_template"
    start, end = _inside(node, quoted=quoted)
    parts: list[AnyExpression] = []
    for child in children:
        if child.type in ("template_interpolation", "template_directive"):
            parts.append(Text(_literal(start, child.start_byte, quoted=quoted)))
            inner = tuple(map(read_expression, _named(child)))
            parts.append(inner[0] if child.type == "template_interpolation" and len(inner) == 1 else Other(inner))
            start = child.end_byte
    last = _literal(start, end, quoted=quoted)
    if not parts:
        return Text(last)
    if len(parts) == 2 and quoted and not last and parts[0] == Text(""):
        return parts[1]
    return Template(tuple(part for part in (*parts, Text(last)) if part != Text("")) or (Text(""),))


def _inside(node: Node, *, quoted: bool) -> tuple[int, int]:
    if quoted:
        return node.start_byte + 1, node.end_byte - 1
    names = [child for child in node.children if child.type == "heredoc_identifier"]
    if len(names) < 2:
        return node.start_byte, node.start_byte
    start = SOURCE.data.find(b"\n", names[0].end_byte) + 1
    return start, max(start, SOURCE.data.rfind(b"\n", 0, names[-1].start_byte + 1) + 1)


def _literal(start: int, end: int, *, quoted: bool) -> str:
    text = SOURCE.data[start:end].decode("utf-8", "replace")
    if quoted and "\\" in text:
        text = _unescaped(text)
    return text.replace("$${", "${").replace("%%{", "%{")


def _unescaped(text: str) -> str:
    found: list[str] = []
    pieces = iter(text.split("\\"))
    found.append(next(pieces))
    for piece in pieces:
        if piece[:1] in ("u", "U"):
            width = 4 if piece[0] == "u" else 8
            try:
                found.append(chr(int(piece[1 : 1 + width], 16)) + piece[1 + width :])
            except ValueError:
                found.append(piece)
        elif piece:
            found.append(_ESCAPES.get(piece[0], piece[0]) + piece[1:])
        else:  # an escaped backslash, and what follows it
            found.append("\\" + next(pieces, ""))
    return "".join(found)


def _named(node: Node) -> list[Node]:
    """Its children but for comments and the signs around them."""
    return [
        child
        for child in node.named_children
        if child.type != "comment" and not child.type.endswith(("_start", "_end", "_identifier"))
    ]


def _text(node: Node) -> str:
    return SOURCE.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


_READERS: Mapping[str, Callable[[Node], AnyExpression]] = {
    **dict.fromkeys(("expression", "literal_value", "collection_value", "template_expr", "for_expr"), _wrapped),
    **dict.fromkeys(("quoted_template", "heredoc_template", "string_lit"), _template),
    **dict.fromkeys(("numeric_lit", "bool_lit"), lambda node: Text(_text(node))),
    "null_lit": lambda _: Null(),
    "variable_expr": lambda node: Reference((_text(node),)),
    "function_call": _call,
    **dict.fromkeys(("tuple", "object"), _collection),
    "conditional": _conditional,
    **dict.fromkeys(("for_tuple_expr", "for_object_expr"), _for),
}
