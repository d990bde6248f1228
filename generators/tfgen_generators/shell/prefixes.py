"""Programs that stand before a command and run it: `sudo`, `env A=b`, `timeout 5m` and their like."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from itertools import islice, product
from typing import NamedTuple

import msgspec

from tfgen_generators.shell.marks import UNKNOWN


class _Prefix(NamedTuple):
    """Options that take a value: letters, and long ones. `operands` are words of its own behind its options."""

    short: str = ""
    long: str = ""
    operands: int = 0


_PARALLEL_SHORT = "ajnNlLsIPSCdEW"
_PARALLEL_LONG = (
    "arg-file basefile colsep delay delimiter env halt jobs joblog load max-args max-chars max-lines max-procs"
    " max-replace-args memfree nice replace results retries sshlogin tagstring timeout tmpdir wd workdir"
)
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
    "parallel": _Prefix(_PARALLEL_SHORT, _PARALLEL_LONG),
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
#: Options that name a file whose lines they hand on.
_LISTS = frozenset({("xargs", "a"), ("xargs", "arg-file"), ("parallel", "a"), ("parallel", "arg-file")})
#: What stands in a command of GNU parallel for what it is run for. Source: parallel(1).
_PLACE = re.compile(r"\{(\d*)(|\.|//?|/\.)\}")
_MOST_ROWS = 64
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=")
_ASKS = re.compile(r"-p?[vV]")


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """The `words` of a command behind all of them, the variables that they set, the folders to which they change.

    `lists` are files whose lines they hand on.

    `takes`: one of them is `xargs` or `parallel`, which add words that they read.
    `asks`: one is `command -v`, which runs nothing.
    `words` is () where no command follows.
    """

    words: tuple[str, ...]
    sets: tuple[tuple[str, str], ...] = ()
    moves: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    takes: bool = False
    asks: bool = False


def is_prefix(words: Sequence[str]) -> bool:
    """Whether a command begins with one of them."""
    return bool(words) and words[0].rpartition("/")[2] in _PREFIXES


def behind(words: Sequence[str]) -> Behind:
    """What a command is behind the programs that run it."""
    rest, sets, moves, lists = list(words), list[tuple[str, str]](), list[str](), list[str]()
    takes = asks = False
    while is_prefix(rest):
        name = rest.pop(0).rpartition("/")[2]
        takes = takes or name in ("parallel", "xargs")
        asks = asks or (name == "command" and bool(rest) and _ASKS.fullmatch(rest[0]) is not None)
        is_option = True
        while rest and ((is_option and rest[0].startswith("-")) or _ASSIGNED.match(rest[0])):
            word = rest.pop(0)
            if match := _ASSIGNED.match(word):
                sets.append((match[1], word[match.end() :]))
            elif word == "--":
                is_option = False
            else:
                option, value = _option(name, word, rest)
                moves += [value] if (name, option) in _MOVING and value is not None else []
                lists += [value] if (name, option) in _LISTS and value is not None else []
        del rest[: _PREFIXES[name].operands]
        if name == "parallel" and (not rest or _is_listed(rest)):
            rest, takes = ["sh", "-c", _in_parallel(rest)] if rest else ["sh"], False
    return Behind(words=tuple(rest), sets=tuple(sets), moves=tuple(moves), lists=tuple(lists), takes=takes, asks=asks)


def without_assignments(words: Sequence[str]) -> Sequence[str]:
    """The words of a command behind the variables that are set for it."""
    first = next((number for number, word in enumerate(words) if not _ASSIGNED.match(word)), len(words))
    return words[first:]


def _option(name: str, word: str, rest: list[str]) -> tuple[str, str | None]:
    """An option and its value, which it takes away where that is a word of its own."""
    option, value = _valued(_PREFIXES[name], word)
    if option and value is None and rest:
        value = rest.pop(0)
    return option, value


def _valued(prefix: _Prefix, word: str) -> tuple[str, str | None]:
    """The option of a word that takes a value ("" for none), and the value if the word has it: `-nu`, `-uroot`."""
    if word.startswith("--"):
        option, equals, value = word[2:].partition("=")
        return (option if option in prefix.long.split() else ""), value if equals else None
    for number, letter in enumerate(word[1:], 2):
        if letter in prefix.short:
            return letter, word[number:] or None
    return "", None


def _is_listed(words: Sequence[str]) -> bool:
    """Whether the words that `parallel` runs a command for stand behind it."""
    return any(word in (":::", ":::+") for word in words)


def _in_parallel(words: Sequence[str]) -> str:
    """The commands of `COMMAND ::: WORD... ::: WORD...`, as a text for a shell."""
    groups: list[list[str]] = [[]]
    for word in words:
        if word in (":::", ":::+"):
            groups.append([])
        else:
            groups[-1].append(word)
    command, *lists = groups
    written = " ".join(command)
    if not written:
        written = "{}"
    elif not _PLACE.search(written):
        written += " {}"
    rows = islice(product(*lists), _MOST_ROWS)
    return "\n".join(f"( {_PLACE.sub(lambda match, row=row: _filled(match, row), written)} )" for row in rows)  # type: ignore[misc]


def _filled(match: re.Match[str], row: Sequence[str]) -> str:
    number, part = match.groups()
    if number and not 0 < int(number) <= len(row):
        return UNKNOWN
    text = row[int(number) - 1] if number else " ".join(row)
    if part == "//":
        return posixpath.dirname(text) or "."
    text = posixpath.basename(text) if "/" in part else text
    return posixpath.splitext(text)[0] if "." in part else text
