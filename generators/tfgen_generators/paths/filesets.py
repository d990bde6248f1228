"""What Packer's `fileset(folder, pattern)` finds: exactly that, where both are known."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

import msgspec

from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.values.combinations import without_globs
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.trees import globs

#: Texts that the folder may be, and those that the pattern may be.
Fileset = tuple[tuple[str, ...], tuple[str, ...]]

_TOKENS = re.compile(r"(?:(?<=/)|^)\*\*(?:/|$)|\*+|\?|\[[!^]?[^]]+\]|\\.|[{},]|[^*?\[\\{},]+|.", re.DOTALL)
#: Two asterisks that are no whole part of a path are one.
_DOUBLED = re.compile(r"(?<=[^/*])\*{2,}|\*{2,}(?=[^/*])")
#: So many patterns may one with braces stand for.
_MOST = 256


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one pattern, which is from the repository's root; `widened`: more than it can find."""

    pattern: str
    files: tuple[str, ...]
    widened: bool = False


def find_filesets(path_resolver: PathResolver, fileset: Fileset, folders: Sequence[str]) -> Iterator[Found]:
    """Everything that a fileset may find, seen from each of `folders`."""
    for folder in fileset[0]:
        for pattern in fileset[1]:
            text = posixpath.join(folder, pattern)
            matches = None if UNKNOWN in text else _expression(text)
            if matches is None:
                for place in path_resolver.find(without_globs(text), folders):
                    if place.widened:
                        yield Found(pattern=place.pattern, files=path_resolver.match(place.pattern), widened=True)
            else:
                yield from _exact(path_resolver, text, folders)


def find_exactly(path_resolver: PathResolver, pattern: str, folder: str) -> tuple[str, ...]:
    """The files that a known pattern finds in a folder."""
    return tuple(file for one in _exact(path_resolver, pattern, [folder]) for file in one.files)


def _exact(path_resolver: PathResolver, text: str, folders: Sequence[str]) -> Iterator[Found]:
    if text.startswith(ANCHOR):
        text, folders = text[len(ANCHOR) :], ["."]
    elif text.startswith(("/", "~")):
        return
    for folder in folders:
        pattern = posixpath.normpath(posixpath.join(folder, text))
        matches = _expression(pattern)
        files = () if matches is None else tuple(filter(matches.fullmatch, path_resolver.below(_fixed(pattern))))
        if files:
            yield Found(pattern=pattern, files=files)


def _fixed(pattern: str) -> str:
    """The folder that nothing of the pattern stands in front of."""
    return re.split(r"[*?\[{\\]", pattern, maxsplit=1)[0].rpartition("/")[0] or "."


def _expression(pattern: str) -> re.Pattern[str] | None:
    """A pattern of the library doublestar; None for one that is not understood, or is too long to be."""
    if len(pattern) > globs.LONGEST:
        return None
    texts = _alternatives(_TOKENS.findall(_DOUBLED.sub("*", pattern)))
    try:
        whole = [re.compile(globs.expression([_part(token) for token in text]), re.DOTALL).pattern for text in texts]
    except re.error:
        return None
    return re.compile("|".join(whole), re.DOTALL) if whole else None


def _alternatives(tokens: Sequence[str]) -> list[list[str]]:
    """The patterns without braces that one with them stands for; none where they do not match, or are too many."""
    outer: list[tuple[list[list[str]], list[list[str]]]] = []
    done: list[list[str]] = []  # the alternatives of the innermost braces that are complete
    current: list[list[str]] = [[]]
    for token in tokens:
        if token == "{":
            outer.append((done, current))
            done, current = [], [[]]
        elif token == "," and outer:
            done, current = done + current, [[]]
        elif token == "}":
            if not outer:
                return []
            inner = done + current
            done, before = outer.pop()
            if len(before) * len(inner) > _MOST:
                return []
            current = [[*text, *more] for text in before for more in inner]
        else:
            current = [[*text, token] for text in current]
        if len(done) > _MOST:
            return []
    return [] if outer else current


def _part(token: str) -> str:
    known = {"**/": globs.FOLDERS, "**": globs.ANYTHING, "?": "[^/]"}
    if token in known:
        return known[token]
    if token.startswith("*"):
        return globs.STAR
    if token.startswith("[") and len(token) > 2:
        negated = token[1] in "!^"
        members = re.sub(r"([\[&~|])", r"\\\1", token[1 + negated : -1])
        return f"(?!/)[{'^' * negated}{members}]"
    return re.escape(token[1:] if token.startswith("\\") and len(token) > 1 else token)
