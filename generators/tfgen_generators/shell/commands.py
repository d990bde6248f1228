"""A shell text as the pipelines that it runs, in the order of the text.

What stands in `$( )`, in backquotes, in `<( )` and in here-documents is not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.shell.tree import Tree, kinds, parse

if TYPE_CHECKING:
    from tree_sitter import Node

_SIMPLE = kinds("command declaration_command test_command unset_command variable_assignment variable_assignments")
_COMPOUND = kinds(
    "case_item compound_statement do_group elif_clause else_clause heredoc_redirect if_statement list negated_command",
    "pipeline program redirected_statement subshell while_statement",
)
#: What begins like a command and has others behind it: `for`, `case`, `function`.
_HEADED = kinds("c_style_for_statement case_statement for_statement function_definition")
_OPERATORS = kinds("& && ( ) ||")
_ASKING = kinds("elif if until while")
_ANSWERED = kinds("do then")
_TOKENS = kinds("! done else esac fi { | |& }") | _OPERATORS | _ASKING | _ANSWERED
_PARTS = _SIMPLE | _COMPOUND | _HEADED
_ALL = _PARTS | _TOKENS
#: Those whose own tokens are no operators.
_SILENT = kinds("c_style_for_statement case_item function_definition")
#: What goes on in the line of a command, behind it.
_DOCUMENT = kinds("heredoc_redirect")


#: Lines and characters of a text that is read line by line.
_FEW_LINES, _SHORT = 40, 4000
#: A line that may be read alone: none that goes on, or that the grammar reads otherwise behind another one (it has the
#: new line for a blank before a backslash, behind assignments, `!`, `a[b]`, `a(b)`, and redirections of nothing).
_ALONE = re.compile(
    r"(?!.*(?:[\\\r]|\[(?![\[ ]|$)|!\s*$|\w\(|(?:^|[&|;<>])\s*\d*[<>]))(?:\s*|\s*#.*|\s*[\w./~\"'$:].*)"
)
#: A line that is one command, of words without anything that a shell reads otherwise.
_PLAIN = re.compile(
    r"[ \t]*(?!(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|in|function|select|time|coproc|export|declare"
    r"|local|readonly|typeset|unset|unsetenv|let|test)(?![\w./-]))[A-Za-z_/.][\w./-]*"
    r"(?:[ \t]+[\w./:@%+,-][\w./:=@%+,-]*)*[ \t]*"
)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One simple command, or the beginning of a `for`, `case` or function; `line` counts from 0."""

    words: tuple[str, ...]
    line: int


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """Commands with `|` between them; `before` and `after` are the operators around ("&&", "||", ";", "&", ")", "").

    `after` is "}" at the end of a function or group. `condition`: it stands behind `if`, `while` or `!`, so that its
    failure is an answer.
    """

    commands: tuple[Command, ...]
    before: str
    after: str
    condition: bool = False

    @property
    def line(self) -> int:
        return self.commands[0].line


class Pipelines(msgspec.Struct, frozen=True, kw_only=True):
    """What a text runs. Unless it `is_whole`, there is something in it that is no shell, and `found` stands before."""

    found: tuple[Pipeline, ...]
    is_whole: bool


@lru_cache(maxsize=1000)
def read_pipelines(text: str) -> Pipelines:
    """What a text runs; each text is read once, each line of a short one too."""
    steps = _steps_by_line(text)
    if steps is not None:
        return Pipelines(found=tuple(_pipelines((*steps, ";"))), is_whole=True)
    tree = parse(text)
    if tree is None:
        return Pipelines(found=(), is_whole=False)
    end = (";",) if tree.is_whole else ()
    return Pipelines(found=tuple(_pipelines((*_steps(tree), *end))), is_whole=tree.is_whole)


