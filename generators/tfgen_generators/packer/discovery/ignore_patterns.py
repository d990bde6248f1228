"""Patterns of .gitignore files, decided as git does (its dir.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from tfgen_generators.packer.discovery.wildmatch import expression

_SPECIAL = re.compile(r"[*?\[\\]")
_BUT_STARS = re.compile(r"[?\[\\]|(?:^|/)\*\*+(?:/|$)")
_STARS = re.compile(r"\*+")


class IgnorePatterns:
    """The patterns of one file. The last that matches a path decides about it."""

    def __init__(self, lines: Iterable[str]) -> None:
        wanted = [line for line in map(_trimmed, lines) if line and not line.startswith("#")]
        self._last_first = [_Pattern(line) for line in dict.fromkeys(reversed(wanted))]

    def __bool__(self) -> bool:
        return bool(self._last_first)

    def decision(self, path: str, *, folder: bool) -> bool | None:
        """Whether `path` is ignored; None when no pattern matches the path itself. What is above it does not count."""
        parts = path.split("/")
        return next((pattern.ignores for pattern in self._last_first if pattern.fits(path, parts, folder=folder)), None)

    def leaves_out(self, path: str, *, folder: bool) -> bool:
        """Whether `path` is left out: by the last pattern for it or all in it, else for a folder above it."""
        parts = path.split("/")
        for pattern in self._last_first:
            if pattern.fits(path, parts, folder=folder) or (folder and pattern.fits_all_below(path)):
                return pattern.ignores
        return next((pattern.ignores for pattern in self._last_first if pattern.fits_above(path, parts)), False)


class _Test(Protocol):
    """What a pattern's text fits: a whole path, or one of the folders above it. `parts` is the path without slashes."""

    def fits(self, path: str, parts: Sequence[str]) -> bool: ...
    def fits_above(self, path: str, parts: Sequence[str]) -> bool: ...


class _Pattern:
    """One line; what it is to be held against is read from it when it is first asked."""

    __slots__ = ("_folders_only", "_test", "_text", "ignores")

    def __init__(self, line: str) -> None:
        self.ignores = not line.startswith("!")
        text = line if self.ignores else line[1:]
        self._folders_only = text.endswith("/")
        self._text = text[:-1] if self._folders_only else text
        self._test: _Test | None = None

    def fits(self, path: str, parts: Sequence[str], *, folder: bool) -> bool:
        """Whether it matches exactly this path."""
        return (folder or not self._folders_only) and self._read().fits(path, parts)

    def fits_above(self, path: str, parts: Sequence[str]) -> bool:
        """Whether it matches a folder that the path lies in."""
        return self._read().fits_above(path, parts)

    def fits_all_below(self, folder: str) -> bool:
        """Whether it matches, with `**` at its end, all that a folder holds."""
        return self._text.endswith("/**") and self._read().fits(f"{folder}/", ())

    def _read(self) -> _Test:
        if self._test is None:
            self._test = _test(self._text)
        return self._test


def _test(text: str) -> _Test:
    path = text.removeprefix("/")
    if "/" in text and _BUT_STARS.search(path):
        return _Expression(path)
    tests = [_part_test(part) for part in path.split("/")]
    return _Path(tests) if "/" in text else _Name(tests[0])


def _part_test(text: str) -> Callable[[str], bool]:
    """What one part of a path is held against."""
    if not _SPECIAL.search(text):
        return partial(str.__eq__, text)
    if _BUT_STARS.search(text):
        whole = _Expression(text)
        return lambda part: whole.fits(part, ())
    return partial(_fits_stars, _STARS.split(text))


def _fits_stars(texts: list[str], part: str) -> bool:
    """Whether `part` is these texts with anything between them."""
    first, *middle, last = texts
    at, end = len(first), len(part) - len(last)
    if at > end or not part.startswith(first) or not part.endswith(last):
        return False
    for text in middle:
        at = part.find(text, at, end) + len(text)
        if at < len(text):
            return False
    return True


class _Name:
    """A pattern without slashes is for names, wherever they are."""

    def __init__(self, test: Callable[[str], bool]) -> None:
        self._test = test

    def fits(self, path: str, parts: Sequence[str]) -> bool:
        return self._test(parts[-1])

    def fits_above(self, path: str, parts: Sequence[str]) -> bool:
        return any(map(self._test, parts[:-1]))


class _Path:
    """A pattern whose parts stand for those of the path, one for one."""

    def __init__(self, tests: list[Callable[[str], bool]]) -> None:
        self._tests = tests

    def fits(self, path: str, parts: Sequence[str]) -> bool:
        return len(parts) == len(self._tests) and self._begins(parts)

    def fits_above(self, path: str, parts: Sequence[str]) -> bool:
        return len(parts) > len(self._tests) and self._begins(parts)

    def _begins(self, parts: Sequence[str]) -> bool:
        return all(test(part) for test, part in zip(self._tests, parts, strict=False))


class _Expression:
    """Any other pattern, compiled when something is long enough for it."""

    def __init__(self, text: str) -> None:
        self._width, self._text = expression(text)
        self._compiled: dict[str, re.Pattern[str]] = {}

    def fits(self, path: str, parts: Sequence[str]) -> bool:
        return self._matches(path, r"\Z")

    def fits_above(self, path: str, parts: Sequence[str]) -> bool:
        return self._matches(path, "(?=/)")

    def _matches(self, path: str, end: str) -> bool:
        if len(path) < self._width:
            return False
        if end not in self._compiled:
            self._compiled[end] = re.compile(self._text + end, re.DOTALL)
        return self._compiled[end].match(path) is not None


def _trimmed(line: str) -> str:
    """A line as git takes it: up to a NUL, without spaces at its end but for one behind a backslash."""
    line = line.partition("\0")[0]
    bare = line.rstrip(" ")
    escapes = len(bare) - len(bare.rstrip("\\"))
    return f"{bare} " if escapes % 2 and bare != line else bare
