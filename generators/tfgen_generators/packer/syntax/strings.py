"""Quoted strings and heredocs of HCL: what escapes and indentation stand for."""

from __future__ import annotations

import re

from tfgen_generators.packer.syntax.values import composed

_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))|\$\$\{|%%\{", re.DOTALL)
#: `$${` and `%%{`: what stands for itself in a heredoc.
_DOUBLED = re.compile(r"([$%])\1\{")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def dedent(text: str) -> str:
    """A heredoc of `<<-`: without the indentation that all its lines share."""
    lines = text.splitlines(keepends=True)
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    return "".join(line[min(indents, default=0) :] if line.strip() else line for line in lines)


def unescape(text: str) -> str:
    """The text that a quoted string without expressions stands for."""
    if "\\" not in text and "{" not in text:
        return composed(text)
    return composed(_ESCAPE.sub(_unescaped, text))


def undouble(text: str) -> str:
    """The text that a piece of a heredoc stands for."""
    return composed(_DOUBLED.sub(r"\1{", text))


def _unescaped(match: re.Match[str]) -> str:
    short, long, sign = match.groups()
    if short or long:
        code = int(short or long, 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code)
    return _ESCAPED.get(sign, sign) if sign else match.group()[1:]
