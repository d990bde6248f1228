"""One command of a shell text, and what it is behind `sudo`, `env` and their like."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.prefixes import behind, is_prefix

SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})
#: Programs that take a script behind `-c`, as a shell does.
_LIKE_SHELLS = frozenset({"flock", "runuser", "script", "su"})


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
    if not is_prefix(ran.words):
        return ran
    found, folders = behind(ran.words), ran.folders
    for target in found.moves:
        folders = _moved(folders, target)
    sets, takes = (*ran.sets, *found.sets), ran.takes or found.takes
    reads = (*ran.reads, *found.lists)
    return msgspec.structs.replace(ran, words=found.words, sets=sets, takes=takes, folders=folders, reads=reads)


def _moved(folders: Sequence[str], target: str) -> tuple[str, ...]:
    return tuple(joined(folder, target) for folder in folders)


def guessed(text: str) -> tuple[Ran, ...]:
    """The lines of what cannot be read, each as one command."""
    lines = text.replace("\\\n", " ").splitlines()
    words = ((number, tuple(line.translate(_PUNCTUATION).split())) for number, line in enumerate(lines))
    return tuple(Ran(words=(":", *one), line=number) for number, one in words if one and not one[0].startswith("#"))


_PUNCTUATION = str.maketrans(dict.fromkeys(";&|()<>`'\"", " "))
