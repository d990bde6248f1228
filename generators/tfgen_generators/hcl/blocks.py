"""A file of Terraform's as blocks with labels, from either syntax: the shape, no values computed.

Strict where it matters to whoever looks for something: a label or a key that is written with escapes, or not plainly,
is an error, since it could be another word than it looks like. Sources: the HCL native and JSON syntax specifications.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.hcl.tree import SOURCE, text_of, tree_of

if TYPE_CHECKING:
    from tree_sitter import Node

_BOM = b"\xef\xbb\xbf"
_DEEPEST = 100
#: How deep blocks tell their text: as far as `backend` stands in `terraform`.
_TOLD = 1
_NAMESPACE = re.compile(rb"(?<=\w)::(?=\w)")
#: Blocks of the JSON syntax, and how many labels each has; anything else is an attribute.
_TOP = {
    "action": 2,
    "check": 1,
    "data": 2,
    "ephemeral": 2,
    "import": 0,
    "list": 2,
    "locals": 0,
    "module": 1,
    "moved": 0,
    "output": 1,
    "provider": 1,
    "removed": 0,
    "resource": 2,
    "terraform": 0,
    "variable": 1,
}
_INNER = {
    "check": {"data": 2},
    "encryption": {"key_provider": 2, "method": 2},
    "removed": {"provisioner": 1, "connection": 0},
    "resource": {"provisioner": 1, "connection": 0, "dynamic": 1},
    "terraform": {"backend": 1, "cloud": 0, "encryption": 0, "provider_meta": 1, "required_providers": 0},
}


class UnreadableError(Exception):
    """What stands at `line` is no HCL, or hides what it says."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is the whole expression, tokens apart, without comments; `plain` its value where it is one plain text.

    `items` are those of an object, by their plain keys.
    """

    line: int
    text: str
    plain: str | None = None
    items: Mapping[str, Attribute] | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One block; `text` is all of it, tokens apart, without comments ("" deep within). `line` is 0 in JSON."""

    kind: str
    labels: tuple[str, ...]
    line: int
    text: str
    attributes: Mapping[str, Attribute] = msgspec.field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def nested(self) -> Iterator[Block]:
        """All blocks within, at any depth."""
        for block in self.blocks:
            yield block
            yield from block.nested()


def read_blocks(path: str, data: bytes, *, any_key: bool = False) -> tuple[Block, ...]:
    """The blocks at the top of a file. Raises UnreadableError; with `any_key` not for an object with keys that are
    expressions: its `items` are None.
    """
    try:
        return _json_blocks(data) if path.endswith(".json") else _hcl_blocks(data, any_key)
    except RecursionError:
        raise UnreadableError("is nested too deeply") from None
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8") from None


def _hcl_blocks(data: bytes, any_key: bool) -> tuple[Block, ...]:
    data = data.removeprefix(_BOM)
    data.decode()
    root = tree_of(data)
    if root.has_error and b"::" in data:
        # The grammar (1.2.0) knows no namespaces of functions; the positions stay.
        root = tree_of(_NAMESPACE.sub(b"__", data))
        SOURCE.data = data
    if root.has_error:
        raise UnreadableError("is not valid HCL", _first_error(root))
    body = _body(root)
    return tuple(_block(node, any_key) for node in body.named_children if node.type == "block") if body else ()


def _first_error(root: Node) -> int:
    """The line of the first error."""
    node = root
    while inner := next((child for child in node.children if child.has_error or child.is_missing), None):
        node = inner
    return node.start_point[0] + 1


def _body(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type == "body"), None)


def _block(node: Node, any_key: bool, depth: int = 0) -> Block:
    if depth > _DEEPEST:
        raise UnreadableError("is nested too deeply", _line(node))
    kind, *labels = (child for child in node.named_children if child.type in ("identifier", "string_lit"))
    body = _body(node)
    items = body.named_children if body else []
    return Block(
        kind=text_of(kind),
        labels=tuple(_word(label) for label in labels),
        line=_line(node),
        text=_tokens(node) if depth <= _TOLD else "",
        attributes=dict(_attribute(item, any_key) for item in items if item.type == "attribute"),
        blocks=tuple(_block(item, any_key, depth + 1) for item in items if item.type == "block"),
    )


