"""The variables that a shell text may set, its own and Packer's: rather too many than too few. Nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tfgen_generators.shell.commands import command_words
from tfgen_generators.shell.tree import Tree, kinds, parse

_ASSIGNED = re.compile(r"(?:^|\(|\$\{)([A-Za-z_]\w*)[+:]?=")
_SETTING = frozenset({"for", "getopts", "mapfile", "read", "readarray", "select"})
_VARIABLE = re.compile(r"--?var=([A-Za-z_][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_BLANK = re.compile(r"\s")
#: What is in these is looked at by itself.
_SUBSTITUTIONS = ("$(", "`", "<(", ">(")
_SEPARATORS = re.compile(r"[\s;&|()<>`'\"]+")
_WORDS = kinds(
    "ansi_c_string arithmetic_expansion brace_expression command_name command_substitution concatenation expansion for",
    "number process_substitution raw_string select simple_expansion string translated_string variable_name word",
)
#: Words with others in them.
_WITHIN = kinds("command_substitution expansion process_substitution")


class _Group(NamedTuple):
    """Words that stand together. Not `sure`: split without a look at quotes."""

    words: tuple[str, ...]
    sure: bool = True


def assigned_in(command: str) -> Iterator[str]:
    """Names of variables that a command may set."""
    for words, _ in _groups(command):
        for word in words:
            yield from _ASSIGNED.findall(word)
        if not _SETTING.isdisjoint(words):
            yield from filter(str.isidentifier, words)


def packer_variables(command: str) -> list[tuple[str, str]]:
    """Name and text of every `-var name=text`. What is not known of the text has a `$` in it."""
    found: list[tuple[str, str]] = []
    for words, sure in _groups(command):
        for before, word in pairwise(("", *words)):
            given = f"{before}={word}" if before in ("-var", "--var") else word
            if match := _VARIABLE.fullmatch(given):
                found.append((match[1], match[2] if sure and "`" not in match[2] else "$"))
    return found


@lru_cache(maxsize=1000)
def _groups(text: str) -> tuple[_Group, ...]:
    """All words of a text; those of what cannot be read as a shell would are guessed."""
    tree = parse(text)
    if tree is None or not tree.is_whole:
        return tuple(_guessed(text))
    return tuple(_read(tree))


def _guessed(text: str) -> Iterator[_Group]:
    for line in text.replace("\\\n", " ").replace("\0", " ").splitlines():
        yield _Group(tuple(filter(None, _SEPARATORS.split(line))), sure=False)


def _read(tree: Tree) -> Iterator[_Group]:
    ahead = [(tree.root, False)]
    while ahead:
        node, is_part = ahead.pop()
        kind, parts = node.type, node.children
        if kind == "heredoc_body":
            yield from _guessed(tree.word(node))
        elif not is_part:
            is_set = kind == "variable_assignment"
            own = () if is_set else command_words(tree, node)
            words = own or tuple(tree.word(part) for part in parts if part.type in _WORDS)
            yield _Group((f"{tree.word(parts[0])}=", *words) if is_set else words)
            for word in words:
                if _BLANK.search(word) and not word.startswith(_SUBSTITUTIONS):
                    yield from _guessed(word)
        is_part = (is_part or kind in _WORDS) and kind not in _WITHIN
        ahead.extend((part, is_part) for part in reversed(parts))
