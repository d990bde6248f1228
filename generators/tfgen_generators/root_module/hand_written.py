"""Hand-written module calls of a root module by exact span, and what they pass; what PACKER_SCRIPT is in each.

Pure: bytes in, values out. Source of the rules: Terraform's language, "Module Blocks".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tfgen_generators.hcl.blocks import UnreadableError, read_blocks
from tfgen_generators.hcl.tree import SOURCE, text_of, tree_of
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.hcl_values import value_of
from tfgen_generators.packer.syntax.values import Value
from tfgen_generators.root_module.call_comments import Comment, body_of, comments_of, key_of, words_of
from tfgen_generators.root_module.constants import UNKNOWN, constant
from tfgen_generators.root_module.json_lines import module_lines
from tfgen_generators.settings.variants import VAR_FILE

if TYPE_CHECKING:
    from tree_sitter import Node

_BOM = b"\xef\xbb\xbf"
_NAMESPACE = re.compile(rb"(?<=\w)::(?=\w)")
_CALL = re.compile(rb'module["\s]')
#: Arguments of Terraform's own in a module block.
META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One argument, or item of a map: `raw` is its expression as it stands, `items` those of a map by plain keys."""

    name: str
    line: int
    raw: str
    value: Any
    items: Mapping[str, Given] | None = None


class HandCall(msgspec.Struct, frozen=True, kw_only=True):
    """One module call. `start` and `end` are bytes of the file, both 0 in JSON, where nothing is edited.

    `environment` is the argument that carries the variables of the build, "" without; `script` what the template's
    variable is in it, None where that is not constant. `is_list`: it is a list of names and values, no map.
    `var_file` is the file of values that it builds with.
    """

    path: str
    line: int
    label: str
    start: int = 0
    end: int = 0
    arguments: Mapping[str, Given] = msgspec.field(default_factory=dict)
    blocks: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    environment: str = ""
    script: str | None = None
    is_list: bool = False
    var_file: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose calls are not known, since Terraform could not read it either."""

    path: str
    line: int
    message: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class HandWritten(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of a folder's files that start builds, and files that cannot be read though they may have some."""

    calls: tuple[HandCall, ...] = ()
    others: tuple[HandCall, ...] = ()
    unread: tuple[Unread, ...] = ()


class _File(msgspec.Struct, kw_only=True):
    calls: list[HandCall] = msgspec.field(default_factory=list)
    names: dict[tuple[str, str], Value] = msgspec.field(default_factory=dict)


def read_hand_written(
    files: Mapping[str, bytes], variable: str, environment: str = "", values: Mapping[str, bytes] | None = None
) -> HandWritten:
    """The calls in `files` (path -> bytes) that pass `variable` in a map: in the argument `environment`, where known.

    `values` are the files of values that Terraform reads by itself, in its order.
    """
    if not any(_CALL.search(data) for data in files.values()):
        return HandWritten()
    calls, unread, names = list[HandCall](), list[Unread](), dict[tuple[str, str], Value]()
    for path, data in files.items():
        try:
            found = _json_file(path, data) if path.endswith(".json") else _file(path, data)
        except UnreadableError as error:
            unread.append(Unread(path=path, line=error.line, message=str(error)))
            continue
        calls += found.calls
        names |= found.names
    for path, data in (values or {}).items():
        names |= _set_values(path, data)
    known = [_with_script(call, variable, environment, names) for call in calls]
    return HandWritten(
        calls=tuple(call for call in known if call.environment),
        others=tuple(call for call in known if not call.environment),
        unread=tuple(unread),
    )


def parsed(path: str, data: bytes) -> tuple[Node, int]:
    """The tree of a file in native syntax, and how many bytes stand before it. Raises UnreadableError."""
    read_blocks(path, data, any_key=True)
    lead = len(_BOM) if data.startswith(_BOM) else 0
    plain = data[lead:]
    root = tree_of(plain)
    if root.has_error:  # namespaces of functions, which the grammar does not know; the positions stay
        root = tree_of(_NAMESPACE.sub(b"__", plain))
        SOURCE.data = plain
    return root, lead


def _file(path: str, data: bytes) -> _File:
    root, lead = parsed(path, data)
    found = _File()
    body = body_of(root)
    try:
        for node in body.named_children if body else ():
            words = words_of(node) if node.type == "block" else []
            if words[:1] == ["module"] and len(words) == 2:
                found.calls.append(_call(path, node, words[1], lead))
            elif words == ["locals"]:
                found.names |= {("local", one.name): one.value for one in _arguments(node)}
            elif words[:1] == ["variable"] and len(words) == 2:
                defaults = [one.value for one in _arguments(node) if one.name == "default"]
                found.names.update((("var", words[1]), value) for value in defaults)
    except BrokenTemplateError as error:
        raise UnreadableError(error.message, error.line) from None
    return found


