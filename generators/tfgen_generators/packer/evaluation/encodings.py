"""HCL's functions that encode, decode and hash. Source: go-cty's function/stdlib, go-cty-yaml, go-cty-funcs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tfgen_generators.packer.evaluation.convert import (
    RefusedError,
    UndecidedError,
    mapping,
    number_text,
    text,
    within,
)
from tfgen_generators.packer.syntax.values import Expression, Value

if TYPE_CHECKING:
    import yaml

#: Go's encoder keeps HTML whole.
_ESCAPED = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029", "\x7f": "\x7f"}
)
_CODECS = {"UTF-8": "utf-8", "UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be", "ISO-8859-1": "latin-1"}
#: Quotes are around whole cells; each reader has its own mind of others.
_CSV = re.compile(r'(?:(?:"[^"]*"|[^",\n]*+)(?:[,\n]|\Z))*')
_LONGEST_YAML = 2000
_LONGEST_QUOTED = 60
_SIMPLE = re.compile(r"[ !#-\[\]-~]*")
_WORD = re.compile(r"[A-Za-z][\w ./-]*")
_FLAGS = frozenset({"y", "Y", "n", "N"})
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?")
_YAML: Mapping[str, Value] = {"true": True, "false": False, "null": None, "~": None, "": None}


def json_text(value: Value) -> str:
    """A value as JSON: keys in order, no spaces."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{json_text(item)}" for key, item in mapping(value).items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    if isinstance(value, Expression):
        raise UndecidedError
    return {None: "null", True: "true", False: "false"}[value]


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)


def _jsondecode(value: Value) -> Value:
    try:
        found = json.loads(text(value), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RefusedError("no JSON") from None
    _check(found)
    return found  # type: ignore[no-any-return]


def _no_number(_name: str) -> None:
    raise ValueError


def _check(value: object) -> None:
    """Numbers that a float would change are for Packer."""
    if isinstance(value, float) and abs(value) > 1e15:
        raise UndecidedError
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check(item)


def _yamlencode(value: Value) -> Value:
    if not isinstance(value, list | dict | str):
        raise UndecidedError
    return f"{_yaml_text(value)}\n"


def _yaml_text(value: Value, indent: str = "") -> str:
    """A value below a key or a dash: on the same line where it fits, else from the next one on."""
    if isinstance(value, dict) and value:
        lines = [f"{_yaml_text(key)}:{_below(item, indent)}" for key, item in mapping(value).items()]
        return f"\n{indent}".join(lines)
    if isinstance(value, list) and value:
        return f"\n{indent}".join(f"- {_yaml_text(item, indent + '  ')}" for item in value)
    if isinstance(value, str) and (len(value) > _LONGEST_QUOTED or not _SIMPLE.fullmatch(value)):
        raise UndecidedError  # the encoder folds and escapes those in its own way
    return f'"{value}"' if isinstance(value, str) else json_text(value)


def _below(value: Value, indent: str) -> str:
    if isinstance(value, dict) and value:
        return f"\n{indent}  {_yaml_text(value, indent + '  ')}"
    if isinstance(value, list) and value:
        return f"\n{indent}{_yaml_text(value, indent)}"
    return f" {_yaml_text(value, indent)}"


def _yamldecode(value: Value) -> Value:
    """Plain documents: those that all readers of YAML read alike."""
    import yaml

    found = text(value)
    if len(found) > _LONGEST_YAML or any(sign in found for sign in "&*!<%|>@`\t"):
        raise UndecidedError
    try:
        document = yaml.compose(found, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UndecidedError from None
    if document is None or (read := _of_node(document)) is None:
        raise UndecidedError  # a null alone is of no type
    return read


def _of_node(node: yaml.Node | None) -> Value:
    import yaml

    if isinstance(node, yaml.MappingNode):
        keys = [_of_node(key) for key, _ in node.value]
        if not all(isinstance(key, str) for key in keys) or len({*map(str, keys)}) < len(keys):
            raise UndecidedError
        return {str(key): _of_node(item) for key, (_, item) in zip(keys, node.value, strict=True)}
    if isinstance(node, yaml.SequenceNode):
        return [_of_node(item) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        raise UndecidedError
    written: str = node.value
    if node.style or (node.tag.endswith(":str") and _WORD.fullmatch(written) and written not in _FLAGS):
        return written
    if written in _YAML:
        return _YAML[written]
    if not _DECIMAL.fullmatch(written):
        raise UndecidedError
    return float(written) if "." in written else int(written)


def _csvdecode(value: Value) -> Value:
    import csv
    import io

    found = text(value)
    if "\r" in found or not _CSV.fullmatch(found):
        raise UndecidedError
    rows = [row for row in csv.reader(io.StringIO(found), strict=True) if row]
    if not rows:
        raise RefusedError("no header")
    names, *lines = rows
    if len(set(names)) < len(names) or any(len(line) != len(names) for line in lines):
        raise RefusedError("lines of different lengths")
    within(len(names) * len(lines))
    return [dict(zip(names, line, strict=True)) for line in lines]


def _base64decode(value: Value) -> Value:
    return _decoded(_bytes(value), "utf-8")


def _bytes(value: Value) -> bytes:
    import base64
    import binascii

    try:
        return base64.b64decode(text(value).replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("no base64") from None


def _decoded(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise RefusedError("no text of that encoding") from None


def _codec(name: Value) -> str:
    found = _CODECS.get(text(name).upper())
    if found is None:
        raise UndecidedError
    return found


def _base64encode(value: Value) -> Value:
    return _encoded(value, "UTF-8")


def _encoded(value: Value, encoding: Value) -> Value:
    import base64

    try:
        return base64.b64encode(text(value).encode(_codec(encoding))).decode()
    except UnicodeEncodeError:
        raise RefusedError("not in that encoding") from None


def _hash(name: str) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        import hashlib

        return hashlib.new(name, text(value).encode(), usedforsecurity=False).hexdigest()

    return apply


def _urlencode(value: Value) -> Value:
    from urllib.parse import quote_plus

    return quote_plus(text(value), safe="")


def _uuidv5(namespace: Value, name: Value) -> Value:
    import uuid

    known = {
        "dns": uuid.NAMESPACE_DNS,
        "url": uuid.NAMESPACE_URL,
        "oid": uuid.NAMESPACE_OID,
        "x500": uuid.NAMESPACE_X500,
    }
    try:
        return str(uuid.uuid5(known.get(text(namespace)) or uuid.UUID(text(namespace)), text(name)))
    except ValueError:
        raise RefusedError("no namespace") from None


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "base64decode": _base64decode,
    "base64encode": _base64encode,
    "csvdecode": _csvdecode,
    "jsondecode": _jsondecode,
    "jsonencode": json_text,
    "md5": _hash("md5"),
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "sha512": _hash("sha512"),
    "textdecodebase64": lambda value, encoding: _decoded(_bytes(value), _codec(encoding)),
    "textencodebase64": _encoded,
    "urlencode": _urlencode,
    "uuidv5": _uuidv5,
    "yamldecode": _yamldecode,
    "yamlencode": _yamlencode,
}
