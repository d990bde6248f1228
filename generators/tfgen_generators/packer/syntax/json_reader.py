"""JSON as Packer reads it: objects that know their duplicate keys, and HCL2's JSON syntax as bodies.

Source: the HCL JSON syntax specification (bodies as one object or a list of objects, blocks by nesting, repeated keys).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from tfgen_generators.packer.model import GENERATOR_INPUT, BrokenTemplateError, NotATemplateError, is_generator_input
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.utf_8 import check_utf_8, not_utf_8
from tfgen_generators.packer.syntax.values import Expression, Value

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*+"?')
#: Strings, comments and commas before a closing bracket: what people add to JSON that is no JSON.
_RELAXED = re.compile(r'"(?:\\.|[^"\\])*+"?|//[^\n]*|/\*(?:.*?\*/|.*)|,(?=\s*[\]}])', re.DOTALL)

#: Blocks of a Packer file and how many labels each has. Source: the schemas in Packer's hcl2template package.
_TOP = {
    "build": 0,
    "communicator": 2,
    "data": 2,
    "hcp_packer_registry": 0,
    "local": 1,
    "locals": 0,
    "packer": 0,
    "source": 2,
    "variable": 1,
    "variables": 0,
}
_INNER = {
    "build": {
        "source": 1,
        "provisioner": 1,
        "error-cleanup-provisioner": 1,
        "post-processor": 1,
        "post-processors": 0,
        "dynamic": 1,
        "hcp_packer_registry": 0,
    },
    "post-processors": {"post-processor": 1},
    "dynamic": {"content": 0},
    "packer": {"required_plugins": 0},
}


class Pairs(list[tuple[str, object]]):
    """One JSON object as it is written: repeated keys and all. `repeated` is the first of them."""

    __slots__ = ("repeated",)
    repeated: str | None

    def __init__(self, pairs: Iterable[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeated = None
        if len(dict(self)) != len(self):
            seen: set[str] = set()
            self.repeated = next(key for key, _ in self if key in seen or seen.add(key))  # type: ignore[func-returns-value]


def load(data: bytes, *, lenient: bool = False, what: str = "builders") -> object:
    """The document, its objects as Pairs. Raises NotATemplateError or BrokenTemplateError.

    `lenient`: bytes that are no UTF-8 are replaced, as legacy Packer does. `what` is the word without which a text
    that is only nearly JSON (comments, trailing commas) is somebody else's.
    """
    check_utf_8(data)
    try:
        text = data.decode("utf-8-sig", "replace" if lenient else "strict")
    except UnicodeDecodeError as error:
        raise not_utf_8(data, error.start) from None
    try:
        document = json.loads(text, object_pairs_hook=Pairs)
        return _without_surrogates(document) if _SURROGATE.search(text) else document
    except json.JSONDecodeError as error:
        if is_generator_input(text):
            raise NotATemplateError(f"{GENERATOR_INPUT}, not JSON") from None
        if f'"{what}"' not in text.lower() and _is_other(text, error):
            raise NotATemplateError(f"not valid JSON, and no {what}: not a Packer template") from None
        message = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})"
        raise BrokenTemplateError(message, error.lineno, "fix the syntax") from None
    except RecursionError:
        raise BrokenTemplateError("nested too deeply", 1) from None
    except ValueError as error:  # a number with thousands of digits
        raise BrokenTemplateError(f"not valid JSON: {error}".split(";")[0], 1) from None


def _without_surrogates(value: object) -> object:
    """Half a character, written as an escape, becomes U+FFFD as in Go."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Pairs):
        return Pairs((str(_without_surrogates(key)), _without_surrogates(inner)) for key, inner in value)
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    return value


def _is_other(text: str, error: json.JSONDecodeError) -> bool:
    """Whether a text that is no JSON is somebody else's: no object, several (JSON lines), or one with comments."""
    several = error.msg == "Extra data"
    return not text.lstrip().startswith("{") or several or "${" in _QUOTED.sub("", text) or _is_relaxed(text)


def _is_relaxed(text: str) -> bool:
    try:
        json.loads(_RELAXED.sub(lambda match: match.group() if match.group().startswith('"') else "", text))
    except (ValueError, RecursionError):
        return False
    return True


def repeated_key(document: object) -> str | None:
    """The first key that stands twice in one object of the document."""
    stack = [document]
    while stack:
        current = stack.pop()
        if isinstance(current, Pairs):
            if current.repeated is not None:
                return current.repeated
            stack += [value for _, value in reversed(current) if isinstance(value, list)]
        elif isinstance(current, list):
            stack += [value for value in reversed(current) if isinstance(value, list)]
    return None


def line_of_key(data: bytes, key: str, occurrence: int = 1) -> int:
    """The line of the n-th `"key":`, 1 when it is written in another way (with escapes)."""
    pattern = re.compile(re.escape(json.dumps(key, ensure_ascii=False).encode()) + rb"\s*:")
    for number, match in enumerate(pattern.finditer(data), start=1):
        if number == occurrence:
            return data.count(b"\n", 0, match.start()) + 1
    return 1


def plain(value: object) -> Value:
    """A document's value with dicts for objects; of repeated keys the last counts."""
    if value is None or isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, Pairs):  # most are texts
        return {key: inner if type(inner) is str else plain(inner) for key, inner in value}
    if isinstance(value, list):
        return [inner if type(inner) is str else plain(inner) for inner in value]
    if isinstance(value, int):
        return value if -(2**63) < value < 2**63 else Expression(str(value))
    raise TypeError(type(value))


def read_json_body(document: object) -> Body:
    """The body of a `.pkr.json`."""
    return _body(document, _TOP)


def _body(value: object, schema: dict[str, int]) -> Body:
    body = Body()
    for key, inner in _members(value):
        if key in schema:
            body.blocks += _blocks(key, inner, schema[key], ())
        elif not key.startswith("//"):
            body.attributes[key] = _expression(inner)
            body.lines[key] = 0
    return body


def _members(value: object) -> Iterator[tuple[str, object]]:
    """The members of an object, or of all objects in a list."""
    for item in [value] if isinstance(value, Pairs) else value if isinstance(value, list) else []:
        if isinstance(item, Pairs):
            yield from item


def _blocks(kind: str, value: object, labels: int, so_far: tuple[str, ...]) -> Iterator[Block]:
    if labels:
        for label, inner in _members(value):
            if not label.startswith("//"):
                yield from _blocks(kind, inner, labels - 1, (*so_far, label))
        return
    for item in value if isinstance(value, list) and not isinstance(value, Pairs) else [value]:
        if isinstance(item, Pairs):
            yield Block(kind, so_far, _body(item, _INNER.get(kind, {})), 0)


def _expression(value: object) -> Value:
    """HCL's JSON syntax: every string is a template."""
    if isinstance(value, str) and ("${" in value or "%{" in value):
        from tfgen_generators.packer.syntax.hcl_reader import read_template

        return read_template(value)
    if isinstance(value, Pairs):
        return {key: _expression(inner) for key, inner in value if not key.startswith("//")}
    if isinstance(value, list):
        return [_expression(inner) for inner in value]
    return plain(value)
