"""Reads a generated block back with python-hcl2 and holds every value against the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tfgen_generators.hcl.write import Interpolated, Reference, Value
from tfgen_generators.pipeline.pipeline import Pipeline

_BLOCKS = frozenset({"module", "moved", "__comments__"})
_MARKS = frozenset({"__is_block__", "__comments__", "__inline_comments__"})
#: What the writer never writes into plain text: an interpolation, a directive, or their escape.
_TEMPLATE = re.compile(r"[$%]\{")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_SPACE = re.compile(r"\s+")


def verify(text: str, pipeline: Pipeline) -> str:
    """What of `text`, a whole generated file, is not what `pipeline` says; "" when all is."""
    body = _block(text, pipeline.name)
    if isinstance(body, str):
        return body
    wanted = dict([*pipeline.meta_arguments(), *pipeline.inputs()])
    if odd := sorted(wanted.keys() ^ body.keys()):
        return f"{odd[0]} is only {'in the file' if odd[0] in body else 'in the settings'}"
    return next((f"{key}{said}" for key, value in wanted.items() if (said := _differs(body[key], value))), "")


def _block(text: str, name: str) -> dict[str, object] | str:
    """The attributes of the one module block; a text when it cannot be found."""
    document = _loads(text)
    if isinstance(document, str):
        return document
    if odd := sorted(document.keys() - _BLOCKS):
        return f"contains {odd[0]}, which tfgen never writes"
    labels = [(_text(label), body) for item in document.get("module", []) for label, body in item.items()]
    if [label for label, _ in labels] != [name]:
        return f"contains the module blocks {[label for label, _ in labels]} instead of {name!r}"
    return {key: value for key, value in labels[0][1].items() if key not in _MARKS}


def _loads(text: str) -> dict[str, Any] | str:
    import hcl2

    try:
        document: dict[str, Any] = hcl2.loads(text)
    except Exception as error:  # noqa: BLE001 (whatever the reader or its lexer raises, the text cannot be read)
        return f"cannot be read back: {(str(error).splitlines() or [type(error).__name__])[0]}"
    return document


def _differs(found: object, value: Value) -> str:
    """Where and how `found`, as hcl2 gives it, is another value than `value`; "" when it is the same."""
    if isinstance(value, Mapping):
        return _map_differs(found, value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not isinstance(found, list) or len(found) != len(value):
            return f" is {found!r}, not a list of {len(value)}"
        pairs = enumerate(zip(found, value, strict=True))
        return next((f"[{number}]{said}" for number, pair in pairs if (said := _differs(*pair))), "")
    return "" if _same(found, value) else f" is {found!r}, not {value!r}"


def _map_differs(found: object, value: Mapping[str, Value]) -> str:
    if not isinstance(found, dict):
        return f" is {found!r}, not a map"
    read = {key if _TEMPLATE.search(key) else _text(key): item for key, item in found.items()}
    if odd := sorted(map(repr, read.keys() ^ value.keys())):
        return f" has other keys: {', '.join(odd)}"
    return next((f"[{key!r}]{said}" for key, item in value.items() if (said := _differs(read[key], item))), "")


def _same(found: object, value: str | bool | int | float | Interpolated | Reference) -> bool:
    if isinstance(value, Reference):
        return found == _read_expression(value.expression)
    if isinstance(value, Interpolated):
        return isinstance(found, str) and _same_parts(found, value)
    if isinstance(value, str):
        return isinstance(found, str) and found[:1] == '"' and not _TEMPLATE.search(found) and _text(found) == value
    if isinstance(value, bool) or isinstance(found, bool):
        return found is value
    if isinstance(found, int | float):
        return found == value
    # hcl2 gives a number with an exponent as an expression.
    return (
        isinstance(found, str)
        and found[:2] == "${"
        and _NUMBER.fullmatch(found[2:-1]) is not None
        and float(found[2:-1]) == value
    )


def _same_parts(found: str, value: Interpolated) -> bool:
    """Whether a quoted template is made of these parts, in this order."""
    if len(value.parts) == 1:
        return found == _read_expression(value.parts[0].expression) if isinstance(value.parts[0], Reference) else False
    rest = found[1:-1]
    text = ""
    for part in value.parts:
        if isinstance(part, str):
            text += part
            continue
        start = rest.find("${")
        end = _expression_end(rest, start + 2, part.expression)
        if start < 0 or end < 0 or _text(f'"{rest[:start]}"') != text:
            return False
        rest, text = rest[end + 1 :], ""
    return found[:1] == found[-1:] == '"' and _text(f'"{rest}"') == text and not _TEMPLATE.search(rest)


def _expression_end(rest: str, start: int, expression: str) -> int:
    """Where the `}` behind `expression` stands (the reader may set its spaces otherwise); -1 when it is another one."""
    wanted = _SPACE.sub("", expression)
    for end in range(start, len(rest)):
        if rest[end] == "}" and _SPACE.sub("", rest[start:end]) == wanted:
            return end
    return -1


@cache
def _read_expression(expression: str) -> object:
    document = _loads(f"x = {expression}\n")
    return document if isinstance(document, str) else document.get("x")


def _text(raw: str) -> str:
    """A quoted text or a bare key without its quotes and escapes."""
    if raw[:1] != '"':
        return raw
    return _ESCAPE.sub(lambda match: _unescape(*match.groups()), raw[1:-1])


def _unescape(short: str | None, long: str | None, sign: str | None) -> str:
    return _SIMPLE.get(sign, sign) if sign else chr(int(short or long or "0", 16))
