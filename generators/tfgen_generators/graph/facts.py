"""Ansible's facts through the store, and which of them a graph was made from."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import FactsKind, FileFacts
from tfgen_generators.trees.linked import LinkedTree
from tfgen_generators.trees.store import Store

_Key = tuple[str, str]


class _Quiet:
    """The tree for a `FactsSource`: what it reads is compared by facts, so that no look counts as consulting."""

    def __init__(self, tree: LinkedTree) -> None:
        self._tree = tree
        self.kind, self.names, self.links, self.digest = tree.kind, tree.names, tree.links, tree.digest

    def read(self, path: str) -> bytes:
        return self._tree.content(self._tree.real(path))


class _Known(MutableMapping[_Key, FileFacts]):
    """Facts by kind and digest, kept in a store as bytes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decoder = msgspec.msgpack.Decoder(FileFacts)

    def __getitem__(self, key: _Key) -> FileFacts:
        found = self._store.find(f"{key[0]}:{key[1]}")
        if found is None:
            raise KeyError(key)
        return self._decoder.decode(found)

    def __setitem__(self, key: _Key, facts: FileFacts) -> None:
        self._store.put(f"{key[0]}:{key[1]}", msgspec.msgpack.encode(facts))

    def __delitem__(self, key: _Key) -> None:
        raise KeyError(key)

    def __iter__(self) -> Iterator[_Key]:
        return iter(())

    def __len__(self) -> int:
        return 0


class StoredFacts(FactsSource):
    """Facts of one tree, read once in all runs; `used` are the kinds as which each real path was read."""

    def __init__(self, tree: LinkedTree, store: Store) -> None:
        super().__init__(_Quiet(tree), _Known(store))
        self._linked, self._store = tree, store
        self._seen: dict[str, set[FactsKind]] = {}

    def facts(self, kind: FactsKind, path: str) -> FileFacts:
        """Facts of the file at `path`, read as `kind`."""
        self._seen.setdefault(path, set()).add(kind)
        return super().facts(kind, path)

    def is_same(self, kind: str, digest: str, path: str) -> bool:
        """Whether the file at `path` says, as `kind`, what a file of that digest said."""
        before = self._store.find(f"{kind}:{digest}")
        return before is not None and before == msgspec.msgpack.encode(super().facts(kind, path))  # type: ignore[arg-type]

    def used(self) -> dict[str, set[FactsKind]]:
        """Real path -> the kinds as which it was read."""
        found: dict[str, set[FactsKind]] = {}
        for path, kinds in self._seen.items():
            if self._linked.kind(path) == "file":
                found.setdefault(self._linked.real(path), set()).update(kinds)
        return found
