"""The repository on the disk: folders are listed once, when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.trees.files import MOST_BYTES, digest_of, read_bytes
from tfgen_generators.trees.linked import Entry, LinkedTree

if TYPE_CHECKING:
    from tfgen_generators.trees.store import Store


class DiskTree(LinkedTree):
    """The files below `root`. With `stamps`, digests of files that have not changed since are remembered."""

    def __init__(self, root: Path, stamps: Store | None = None) -> None:
        super().__init__()
        self.root = str(root)
        self._stamps = stamps
        self._listed: dict[str, dict[str, Entry]] = {}
        self._digests: dict[str, str] = {}
        #: Folders and files that could not be read, and why.
        self.unreadable: dict[str, str] = {}

    def entries(self, folder: str) -> Mapping[str, Entry]:
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def _list(self, folder: str) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    if entry.is_symlink():
                        found[entry.name] = "link"
                    elif entry.is_dir(follow_symlinks=False):
                        found[entry.name] = "folder"
                    elif entry.is_file(follow_symlinks=False):
                        found[entry.name] = "file"
        except OSError as error:
            self.unreadable[folder] = error.strerror or str(error)
        return found

    def target(self, path: str) -> str:
        try:
            text = os.readlink(f"{self.root}/{path}")  # noqa: PTH115 a text is wanted
        except OSError:
            return ".."
        return inside_root(self.root, path, text)

    def content(self, path: str) -> bytes:
        return read_bytes(f"{self.root}/{path}")

    def content_digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = (
                self._stamps.digest(self.root, path) if self._stamps else digest_of(f"{self.root}/{path}", MOST_BYTES)
            )
        return self._digests[path]


def inside_root(root: str, path: str, text: str) -> str:
    """The text of the link at `path` for `LinkedTree.target`: an absolute one from the root, or one that leads out."""
    if not text.startswith("/"):
        return text
    real = os.path.realpath(root)
    for top in (root.rstrip("/"), real.rstrip("/")):
        if text == top or text.startswith(f"{top}/"):
            return text[len(top) :] or "/"
    return "../" * (path.count("/") + 1)