def _steps_by_line(text: str) -> list[Command | str] | None:
    """The steps of a text each line of which is a whole one: texts alike share most lines. None for another text."""
    lines = text.split("\n")
    if not 1 < len(lines) <= _FEW_LINES or len(text) > _SHORT or "<<" in text:
        return None
    found: list[Command | str] = []
    for number, line in enumerate(lines):
        steps = _steps_of_line(line)
        if steps is None:
            return None
        found += (one if isinstance(one, str) else Command(words=one.words, line=number) for one in steps)
    return found


@lru_cache(maxsize=1000)
def _steps_of_line(line: str) -> tuple[Command | str, ...] | None:
    """The steps of a line that means the same whatever stands around it; None for another line."""
    if _PLAIN.fullmatch(line) and line.isascii():
        return (Command(words=tuple(line.split()), line=0),)
    tree = parse(line) if _ALONE.fullmatch(line) else None
    steps = tuple(_steps(tree)) if tree is not None and tree.is_whole else None
    if steps is None or any("=" in one.words[0] for one in steps if isinstance(one, Command)):
        return None
    return steps


def command_words(tree: Tree, node: Node) -> tuple[str, ...]:
    """The words of a simple command, with redirections or without; () for anything else."""
    parts = node.children
    if node.type == "redirected_statement" and (words := command_words(tree, parts[0])):
        return (*words, *_behind_redirections(tree, parts))
    if node.type == "variable_assignment":
        return (tree.word(node),)
    if node.type in _SIMPLE or (node.type == "compound_statement" and parts[0].type == "(("):
        own = (tree.word(part) for part in parts if not part.type.endswith(("_redirect", "comment")))
        return (*own, *_behind_redirections(tree, parts))
    return ()


def _behind_redirections(tree: Tree, parts: Iterable[Node]) -> Iterator[str]:
    """Arguments that the grammar takes for a part of a redirection: `a >file b`, `a <<END b`."""
    for part in parts:
        if part.type.endswith("_redirect"):
            yield from map(tree.word, part.children_by_field_name("destination")[1:])
            yield from map(tree.word, part.children_by_field_name("argument"))


def _steps(tree: Tree) -> Iterator[Command | str]:
    """Commands and tokens, up to the first thing that is no shell."""
    ahead = [tree.root]
    while ahead:
        node = ahead.pop()
        kind = node.type
        head = (kind.removeprefix("c_style_").partition("_")[0],) if kind in _HEADED else ()
        words = head or (() if kind in _TOKENS else command_words(tree, node))
        edge = node.start_byte if head else max(node.start_byte, node.end_byte - 1)
        if (words or kind in _TOKENS) and edge >= tree.sound:
            if node.start_byte < tree.sound:
                yield ";"  # what stands before is whole
            return
        if kind in _TOKENS or words == ("}",):  # the grammar takes `time { a; }` for the commands `time { a` and `}`
            yield kind if kind in _TOKENS else "}"
        elif words:
            yield Command(words=words, line=node.start_point.row)
        wanted = _DOCUMENT if words and not head else _PARTS if kind in _SILENT else _ALL
        ahead.extend(part for part in reversed(node.children) if part.type in wanted)


def _pipelines(steps: Iterable[Command | str]) -> list[Pipeline]:
    """Puts commands together. What ends them is often a new line alone, which the tree does not have."""
    found: list[Pipeline] = []
    commands: list[Command] = []
    before, condition, negated, piped = "", False, False, False
    for step in steps:
        token = "" if isinstance(step, Command) else step
        if token in ("|", "|&"):
            piped = True
        elif not piped and (commands or token in _OPERATORS):
            operator = token if token in _OPERATORS else ";"
            if commands:
                asks = condition or negated
                found.append(Pipeline(commands=tuple(commands), before=before, after=operator, condition=asks))
            commands, negated, before = [], False, operator
        if isinstance(step, Command):
            commands.append(step)
            piped = False
        condition = (condition or token in _ASKING) and token not in _ANSWERED
        negated = negated or token == "!"
        if token == "}" and found:
            found[-1] = msgspec.structs.replace(found[-1], after="}")
    return found
