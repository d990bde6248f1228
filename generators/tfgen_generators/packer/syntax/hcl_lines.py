"""Items of HCL2 that are read from their lines alone: `name = "text"`, and blocks and objects of nothing else.

Most of a template is made of these, and the same lines stand in many. To the parser they are comments, which takes half
of its time. A run of such lines counts only where the tree has that comment among the items of a body or an object,
from its first byte to its last. Where one run of a file stands elsewhere (in a heredoc, in an expression), or anything
is wrong with the file, it is parsed as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import SOURCE, Line, Runs
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.values import Expression, Scalar, Value, composed, expressions, joined

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = r"[A-Za-z_]\w*+(?:-\w++)*+"
_NAMES = rf"{_NAME}(?:\.{_NAME})*+"
_LITERAL = r'[^"\\$%\x00-\x1f\x7f]*+'
_TEXT = rf'"{_LITERAL}(?:\$\{{{_NAMES}\}}{_LITERAL})*+"'
_LIST = rf"\[{_TEXT}(?:, *{_TEXT})*+\]"
_CALL = rf'{_NAME}\("{_LITERAL}"\)'
_VALUE = rf"(?P<text>{_TEXT})|(?P<call>{_CALL})|(?P<names>{_NAMES})|(?P<list>{_LIST})|(?P<number>[1-9]\d{{0,9}}+)"
_HEAD = rf'(?P<block>(?:"{_LITERAL}"[ \t]*+)*+\{{)'
_LINE = re.compile(
    rf"[ \t]*+(?:({_NAME})[ \t]*+(?:=[ \t]*+(?:{_VALUE}|(?P<object>\{{))|{_HEAD})|(?P<end>\}}))?+"
    r"[ \t]*+(?:(?:#|//).*)?",
    re.ASCII,
)
_TEXTS = re.compile(_TEXT, re.ASCII)
_REFERENCE = re.compile(rf"\$\{{({_NAMES})\}}", re.ASCII)
#: What cannot go on with the value before.
_ITEM = re.compile(rb'\s*(?:[A-Za-z_"}]|\Z)')
_HEREDOC = re.compile(rb"<<-?([A-Za-z_]\w*)\s*$")
#: Words that are no names to the grammar, some of them in some places only.
_NO_NAMES = frozenset({"true", "false", "null", "for", "in", "if", "else", "endif", "endfor"})
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
#: How deep blocks and objects of a run are.
DEEPEST = 10
_BLANK: Line = ("blank", "", None)
_OTHER: Line = ("other", "", None)


class UnreadLinesError(Exception):
    """A run of lines stands where it is none, or where nobody takes it."""


def without_lines(data: bytes) -> tuple[bytes, Runs]:
    """`data` with its runs as comments, each newline where it was; and by its first byte each comment's end and lines.

    (The last line of a run is another comment where it is `}` alone.)
    """
    written = data.split(b"\n")
    lines = [*map(_line, written)]
    lengths = [*accumulate(map(len, written), initial=0)]
    runs: Runs = {}
    pieces: list[bytes] = []
    done = 0
    for first, end in _runs(written, lines):
        start = lengths[first] + first
        run = data[start : lengths[end] + end - 1]
        shown = run[:-2] if run.endswith(b"\n}") else run
        if b"\n" not in shown[-2:] and b"*/" not in run and len(shown) > 3:
            runs[start] = start + len(shown), lines[first:end]
            pieces += (data[done:start], b"/*", shown[2:-2], b"*/", b"\n#" if shown is not run else b"")
            done = start + len(run)
    return b"".join((*pieces, data[done:])), runs


@lru_cache(maxsize=4096)
def _line(written: bytes) -> Line:
    """What a line is, its name, and its value (without lines) or the block's labels."""
    match = _LINE.fullmatch(written.decode(errors="surrogateescape"))
    if match is None:
        return _OTHER
    kind, name = match.lastgroup or "", match[1] or ""
    if not name:
        return _BLANK if kind != "end" else ("end", "", None)
    found = match[kind]
    if kind == "block":
        value: Value = [label[1:-1] for label in _TEXTS.findall(found)]
    elif kind == "object":
        value = None
    else:
        kind, value = "attribute", _value(kind, found)
    return (kind, name, value) if _NO_NAMES.isdisjoint((name, *_names_in(value))) else _OTHER


def _value(kind: str, written: str) -> Value:
    if kind == "text":
        return _of_text(written[1:-1])
    if kind == "list":
        return [_of_text(item[1:-1]) for item in _TEXTS.findall(written)]
    if kind == "number":
        return int(written)
    if kind == "call":
        name, _, argument = written.partition("(")
        return Expression(written, "call", (name, composed(argument[1:-2])))
    return _CONSTANTS[written] if written in _CONSTANTS else _reference(written)


