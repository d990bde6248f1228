"""JSON as nodes: a reader of text that is known to be JSON; the standard library's does not say where things stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from tfgen_generators.lint.templates.nodes import BOM, File, Key, Node
from tfgen_generators.packer.legacy import OF_PLUGINS, STRUCTURES, root_names, setting_names
from tfgen_generators.packer.syntax.values import Value

#: What is before a colon is a key. A string is as it is written (1, 2), or has an escape or a byte that is no ASCII.
_TOKEN = re.compile(
    r'"([^"\\\x80-\xff]*)"(\s*:)?|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|([{\[])|([}\]])|([^\s,:{}\[\]"]+)', re.DOTALL
)
_PLAIN, _PLAIN_KEY, _STRING, _KEY, _CLOSING = 1, 2, 3, 4, 6
#: Deeper than this Python's stack holds no walk over the nodes.
_DEEPEST = 440
#: A key as Packer has it.
_LOWER = re.compile(r"[a-z0-9_-]*")
_DECODER = json.JSONDecoder(strict=False)

Leaf: TypeAlias = "Callable[[str], Value] | None"


def read_json_nodes(file: File, leaf: Leaf) -> Node:
    """The tree of a JSON file that discovery could read; `leaf` makes the value of a text that is not itself."""
    text = file.data.decode("latin-1")  # one character a byte
    return _Scanner(file, text, leaf).value(len(BOM) if file.data.startswith(BOM) else 0)


def by_packers_names(root: Node) -> Node:
    """A legacy template's tree, its keys as Packer has them: it takes any case."""
    _rename(root, root_names)
    for key in OF_PLUGINS:
        pending = [root.find(key)]
        while pending:
            node = pending.pop()
            if node is not None and node.is_list:
                pending += (node.kids or {}).values()
            elif node is not None:
                _rename(node, setting_names)
                pending += [node.find(name) for name in STRUCTURES]
                pending += (kid for overrides in [node.find("override")] for kid in _kids(overrides))
    return root


def _kids(node: Node | None) -> Iterable[Node]:
    return (node.kids or {}).values() if node is not None else ()


def _rename(node: Node, names_of: Callable[[list[str]], dict[str, str]]) -> None:
    if node.kids and not node.is_list and not _LOWER.fullmatch("".join(map(str, node.kids))):
        names = names_of([key for key in node.kids if isinstance(key, str)])
        node.kids = {names.get(str(key), key): kid for key, kid in node.kids.items()}


class _Scanner:
    """Reads a file's tokens in order. Commas and colons say nothing that their order does not."""

    def __init__(self, file: File, text: str, leaf: Leaf) -> None:
        self.file, self.text, self.leaf = file, text, leaf
        self.around: list[tuple[Node, dict[Key, Node]]] = []

    def value(self, start: int) -> Node:
        file, leaf, around = self.file, self.leaf, self.around
        here, kids = Node(file, start, start, scalar=[]), dict[Key, Node]()
        key, place = "", None
        for token in _TOKEN.finditer(self.text, start):
            kind = token.lastindex
            if kind == _PLAIN:
                at, end = token.span()
                node = Node(file, at, end, leaf(token[_PLAIN]) if leaf else token[_PLAIN])
            elif kind == _PLAIN_KEY:
                at, end = token.span(_PLAIN)
                key, place = token[_PLAIN], (at - 1, end + 1)
                continue
            elif kind == _STRING:
                at, end = token.span()
                text = _decoded(token[0])
                node = Node(file, at, end, leaf(text) if leaf else text)
            elif kind == _KEY:
                key, place = _decoded(token[_STRING]), token.span(_STRING)
                continue
            elif kind == _CLOSING:
                here.end = token.end()
                here, kids = around.pop()
                continue
            else:
                node = _begun(file, token[0], token.start())
            if place is None:
                kids[len(kids)] = node
            else:
                kids[key], node.key, place = node, place, None
            if node.kids is not None:
                here, kids = self.opened(here, kids, node)
        if around or not kids or place is not None:
            raise ValueError(file.path)  # no JSON: discovery has said so already
        return kids[0]

    def opened(self, here: Node, kids: dict[Key, Node], node: Node) -> tuple[Node, dict[Key, Node]]:
        if len(self.around) > _DEEPEST:
            raise ValueError(self.file.path)
        self.around.append((here, kids))
        return node, node.kids if node.kids is not None else {}


def _begun(file: File, raw: str, at: int) -> Node:
    """A collection that has nothing in it yet, or a scalar that is no string."""
    if raw not in ("{", "["):
        return Node(file, at, at + len(raw), scalar=_DECODER.decode(raw))
    found = Node(file, at, at, scalar=None if raw == "{" else [])
    found.kids = {}
    return found


def _decoded(raw: str) -> str:
    """The text of a string."""
    return str(_DECODER.decode(raw.encode("latin-1").decode("utf-8", "replace")))
