"""Facts of the files of a tree, each content read once."""

from __future__ import annotations

from collections.abc import MutableMapping

from tfgen_generators.ansible.reading.model import FactsKind, FileFacts
from tfgen_generators.trees.tree import Tree


class FactsSource:
    """Reads files through a tree, each content once.

    `known` maps kind and digest to facts and may be kept between runs (`array_like` structs: msgpack); `fresh` are the
    keys that this run has added.
    """

    def __init__(self, tree: Tree, known: MutableMapping[tuple[str, str], FileFacts] | None = None) -> None:
        self._tree = tree
        self.known: MutableMapping[tuple[str, str], FileFacts] = {} if known is None else known
        self.fresh: set[tuple[str, str]] = set()
        self._at: dict[tuple[str, str], FileFacts] = {}

    def facts(self, kind: FactsKind, path: str) -> FileFacts:
        """Facts of the file at `path`, read as `kind`; one that cannot be read is `broken`."""
        found = self._at.get((kind, path))
        if found is None:
            found = self._at[kind, path] = self._facts(kind, path)
        return found

    def _facts(self, kind: FactsKind, path: str) -> FileFacts:
        try:
            key = (kind, self._tree.digest(path))
            found = self.known.get(key)
            if found is None:
                from tfgen_generators.ansible.reading.files import read_facts

                found = self.known[key] = read_facts(kind, self._tree.read(path))
                self.fresh.add(key)
        except OSError as error:
            return FileFacts(shape="broken", problem=f"cannot be read: {error.strerror or error}")
        return found
