"""Names to the files of a tree: a literal name to its file, a dynamic one to all that it could mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tfgen_generators.ansible.reading.model import DYNAMIC
from tfgen_generators.trees import globs
from tfgen_generators.trees.tree import Kind, Tree

_DEEPEST = 40
#: A name that begins with a dynamic part means no file that begins so.
_IGNORED = (".", "requirements.y", "galaxy.yml")
_GLOB = re.compile(r"[*?]|\[[^\]]+\]")


def normal(path: str) -> str | None:
    """The path without `.` and `..`; None when it leads out of the repository."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts) or "."


def joined(folder: str, name: str) -> str | None:
    """The normal path of a name in a folder; None when it leads out of the repository, or is absolute."""
    if name.startswith(("/", "~")):
        return None
    path = name if folder == "." else f"{folder}/{name}"
    plain = "//" not in path and "/." not in path and path[:1] != "." and path[-1:] != "/"
    return path if plain and path else normal(path)


def parent(path: str) -> str:
    """The folder of a path."""
    return path.rpartition("/")[0] or "."


class Finder:
    """Looks into one tree, at each path once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._kinds: dict[str, Kind | None] = {}
        self._below: dict[str, tuple[str, ...]] = {}
        self._matched: dict[tuple[str, str, bool, bool], tuple[str, ...]] = {}

    def kind(self, path: str | None) -> Kind | None:
        """What is at a path."""
        if path is None:
            return None
        if path not in self._kinds:
            self._kinds[path] = self.tree.kind(path)
        return self._kinds[path]

    def is_folder(self, path: str | None) -> bool:
        """Whether a folder is there."""
        return self.kind(path) == "folder"

    def below(self, folder: str) -> tuple[str, ...]:
        """Every file below a folder, sorted by path; a folder that several links lead to comes once."""
        found = self._below.get(folder)
        if found is None:
            found = self._below[folder] = tuple(self._walk(folder)) if self.is_folder(folder) else ()
        return found

    def _walk(self, folder: str) -> Iterator[str]:
        todo = [(folder, 0)]
        seen: set[str] = set()
        while todo:
            at, depth = todo.pop()
            real = self.real(at)
            if real in seen or depth > _DEEPEST:
                continue
            seen.add(real)
            deeper = []
            for name in self.tree.names(at):
                path = name if at == "." else f"{at}/{name}"
                kind = self.kind(path)
                if kind == "file":
                    yield path
                elif kind == "folder" and name != ".git":
                    deeper.append((path, depth + 1))
            todo.extend(reversed(deeper))

    def real(self, path: str) -> str:
        """The path behind all links."""
        links = self.tree.links(path)
        return next((link for link in links if not self.tree.links(link)), path) if links else path

    def children(self, folder: str) -> Iterator[str]:
        """The folders in a folder."""
        for name in self.tree.names(folder) if self.is_folder(folder) else ():
            path = name if folder == "." else f"{folder}/{name}"
            if name != ".git" and self.is_folder(path):
                yield path

    def find(self, folder: str, name: str, *, globbed: bool = False, deep: bool = False) -> tuple[str, ...]:
        """Files that a name in a folder means: itself, all below it, or all that it matches.

        `globbed`: `*`, `?` and `[...]` match too. `deep`: a dynamic part may hold a `/`, also at the name's start.
        """
        if len(name) > globs.LONGEST:
            return ()
        if DYNAMIC not in name and not (globbed and _GLOB.search(name)):
            path = joined(folder, name)
            kind = self.kind(path)
            if path is None or kind is None:
                return ()
            return (path,) if kind == "file" else self.below(path)
        key = (folder, name, globbed, deep)
        if key not in self._matched:
            self._matched[key] = self._match(folder, name, globbed, deep)
        return self._matched[key]

    def _match(self, folder: str, name: str, globbed: bool, deep: bool) -> tuple[str, ...]:
        if name.startswith(("/", "~")):
            return ()
        parts: list[str] = []
        for part in name.split("/"):
            if part == ".." and parts and DYNAMIC in parts[-1]:
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        fixed = 0
        while fixed < len(parts) and not self._is_open(parts[fixed], globbed):
            fixed += 1
        root = joined(folder, "/".join(parts[:fixed]) or ".")
        if root is None or not self.is_folder(root):
            return ()
        deep = deep or any(part != ".." for part in parts[:fixed])
        deep = deep and any(DYNAMIC in part for part in parts[fixed:])
        found = self._level(root, parts[fixed:], globbed) if not deep else self._deep(root, parts[fixed:], globbed)
        return tuple(dict.fromkeys(found))

    @staticmethod
    def _is_open(part: str, globbed: bool) -> bool:
        return DYNAMIC in part or (globbed and _GLOB.search(part) is not None)

    def _deep(self, root: str, parts: list[str], globbed: bool) -> Iterator[str]:
        pattern = _pattern("/".join(parts), globbed, True)
        start = 0 if root == "." else len(root) + 1
        for path in self.below(root):
            if pattern.fullmatch(path, start):
                yield path

    def _level(self, root: str, parts: list[str], globbed: bool) -> Iterator[str]:
        at = [root]
        for number, part in enumerate(parts):
            pattern = _pattern(part, globbed, False)
            last = number == len(parts) - 1
            deeper: list[str] = []
            for folder in at:
                for name in self.tree.names(folder):
                    if not pattern.fullmatch(name) or (name.startswith(_IGNORED) and part.startswith(DYNAMIC)):
                        continue
                    path = name if folder == "." else f"{folder}/{name}"
                    kind = self.kind(path)
                    if last and kind == "file":
                        yield path
                    elif not last and kind == "folder":
                        deeper.append(path)
            at = deeper


@cache
def _pattern(text: str, globbed: bool, deep: bool) -> re.Pattern[str]:
    """A pattern for a path, or for one part of it (`deep`: a dynamic part may hold a `/`)."""
    found: list[str] = []
    at = 0
    while at < len(text):
        sign = text[at]
        match = _GLOB.match(text, at) if globbed else None
        if sign == DYNAMIC:
            found.append(globs.ANYTHING if deep else globs.STAR)
        elif match:
            group = match[0]
            found.append({"*": globs.STAR, "?": "[^/]"}.get(group) or _set(group))
            at += len(group) - 1
        else:
            found.append(re.escape(sign))
        at += 1
    return re.compile(globs.expression(found), re.DOTALL)


def _set(group: str) -> str:
    inner = group[1:-1].replace("\\", "\\\\")
    inner = re.sub(r"([\[&~|])", r"\\\1", inner)
    inner = (
        f"^{inner[1:]}" if inner.startswith("!") else inner.replace("^", "\\^", 1) if inner.startswith("^") else inner
    )
    try:
        re.compile(f"[{inner}]")
    except re.error:
        return re.escape(group)
    return f"(?!/)[{inner}]"
