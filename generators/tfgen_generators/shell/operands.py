"""What follows a program: its options and its first operand."""

from __future__ import annotations

from collections.abc import Sequence

#: Options of a shell that take a value.
_VALUED = ("-o", "+o", "-O", "+O", "--rcfile", "--init-file")


def first_operand(words: Sequence[str]) -> int:
    """The number of the first word that is no option; 0 where there is none, or where a text is run (`-c`)."""
    at = 1
    while at < len(words):
        word = words[at]
        if word in _VALUED:
            at += 1
        elif not word.startswith(("-", "+")) or word == "-":
            return at
        elif not word.startswith("--") and word.endswith(("c", "m")):
            return 0
        at += 1
    return 0


def option_of(words: Sequence[str], short: str, *names: str) -> str:
    """The value of an option, "" where it is not given."""
    for at, word in enumerate(words):
        if word in (short, *names) and at + 1 < len(words):
            return words[at + 1]
        if word.startswith(short) and len(word) > len(short):
            return word[len(short) :]
        if word.partition("=")[0] in names and "=" in word:
            return word.partition("=")[2]
    return ""