def _of_text(inside: str) -> Value:
    pieces = _REFERENCE.split(inside)  # texts, with the names between them
    return joined(inside, [_reference(one) if at % 2 else composed(one) for at, one in enumerate(pieces) if one], 0)


def _reference(names: str) -> Value:
    return Expression(names, "ref", tuple(names.split(".")))


def _names_in(value: Value) -> Iterator[str]:
    for found in expressions(value):
        yield from (str(name) for name in found.args[: None if found.op == "ref" else found.op == "call"])


def _at(value: Value, line: int) -> Value:
    """A copy of a value, with the line that it stands on."""
    if isinstance(value, Expression):
        args = value.args if value.op != "template" else tuple(_at(inner, line) for inner in value.args)
        return Expression(value.text, value.op, args, line)
    return [_at(inner, line) for inner in value] if isinstance(value, list) else value


def _runs(written: Sequence[bytes], lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The first line and the end of each run, in the order of the file."""
    starts = [0]  # of the run that may be, and of what is open in it
    until = b""
    for row, (kind, _, _) in enumerate(lines):
        if until:
            if written[row].strip() == until or (until == b"*/" and until in written[row]):
                starts, until = [row + 1], b""
            continue
        if kind == "attribute" or kind == "blank":
            continue
        if kind == "end" and len(starts) > 1:
            starts.pop()
            continue
        if kind in ("block", "object") and len(starts) <= DEEPEST:
            starts.append(row + 1)
            continue
        if starts != [row]:
            yield from _between(lines, [*starts, row + 1], is_whole=_ITEM.match(written[row]) is not None)
        starts, until = [row + 1], _end_of(written[row])
    if not until:
        yield from _between(lines, [*starts, len(lines) + 1], is_whole=True)


def _between(lines: Sequence[Line], starts: Sequence[int], *, is_whole: bool) -> Iterator[tuple[int, int]]:
    """The runs before the lines that nothing closes, and the last one, without the blank lines around them."""
    for number, (first, after) in enumerate(pairwise(starts), 2):
        start, end = first, after - 1
        while start < end and lines[end - 1] is _BLANK:
            end -= 1
        while start < end and lines[start] is _BLANK:
            start += 1
        if start < end and (is_whole or number < len(starts)):
            yield start, end


def _end_of(line: bytes) -> bytes:
    """What ends the heredoc, or the comment of several lines, that a line begins."""
    if b"<<" in line and (heredoc := _HEREDOC.search(line)):
        return heredoc[1]
    return b"*/" if b"/*" in line and b"*/" not in line else b""


def take(comment: Node, body: Body) -> None:
    """Adds to `body` what the run has for which `comment` stands; nothing where it is a comment of the file's.

    Raises UnreadLinesError.
    """
    found = SOURCE.runs.get(comment.start_byte)
    if found is None:
        return
    end, lines = found
    SOURCE.taken.add(comment.start_byte)
    if comment.end_byte != end:
        raise UnreadLinesError
    _fill(body, lines, comment.start_point[0] + 1)


def attributes_of(comment: Node) -> dict[str, Value]:
    """What the run has for which a comment in an object stands."""
    body = Body()
    take(comment, body)
    if body.blocks:
        raise UnreadLinesError
    return body.attributes


def refuse(comment: Node, _body: Body | None = None) -> None:
    """Raises UnreadLinesError where a run stands for which there is no body and no object."""
    if comment.start_byte in SOURCE.runs:
        raise UnreadLinesError


def _fill(body: Body, lines: Sequence[Line], first: int) -> None:
    within: Body | None = body  # None in an object
    values = body.attributes
    around: list[tuple[Body | None, dict[str, Value]]] = []
    for line, (kind, name, value) in enumerate(lines, first):
        if kind == "attribute" or kind == "object":
            if within is not None:
                if name in values:
                    raise UnreadLinesError
                within.lines[name] = line
            if kind == "object":
                around.append((within, values))
                inner: dict[str, Value] = {}
                values[name] = inner
                within, values = None, inner
            else:
                values[name] = value if isinstance(value, str) else _at(value, line)
        elif kind == "end":
            within, values = around.pop()
        elif kind == "block":
            if within is None:
                raise UnreadLinesError
            block = Block(name, tuple(map(str, value)) if isinstance(value, list) else (), Body(), line)
            within.blocks.append(block)
            around.append((within, values))
            within, values = block.body, block.body.attributes
