"""Shell text as lists of pipelines: as much of the shell's grammar as tells whose failure nobody sees.

What stands in `$( )`, in backquotes and in here-documents is not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([\w.-]+)\2")
_OPERATOR = re.compile(r"\|\||&&|\|&|;;&|;&|;;|[|&;()\n]")
_REDIRECTION = re.compile(r"\d*(?:>>|>\||[<>]&|&>>|&>|<<<|<>|[<>])[ \t]*")
_ROW_END = re.compile(r"[\n\0]")
_WORD_END = frozenset(" \t\n|&;()<>")
_OPENING = frozenset({"if", "elif", "while", "until"})
_CLOSING = frozenset({"then", "do"})
_KEYWORDS = frozenset({"then", "do", "else", "{", "}", "!", "time", "fi", "done", "esac"})


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One simple command; `line` counts from 0."""

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


class _Token(msgspec.Struct, frozen=True):
    text: str
    line: int
    operator: bool = False


def read_shell(text: str) -> list[Pipeline]:
    """The pipelines of a script, in the order of the text."""
    joined = text.replace("\0", " ").replace("\\\r\n", " \0").replace("\\\n", " \0")
    return _pipelines(_outside_patterns(_tokens(joined)))


def _tokens(text: str) -> Iterator[_Token]:
    """Words and operators; a NUL stands for a line that was continued."""
    at = line = 0
    ends: list[tuple[str, bool]] = []
    while at < len(text):
        char = text[at]
        if char in " \t\r\x00":
            line += char == "\x00"
            at += 1
        elif char == "#":
            at = _row_end(text, at)
        elif match := _HEREDOC.match(text, at):
            ends.append((match[3], bool(match[1])))
            at = match.end()
        elif char in "<>" or (char.isdigit() and _REDIRECTION.match(text, at)) or text.startswith("&>", at):
            match = _REDIRECTION.match(text, at)
            at = _word_end(text, match.end() if match else at + 1)
        elif match := _OPERATOR.match(text, at):
            yield _Token("\n" if match[0] == "\n" else match[0], line, operator=True)
            at = match.end()
            if match[0] == "\n":
                line += 1
                after = _behind_documents(text, at, ends)
                line += text.count("\n", at, after) + text.count("\x00", at, after)
                at, ends = after, []
        else:
            end = max(_word_end(text, at), at + 1)
            yield _Token(_unquoted(text[at:end]), line)
            line += text.count("\n", at, end) + text.count("\x00", at, end)
            at = end


def _row_end(text: str, at: int) -> int:
    """The offset of the end of the line at `at`, also of one that ends in a backslash."""
    match = _ROW_END.search(text, at)
    return match.start() if match else len(text)


def _until(text: str, at: int, char: str) -> int:
    found = text.find(char, at)
    return len(text) if found < 0 else found


def _behind_documents(text: str, at: int, ends: list[tuple[str, bool]]) -> int:
    """The offset behind the here-documents that begin at `at`."""
    for word, indented in ends:
        while at < len(text):
            end = _row_end(text, at)
            row = text[at:end].rstrip("\r")
            at = min(end + 1, len(text))
            if (row.lstrip("\t") if indented else row) == word:
                break
    return at


def _word_end(text: str, at: int) -> int:
    """The offset behind the word at `at`, over quotes and substitutions."""
    while at < len(text) and text[at] not in _WORD_END and text[at] != "\x00":
        char = text[at]
        if char == "\\":
            at += 2
        elif char == "'":
            at = _until(text, at + 1, "'") + 1
        elif char == '"':
            at = _quoted_end(text, at + 1)
        elif char == "`":
            at = _quoted_end(text, at + 1, "`")
        elif char == "$" and text[at + 1 : at + 2] in ("(", "{"):
            at = _nested_end(text, at + 1)
        else:
            at += 1
    return min(at, len(text))


def _quoted_end(text: str, at: int, quote: str = '"') -> int:
    while at < len(text) and text[at] != quote:
        if text[at] == "\\":
            at += 2
        elif text[at] == "$" and text[at + 1 : at + 2] in ("(", "{"):
            at = _nested_end(text, at + 1)
        else:
            at += 1
    return at + 1


def _nested_end(text: str, at: int) -> int:
    """The offset behind the bracket that closes the one at `at`."""
    closing: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'" and closing[-1:] != ["}"]:
            at = _until(text, at + 1, "'")
        elif char == '"':
            at = _until_quote(text, at + 1)
        elif char in "({":
            closing.append(")" if char == "(" else "}")
        elif closing and char == closing[-1]:
            closing.pop()
            if not closing:
                return at + 1
        at += 1
    return len(text)


def _until_quote(text: str, at: int) -> int:
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at


def _unquoted(word: str) -> str:
    if "'" in word or '"' in word or "\\" in word:
        return re.sub(r"\\(.)|['\"]", r"\1", word, flags=re.DOTALL)
    return word


def _outside_patterns(tokens: Iterator[_Token]) -> Iterator[_Token]:
    """The tokens without the patterns of `case`, whose `|` is none."""
    depth = 0
    first = pattern = False
    begun = True
    for token in tokens:
        if pattern:
            if token.text == "esac" and not token.operator:
                pattern = False
                depth -= 1
                yield token
            elif token.operator and token.text == ")":
                pattern = False
                begun = True
                yield _Token(";", token.line, operator=True)
            continue
        if not token.operator and begun and token.text == "case":
            depth, first = depth + 1, True
        elif not token.operator and first and token.text == "in":
            first, pattern = False, True
        elif token.operator and token.text.startswith(";;") and depth:
            pattern = True
            yield _Token(";", token.line, operator=True)
            continue
        elif not token.operator and begun and token.text == "esac":
            depth = max(depth - 1, 0)
        begun = token.operator or (begun and token.text in _KEYWORDS)
        yield token


def _pipelines(tokens: Iterator[_Token]) -> list[Pipeline]:
    found: list[Pipeline] = []
    commands: list[Command] = []
    words: list[str] = []
    line = 0
    before, condition, negated, piped = "", False, False, False
    for token in (*tokens, _Token(";", 0, operator=True)):
        if not token.operator:
            if not words:
                condition = (condition or token.text in _OPENING) and token.text not in _CLOSING
                negated = negated or token.text == "!"
                if token.text == "}" and found:
                    found[-1] = msgspec.structs.replace(found[-1], after="}")
                if token.text in _KEYWORDS | _OPENING:
                    continue
                line = token.line
            words.append(token.text)
            continue
        if words:
            commands.append(Command(words=tuple(words), line=line))
            words, piped = [], False
        piped = piped or token.text in ("|", "|&")
        if piped or (token.text == "\n" and not commands):
            continue
        operator = ";" if token.text in ("\n", ";;") else token.text
        if commands:
            one = Pipeline(commands=tuple(commands), before=before, after=operator, condition=condition or negated)
            found.append(one)
        commands, negated, before = [], False, operator
    return found
