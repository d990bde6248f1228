"""What one file of Terraform's says about other files: module calls, values, and expressions that may read something.

Pure: bytes in, facts out, which can be kept. A source is read from the syntax tree: comments and texts do not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.hcl.expression_reader import read_expression, template_of
from tfgen_generators.hcl.expressions import (
    AnyExpression,
    Call,
    Expression,
    Listed,
    Mapped,
    Null,
    Reference,
    Text,
    walk,
)
from tfgen_generators.hcl.tree import SOURCE, text_of, tree_of

if TYPE_CHECKING:
    from tree_sitter import Node

#: Functions whose first argument names a file, or (fileset) a folder.
FILE_FUNCTIONS = frozenset(
    {
        *("file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists", "filemd5", "fileset"),
        *("filesha1", "filesha256", "filesha512", "templatefile"),
    }
)
#: Arguments of resources and data sources that name files or folders, relative to where Terraform runs.
PATH_ARGUMENTS = frozenset(
    {
        *("ca_file", "config_path", "content_path", "filename", "files", "key_file", "program", "private_key_file"),
        *("public_key_file", "shared_config_files", "shared_credentials_files", "source", "source_dir", "source_file"),
        *("source_path", "template_file", "template_path", "zip_file", "command", "script", "scripts", "interpreter"),
        *("code_path", "source_code_path", "file", "path_to_file"),
    }
)
#: Those that say where something is written, or where a program stands.
WRITTEN = frozenset({"output_path", "output_file", "working_dir"})
_ASIDE = frozenset({"depends_on", "provider", "providers"})
_BOM = b"\xef\xbb\xbf"
_DEEPEST = 60
#: What is seen in a text that is not understood.
_SOURCE = re.compile(r"""["']?source["']?\s*[=:]\s*"(\.{1,2}/[^"]*)\"""")
_READ = re.compile(rf'\b({"|".join(sorted(FILE_FUNCTIONS))})\(\s*\\?"((?:[^"\\]|\\(?!"))+)\\?"')
Named = tuple[str, int, AnyExpression]


class ModuleCall(msgspec.Struct, frozen=True, array_like=True):
    """A `module` block; `line` is that of its source, 0 in JSON."""

    name: str
    line: int
    source: AnyExpression | None
    arguments: dict[str, AnyExpression]
    each: AnyExpression | None = None


class Arguments(msgspec.Struct, frozen=True, array_like=True):
    """What of a block may name files: `kind` and `labels` of the outermost, its nested blocks included."""

    kind: str
    labels: tuple[str, ...]
    named: tuple[Named, ...]
    each: AnyExpression | None = None


class TerraformFile(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` says why nothing is known of the file. `variables` have their defaults (None: required)."""

    locals: dict[str, tuple[int, AnyExpression]] = {}
    variables: dict[str, AnyExpression | None] = {}
    outputs: dict[str, AnyExpression] = {}
    calls: tuple[ModuleCall, ...] = ()
    blocks: tuple[Arguments, ...] = ()
    problem: str = ""


def read_terraform(path: str, data: bytes) -> TerraformFile:
    """The facts of the file at `path` (for its format)."""
    try:
        found = _json_blocks(data) if path.endswith(".json") else _hcl_blocks(data)
        return _facts(found)
    except RecursionError:
        return _guessed(data, "is nested too deeply")
    except ValueError as error:
        return _guessed(data, str(error) or "cannot be read")


def _guessed(data: bytes, problem: str) -> TerraformFile:
    """What a file names in plain text that is not understood: Terraform may understand it."""
    text = data.decode("utf-8", "replace")
    calls = [
        ModuleCall("", text.count("\n", 0, match.start()) + 1, Text(match[1]), {}) for match in _SOURCE.finditer(text)
    ]
    named = [
        (match[1], text.count("\n", 0, match.start()) + 1, Call(match[1], (template_of(match[2].replace("\\", "")),)))
        for match in _READ.finditer(text)
    ]
    blocks = (Arguments("", (), tuple(named)),) if named else ()
    return TerraformFile(calls=tuple(calls), blocks=blocks, problem=problem)


def read_values(path: str, data: bytes) -> dict[str, AnyExpression]:
    """The variables that a `.tfvars` file sets; none where it cannot be read."""
    try:
        if path.endswith(".json"):
            return {name: _json_expression(value) for name, value in _pairs(_json(data))}
        body = _body(_root(data))
        return {name: value for name, _, value in _attributes(body)} if body else {}
    except (RecursionError, ValueError):
        return {}


class _Block(msgspec.Struct, frozen=True):
    kind: str
    labels: tuple[str, ...]
    line: int
    attributes: tuple[Named, ...]
    blocks: tuple[_Block, ...]

    def get(self, name: str) -> tuple[int, AnyExpression | None]:
        return next(((line, value) for key, line, value in self.attributes if key == name), (self.line, None))


def _facts(blocks: list[_Block]) -> TerraformFile:
    local_values: dict[str, tuple[int, AnyExpression]] = {}
    variables: dict[str, AnyExpression | None] = {}
    outputs: dict[str, AnyExpression] = {}
    calls: list[ModuleCall] = []
    others: list[Arguments] = []
    for block in blocks:
        label = block.labels[0] if block.labels else ""
        if block.kind == "locals":
            local_values |= {name: (line, value) for name, line, value in block.attributes}
        elif block.kind == "variable":
            variables[label] = block.get("default")[1]
        elif block.kind == "output":
            outputs[label] = block.get("value")[1] or Null()
        elif block.kind == "module":
            line, source = block.get("source")
            arguments = {name: value for name, _, value in block.attributes if name != "source"}
            calls.append(ModuleCall(label, line, source, arguments, block.get("for_each")[1]))
        if block.kind not in ("locals", "moved", "removed"):
            named = tuple(one for one in _all(block) if _matters(block.kind, *one))
            if named:
                others.append(Arguments(block.kind, block.labels, named, block.get("for_each")[1]))
    return TerraformFile(
        locals=local_values, variables=variables, outputs=outputs, calls=tuple(calls), blocks=tuple(others)
    )


def _all(block: _Block) -> Iterator[Named]:
    yield from block.attributes
    for inner in block.blocks:
        yield from _all(inner)


def _matters(kind: str, name: str, _line: int, value: AnyExpression) -> bool:
    if name in _ASIDE or (kind == "module" and name == "source"):
        return False
    listed = kind not in ("module", "variable", "output", "terraform") and (name in PATH_ARGUMENTS or name in WRITTEN)
    return listed or any(_is_about_files(one) for one in walk(value))


def _is_about_files(one: Expression) -> bool:
    if isinstance(one, Call):
        return one.name in FILE_FUNCTIONS
    return isinstance(one, Reference) and one.names[0] == "path"


def _root(data: bytes) -> Node:
    data = data.removeprefix(_BOM)
    data.decode()
    root = tree_of(data)
    if root.has_error and b"::" in data:
        # The grammar knows no namespaces of functions everywhere; the positions stay.
        root = tree_of(data.replace(b"::", b"__"))
        SOURCE.data = data
    if root.has_error:
        raise ValueError("is not valid HCL")
    return root


def _body(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type == "body"), None)


def _hcl_blocks(data: bytes) -> list[_Block]:
    body = _body(_root(data))
    return [_block(child, 0) for child in body.named_children if child.type == "block"] if body else []


def _block(node: Node, depth: int) -> _Block:
    if depth > _DEEPEST:
        raise ValueError("is nested too deeply")
    kind, *labels = (child for child in node.named_children if child.type in ("identifier", "string_lit"))
    body = _body(node)
    inner = body.named_children if body else []
    return _Block(
        text_of(kind),
        tuple(text_of(label).strip('"') for label in labels),
        node.start_point[0] + 1,
        tuple(_attributes(body)) if body else (),
        tuple(_block(child, depth + 1) for child in inner if child.type == "block"),
    )


def _attributes(body: Node) -> Iterator[Named]:
    for child in body.named_children:
        if child.type == "attribute":
            value = [one for one in child.named_children if one.type != "comment"][-1]
            yield text_of(child.named_children[0]), value.start_point[0] + 1, read_expression(value)


class _Object(list[tuple[str, object]]):
    """A JSON object with its repeated keys."""


#: Blocks of the JSON syntax, and how many labels each has.
_LABELS = {
    **dict.fromkeys(("action", "data", "ephemeral", "list", "resource"), 2),
    **dict.fromkeys(("check", "module", "output", "provider", "variable"), 1),
    **dict.fromkeys(("import", "locals", "moved", "removed", "terraform"), 0),
}


def _json(data: bytes) -> object:
    try:
        return json.loads(data.removeprefix(_BOM).decode(), object_pairs_hook=_Object)
    except json.JSONDecodeError:
        raise ValueError("is not valid JSON") from None


def _json_blocks(data: bytes) -> list[_Block]:
    found: list[_Block] = []
    for kind, value in _pairs(_json(data)):
        if kind in _LABELS:
            found += _json_labels(kind, (), value, _LABELS[kind])
    return found


def _json_labels(kind: str, labels: tuple[str, ...], value: object, missing: int) -> Iterator[_Block]:
    if missing:
        for label, inner in _pairs(value):
            yield from _json_labels(kind, (*labels, label), inner, missing - 1)
        return
    for body in value if isinstance(value, list) and not isinstance(value, _Object) else [value]:
        pairs = [(key, inner) for key, inner in _pairs(body) if key != "//"]
        attributes = [(key, 0, _json_expression(inner)) for key, inner in pairs]
        inner = [(key, 0, value) for _, _, whole in attributes for key, value in _inner(whole)]
        yield _Block(kind, labels, 0, (*attributes, *inner), ())


def _inner(value: AnyExpression) -> Iterator[tuple[str, AnyExpression]]:
    """The attributes of blocks within: JSON does not tell them from objects."""
    if isinstance(value, Listed):
        for item in value.items:
            yield from _inner(item)
    elif isinstance(value, Mapped):
        for key, item in zip(value.items[::2], value.items[1::2], strict=True):
            if isinstance(key, Text) and (key.value in PATH_ARGUMENTS or key.value in WRITTEN):
                yield key.value, item
            yield from _inner(item)


def _json_expression(value: object) -> AnyExpression:
    if isinstance(value, _Object):
        return Mapped(tuple(one for key, item in value for one in (template_of(key), _json_expression(item))))
    if isinstance(value, list):
        return Listed(tuple(map(_json_expression, value)))
    if isinstance(value, str):
        return template_of(value)
    return Null() if value is None else Text(json.dumps(value))


def _pairs(value: object) -> list[tuple[str, object]]:
    if isinstance(value, _Object):
        return value
    if isinstance(value, list):
        return [pair for item in value for pair in _pairs(item)]
    return []
