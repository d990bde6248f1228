"""One command of a shell text, and what it is behind `sudo`, `env` and their like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from tfgen_generators.shell.folders import joined

#: Programs that run what follows them, and which of their options take a value.
_PREFIXES: Mapping[str, str] = {
    "builtin": "",
    "caffeinate": "",
    "chronic": "",
    "command": "",
    "coproc": "",
    "doas": "u",
    "env": "uSC",
    "exec": "a",
    "fakeroot": "",
    "ionice": "cn",
    "nice": "n",
    "nohup": "",
    "setsid": "",
    "stdbuf": "ioe",
    "sudo": "ugphCrtD",
    "time": "fo",
    "timeout": "ks",
    "unbuffer": "",
    "xargs": "nPIiLdsE",
}
SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})
#: Programs that take a script behind `-c`, as a shell does.
_LIKE_SHELLS = frozenset({"flock", "runuser", "script", "su"})
#: Options with which they change to a folder first.
_MOVING = frozenset({("env", "-C"), ("sudo", "-D")})
_SET = re.compile(r"([A-Za-z_]\w*)=")
_DURATION = re.compile(r"\d+(?:\.\d+)?[smhd]?")


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """One simple command: `words` without what sets variables or runs other programs (`sudo`, `env A=b`).

    `folders` are those that it may be run in, from where the text begins. `reads` are redirected into it, its output
    into `writes`; `sets` are variables that stand before it. `line` counts from 0. `given` is text that it reads or
    shows: here-documents. `takes`: more words follow, which it is given by what is before it in a pipe (`xargs`).
    """

    words: tuple[str, ...]
    folders: tuple[str, ...] = (".",)
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    line: int = 0
    given: str = ""
    #: Where the program is looked for, if the text says so.
    path: str = ""
    takes: bool = False


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """All that a text runs, in its order, and the state at its end; `good`: its folders if its last command succeeds.

    Unless it `is_whole`, there is something in it that is no shell.
    """

    ran: tuple[Ran, ...]
    is_whole: bool = True
    folders: tuple[str, ...] = (".",)
    variables: tuple[tuple[str, str], ...] = ()
    good: tuple[str, ...] = (".",)


def text_of(words: Sequence[str]) -> str | None:
    """The script that a command is given as a word: `sh -c TEXT`, `su -c TEXT`, `eval TEXT`, `trap TEXT EXIT`."""
    program = words[0].rpartition("/")[2]
    if program == "eval":
        return " ".join(words[1:])
    if program in ("trap", "watch"):
        return next((word for word in words[1:] if not word.startswith("-")), None)
    if program in SHELLS or program in _LIKE_SHELLS:
        for number, word in enumerate(words[1:-1], 1):
            if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
                return words[number + 1]
    return None


def effective(ran: Ran) -> Ran:
    """The command behind `sudo`, `env A=b`, `time` and their like."""
    words, sets = list(ran.words), list(ran.sets)
    takes, folders = ran.takes, ran.folders
    while words and words[0].rpartition("/")[2] in _PREFIXES:
        prefix = words.pop(0).rpartition("/")[2]
        valued, takes = _PREFIXES[prefix], takes or prefix == "xargs"
        while words and (words[0].startswith("-") or _SET.match(words[0]) or _DURATION.fullmatch(words[0])):
            word = words.pop(0)
            if match := _SET.match(word):
                sets.append((match[1], word[match.end() :]))
            elif word == "--":
                break
            elif len(word) == 2 and word[1] in valued and words:
                value = words.pop(0)
                folders = _moved(folders, value) if (prefix, word) in _MOVING else folders
            elif word.startswith("--chdir"):
                value = word.partition("=")[2] or (words.pop(0) if words else "")
                folders = _moved(folders, value)
    if len(words) == len(ran.words):
        return ran
    return msgspec.structs.replace(ran, words=tuple(words), sets=tuple(sets), takes=takes, folders=folders)


def _moved(folders: Sequence[str], target: str) -> tuple[str, ...]:
    return tuple(joined(folder, target) for folder in folders)


def guessed(text: str) -> tuple[Ran, ...]:
    """The lines of what cannot be read, each as one command."""
    lines = text.replace("\\\n", " ").replace("\0", " ").splitlines()
    words = ((number, tuple(line.translate(_PUNCTUATION).split())) for number, line in enumerate(lines))
    return tuple(Ran(words=(":", *one), line=number) for number, one in words if one and not one[0].startswith("#"))


_PUNCTUATION = str.maketrans(dict.fromkeys(";&|()<>`'\"", " "))
