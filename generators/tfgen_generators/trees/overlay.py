"""Another commit's files: those of a tree, with the paths that differ replaced or gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import msgspec

from tfgen_generators.trees.disk import inside_root
from tfgen_generators.trees.files import MOST_BYTES, too_large
from tfgen_generators.trees.linked import Entry, LinkedTree


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a path in the other commit: a file, a link or (a submodule) a folder."""

    entry: Entry
    blob: str = ""


class OverlayTree(LinkedTree):
    """`below` with `differing` (path -> what is there, None: nothing). `read_blob` gives a blob's bytes."""

    def __init__(
        self,
        below: LinkedTree,
        differing: Mapping[str, Other | None],
        read_blob: Callable[[str], bytes],
        root: str = "",
    ) -> None:
        super().__init__()
        self._below, self._differing, self._read_blob, self._root = below, differing, read_blob, root
        self._changes: dict[str, dict[str, str | None]] = {}
        self._listed: dict[str, Mapping[str, Entry]] = {}
        for path, other in differing.items():
            self._note(path, other)

    def _note(self, path: str, other: Other | None) -> None:
        """Remembers in each folder on the way what becomes of its name: an entry, or "?" for a folder to look at."""
        parent, _, name = path.rpartition("/")
        here = self._changes.setdefault(parent or ".", {})
        if other is not None or here.get(name) is None:
            here[name] = other.entry if other else None
        while parent:
            above, _, folder = parent.rpartition("/")
            around = self._changes.setdefault(above or ".", {})
            if other is not None:
                around[folder] = "folder"
            elif folder not in around or around[folder] is None:
                around[folder] = "?"
            parent = above

    def entries(self, folder: str) -> Mapping[str, Entry]:
        if folder not in self._listed:
            for below in reversed(self._looked_at(folder)):
                if below not in self._listed:
                    self._listed[below] = self._list(below)
        return self._listed[folder]

    def _looked_at(self, folder: str) -> list[str]:
        """`folder` and the folders below it that may have become empty, each after the one around it."""
        found = [folder]
        for here in found:  # grows on the way: a branch nests folders deeper than Python's stack
            changes = self._changes.get(here, {})
            found += [name if here == "." else f"{here}/{name}" for name in changes if changes[name] == "?"]
        return found

    def _list(self, folder: str) -> Mapping[str, Entry]:
        changes = self._changes.get(folder)
        if changes is None:
            return self._below.entries(folder)
        found: dict[str, Entry] = dict(self._below.entries(folder)) if self._below.is_real(folder) else {}
        for name, change in changes.items():
            path = name if folder == "." else f"{folder}/{name}"
            own = self._differing.get(path)
            if own is not None:
                found[name] = own.entry
            elif change == "folder":
                found[name] = "folder"
            elif change is None:
                found.pop(name, None)
            elif found.get(name) == "folder" and not self.entries(path):
                del found[name]  # git keeps no empty folders
            elif found.get(name) != "folder" and path in self._differing:
                found.pop(name, None)
        return found

    def target(self, path: str) -> str:
        other = self._differing.get(path)
        if other is None:
            return self._below.target(path)
        text = self._read_blob(other.blob).decode("utf-8", "surrogateescape")
        return inside_root(self._root, path, text)

    def content(self, path: str) -> bytes:
        other = self._differing.get(path)
        return self._below.content(path) if other is None else self._blob(path, other)

    def content_digest(self, path: str) -> str:
        other = self._differing.get(path)
        if other is None:
            return self._below.content_digest(path)
        return hashlib.sha256(self._blob(path, other)).hexdigest()

    def _blob(self, path: str, other: Other) -> bytes:
        data = self._read_blob(other.blob)
        if len(data) > MOST_BYTES:  # as on the disk
            raise too_large(path)
        return data
