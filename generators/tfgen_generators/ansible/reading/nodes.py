"""YAML as nodes with lines. No tag is applied (`!vault` is data), and aliases share their node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tfgen_generators.errors import TfgenError

_DEEPEST = 100
_MERGE = "<<"
VAULT = b"$ANSIBLE_VAULT;"


class NotYamlError(TfgenError):
    """The text is no YAML that Ansible would read. `line` is 1-based, 0 when it is not known."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


class Scalar:
    """A text as it is written. `tag`: its explicit tag; `plain`: it has no quotes."""

    __slots__ = ("line", "plain", "tag", "text")

    def __init__(self, text: str, line: int, tag: str | None = None, plain: bool = True) -> None:
        self.text, self.line, self.tag, self.plain = text, line, tag, plain


class Seq:
    """A list of nodes."""

    __slots__ = ("items", "line")

    def __init__(self, line: int) -> None:
        self.items: list[Node] = []
        self.line = line


class Map:
    """Nodes by key (the last of equal keys, as in Ansible), and the line of each key."""

    __slots__ = ("line", "lines", "pairs")

    def __init__(self, line: int) -> None:
        self.pairs: dict[str, Node] = {}
        self.lines: dict[str, int] = {}
        self.line = line

    def text(self, *keys: str) -> str:
        """The text at the first of the keys that has one, "" when there is none."""
        for key in keys:
            node = self.pairs.get(key)
            if isinstance(node, Scalar):
                return node.text
        return ""

    def is_true(self, key: str) -> bool:
        """Whether the key has a value that YAML reads as true."""
        return self.text(key).lower() in ("true", "yes", "on", "1", "y", "t")


Node: TypeAlias = Scalar | Seq | Map
#: The items that a loop variable may be; None when they are files that a lookup finds.
Bindings: TypeAlias = Mapping[str, Sequence[Node] | None]


def parse(data: bytes) -> Node | None:
    """The only document of a file; None when it is empty. Raises NotYamlError."""
    import yaml

    try:
        return _build(data)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise NotYamlError(error.problem or "not valid YAML", mark.line + 1 if mark else 0) from None
    except yaml.reader.ReaderError as error:
        raise NotYamlError(f"not UTF-8 text: {error.reason}", 0) from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        raise NotYamlError(str(error).splitlines()[0] if str(error) else "not valid YAML", 0) from None


class _Builder:
    """Builds the nodes from the parser's events, without recursion: no depth overflows the stack."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.anchors: dict[str, Node] = {}
        self._open: list[Seq | Map] = []
        self._keys: list[Scalar | None] = []

    def add(self, node: Node, anchor: str | None = None) -> None:
        """Adds a node to the innermost open list or map."""
        if anchor:
            self.anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        box = self._open[-1]
        if isinstance(box, Seq):
            box.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node if isinstance(node, Scalar) else Scalar("", node.line)
            return
        self._keys[-1] = None
        if key.text == _MERGE and key.plain:
            _merge(box, node)
        else:
            box.pairs[key.text] = node
            box.lines[key.text] = key.line

    def begin(self, box: Seq | Map, anchor: str | None) -> None:
        """Adds a list or a map, and opens it."""
        self.add(box, anchor)
        self._open.append(box)
        self._keys.append(None)
        if len(self._open) > _DEEPEST:
            raise NotYamlError(f"nested deeper than {_DEEPEST} levels", box.line)

    def end(self) -> None:
        """Closes the innermost list or map."""
        self._open.pop()
        self._keys.pop()

    def alias(self, name: str, line: int) -> None:
        """Adds the node of an anchor (itself, not a copy)."""
        node = self.anchors.get(name)
        if node is None:
            raise NotYamlError(f"the alias *{name} has no anchor", line)
        if any(node is outer for outer in self._open):
            raise NotYamlError(f"the alias *{name} contains itself", line)
        self.add(node)


def _merge(box: Map, node: Node) -> None:
    """Adds what `<<` brings: keys that the map has not set (one that it sets later overwrites them)."""
    for other in [node, *(node.items if isinstance(node, Seq) else ())]:
        if isinstance(other, Map):
            for key, value in other.pairs.items():
                if key not in box.pairs:
                    box.pairs[key], box.lines[key] = value, other.lines[key]


def _build(data: bytes) -> Node | None:
    import yaml
    from yaml import events

    builder = _Builder()
    documents = 0
    found: Iterator[Any] = yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for event in found:
        kind = type(event)
        if kind is events.ScalarEvent:
            builder.add(Scalar(event.value, event.start_mark.line + 1, event.tag, not event.style), event.anchor)
        elif kind is events.MappingStartEvent:
            builder.begin(Map(event.start_mark.line + 1), event.anchor)
        elif kind is events.SequenceStartEvent:
            builder.begin(Seq(event.start_mark.line + 1), event.anchor)
        elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
            builder.end()
        elif kind is events.AliasEvent:
            builder.alias(event.anchor, event.start_mark.line + 1)
        elif kind is events.DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise NotYamlError("more than one document", event.start_mark.line + 1)
    return None if _is_null(builder.root) else builder.root


def _is_null(node: Node | None) -> bool:
    """Whether a document is nothing: `---` alone, or with comments behind it, is what `ansible-galaxy init` writes."""
    return isinstance(node, Scalar) and node.plain and not node.tag and node.text in ("", "~", "null", "Null", "NULL")


def node_at(item: Node, keys: Sequence[str]) -> Node | None:
    """What an item has at the keys, None when nothing; a list when a variable is on the way."""
    node: Node | None = item
    for key in keys:
        if isinstance(node, Scalar):
            return Seq(node.line) if "{{" in node.text else None
        if isinstance(node, Map):
            node = node.pairs.get(key)
        elif isinstance(node, Seq):
            node = node.items[int(key)] if key.isdecimal() and len(key) < 9 and int(key) < len(node.items) else None
    return node


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Every text below a node but keys; a node that has aliases comes once."""
    seen: set[int] = set()
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, Scalar):
            yield node
        elif node is not None and id(node) not in seen:
            seen.add(id(node))
            todo.extend(reversed(list(node.pairs.values() if isinstance(node, Map) else node.items)))
