"""Items of HCL2 that are read from their lines alone: `name = value`, lists of texts, blocks and objects of such lines.

Most of a template is made of these, and the same lines stand in many. To the parser they are comments, which takes half
of its time. A run of such lines counts only where the tree has that comment among the items of a body or an object,
from its first byte to its last. Where one run of a file stands elsewhere (in a heredoc, in an expression), or anything
is wrong with the file, it is parsed as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from tfgen_generators.hcl.tree import SOURCE, Line, Runs
from tfgen_generators.packer.syntax.hcl_line import BLANK, OTHER, UnreadLinesError, at_line, line_of
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.values import Value

if TYPE_CHECKING:
    from tree_sitter import Node

#: What cannot go on with the value before.
_ITEM = re.compile(rb'\s*(?:[A-Za-z_"}]|\Z)')
_HEREDOC = re.compile(rb"<<-?([A-Za-z_]\w*)\s*$")
#: How deep blocks and objects of a run are.
DEEPEST = 10
_NAMED = ("attribute", "object", "list")
#: Lines that neither begin nor end a block or an object.
_PLAIN = frozenset({"attribute", "blank", "single", "list", "item", "close"})


def without_lines(data: bytes) -> tuple[bytes, Runs]:
    """`data` with its runs as comments, each newline where it was; and by its first byte each comment's end and lines.

    (The last line of a run is another comment where it is `}` or `]` alone.)
    """
    written = data.split(b"\n")
    lines = _with_lists([*map(line_of, written)])
    lengths = [*accumulate(map(len, written), initial=0)]
    runs: Runs = {}
    pieces: list[bytes] = []
    done = 0
    for first, end in _runs(written, lines):
        start = lengths[first] + first
        run = data[start : lengths[end] + end - 1]
        shown = run[:-2] if run.endswith((b"\n}", b"\n]")) else run
        if b"\n" not in shown[-2:] and b"*/" not in run and len(shown) > 3:
            runs[start] = start + len(shown), lines[first:end]
            pieces += (data[done:start], b"/*", shown[2:-2], b"*/", b"\n#" if shown is not run else b"")
            done = start + len(run)
    return b"".join((*pieces, data[done:])), runs


def _with_lists(lines: list[Line]) -> list[Line]:
    """`lines`, where those of lists are others unless they are the whole of one."""
    found, end = [*lines], 0
    for row, (kind, _, _) in enumerate(lines):
        if row < end or kind not in ("list", "item", "close"):
            continue
        end = row + 1
        while kind == "list" and end < len(lines) and (lines[end] is BLANK or lines[end][:2] == ("item", ",")):
            end += 1
        if kind == "list" and end < len(lines) and lines[end][0] == "item":  # the last may do without a comma
            end += 1
            while end < len(lines) and lines[end] is BLANK:
                end += 1
        if kind == "list" and end < len(lines) and lines[end][0] == "close":
            end += 1
        else:
            found[row], end = OTHER, row + 1
    return found


def _runs(written: Sequence[bytes], lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The first line and the end of each run, in the order of the file."""
    starts = [0]  # of the run that may be, and of what is open in it
    until = b""
    for row, (kind, _, _) in enumerate(lines):
        if until:
            if written[row].strip() == until or (until == b"*/" and until in written[row]):
                starts, until = [row + 1], b""
            continue
        if kind in _PLAIN:
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
        while start < end and lines[end - 1] is BLANK:
            end -= 1
        while start < end and lines[start] is BLANK:
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
    items: list[Value] | None = None
    around: list[tuple[Body | None, dict[str, Value]]] = []
    for line, (kind, name, value) in enumerate(lines, first):
        if kind in _NAMED:
            _check_new(within, values, name, line)
            if kind == "object":
                around.append((within, values))
                inner: dict[str, Value] = {}
                values[name] = inner
                within, values = None, inner
            elif kind == "list":
                values[name] = items = []
            else:
                values[name] = value if isinstance(value, str) else at_line(value, line)
        elif kind == "end":
            within, values = around.pop()
        elif kind == "item":
            if items is None:
                raise UnreadLinesError
            items.append(at_line(value, line))
        elif kind == "block" or kind == "single":
            block = _add_block(within, name, value, line)
            if kind == "block":
                around.append((within, values))
                within, values = block.body, block.body.attributes


def _check_new(within: Body | None, values: dict[str, Value], name: str, line: int) -> None:
    """Keeps the line of an attribute of a block. In an object the last of two counts."""
    if within is not None:
        if name in values:
            raise UnreadLinesError
        within.lines[name] = line


def _add_block(within: Body | None, kind: str, value: tuple[tuple[str, ...], dict[str, Value]], line: int) -> Block:
    if within is None:
        raise UnreadLinesError
    labels, inner = value
    body = Body()
    for name, one in inner.items():
        body.attributes[name], body.lines[name] = at_line(one, line), line
    within.blocks.append(Block(kind, labels, body, line))
    return within.blocks[-1]
