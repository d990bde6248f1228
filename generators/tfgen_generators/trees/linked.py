"""What every tree does alike: following links inside the repository, over plain listings of its real folders."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterator, Mapping
from typing import Literal

from tfgen_generators.trees.tree import Kind

#: What a name in a real folder is: a file, a folder, or a link. Everything else is not listed.
Entry = Literal["file", "folder", "link"]

_MOST_LINKS = 40
#: Folders deep, from which on a path is asked for in pieces: Python's stack holds no recursion over 2000.
_FAR_DOWN = 100
#: Never part of what an image is made of.
HIDDEN = frozenset({".git", ".tfgen"})


class LinkedTree:
    """A `Tree` over three primitives of a subclass: `entries` and `target` of real paths, `content` of a real file."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Entry, str, tuple[str, ...]] | None] = {".": ("folder", ".", ())}
        self._names: dict[str, tuple[str, ...]] = {}
        self._real_folders = {".": True}
        #: Paths that lead out of the repository, by a link: what is there is not known.
        self.outside: set[str] = set()
        #: Real paths that were read as they are (not for their facts): another content may mean another graph.
        self.consulted: set[str] = set()
        #: Real paths that were asked for, there or not, and real folders whose names were.
        self.asked: set[str] = set()
        self.listed: set[str] = set()

    def entries(self, folder: str) -> Mapping[str, Entry]:
        """What stands in a real folder, by name."""
        raise NotImplementedError

    def target(self, path: str) -> str:
        """The text of a link; one that leads to an absolute path inside the repository as a path from there ("/x")."""
        raise NotImplementedError

    def content(self, path: str) -> bytes:
        """The bytes of a real file. Raises OSError."""
        raise NotImplementedError

    def content_digest(self, path: str) -> str:
        """SHA-256 (hex) of the bytes of a real file. Raises OSError."""
        raise NotImplementedError

    def entry(self, path: str) -> str:
        """What stands at a real path itself, "" for nothing; of a link also where it leads. Counts as no question."""
        parent, _, name = path.rpartition("/")
        found = self.entries(parent or ".").get(name, "") if self.is_real(parent or ".") else ""
        return f"link {self.target(path)}" if found == "link" else found

    def is_real(self, folder: str) -> bool:
        """Whether `folder` is one, with no link on the way."""
        if folder not in self._real_folders:
            for above in _far_above(folder, self._real_folders):
                self.is_real(above)
            parent, _, name = folder.rpartition("/")
            self._real_folders[folder] = (
                self.is_real(parent or ".") and self.entries(parent or ".").get(name) == "folder"
            )
        return self._real_folders[folder]

    def kind(self, path: str) -> Kind | None:
        found = self._find(path, 0)
        return None if found is None else "folder" if found[0] == "folder" else "file"

    def names(self, folder: str) -> tuple[str, ...]:
        found = self._find(folder, 0)
        if found is None or found[0] != "folder":
            return ()
        names = self._names.get(found[1])
        if names is None:
            self.listed.add(found[1])
            names = tuple(sorted(name for name in self.entries(found[1]) if name not in HIDDEN))
            self._names[found[1]] = names
        return names

    def links(self, path: str) -> tuple[str, ...]:
        found = self._find(path, 0)
        if found is None or not found[2]:
            return ()
        return tuple(dict.fromkeys(other for other in (*found[2], found[1]) if other != path))

    def real(self, path: str) -> str:
        """Where the links of `path` lead. Raises FileNotFoundError."""
        found = self._find(path, 0)
        if found is None:
            raise FileNotFoundError(2, "No such file or directory", path)
        return found[1]

    def read(self, path: str) -> bytes:
        real = self.real(path)
        self.consulted.add(real)
        return self.content(real)

    def digest(self, path: str) -> str:
        return self.content_digest(self.real(path))

    def _find(self, path: str, depth: int) -> tuple[Entry, str, tuple[str, ...]] | None:
        """What stands at `path`: its kind, its real path, and the links on the way."""
        try:
            return self._found[path]
        except KeyError:
            pass
        for above in _far_above(path, self._found):
            self._find(above, depth)
        self._found[path] = None  # a link that leads to itself
        self._found[path] = found = self._look(path, depth)
        return found

    def _look(self, path: str, depth: int) -> tuple[Entry, str, tuple[str, ...]] | None:
        parent, _, name = path.rpartition("/")
        above = self._find(parent or ".", depth) if name not in ("", ".", "..") else None
        if above is None or above[0] != "folder":
            return None
        real = name if above[1] == "." else f"{above[1]}/{name}"
        self.asked.add(real)
        entry = self.entries(above[1]).get(name)
        if entry != "link":
            return (entry, real, above[2]) if entry else None
        return self._follow(real, above, depth)

    def _follow(
        self, link: str, above: tuple[Entry, str, tuple[str, ...]], depth: int
    ) -> tuple[Entry, str, tuple[str, ...]] | None:
        text = self.target(link)
        parts = text.split("/")
        current: tuple[Entry, str, tuple[str, ...]] | None = ("folder", above[1], ())
        passed: list[str] = [*above[2], link]
        if text.startswith("/"):
            current = ("folder", ".", ())
        for part in parts:
            if part in ("", "."):
                continue
            if current is None or current[0] != "folder" or depth > _MOST_LINKS:
                return None
            if part == "..":
                if current[1] == ".":
                    self.outside.add(link)
                    return None
                current = self._find(posixpath.dirname(current[1]) or ".", depth + 1)
            else:
                current = self._find(part if current[1] == "." else f"{current[1]}/{part}", depth + 1)
            passed += current[2] if current else ()
        return (current[0], current[1], tuple(dict.fromkeys(passed))) if current else None


def _far_above(path: str, known: Container[str]) -> Iterator[str]:
    """The folders above one that is far down, from the top: who knows these asks for one more, not for all.

    None where the last of them is known already.
    """
    if (above := path.count("/")) > _FAR_DOWN:
        parts = path.split("/")
        if "/".join(parts[: above // _FAR_DOWN * _FAR_DOWN]) in known:
            return
        for number in range(1, len(parts)):
            if number % _FAR_DOWN == 0:
                yield "/".join(parts[:number])


def files_below(tree: LinkedTree, folder: str) -> list[str]:
    """Every file in `folder` at any depth, through links too, sorted; a link back up is not gone into twice."""
    found: list[str] = []
    pending = [(folder, frozenset[str]())]
    while pending:
        current, above = pending.pop()
        real = tree.real(current) if tree.kind(current) else current
        if real in above:
            continue
        for name in tree.names(current):
            path = name if current == "." else f"{current}/{name}"
            if tree.kind(path) == "folder":
                pending.append((path, above | {real}))
            elif tree.kind(path) == "file":
                found.append(path)
    return sorted(found)
