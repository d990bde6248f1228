"""JSON as nodes: a reader of text that is known to be JSON; the standard library's does not say where things stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from tfgen_generators.lint.templates.nodes import BOM, File, Key, Node
from tfgen_generators.packer.legacy import OF_PLUGINS, STRUCTURES, root_names, setting_names
from tfgen_generators.packer.syntax.values import Value

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'"[ !#-\[\]-~]*"')
_DECODER = json.JSONDecoder(strict=False)

Leaf: TypeAlias = Callable[[str], Value]


def read_json_nodes(file: File, leaf: Leaf) -> Node:
    """The tree of a JSON file that discovery could read; `leaf` makes the value of a text."""
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
    if node.kids and not node.is_list:
        names = names_of([key for key in node.kids if isinstance(key, str)])
        node.kids = {names.get(str(key), key): kid for key, kid in node.kids.items()}


class _Scanner:
    def __init__(self, file: File, text: str, leaf: Leaf) -> None:
        self.file, self.text, self.leaf = file, text, leaf

    def value(self, at: int) -> Node:
        at = self.skip(at)
        if self.text[at] in "{[":
            return self.collection(at, "}" if self.text[at] == "{" else "]")
        if self.text[at] == '"':
            end = self.string(at)
            return Node(self.file, at, end, scalar=self.leaf(self.decoded(at, end)))
        end = self._end(_SCALAR, at)
        return Node(self.file, at, end, scalar=_DECODER.decode(self.text[at:end]))

    def decoded(self, at: int, end: int) -> str:
        """The text of a string."""
        raw = self.text[at:end]
        return (
            raw[1:-1]
            if _PLAIN.fullmatch(raw)
            else str(_DECODER.decode(raw.encode("latin-1").decode("utf-8", "replace")))
        )

    def collection(self, start: int, closing: str) -> Node:
        found = Node(self.file, start, start, scalar=None if closing == "}" else [])
        found.kids = {}
        at = self.skip(start + 1)
        while self.text[at] != closing:
            key: Key = len(found.kids)
            place = (at, at)
            if closing == "}":
                place = (at, self.string(at))
                key = self.decoded(*place)
                at = self.skip(place[1]) + 1
            kid = found.kids[key] = self.value(at)
            kid.key = place if closing == "}" else (kid.start, kid.start)
            at = self.skip(kid.end)
            at = self.skip(at + 1) if self.text[at] == "," else at
        found.end = at + 1
        return found

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def string(self, at: int) -> int:
        return self._end(_STRING, at)

    def _end(self, pattern: re.Pattern[str], at: int) -> int:
        match = pattern.match(self.text, at)
        if match is None:
            raise ValueError(at)  # no JSON: discovery has said so already
        return match.end()
