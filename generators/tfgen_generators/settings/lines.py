"""Where a key stands in a TOML text: the line numbers that `tomllib` does not keep.

Only needed once something is wrong, so it is a small scanner over statements, not a second TOML parser:
`tomllib` has accepted the text already.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache

Path = tuple[str, ...]


class InvalidSettingError(Exception):
    """The setting at `path` is wrong; whoever has the text turns it into a SettingsError with the line."""

    def __init__(self, path: Path, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.fix = path, message, fix


def dotted(path: Path) -> str:
    """A key's path as it would be written in the file."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


_TOKEN = (
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\"'\#\[\]{}\n]+"
)
_KEY_PART = r"""\s*("(?:\\.|[^"\\])*"|'[^']*'|[A-Za-z0-9_-]+)\s*"""


def line_of(text: str, path: Path) -> int:
    """The 1-based line of `path`, or of the nearest table around it; 1 when nothing of it stands there."""
    lines = _lines(text)
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


def own_line_of(text: str, path: Path) -> int:
    """The 1-based line of `path` itself; 0 when it does not stand there."""
    return _lines(text).get(path, 0)


@lru_cache(maxsize=2)
def _lines(text: str) -> Mapping[Path, int]:
    lines: dict[Path, int] = {}
    for found, line in _statements(text):
        for depth in range(1, len(found) + 1):
            lines.setdefault(found[:depth], line)
    return lines


def _statements(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    for statement, line in _logical_lines(text):
        if statement.startswith("["):
            table = _key_path(statement.strip("[]"))[0]
            yield table, line
        else:
            key, rest = _key_path(statement)
            yield table + key, line
            for inner in _inline_keys(rest):
                yield table + key + inner, line


def _logical_lines(text: str) -> Iterator[tuple[str, int]]:
    """Each statement without comments, with the line that it starts on."""
    depth, line, start, parts = 0, 1, 1, list[str]()
    for match in re.finditer(_TOKEN, text, re.DOTALL):
        token = match.group()
        if token == "\n" and depth == 0:
            if statement := "".join(parts).strip():
                yield statement, start
            parts, start = [], line + 1
        elif not token.startswith("#"):
            parts.append(token)
            depth += (token in "[{") - (token in "]}") if len(token) == 1 else 0
        line += token.count("\n")
    if statement := "".join(parts).strip():
        yield statement, start


def _key_path(text: str) -> tuple[Path, str]:
    parts: list[str] = []
    position, key_part = 0, re.compile(_KEY_PART)
    while match := key_part.match(text, position):
        parts.append(_unquote(match.group(1)))
        position = match.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return tuple(parts), text[position:]


def _unquote(part: str) -> str:
    if part[0] in "\"'":
        return str(tomllib.loads(f"k = {part}")["k"])
    return part


def _inline_keys(value: str) -> Iterator[Path]:
    """Keys of an inline table, which stand on the line of their statement."""
    if value.lstrip("= \t").startswith("{"):
        for match in re.finditer(r"""[{,]\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_.-]+))\s*=""", value):
            yield _key_path(match.group(1))[0]
