"""What one file of Ansible says, by its content alone: small values that can be kept between runs."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Literal

import msgspec

from tfgen_generators.trees.tree import Tree

FactsKind = Literal["playbook", "tasks", "vars", "meta", "template", "requirements"]
Load = Literal["", "tasks", "vars", "template"]
Manner = Literal["search", "first", "glob", "tree", "folder", "tasks", "import", "role", "playbook", "words"]
Shape = Literal["map", "list", "plays", "empty", "other", "vault", "broken"]

#: In a name: what cannot be known; the role's own folder; the playbook's folder.
DYNAMIC, ROLE_PATH, PLAYBOOK_DIR = "\0", "\1", "\2"


class Ref(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Something that a file names. `names` may hold DYNAMIC, ROLE_PATH and PLAYBOOK_DIR."""

    manner: Manner
    names: tuple[str, ...]
    label: str
    line: int
    #: The folder that is searched first (`templates`, `files`, `vars`), or `handlers`/`tasks`.
    where: str = ""
    #: How the file that is found is read on.
    load: Load = ""
    #: Nothing is amiss when it is not there.
    quiet: bool = False
    #: `tasks_from` and its like of a role; `extensions`, `depth`, ... of a folder of variables.
    options: tuple[tuple[str, str], ...] = ()
    #: Evaluated where it is used, not where it is written: variables.
    roaming: bool = False


class FileFacts(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One file. `problem` and `line` say why Ansible cannot load it as this kind.

    `shape` is `broken` when it is no YAML. `spaces` are the `a.b` of every `a.b.c` in it.
    """

    shape: Shape
    refs: tuple[Ref, ...] = ()
    spaces: tuple[str, ...] = ()
    #: The `collections` keyword; for requirements: names of collections.
    collections: tuple[str, ...] = ()
    #: For requirements: names of roles.
    roles: tuple[str, ...] = ()
    #: Texts with a `/` that variables have: what a name might become.
    paths: tuple[str, ...] = ()
    problem: str = ""
    line: int = 0


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
        from tfgen_generators.ansible.reading.files import facts_of

        try:
            key = (kind, self._tree.digest(path))
            found = self.known.get(key)
            if found is None:
                found = self.known[key] = facts_of(kind, self._tree.read(path))
                self.fresh.add(key)
        except OSError as error:
            return FileFacts(shape="broken", problem=f"cannot be read: {error.strerror or error}")
        return found
