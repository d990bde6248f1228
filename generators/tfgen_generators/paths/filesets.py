"""What Packer's `fileset(folder, pattern)` finds: exactly that, where both are known."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

import msgspec

from tfgen_generators.packer.evaluation.scope import ANCHOR
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.possible_values import UNKNOWN, without_globs

#: Texts that the folder may be, and those that the pattern may be.
Fileset = tuple[tuple[str, ...], tuple[str, ...]]

_TOKENS = re.compile(r"(?:(?<=/)|^)\*\*(?:/|$)|\*+|\?|\[[!^]?[^]]+\]|\\.|[{},]|[^*?\[\\{},]+|.", re.DOTALL)
#: Two asterisks that are no whole part of a path are one.
_DOUBLED = re.compile(r"(?<=[^/*])\*{2,}|\*{2,}(?=[^/*])")
_MEANT = {"**/": "(?:.*/)?", "**": ".*", "?": "[^/]", "{": "(?:", "}": ")"}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one pattern, which is from the repository's root; `widened`: more than it can find."""

    pattern: str
    files: tuple[str, ...]
    widened: bool = False


def find_filesets(path_resolver: PathResolver, fileset: Fileset, folders: Sequence[str]) -> Iterator[Found]:
    """Everything that a fileset may find. Relative ones are looked for in `folders`, until something is there."""
    for folder in fileset[0]:
        for pattern in fileset[1]:
            text = posixpath.join(folder, pattern)
            matches = None if UNKNOWN in text else _expression(text)
            if matches is None:
                place = path_resolver.find(without_globs(text), folders)
                if place is not None and place.widened:
                    yield Found(pattern=place.pattern, files=path_resolver.match(place.pattern), widened=True)
            else:
                yield from _exact(path_resolver, text, folders)


def beginning(fileset: Fileset) -> list[str]:
    """The folders that a fileset surely looks into."""
    texts = (posixpath.join(folder, pattern) for folder in fileset[0] for pattern in fileset[1])
    return [_fixed(text) for text in texts if UNKNOWN not in text]


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
            return


def _fixed(pattern: str) -> str:
    """The folder that nothing of the pattern stands in front of."""
    return re.split(r"[*?\[{\\]", pattern, maxsplit=1)[0].rpartition("/")[0] or "."


def _expression(pattern: str) -> re.Pattern[str] | None:
    """A pattern of the library doublestar; None for one that is not understood."""
    parts: list[str] = []
    depth = 0
    for token in _TOKENS.findall(_DOUBLED.sub("*", pattern)):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return None
        parts.append(_part(token, inside=depth > 0))
    try:
        return None if depth else re.compile("".join(parts), re.DOTALL)
    except re.error:
        return None


def _part(token: str, *, inside: bool) -> str:
    known = {
        "**/": "(?:.*/)?",
        "**": ".*",
        "?": "[^/]",
        "{": "(?:",
        "}": ")",
        "*": "[^/]*",
        ",": "|" if inside else ",",
    }
    if token in known:
        return known[token]
    if token.startswith("*"):
        return "[^/]*"
    if token.startswith("[") and len(token) > 2:
        negated = token[1] in "!^"
        return f"(?!/)[{'^' * negated}{token[1 + negated : -1]}]"
    return re.escape(token[1:] if token.startswith("\\") and len(token) > 1 else token)
