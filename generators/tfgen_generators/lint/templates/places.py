"""Where something stands in a template, or in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.nodes import Key, Node
from tfgen_generators.lint.templates.source import Source, source_at
from tfgen_generators.packer.syntax.values import as_written

#: How the key of a comment begins.
_COMMENTS = frozenset("_/")


def node_of(source: Source, text: str) -> Node | None:
    """The first value in the template that comes to this text; comments left out."""
    return _index(source)[0].get(text)


def place_of(scope: Scope, path: str, *words: str) -> tuple[str, int]:
    """The file and line of the first of `words` that the template at `path` has; the template itself without any.

    A word is a value, else a setting, else a word in a value, else one in the text.
    """
    source = source_at(scope, path)
    members = source.template.members if source is not None else (path,)
    for word in words:
        node = _node(source, word) if source is not None else None
        if node is not None:
            return node.path, node.line
        for member in members:
            if line := line_in(scope.read(member), word):
                return member, line
    return members[0] if members else path, 0


def _node(source: Source, word: str) -> Node | None:
    if source.index is None and not source.is_asked:
        source.is_asked = True
        return _first(source, word) or _mention(source, word)
    by_text, by_key = _index(source)
    return by_text.get(word) or by_key.get(word) or _mention(source, word)


def _first(source: Source, word: str) -> Node | None:
    """The same as by the index, which costs more than one look."""
    by_key: Node | None = None
    for key, node in _nodes(source):
        if key == word and by_key is None:
            by_key = node
        if node.kids is None and _text(source, node) == word:
            return node
    return by_key


def _index(source: Source) -> tuple[dict[str, Node], dict[Key, Node]]:
    """The first node of each text, and of each key; made once for a template."""
    if source.index is None:
        by_text: dict[str, Node] = {}
        by_key: dict[Key, Node] = {}
        for key, node in _nodes(source):
            if key not in by_key:
                by_key[key] = node
            text = _text(source, node) if node.kids is None else None
            if text is not None and text not in by_text:
                by_text[text] = node
        source.index = by_text, by_key
    return source.index


def _text(source: Source, node: Node) -> str | None:
    """The text that a value comes to."""
    value = node.scalar
    return value if isinstance(value, str) and "{{" not in value else source.values.text(value)


def _mention(source: Source, word: str) -> Node | None:
    """The first value with the word in it that stands on one line."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    for _, node in _nodes(source):
        one_line = node.kids is None and b"\n" not in node.file.data[node.start : node.end]
        if one_line and pattern.search(as_written(node.value())):
            return node
    return None


def _nodes(source: Source) -> Iterator[tuple[Key, Node]]:
    """Every node of the template with its key, in the order of the files; comments of JSON left out."""
    ahead = [pair for root in reversed(source.roots) for pair in reversed((root.kids or {}).items())]
    while ahead:
        pair = ahead.pop()
        key, node = pair
        if isinstance(key, str) and key[:1] in _COMMENTS and key.startswith(("_", "//")):
            continue
        yield pair
        if node.kids:
            ahead.extend(reversed(node.kids.items()))


def line_in(data: bytes, word: str) -> int:
    """The first line on which `word` stands as a whole word, comments left out; 0 when it stands nowhere."""
    pattern = re.compile(rb"(?<![\w-])" + re.escape(word.encode("utf-8", "surrogateescape")) + rb"(?![\w-])")
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.lstrip().startswith((b"#", b"//")) and pattern.search(line):
            return number
    return 0