def _call(path: str, node: Node, label: str, lead: int) -> HandCall:
    body = body_of(node)
    return HandCall(
        path=path,
        line=node.start_point[0] + 1,
        label=label,
        start=node.start_byte + lead,
        end=node.end_byte + lead,
        arguments={one.name: one for one in _arguments(node)},
        blocks=tuple(words_of(one)[0] for one in body.named_children if one.type == "block") if body else (),
        comments=tuple(comments_of(node)),
    )


def _arguments(block: Node) -> Iterator[Given]:
    body = body_of(block)
    for node in body.named_children if body else ():
        if node.type == "attribute":
            yield _given(text_of(node.named_children[0]), node.named_children[-1])


def _given(name: str, node: Node) -> Given:
    inner = node
    while inner.type in ("expression", "collection_value") and len(inner.named_children) == 1:
        inner = inner.named_children[0]
    items: dict[str, Given] | None = None
    if inner.type == "object":
        items = {}
        for element in inner.named_children:
            sides = [child for child in element.named_children if child.type == "expression"]
            if element.type == "object_elem" and len(sides) == 2:
                key = key_of(text_of(sides[0]))
                if key is None:
                    items = None
                    break
                items[key] = _given(key, sides[1])
    return Given(name=name, line=node.start_point[0] + 1, raw=text_of(node), value=value_of(node), items=items)


def _json_file(path: str, data: bytes) -> _File:
    found, lines = _File(), dict[str, int]()
    for block in read_blocks(path, data):
        if block.kind == "module" and block.labels:
            lines = lines or module_lines(data.decode())
            line = lines.get(block.labels[0], 0)
            texts = {name: one.text for name, one in block.attributes.items()}
            given = {name: Given(name=name, line=line, raw=text, value=_of_json(text)) for name, text in texts.items()}
            found.calls.append(HandCall(path=path, line=line, label=block.labels[0], arguments=given))
    return found


def _of_json(text: str) -> Any:
    """A value of the JSON syntax; a text with something computed in it is UNKNOWN."""

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return UNKNOWN if "${" in value or "%{" in value else value
        if isinstance(value, list) and value and all(isinstance(pair, list) and len(pair) == 2 for pair in value):
            return {str(key): plain(inner) for key, inner in value}  # an object, as its pairs
        return [plain(inner) for inner in value] if isinstance(value, list) else value

    return plain(json.loads(text))


def _set_values(path: str, data: bytes) -> dict[tuple[str, str], Value]:
    """What a file of values says; what cannot be read says nothing, and Terraform will tell."""
    try:
        if path.endswith(".json"):
            document = json.loads(data)
            return {("var", str(key)): value for key, value in document.items()} if isinstance(document, dict) else {}
        root, _ = parsed(path, data)
        return {("var", one.name): one.value for one in _arguments(root)}
    except (UnreadableError, BrokenTemplateError, ValueError, RecursionError):
        return {}


def _with_script(call: HandCall, variable: str, environment: str, names: Mapping[tuple[str, str], Value]) -> HandCall:
    for given in _in_order(call.arguments.values(), environment):
        value = given.value if given.value is UNKNOWN else constant(given.value, names)
        if isinstance(value, dict) and variable in value:
            script, file = (one if isinstance(one, str) else None for one in (value[variable], value.get(VAR_FILE)))
            return msgspec.structs.replace(call, environment=given.name, script=script, var_file=file or "")
        if isinstance(value, list) and (script := _in_list(value, variable)) is not None:
            return msgspec.structs.replace(call, environment=given.name, script=script or None, is_list=True)
        if given.value is not UNKNOWN and value is UNKNOWN and variable in given.raw:
            return msgspec.structs.replace(call, environment=given.name)
    return call


def _in_list(value: list[Any], variable: str) -> str | None:
    """What the variable is in a list of maps with a name and a value each: "" where not constant, None without it."""
    for item in value:
        if isinstance(item, dict) and variable in (item.get("name"), item.get("Name"), item.get("key")):
            script = item.get("value", item.get("Value"))
            return script if isinstance(script, str) else ""
    return None


def _in_order(arguments: Iterable[Given], first: str) -> list[Given]:
    return sorted((one for one in arguments if one.name not in META), key=lambda one: one.name != first)
