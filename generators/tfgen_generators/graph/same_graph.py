"""Whether another tree would give the same graph, but for what stands in files that nobody reads on."""

from __future__ import annotations

from collections.abc import Iterable

from tfgen_generators.graph.facts import StoredFacts
from tfgen_generators.trees.linked import LinkedTree
from tfgen_generators.trees.store import Store


def is_same_graph(
    tree: LinkedTree, facts: StoredFacts, other: LinkedTree, changed: Iterable[str], store: Store
) -> bool:
    """Whether the graph of `tree`, which is built, is that of `other` too; they differ in `changed` only."""
    used = facts.used()
    others = StoredFacts(other, store)
    for path in changed:
        kinds = (_kind(tree, path), _kind(other, path))
        if kinds == ("file", "file"):
            if path in tree.consulted:
                return False
            if any(facts.facts(kind, path) != others.facts(kind, path) for kind in used.get(path, ())):
                return False
        elif not _is_unseen(tree, other, path):
            return False
    return True


def _kind(tree: LinkedTree, path: str) -> str | None:
    """What stands at `path` itself: a link is one."""
    parent, _, name = path.rpartition("/")
    return tree.entries(parent or ".").get(name) if tree.kind(parent or ".") == "folder" else None


def _is_unseen(tree: LinkedTree, other: LinkedTree, path: str) -> bool:
    """Whether nobody has asked for `path`, nor seen its name or that of a folder that is there because of it."""
    while path:
        parent = path.rpartition("/")[0]
        if path in tree.asked or (parent or ".") in tree.listed:
            return False
        path = parent if _kind(tree, parent) != _kind(other, parent) else ""
    return True
