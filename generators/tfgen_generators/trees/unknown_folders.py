"""A tree in which some folders hold what nobody knows: submodules that are at another commit, or not checked out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from tfgen_generators.trees.linked import Entry, LinkedTree

#: A file that stands in each such folder for those that are not known: who takes all of it, takes that.
ANY_FILE = "(files of a submodule)"


class UnknownFolders(LinkedTree):
    """`below`, where each of `folders` is a folder with one file more; who asks for others in it can be told."""

    def __init__(self, below: LinkedTree, folders: Collection[str]) -> None:
        super().__init__()
        self._below, self._folders = below, frozenset(folders)
        self._around: dict[str, set[str]] = {}
        for current in folders:
            path = current
            while path:
                parent, _, name = path.rpartition("/")
                self._around.setdefault(parent or ".", set()).add(name)
                path = parent

    def entries(self, folder: str) -> Mapping[str, Entry]:
        found: dict[str, Entry] = dict(self._below.entries(folder)) if self._below.is_real(folder) else {}
        for name in self._around.get(folder, ()):
            if found.get(name) != "link":
                found[name] = "folder"
        if folder in self._folders:
            found[ANY_FILE] = "file"
        return found

    def target(self, path: str) -> str:
        return self._below.target(path)

    def content(self, path: str) -> bytes:
        return b"" if path.endswith(f"/{ANY_FILE}") else self._below.content(path)

    def content_digest(self, path: str) -> str:
        return "" if path.endswith(f"/{ANY_FILE}") else self._below.content_digest(path)

    def missed(self, folder: str) -> Iterator[str]:
        """Paths in one of the folders that were asked for, and are not there as far as is known."""
        inside = f"{folder}/"
        return (path for path in sorted(self.asked) if path.startswith(inside) and not self.entry(path))
