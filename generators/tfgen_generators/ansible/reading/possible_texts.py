"""Names that are written with Jinja: what is literal in them, and what only a run would know.

A name becomes patterns: texts in which DYNAMIC stands for what cannot be known, ROLE_PATH and PLAYBOOK_DIR for these
two folders and FOUND for a file that a lookup beside it has found. Only what is written decides; no variable is looked
up, since extra variables and inventories can set any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tfgen_generators.ansible.reading.expressions import FOUND, MISSING, MOST_TEXTS, Reader, UnknownError, Values, join
from tfgen_generators.ansible.reading.model import DYNAMIC
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar, Seq

_LONGEST = 4000
_PIECE = re.compile(r"\{\{(.*?)\}\}|\{#.*?#\}", re.DOTALL)
_CONTROL = re.compile(r"\{%.*%\}", re.DOTALL)
_CONTROLS = re.compile("[\0-\4]")

#: What the loop variables may be: a node, or None when a lookup gives files.
Bindings = Mapping[str, Sequence[Node] | None]


def possible_texts(text: str, bindings: Bindings) -> Values:
    """All that a text may become, () when a lookup in it has found the file."""
    text = _CONTROLS.sub("", text)
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return (text,)
    if len(text) > _LONGEST:
        return (DYNAMIC,)
    text = _CONTROL.sub("{{ ? }}", text)
    parts: list[Values] = []
    at = 0
    for match in _PIECE.finditer(text):
        parts.append((text[at : match.start()],))
        if match[1] is not None:
            parts.append(possible_values(match[1].strip("-+ \t\r\n"), bindings))
        at = match.end()
    parts.append((text[at:],))
    return join(parts)


def possible_values(expression: str, bindings: Bindings) -> Values:
    """All that a Jinja expression may become as a text."""
    if len(expression) > _LONGEST:
        return (DYNAMIC,)
    try:
        values = _reader(expression, bindings).whole()
    except UnknownError:
        return (DYNAMIC,)
    return values if len(values) <= MOST_TEXTS else (DYNAMIC,)


def list_items(expression: str, bindings: Bindings) -> list[str] | None:
    """The texts of a list that is written as an expression, None when it is none."""
    if len(expression) > _LONGEST:
        return None
    try:
        return _reader(expression, bindings).texts()
    except UnknownError:
        return None


def _reader(expression: str, bindings: Bindings) -> Reader:
    def bound(name: str, keys: Sequence[str]) -> Values:
        if name not in bindings:
            return (DYNAMIC,)
        nodes = bindings[name]
        return (FOUND,) if nodes is None else _texts(nodes, keys)

    return Reader(expression, bound)


def _texts(nodes: Sequence[Node], keys: Sequence[str]) -> Values:
    """What the nodes have at the keys; DYNAMIC where a variable stands, MISSING where nothing does."""
    found: dict[str, None] = {}
    for item in nodes:
        node = _below(item, keys)
        if isinstance(node, Scalar):
            found |= dict.fromkeys(possible_texts(node.text, {}))
        else:
            found[MISSING if node is None else DYNAMIC] = None
    return tuple(found)


def _below(item: Node, keys: Sequence[str]) -> Node | None:
    """The node at the keys; a list (which nobody knows as a text) when a variable is on the way."""
    node: Node | None = item
    for key in keys:
        if isinstance(node, Scalar):
            return Seq(node.line) if "{{" in node.text else None
        if isinstance(node, Map):
            node = node.pairs.get(key)
        elif isinstance(node, Seq):
            node = node.items[int(key)] if key.isdigit() and int(key) < len(node.items) else None
    return node
