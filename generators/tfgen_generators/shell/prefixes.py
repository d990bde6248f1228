"""Programs that stand before a command and run it: `sudo`, `env A=b`, `timeout 5m` and their like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class _Prefix(NamedTuple):
    """Options that take a value: letters, and long ones. `operands` are words of its own behind its options."""

    short: str = ""
    long: str = ""
    operands: int = 0


_PREFIXES = {
    "builtin": _Prefix(),
    "caffeinate": _Prefix("tw"),
    "chronic": _Prefix(),
    "command": _Prefix(),
    "coproc": _Prefix(),
    "doas": _Prefix("aCu"),
    "eatmydata": _Prefix(),
    "env": _Prefix("uSC", "unset split-string chdir"),
    "exec": _Prefix("a"),
    "fakeroot": _Prefix("lsib", "lib faked"),
    "ionice": _Prefix("cnpPu", "class classdata pid pgid uid"),
    "nice": _Prefix("n", "adjustment"),
    "nohup": _Prefix(),
    "setsid": _Prefix(),
    "stdbuf": _Prefix("ioe", "input output error"),
    "sudo": _Prefix(
        "ugphCrtDRTU", "user group prompt host close-from role type chdir chroot command-timeout other-user"
    ),
    "time": _Prefix("fo", "format output"),
    "timeout": _Prefix("ks", "kill-after signal", operands=1),
    "unbuffer": _Prefix(),
    "xargs": _Prefix("nPILdsEa", "max-args max-procs max-lines delimiter max-chars arg-file"),
}
#: Options with which they change to a folder first.
_MOVING = frozenset({("env", "C"), ("env", "chdir"), ("sudo", "D"), ("sudo", "chdir")})
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=")
_ASKS = re.compile(r"-p?[vV]")


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """The `words` of a command behind all of them, the variables that they set, the folders to which they change.

    `takes`: one of them is `xargs`, which adds words that it reads. `asks`: one is `command -v`, which runs nothing.
    `words` is () where no command follows.
    """

    words: tuple[str, ...]
    sets: tuple[tuple[str, str], ...] = ()
    moves: tuple[str, ...] = ()
    takes: bool = False
    asks: bool = False


def is_prefix(words: Sequence[str]) -> bool:
    """Whether a command begins with one of them."""
    return bool(words) and words[0].rpartition("/")[2] in _PREFIXES


def behind(words: Sequence[str]) -> Behind:
    """What a command is behind the programs that run it."""
    rest, sets, moves = list(words), list[tuple[str, str]](), list[str]()
    takes = asks = False
    while is_prefix(rest):
        name = rest.pop(0).rpartition("/")[2]
        takes = takes or name == "xargs"
        asks = asks or (name == "command" and bool(rest) and _ASKS.fullmatch(rest[0]) is not None)
        is_option = True
        while rest and ((is_option and rest[0].startswith("-")) or _ASSIGNED.match(rest[0])):
            word = rest.pop(0)
            if match := _ASSIGNED.match(word):
                sets.append((match[1], word[match.end() :]))
            elif word == "--":
                is_option = False
            else:
                moves += _option(name, word, rest)
        del rest[: _PREFIXES[name].operands]
    return Behind(words=tuple(rest), sets=tuple(sets), moves=tuple(moves), takes=takes, asks=asks)


def without_assignments(words: Sequence[str]) -> Sequence[str]:
    """The words of a command behind the variables that are set for it."""
    first = next((number for number, word in enumerate(words) if not _ASSIGNED.match(word)), len(words))
    return words[first:]


def _option(name: str, word: str, rest: list[str]) -> tuple[str, ...]:
    """The folder to which an option changes; takes its value away where that is a word of its own."""
    option, value = _valued(_PREFIXES[name], word)
    if option and value is None and rest:
        value = rest.pop(0)
    return (value,) if value is not None and (name, option) in _MOVING else ()


def _valued(prefix: _Prefix, word: str) -> tuple[str, str | None]:
    """The option of a word that takes a value ("" for none), and the value if the word has it: `-nu`, `-uroot`."""
    if word.startswith("--"):
        option, equals, value = word[2:].partition("=")
        return (option if option in prefix.long.split() else ""), value if equals else None
    for number, letter in enumerate(word[1:], 2):
        if letter in prefix.short:
            return letter, word[number:] or None
    return "", None
