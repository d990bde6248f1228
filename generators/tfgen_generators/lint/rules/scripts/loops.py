"""Loops that try a command several times, and end as if it had succeeded when it never did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tfgen_generators.lint.rules.scripts.programs import does_something, name_of
from tfgen_generators.shell.commands import Command, Pipeline, read_pipelines
from tfgen_generators.shell.tree import Tree, kinds, parse

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = kinds("c_style_for_statement for_statement while_statement")
#: What says that the tries are over: an exit, a flag, a question behind the loop.
_ENDING = re.compile(r"(^|[\s;&|({])(exit|return|false|kill|die|fail|error)\b", re.MULTILINE)
_ASKED = re.compile(r"\s*(;|\n|#[^\n]*\n|\s)*(\[|\(\(|if\b|test\b|case\b|!|exit\b|return\b|\|\||&&)")
_ASSIGNED = re.compile(r"(?:^|[\s;&|{])(\w+)=")
_ENDLESS = re.compile(r"\s*while\s+(true|:|\[\[?\s+1\s+\]\]?|\(\(\s*1\s*\)\))\s*(;|\n)|\s*until\s+(false)\s*(;|\n)")


@lru_cache(maxsize=2000)
def lost_tries(text: str) -> tuple[tuple[Command, int], ...]:
    """Each command that a loop tries until it succeeds, and that may never: the command, and its line from 0."""
    if "break" not in text:
        return ()
    tree = parse(text)
    return tuple(_lost(tree)) if tree is not None and tree.is_whole else ()


def _lost(tree: Tree) -> Iterator[tuple[Command, int]]:
    for loop in _loops(tree.root):
        written = tree.written(loop)
        behind = tree.written(tree.root)[loop.end_byte - tree.root.start_byte :] if written.isascii() else ""
        if _ENDLESS.match(written) or _ENDING.search(written) or _ASKED.match(behind) or _is_asked(written, behind):
            continue
        command = _tried(written)
        if command is not None:
            yield command, loop.start_point.row + command.line


def _is_asked(loop: str, behind: str) -> bool:
    """Whether a variable that the loop sets is looked at behind it."""
    return any(re.search(rf"\$\{{?{name}\b", behind) for name in set(_ASSIGNED.findall(loop)))


def _tried(loop: str) -> Command | None:
    """What must succeed for the loop to be left early, where its failure is not its last word."""
    found = read_pipelines(loop).found
    for number, pipeline in enumerate(found):
        left = found[number + 1].commands[0].words[:1] == ("break",) if number + 1 < len(found) else False
        tried = pipeline.commands[-1]
        if left and does_something(tried) and (pipeline.after == "&&" or _is_if(pipeline)):
            return tried
    return None


def _is_if(pipeline: Pipeline) -> bool:
    return pipeline.condition and bool(name_of(pipeline.commands[-1]))


def _loops(node: Node) -> Iterator[Node]:
    ahead = [node]
    while ahead:
        one = ahead.pop()
        if one.type in _LOOPS:
            yield one
        ahead.extend(one.named_children)