def _attribute(node: Node, any_key: bool) -> tuple[str, Attribute]:
    name, value = node.named_children[0], node.named_children[-1]
    return text_of(name), _value(value, any_key)


def _value(node: Node, any_key: bool) -> Attribute:
    text = text_of(node)
    inner = _only(node)
    return Attribute(
        line=_line(node),
        text=_tokens(node),
        plain=_plain(text),
        items=_items(inner, any_key) if inner.type == "object" else None,
    )


def _items(node: Node, any_key: bool) -> dict[str, Attribute] | None:
    try:
        return dict(_item(child, any_key) for child in node.named_children if child.type == "object_elem")
    except UnreadableError:
        if any_key:
            return None
        raise


def _only(node: Node) -> Node:
    """What an expression wraps."""
    while node.type in ("expression", "collection_value") and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def _item(node: Node, any_key: bool) -> tuple[str, Attribute]:
    key, value = (child for child in node.named_children if child.type != "comment")
    return _word(key), _value(value, any_key)


def _word(node: Node) -> str:
    """A label or a key: a bare word (with a dot in `providers`), or plain text in quotes."""
    text = text_of(node)
    found = _plain(text) if text.startswith('"') else text
    if found is None or (not text.startswith('"') and not re.fullmatch(r"[\w-]+(?:\.[\w-]+)?", text)):
        raise UnreadableError("has a name that is not plain text", _line(node))
    return found


def _plain(text: str) -> str | None:
    """The value of a quoted text without escapes and templates; None for all else."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"' or any(sign in text[1:-1] for sign in '\\"\n'):
        return None
    return None if "${" in text or "%{" in text else text[1:-1]


def _tokens(node: Node) -> str:
    found: list[str] = []
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type == "comment":
            continue
        if current.child_count:
            stack.extend(reversed(current.children))
        else:
            found.append(text_of(current))
    return " ".join(found)


def _line(node: Node) -> int:
    return node.start_point[0] + 1


class _Object(list[tuple[str, object]]):
    """A JSON object with its repeated keys."""


def _json_blocks(data: bytes) -> tuple[Block, ...]:
    try:
        root: object = json.loads(data.removeprefix(_BOM).decode(), object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        raise UnreadableError("is not valid JSON", error.lineno) from None
    except ValueError:
        raise UnreadableError("is not valid JSON") from None
    return tuple(_json_body(root, _TOP)[1])


def _json_body(value: object, known: Mapping[str, int]) -> tuple[dict[str, Attribute], list[Block]]:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for key, inner in _pairs(value):
        if key in known:
            blocks += _json_labels(key, (), inner, known[key])
        else:
            attributes[key] = _json_attribute(inner)
    return attributes, blocks


def _json_labels(kind: str, labels: tuple[str, ...], value: object, missing: int) -> Iterator[Block]:
    if missing:
        for label, inner in _pairs(value):
            yield from _json_labels(kind, (*labels, label), inner, missing - 1)
        return
    for body in value if isinstance(value, list) and not isinstance(value, _Object) else [value]:
        attributes, blocks = _json_body(body, _INNER.get(kind, {}))
        text = f"{kind} {json.dumps([*labels, body])}"
        yield Block(kind=kind, labels=labels, line=0, text=text, attributes=attributes, blocks=tuple(blocks))


def _json_attribute(value: object) -> Attribute:
    plain = value if isinstance(value, str) and "${" not in value and "%{" not in value else None
    items = {key: _json_attribute(inner) for key, inner in _pairs(value)} if isinstance(value, list) else None
    return Attribute(line=0, text=json.dumps(value), plain=plain, items=items)


def _pairs(value: object) -> list[tuple[str, object]]:
    if isinstance(value, _Object):
        return value
    if isinstance(value, list):
        return [pair for item in value for pair in _pairs(item)]
    return []
