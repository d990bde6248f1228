"""Edits of hand-written files by exact span: a call is cut out, references to it get its new label.

Everything else stays byte for byte: comments, neighbours, line ends, a byte order mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from tfgen_generators.errors import RefusedError
from tfgen_generators.hcl.blocks import UnreadableError
from tfgen_generators.hcl.tree import text_of
from tfgen_generators.root_module.call_comments import body_of, words_of
from tfgen_generators.root_module.hand_written import HandCall, parsed

if TYPE_CHECKING:
    from tree_sitter import Node

#: Blocks whose addresses are of before: Terraform follows them to where a call is now.
_ADDRESSES = frozenset({"moved", "removed"})
_Span = tuple[int, int, bytes]


def edited(files: Mapping[str, bytes], calls: Iterable[HandCall], labels: Mapping[str, str]) -> dict[str, bytes]:
    """Those of `files` that change: without `calls`, and with `module.OLD` as `module.NEW` for `labels` (OLD -> NEW).

    Raises RefusedError where a reference stands in a file that is not edited.
    """
    cut: dict[str, list[_Span]] = {}
    for call in calls:
        cut.setdefault(call.path, []).append(_whole_lines(files[call.path], call.start, call.end))
    renamed = {old: new for old, new in labels.items() if old != new}
    changed: dict[str, bytes] = {}
    for path, data in files.items():
        spans = cut.get(path, [])
        if any(f"module.{old}".encode() in data for old in renamed):
            spans = [*spans, *_references(path, data, renamed, spans)]
        if spans:
            changed[path] = _replaced(data, spans)
    return changed


def _whole_lines(data: bytes, start: int, end: int) -> _Span:
    """The block with its indentation and the end of its last line, unless something else stands there."""
    line = data.rfind(b"\n", 0, start) + 1
    if not data[line:start].strip(b" \t\xef\xbb\xbf"):
        start = line if not data[line:start].startswith(b"\xef\xbb\xbf") else start
    after = end
    while after < len(data) and data[after : after + 1] in (b" ", b"\t", b"\r"):
        after += 1
    if after == len(data) or data[after : after + 1] == b"\n":
        end = min(after + 1, len(data))
    return start, end, b""


def _references(path: str, data: bytes, labels: Mapping[str, str], cut: Iterable[_Span]) -> Iterator[_Span]:
    if path.endswith(".json"):
        _require_no_reference(path, data, labels)
        return
    try:
        root, lead = parsed(path, data)
    except UnreadableError:
        return  # its calls are not known: it is refused by its name
    body = body_of(root)
    for block in body.named_children if body else ():
        if block.type == "block" and words_of(block)[:1] and words_of(block)[0] in _ADDRESSES:
            continue
        for start, end, new in _in_block(block, lead, labels):
            if not any(first <= start < last for first, last, _ in cut):
                yield start, end, new


def _require_no_reference(path: str, data: bytes, labels: Mapping[str, str]) -> None:
    """Raises RefusedError for a reference in JSON, which is not edited."""
    words = b"|".join(re.escape(old.encode()) for old in labels)
    if found := re.search(rb"\bmodule\.(" + words + rb")(?![\w-])", data):
        label, line = found[1].decode(), data.count(b"\n", 0, found.start()) + 1
        raise RefusedError(
            f"refers to module.{label}, which gets the label {labels[label]}; JSON syntax is not edited",
            where=f"{path}:{line}",
            fix="move the reference to a file in Terraform's own syntax",
        )


def _in_block(block: Node, lead: int, labels: Mapping[str, str]) -> Iterator[_Span]:
    """`module.OLD` wherever it begins a reference."""
    waiting = [block]
    while waiting:
        node = waiting.pop()
        children = node.children
        waiting.extend(children)
        for first, second in pairwise(children):
            if first.type == "variable_expr" and text_of(first) == "module" and second.type == "get_attr":
                name = second.named_children[-1]
                if text_of(name) in labels:
                    yield name.start_byte + lead, name.end_byte + lead, labels[text_of(name)].encode()


def _replaced(data: bytes, spans: Iterable[_Span]) -> bytes:
    for start, end, new in sorted(spans, reverse=True):
        data = data[:start] + new + data[end:]
    return data
