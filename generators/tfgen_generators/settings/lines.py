"""Where a key stands in a TOML text. Only needed once something is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tfgen_generators.settings import toml_tree

Path = toml_tree.Path


class InvalidSettingError(Exception):
    """The setting at `path` is wrong; whoever has the text turns it into a SettingsError with the line."""

    def __init__(self, path: Path, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.fix = path, message, fix


def dotted(path: Path) -> str:
    """A key's path as it would be written in the file."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


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
    for key in toml_tree.keys(text):
        path = key.path
        for depth in range(len(key.table) + 1, len(path) + 1):
            lines.setdefault(path[:depth], key.line)
    return lines
