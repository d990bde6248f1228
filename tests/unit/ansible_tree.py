"""A repository of texts for tests of what Ansible is made of, and what a run reaches in it."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from typing import Any

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.resolver import Resolver
from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.paths.model import Edge, MissingReference
from tfgen_generators.trees.tree import Kind


class DictTree:
    """Texts by path; `links` maps a link to what it leads to (a path from the root)."""

    def __init__(self, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> None:
        self._files = {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()}
        self._links = dict(links or {})
        self._folders: dict[str, set[str]] = {".": set()}
        for path in (*self._files, *self._links):
            at = path
            while at != ".":
                folder = posixpath.dirname(at) or "."
                self._folders.setdefault(folder, set()).add(posixpath.basename(at))
                at = folder

    def _follow(self, path: str) -> tuple[str, list[str]]:
        passed: list[str] = []
        for _ in range(20):
            for link, target in self._links.items():
                if path == link or path.startswith(f"{link}/"):
                    passed.append(link)
                    path = target + path[len(link) :]
                    break
            else:
                return path, passed
        return "\0", passed

    def kind(self, path: str) -> Kind | None:
        real, _ = self._follow(path)
        return "file" if real in self._files else "folder" if real in self._folders else None

    def names(self, folder: str) -> tuple[str, ...]:
        return tuple(sorted(self._folders.get(self._follow(folder)[0], ())))

    def links(self, path: str) -> tuple[str, ...]:
        real, passed = self._follow(path)
        return tuple(other for other in (*passed, real) if other != path) if passed else ()

    def digest(self, path: str) -> str:
        return hashlib.sha256(self.read(path)).hexdigest()

    def read(self, path: str) -> bytes:
        real, _ = self._follow(path)
        if real not in self._files:
            raise FileNotFoundError(2, "No such file", path)
        return self._files[real]


class Made(msgspec.Struct, frozen=True):
    """What a playbook is made of: why each file, and what is missing."""

    files: dict[str, list[Edge]]
    missing_references: list[MissingReference]
    unused: tuple[str, ...]

    def why(self, path: str) -> str:
        """The names that lead from a file to the playbook, with `?` after a computed one."""
        return " < ".join(edge.label + "?" * edge.widened for edge in self.files[path] if edge.path)

    def below(self, folder: str = "") -> set[str]:
        """The files below a folder, relative to it."""
        return {path.removeprefix(folder) for path in self.files if path.startswith(folder)}

    def exact(self) -> set[str]:
        """The files of which every name on the way is literal."""
        return {path for path, edges in self.files.items() if not any(edge.widened for edge in edges)}


def made_of(
    files: Mapping[str, str | bytes],
    playbook: str = "site.yml",
    *,
    links: Mapping[str, str] | None = None,
    **run: Any,
) -> Made:
    """What one run is made of in a repository of these files."""
    tree = DictTree(files, links)
    resolver = Resolver(tree, FactsSource(tree))
    return made(resolver, AnsibleRun(playbook=playbook, **run))


def made(resolver: Resolver, run: AnsibleRun) -> Made:
    """What a run is made of, with the hops from each file to the playbook."""
    reached = resolver.resolve(run)
    by_unit = {each.unit: each for each in reached}
    assert reached[0].by is None
    assert len(by_unit) == len(reached)
    found: dict[str, list[Edge]] = {}
    for each in reached:
        for path in resolver.units[each.unit].files:
            edges = _edges(resolver, by_unit, each.unit, path)
            old = found.get(path)
            if old is None or (any(h.widened for h in old) and not any(h.widened for h in edges)):
                found[path] = edges
    missing_references = [missing for missing, whose in resolver.missing if whose == run]
    return Made(found, missing_references, resolver.unused_roles())


def _edges(resolver: Resolver, by_unit: Mapping[str, Any], unit: str, path: str) -> list[Edge]:
    edges: list[Edge] = []
    at: str | None = unit
    while at is not None:
        files = resolver.units[at].files
        while path in files:
            edges.append(files[path])
            assert len(edges) < 3000, "hops lead round in a circle"
            path = files[path].path
        reached = by_unit[at]
        edges.append(reached.edge)
        if path == "" and at is not None:
            path = reached.edge.path
        at = reached.by
    return edges
