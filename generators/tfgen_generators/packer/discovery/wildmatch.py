"""git's wildcards (its wildmatch.c, with paths' slashes) as regular expressions."""

from __future__ import annotations

import re

from tfgen_generators.trees import globs

_TOKEN = re.compile(r"\*+|[^*?\[\\]+|\\(.)|.", re.DOTALL)
#: `**` at the end.
_REST = ".*"
#: git's own table: of ASCII alone, whatever the locale.
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


def expression(text: str) -> tuple[int, str]:
    """The least length of what a pattern matches, and its expression without an end."""
    width, units, at = 0, [], 0
    while match := _TOKEN.match(text, at):
        token, at = match.group(), match.end()
        if token.startswith("*"):
            unit, at = _wildcard(text, match.start(), at)
        elif token == "[":
            found = _class(text, at)
            if found is None:
                return 0, "(?!)"
            unit, at = found
            width += 1
        elif token == "\\":
            return 0, "(?!)"
        else:
            width += len(match[1] or token)
            unit = "[^/]" if token == "?" else re.escape(match[1] or token)
        units.append(unit)
    return width, globs.expression(units)


def _wildcard(text: str, start: int, end: int) -> tuple[str, int]:
    """Two asterisks or more between slashes are any number of folders; all others are characters but slashes."""
    if end - start > 1 and (start == 0 or text[start - 1] == "/"):
        if end == len(text):
            return _REST, end
        for slash, unit in (("/", globs.FOLDERS), (r"\/", globs.SOME_FOLDERS)):
            if text.startswith(slash, end):
                return unit, end + len(slash)
    return globs.STAR, end


def _class(text: str, at: int) -> tuple[str, int] | None:
    """The class whose bracket stands before `at`, and where it ends; None: there is no such class."""
    negated = text.startswith(("!", "^"), at)
    at += negated
    members: list[str] = []
    before, closing = "", -1
    while not members or not text.startswith("]", at):
        if text.startswith("[:", at) and closing < at + 2:
            closing = text.find("]", at + 2)
        found = _member(text, at, before, closing)
        if found is None:
            return None
        member, before, at = found
        members.append(member)
    chars = "".join(members)
    if negated:
        return f"[^/{chars}]", at + 1
    return (f"(?!/)[{chars}]" if chars else "(?!)"), at + 1


def _member(text: str, at: int, before: str, closing: int) -> tuple[str, str, int] | None:
    """One member of a class, the character that a range may begin with, and where the next one stands."""
    char = text[at : at + 1]
    if char == "-" and before and text[at + 1 : at + 2] not in ("", "]"):
        last, at = _char(text, at + 1)
        return (f"{re.escape(before)}-{re.escape(last)}" if before <= last else "", "", at) if last else None
    if text.startswith("[:", at):
        if closing < 0:
            return None
        if text[closing - 1] == ":" and closing > at + 2:
            known = _CLASSES.get(text[at + 2 : closing - 1])
            return (known, "", closing + 1) if known else None
        return r"\[", "[", at + 1
    char, at = _char(text, at)
    return (re.escape(char), char, at) if char else None


def _char(text: str, at: int) -> tuple[str, int]:
    """The character at `at`, which a backslash may stand before, and where the next one stands."""
    at += text.startswith("\\", at)
    return text[at : at + 1], at + 1
