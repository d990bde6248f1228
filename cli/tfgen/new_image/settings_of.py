"""A template's settings as pieces of its text: what each is called, where its texts stand, what it refers to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Node

#: Where a setting stands and what it is called: ("source", "ami_name"), ("local", "tags"), ("provisioner", "only").
Name = tuple[str, ...]

_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_USER = re.compile(r"user\s+(?:`([^`]*)`|\\?\"([^\"\\]*)\\?\")")
_SECTIONS = {
    "builders": "source",
    "variables": "var",
    "provisioners": "provisioner",
    "post-processors": "post-processor",
}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting; all positions are bytes of its file. `value` is all of it, `texts` what stands within quotes."""

    path: str
    name: Name
    line: int
    value: tuple[int, int]
    texts: tuple[tuple[int, int], ...]
    refers: frozenset[Name] = frozenset()


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """The type of a source of HCL2, and where its own name stands."""

    path: str
    line: int
    kind: str
    place: tuple[int, int]


def settings_of(path: str, data: bytes) -> tuple[list[Setting], list[Label]]:
    """Everything that a readable template sets, in its order."""
    if data.startswith(_BOM):
        data = b" " * len(_BOM) + data.removeprefix(_BOM)  # so that the positions stay
    of_values = ".pkrvars." in path  # sets variables, by their names
    if path.endswith(".json"):
        return list(_of_json(path, data, ("var",) if of_values else ())), []
    from tfgen_generators.hcl.tree import tree_of

    settings: list[Setting] = []
    labels: list[Label] = []
    for node in _children(tree_of(data), "body"):
        _of_body(path, node, ("var",) if of_values else (), settings, labels)
    return settings, labels


def _children(node: Node, *kinds: str) -> list[Node]:
    return [child for child in node.named_children if child.type in kinds]


def _of_body(path: str, body: Node, inside: Name, settings: list[Setting], labels: list[Label]) -> None:
    for node in body.named_children:
        if node.type == "attribute":
            settings.append(_attribute(path, node, inside))
        elif node.type == "block":
            kind, *words = _children(node, "identifier", "string_lit")
            named = _named(_text(kind), [_text(word).strip('"') for word in words], inside)
            if named == ("source",) and len(words) == 2:
                place = (words[1].start_byte, words[1].end_byte)
                labels.append(
                    Label(path=path, line=node.start_point[0] + 1, kind=_text(words[0]).strip('"'), place=place)
                )
            for inner in _children(node, "body"):
                _of_body(path, inner, named, settings, labels)


def _named(kind: str, labels: list[str], inside: Name) -> Name:
    """What settings of a block are called, before their own name."""
    if kind in ("variable", "local") and labels:
        return ("var" if kind == "variable" else "local", labels[0], "")
    if kind in ("source", "provisioner"):
        return (kind,)
    if kind == "locals":
        return ("local",)
    return (*inside, kind)


def _attribute(path: str, node: Node, inside: Name) -> Setting:
    key, value = node.named_children[0], node.named_children[-1]
    own = _text(key)
    texts: list[tuple[int, int]] = []
    refers: set[Name] = set()
    pending = [value]
    while pending:
        current = pending.pop()
        if current.type == "template_literal":
            texts.append((current.start_byte, current.end_byte))
        elif current.type == "variable_expr" and _text(current) in ("var", "local"):
            after = current.next_named_sibling
            if after is not None and after.type == "get_attr":
                refers.add((_text(current), _text(after).lstrip(".").strip()))
        pending += current.named_children
    return Setting(
        path=path,
        # What a block with a label says is the variable's or the local's.
        name=inside[:2] if len(inside) == 3 and not inside[2] and own in ("default", "expression") else (*inside, own),
        line=node.start_point[0] + 1,
        value=(value.start_byte, value.end_byte),
        texts=tuple(sorted(texts)),
        refers=frozenset(refers),
    )


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _of_json(path: str, data: bytes, inside: Name) -> Iterator[Setting]:
    """Every text of legacy JSON, by the keys that lead to it. Packer looks at no capitals in keys."""
    text = data.decode()
    keys: list[str] = []
    key, is_key = "", False
    objects: list[bool] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "{[":
            keys.append(key)
            objects.append(token == "{")
            key, is_key = "", token == "{"
        elif token in "}]":
            key = keys.pop()
            objects.pop()
        elif token == ",":
            is_key = bool(objects) and objects[-1]
        elif token == ":":
            is_key = False
        elif is_key:
            key = str(json.loads(token))
        elif token.startswith('"'):
            found = [one or "" for pair in _USER.findall(token) for one in pair if one]
            start = len(text[: match.start()].encode())
            end = start + len(token.encode())
            yield Setting(
                path=path,
                name=(*inside, *keys[1:], key) if inside else _json_name([*keys, key]),
                line=text.count("\n", 0, match.start()) + 1,
                value=(start, end),
                texts=((start + 1, end - 1),),
                refers=frozenset(("var", name) for name in found),
            )


def _json_name(keys: list[str]) -> Name:
    """`builders[0].tags.Name` is ("source", "tags", "Name")."""
    words = [key for key in keys if key]
    section, *inner = words or [""]
    section = _SECTIONS.get(section.lower(), section.lower())
    return (section, *(inner if section == "var" else [inner[0].lower(), *inner[1:]] if inner else []))
