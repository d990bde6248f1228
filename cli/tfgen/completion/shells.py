"""How each shell asks, and how it wants the answer. The scripts that ask are Typer's (`tfgen --show-completion`)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

import msgspec

#: What zsh, which evaluates the answer, and the others take as it is.
_PLAIN = re.compile(r"[A-Za-z0-9_./+@%,=-]+")
#: The words of a help text that zsh shows between quotes which it evaluates.
_EVALUATED = re.compile(r"[\"\\$`]")
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One word that may stand there, and what it is for."""

    value: str
    help: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The words after the program's name, the beginning of the one that is typed, and what stands before that.

    `--base=ma` begins the value `ma`, and `before` is what a shell that completes whole words wants back: `--base=`.
    """

    words: tuple[str, ...]
    incomplete: str
    before: str = ""
    action: str = ""


def asked(shell: str, environment: Mapping[str, str]) -> Question:
    """The question in the variables of a shell's script. Raises KeyError, ValueError, IndexError where it is none."""
    if shell == "bash":
        return _of_bash(environment["COMP_WORDS"], int(environment["COMP_CWORD"]))
    line = environment["_TYPER_COMPLETE_ARGS"]
    words = _split(line)[1:]
    if shell in ("powershell", "pwsh"):
        incomplete = environment.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", "")
        return Question(words=tuple(words[:-1] if incomplete else words), incomplete=incomplete)
    incomplete = words.pop() if words and not line.endswith(" ") else ""
    option, sign, value = incomplete.partition("=")
    action = environment.get("_TYPER_COMPLETE_FISH_ACTION", "")
    if sign and option.startswith("--"):
        return Question(words=(*words, option), incomplete=value, before=f"{option}=", action=action)
    return Question(words=tuple(words), incomplete=incomplete, action=action)


def _of_bash(line: str, number: int) -> Question:
    """The script joins the words by newlines; bash itself has split `--base=ma` at the sign."""
    words = [_unquoted(word) for word in line.split("\n")] if "\n" in line else _split(line)
    before, incomplete = words[1:number], (words[number : number + 1] or [""])[0]
    if incomplete == "=" and before:
        incomplete = ""
    kept = [
        word for index, word in enumerate(before) if not (word == "=" and index and before[index - 1].startswith("--"))
    ]
    return Question(words=tuple(kept), incomplete=incomplete)


def told(shell: str, items: Sequence[Item], question: Question) -> tuple[str, int]:
    """The answer in the form of a shell, and the exit code: fish asks by it whether there is one."""
    plain = [item for item in items if _PLAIN.fullmatch(item.value)]
    if shell == "zsh":
        lines = "\n".join(_zsh(question.before, item) for item in plain)
        return (f"_arguments '*: :(({lines}))'\n" if plain else "_files\n"), 0
    if shell == "fish":
        lines = "".join(f"{question.before}{item.value}\t{_shown(item.help)}\n" for item in plain)
        return "" if question.action == "is-args" else lines, 0 if plain else 1
    if shell in ("powershell", "pwsh"):
        return "".join(f"{item.value}:::{_shown(item.help) or ' '}\n" for item in plain), 0
    return "".join(f"{item.value}\n" for item in plain), 0


def _zsh(before: str, item: Item) -> str:
    """One word of `_arguments`, in the quotes of the whole: zsh evaluates it twice."""
    value = f"{before}{item.value}"
    if not item.help:
        return f'"{value}"'
    text = _EVALUATED.sub(" ", _shown(item.help)).replace("'", "'\\''").replace(":", r"\\:")
    return f'"{value}":"{text}"'


def _shown(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _split(line: str) -> list[str]:
    """The words of a line; an open quote ends with it."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:
        words.append(lexer.token)
    return words


def _unquoted(word: str) -> str:
    return (_split(word) or [""])[0]
