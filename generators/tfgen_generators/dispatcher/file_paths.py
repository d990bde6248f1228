"""An image's files as the file-path filter of a pipeline: at most 8 globs of at most 255 characters each.

Names that differ in one part of the path share a glob by `{a,b}`, in which there is never a `/`; what is syntax in a
glob becomes `?` or `*`. What does not fit is widened to whole folders (`folder/**`), the deepest first; a filter that
would let everything through is none.

Limits and syntax: CodePipeline's GitFilePathFilterCriteria, and "Working with glob patterns in syntax" of its guide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import groupby

import msgspec

MOST = 8
LONGEST = 255
_ALL_BELOW = "**"
_SYNTAX = re.compile(r"[*?\[\]{}\\,!^]|[^\x20-\x7e]+")
_SHOWN = 3
#: A glob by its parts, each of which is one of some names.
_Parts = tuple[tuple[str, ...], ...]


class FileFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`includes` let at least the image's files through; none: every push. `widened` are the folders taken whole."""

    includes: tuple[str, ...]
    widened: tuple[str, ...] = ()

    def warning(self, image: str) -> str:
        """What a person should know of it, "" when the filter is exact."""
        what = "every push"
        if self.includes:
            if not self.widened:
                return ""
            more = len(self.widened) - _SHOWN
            shown = ", ".join(f"{folder}/" for folder in self.widened[:_SHOWN])
            what = f"any change in {shown}" + (f" and {more} more" if more > 0 else "")
        return f"{image} is built after {what}: its files need more than {MOST} file paths of {LONGEST} characters"


def compile_filter(paths: Collection[str]) -> FileFilter:
    """The filter for `paths` (relative to the repository's root, with `/`; at least one)."""
    whole: set[str] = set()
    for path in paths:
        if len(_text(_as_parts(path))) > LONGEST:
            folder = next((each for each in _parents(path) if len(_text(_as_parts(each, "**"))) <= LONGEST), "")
            if not folder:
                return FileFilter(includes=())
            whole.add(folder)
    for depth in range(max(path.count("/") for path in paths), 0, -1):
        if _fits(paths, whole):
            break
        whole = _widened(paths, whole, depth)
    globs = _globs(paths, whole)
    return FileFilter(includes=globs, widened=_outermost(whole)) if len(globs) <= MOST else FileFilter(includes=())


def matches(glob: str, path: str) -> bool:
    """Whether CodePipeline's rules let `path` through `glob`."""
    return _regex(glob).fullmatch(path) is not None


@cache
def _regex(glob: str) -> re.Pattern[str]:
    rules = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    parts = re.findall(r"\*\*|[*?{},]|[^*?{},]+", glob)
    return re.compile("".join(rules.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _widened(paths: Collection[str], whole: set[str], depth: int) -> set[str]:
    """`whole` and as many folders of that depth as it takes to fit, those with the most files first; else all."""
    below: dict[str, int] = {}
    for path in paths:
        parts = path.split("/")
        if len(parts) > depth:
            folder = "/".join(parts[:depth])
            below[folder] = below.get(folder, 0) + 1
    order = sorted(below, key=lambda folder: (-below[folder], folder))
    enough, few = len(order), 0
    if not _fits(paths, whole | set(order)):
        return whole | set(order)
    while few < enough:
        middle = (few + enough) // 2
        if _fits(paths, whole | set(order[:middle])):
            enough = middle
        else:
            few = middle + 1
    return whole | set(order[:enough])


def _fits(paths: Collection[str], whole: set[str]) -> bool:
    return len(_globs(paths, whole)) <= MOST


def _globs(paths: Collection[str], whole: set[str]) -> tuple[str, ...]:
    folders = _outermost(whole)
    files = [path for path in paths if not any(parent in whole for parent in _parents(path))]
    parts = {*(_as_parts(folder, _ALL_BELOW) for folder in folders), *map(_as_parts, files)}
    return tuple(sorted(map(_text, _joined(parts))))


def _outermost(whole: Collection[str]) -> tuple[str, ...]:
    """The folders that lie in no other one."""
    return tuple(sorted(folder for folder in whole if not any(parent in whole for parent in _parents(folder))))


def _parents(path: str) -> Iterator[str]:
    """The folders around `path`, the nearest first; not the root."""
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


def _as_parts(path: str, last: str = "") -> _Parts:
    parts = [_as_part(part) for part in path.split("/")]
    return tuple((part,) for part in (*parts, *([last] if last else [])))


def _as_part(name: str) -> str:
    """One `?` for one sign of the syntax; else a `*` from the first to the last, for others may be several there."""
    found = list(re.finditer(_SYNTAX, name))
    if not found:
        return name
    wild = "?" if len(found) == 1 and found[0].group().isascii() else "*"
    return f"{name[: found[0].start()]}{wild}{name[found[-1].end() :]}"


def _joined(parts: Iterable[_Parts]) -> list[_Parts]:
    """The globs of which those that differ in one part alone are one, as far as their length allows."""
    found = sorted(parts)
    for from_end in range(1, max(map(len, found), default=0) + 1):

        def rest(glob: _Parts, at: int = from_end) -> tuple[bool, _Parts]:
            return at > len(glob), glob if at > len(glob) else glob[: len(glob) - at] + glob[len(glob) - at + 1 :]

        joined: list[_Parts] = []
        for (is_short, _), group in groupby(sorted(found, key=rest), key=rest):
            globs = list(group)
            joined += globs if is_short else _join(globs, -from_end)
        found = joined
    return found


def _join(globs: list[_Parts], at: int) -> Iterator[_Parts]:
    """Globs that differ in the part `at` alone, as few as they can be."""
    current: _Parts | None = None
    for glob in globs:
        if current is not None and current[at] != (_ALL_BELOW,) and glob[at] != (_ALL_BELOW,):
            number = len(current) + at
            together = (*current[:number], tuple(sorted({*current[at], *glob[at]})), *current[number + 1 :])
            if len(_text(together)) <= LONGEST:
                current = together
                continue
        if current is not None:
            yield current
        current = glob
    if current is not None:
        yield current


def _text(glob: _Parts) -> str:
    return "/".join(part[0] if len(part) == 1 else f"{{{','.join(part)}}}" for part in glob)
