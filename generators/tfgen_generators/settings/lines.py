"""A TOML text as its keys and comments, with the places where they stand: what `tomllib` does not keep.

The grammar is that of TOML 1.0. What `tomllib` accepts and the grammar does not has no key here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

Path = tuple[str, ...]

_NAMED = ("pair", "table", "table_array_element")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """The key of a `[header]` or an assignment: `table` is around it, `parts` are its words and their bytes' places."""

    table: Path
    parts: tuple[tuple[str, int, int], ...]
    line: int
    header: bool

    @property
    def path(self) -> Path:
        return self.table + tuple(word for word, _, _ in self.parts)


@lru_cache(maxsize=2)
def keys(text: str) -> tuple[Key, ...]:
    """Every key of a valid text, in its order; those of inline tables too, but for tables in arrays."""
    return tuple(_keys(_root(text)))


def comments(text: str) -> list[str]:
    """The comments, as they stand."""
    found, pending = [], [_root(text)]
    while pending:
        node = pending.pop()
        if node.type == "comment":
            found.append((node.text or b"").decode())
        pending.extend(node.named_children)
    return found


def _keys(root: Node) -> Iterator[Key]:
    pending: list[tuple[Node, Path]] = [(child, ()) for child in reversed(root.named_children)]
    while pending:
        node, table = pending.pop()
        name, *values = node.named_children or (node,)
        if node.type in _NAMED and name.type in _KEYS:
            key = Key(
                table=table, parts=tuple(_parts(name)), line=name.start_point.row + 1, header=node.type == "table"
            )
            yield key
            table = key.path
        elif node.type == "inline_table":
            values = node.named_children
        else:
            continue
        pending.extend((value, table) for value in reversed(values))


def _parts(name: Node) -> Iterator[tuple[str, int, int]]:
    pending = [name]
    while pending:
        node = pending.pop()
        if node.type == "dotted_key":
            pending.extend(reversed(node.named_children))
            continue
        word = (node.text or b"").decode()
        if node.type == "quoted_key":
            word = str(tomllib.loads(f"k = {word}")["k"])
        yield word, node.start_byte, node.end_byte


def _root(text: str) -> Node:
    return _parser().parse(text.encode()).root_node


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_toml

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))


class InvalidSettingError(Exception):
    """The setting at `path` is wrong; whoever has the text turns it into a SettingsError with the line."""

    def __init__(self, path: Path, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.fix = path, message, fix


def dotted(path: Path) -> str:
    """A key's path as it would be written in the file."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


def in_toml(value: object) -> str:
    """A value as it would be written in the file, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = re.sub(r'["\\]', lambda sign: f"\\{sign[0]}", value)
        return f'"{"".join(sign if sign.isprintable() else _escape(sign) for sign in escaped)}"'
    if isinstance(value, list):
        return f"[{', '.join(map(in_toml, value))}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{dotted((str(key),))} = {in_toml(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return str(value)


def _escape(sign: str) -> str:
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return short.get(sign) or (f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}")


def line_of(text: str, path: Path) -> int:
    """The 1-based line of `path`, or of the nearest table around it; 1 when nothing of it stands there."""
    lines = _lines(text)
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


def own_line_of(text: str, path: Path) -> int:
    """The 1-based line of `path` itself; 0 when it does not stand there."""
    return _lines(text).get(path, 0)


@lru_cache(maxsize=2)
def _lines(text: str) -> Mapping[Path, int]:
    lines: dict[Path, int] = {}
    for key in keys(text):
        path = key.path
        for depth in range(len(key.table) + 1, len(path) + 1):
            lines.setdefault(path[:depth], key.line)
    return lines
