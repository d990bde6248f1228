"""One line of HCL2 that is read without its file: `name = value`, a text of a list, what begins or ends a block.

The values are those of the grammar that are the same wherever the line stands; every other line is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tfgen_generators.hcl.tree import Line
from tfgen_generators.packer.syntax.values import Expression, Scalar, Value, composed, joined

_NAME = r"[A-Za-z_]\w*+(?:-\w++)*+"
_NAMES = rf"{_NAME}(?:\.{_NAME})*+"
_LITERAL = r'[^"\\$%\x00-\x1f\x7f]*+'
_ARGUMENT = rf'(?:"{_LITERAL}"|{_NAME}\(\)|{_NAMES})'
_INNER = rf"(?:{_NAME}\((?:{_ARGUMENT}(?:, *{_ARGUMENT})*+)?\)|{_NAMES})"
_TEXT = rf'"{_LITERAL}(?:\$\{{{_INNER}\}}{_LITERAL})*+"'
_HEAD = rf'(?:"{_LITERAL}"[ \t]*+)*+\{{'
#: How a line begins.
_LINE = re.compile(
    rf"[ \t]*+(?:({_NAME})[ \t]*+(?:(?P<attribute>=)|(?P<block>{_HEAD}))[ \t]*+"
    r"|(?P<end>\})|(?P<close>\])|(?P<item>(?=\")))?+",
    re.ASCII,
)
_ATTRIBUTE = re.compile(rf"({_NAME})[ \t]*+=[ \t]*+", re.ASCII)
_REST = re.compile(r"[ \t]*+(?:(?:#|//).*)?")
_BLANKS = re.compile(r"[ \t]*+")
_COMMA = re.compile(r"[ \t]*+,[ \t]*+")
_VALUE = re.compile(
    rf"(?P<text>{_TEXT})|(?P<call>{_NAME})\(|(?P<names>{_NAMES})|(?P<open>[\[{{])|(?P<number>[1-9]\d{{0,9}}+)", re.ASCII
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LABEL = re.compile(rf'"({_LITERAL})"')
_REFERENCE = re.compile(rf"\$\{{({_INNER})\}}", re.ASCII)
#: Words that are no names to the grammar, some of them in some places only.
_NO_NAMES = frozenset({"true", "false", "null", "for", "in", "if", "else", "endif", "endfor"})
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
#: How deep values of a line are.
_DEEPEST = 10
BLANK: Line = ("blank", "", None)
OTHER: Line = ("other", "", None)


class UnreadLinesError(Exception):
    """A run of lines stands where it is none, or where nobody takes it; or a line is read in another way."""


@lru_cache(maxsize=4096)
def line_of(written: bytes) -> Line:
    """What a line is, its name, and its value (without lines)."""
    text = written.decode(errors="surrogateescape")
    try:
        match = _next(_LINE, text, 0)
        found, end = _READERS[match.lastgroup or ""](text, match)
    except UnreadLinesError:
        return OTHER
    return found if _REST.fullmatch(text, end) else OTHER


def _next(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    found = pattern.match(text, at)
    if found is None:
        raise UnreadLinesError
    return found


def _attribute(text: str, match: re.Match[str]) -> tuple[Line, int]:
    """`name = value`, or the beginning of an object or a list."""
    name, at = _name(match[1]), match.end()
    if text[at : at + 1] in ("{", "[") and _REST.fullmatch(text, at + 1):
        return ("object" if text[at] == "{" else "list", name, None), at + 1
    value, end = _value(text, at)
    return ("attribute", name, value), end


def _block(text: str, match: re.Match[str]) -> tuple[Line, int]:
    """The labels of a block; also its attribute, or that it is empty, where it is on one line."""
    name, at = _name(match[1]), match.end()
    labels = tuple(_LABEL.findall(match["block"]))
    if _REST.fullmatch(text, at):
        return ("block", name, (labels, {})), at
    inner: dict[str, Value] = {}
    if not text.startswith("}", at):
        found = _next(_ATTRIBUTE, text, at)
        inner[_name(found[1])], at = _value(text, found.end())
        at = _next(_BLANKS, text, at).end()
    if not text.startswith("}", at):
        raise UnreadLinesError
    return ("single", name, (labels, inner)), at + 1


def _item(text: str, match: re.Match[str]) -> tuple[Line, int]:
    """A text of a list. Its name is the comma behind it."""
    value, at = _value(text, match.end())
    comma = _COMMA.match(text, at)
    return ("item", "," if comma else "", value), comma.end() if comma else at


_READERS: dict[str, Callable[[str, re.Match[str]], tuple[Line, int]]] = {
    "": lambda _, match: (BLANK, match.end()),
    "attribute": _attribute,
    "block": _block,
    "item": _item,
    "end": lambda _, match: (("end", "", None), match.end()),
    "close": lambda _, match: (("close", "", None), match.end()),
}


def _name(name: str) -> str:
    if name in _NO_NAMES:
        raise UnreadLinesError
    return name


def _value(text: str, start: int, depth: int = 0) -> tuple[Value, int]:
    """The value that begins there, and its end."""
    match = _VALUE.match(text, start)
    if match is None or depth > _DEEPEST:
        raise UnreadLinesError
    kind, end = match.lastgroup, match.end()
    if kind == "text":
        return _of_text(match[0][1:-1]), end
    if kind == "number":
        return int(match[0]), end
    if kind == "names":
        return _CONSTANTS[match[0]] if match[0] in _CONSTANTS else _reference(match[0]), end
    closing = _CLOSING[text[end - 1]]
    values, keys, at = _inside(text, end, closing, depth)
    if kind == "call":
        return Expression(text[start:at], "call", (_name(match[kind]), *values)), at
    return (dict(zip(keys, values, strict=True)) if closing == "}" else values), at


def _inside(text: str, start: int, closing: str, depth: int) -> tuple[list[Value], list[str], int]:
    """The values (and in an object their names) up to what closes them, and the end of that."""
    values: list[Value] = []
    keys: list[str] = []
    at = _next(_BLANKS, text, start).end()
    while not text.startswith(closing, at):
        if values:
            at = _next(_COMMA, text, at).end()
        if closing == "}":
            key = _next(_ATTRIBUTE, text, at)
            keys.append(_name(key[1]))
            at = key.end()
        value, at = _value(text, at, depth + 1)
        values.append(value)
        at = _next(_BLANKS, text, at).end()
    return values, keys, at + 1


def _of_text(inside: str) -> Value:
    pieces = _REFERENCE.split(inside)  # texts, with the expressions between them
    return joined(inside, [_value(one, 0)[0] if at % 2 else composed(one) for at, one in enumerate(pieces) if one], 0)


def _reference(names: str) -> Value:
    return Expression(names, "ref", tuple(map(_name, names.split("."))))


def at_line(value: Value, line: int) -> Value:
    """A copy of a value, with the line that it stands on."""
    if isinstance(value, Expression):
        args = value.args
        if value.op != "ref":
            args = tuple([inner if type(inner) is str else at_line(inner, line) for inner in args])
        return Expression(value.text, value.op, args, line)
    if isinstance(value, list):
        return [inner if type(inner) is str else at_line(inner, line) for inner in value]
    return {name: at_line(inner, line) for name, inner in value.items()} if isinstance(value, dict) else value
