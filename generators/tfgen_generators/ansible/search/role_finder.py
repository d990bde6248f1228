"""Roles and collections of the repository, by the names that playbooks and roles give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import SearchPaths
from tfgen_generators.trees import globs

_FULL_NAME = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*\.[\w./-]+")
_ROLE_FOLDERS = frozenset(("tasks", "handlers", "meta", "defaults", "vars", "templates", "files", "library"))
_REQUIREMENTS = ("requirements.yml", "requirements.yaml")


class RoleFinder:
    """Finds roles and collections of one tree."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._roles_in: dict[str, tuple[str, ...]] = {}
        self._collections: dict[tuple[str, ...], dict[str, str]] = {}

    def role_folders(self, paths: SearchPaths) -> tuple[str, ...]:
        """Folders that hold roles."""
        beside = (joined(basedir, "roles") for basedir in paths.basedirs)
        return tuple(dict.fromkeys((*(path for path in beside if path), *paths.role_paths)))

    def roles_in(self, folder: str) -> tuple[str, ...]:
        """The roles in a folder, also those in its folders that are no roles."""
        found = self._roles_in.get(folder)
        if found is None:
            found = self._roles_in[folder] = tuple(self._grouped(folder, 0))
        return found

    def _grouped(self, folder: str, depth: int) -> Iterator[str]:
        for path in self._finder.children(folder):
            if self.is_role(path):
                yield path
            elif depth < 2:
                yield from self._grouped(path, depth + 1)

    def is_role(self, folder: str) -> bool:
        """Whether a folder looks like a role."""
        names = self._finder.tree.names(folder)
        return any(name in _ROLE_FOLDERS and self._finder.is_folder(f"{folder}/{name}") for name in names)

    def collections(self, paths: SearchPaths) -> dict[str, str]:
        """The folders of the repository's collections, by name."""
        key = paths.collection_paths
        if key not in self._collections:
            found: dict[str, str] = {}
            for path in key:
                for namespace in self._finder.children(joined(path, "ansible_collections") or path):
                    for folder in self._finder.children(namespace):
                        found.setdefault(".".join(folder.split("/")[-2:]), folder)
            self._collections[key] = found
        return self._collections[key]

    def find(self, name: str, role: str, collections: tuple[str, ...], paths: SearchPaths) -> tuple[str, ...]:
        """Folders of the roles that a name means: one, none, or (of a dynamic name) all that it could mean.

        `role` is the folder of the role that names it, "" in a playbook; `collections` are those that it searches.
        """
        if len(name) > globs.LONGEST:
            return ()
        if DYNAMIC in name:
            return tuple(dict.fromkeys(self._find_dynamic(name, role, paths)))
        for path in self._candidates(name, role, collections, paths):
            if self._finder.is_folder(path):
                return (path,) if path else ()
        return ()

    def _candidates(
        self, name: str, role: str, collections: tuple[str, ...], paths: SearchPaths
    ) -> Iterator[str | None]:
        if name[:1] in (ROLE_PATH, PLAYBOOK_DIR):
            for basedir in (role,) if name[0] == ROLE_PATH else paths.basedirs:
                yield joined(basedir, name[1:].lstrip("/")) if basedir else None
            return
        yield from self._in_collections(name, role, collections, paths)
        for path in paths.role_dirs:
            if path.rpartition("/")[2] == name:
                yield path
        for folder in self.role_folders(paths):
            yield joined(folder, name)
        if role:
            yield joined(parent(role), name)
        for basedir in (*paths.basedirs, "."):
            yield joined(basedir, name)

    def _in_collections(
        self, name: str, role: str, searched: tuple[str, ...], paths: SearchPaths
    ) -> Iterator[str | None]:
        collections = self.collections(paths)
        inner = name.replace(".", "/")
        for collection in (collection_of_path(role), *searched):
            if collection in collections:
                yield joined(collections[collection], f"roles/{inner}")
        folder = collections.get(collection_of_name(name))
        if folder:
            yield joined(folder, f"roles/{name.split('.', 2)[2].replace('.', '/')}")

    def _find_dynamic(self, name: str, role: str, paths: SearchPaths) -> Iterator[str]:
        if name[:1] in (ROLE_PATH, PLAYBOOK_DIR):
            folders = (role,) if name[0] == ROLE_PATH else paths.basedirs
            name = name[1:].lstrip("/")
        else:
            folders = (*self.role_folders(paths), *((parent(role),) if role else ()), *paths.basedirs)
            bare = _pattern(name.rpartition("/")[2])
            yield from (path for path in paths.role_dirs if bare.fullmatch(path.rpartition("/")[2]))
            for collection, folder in self.collections(paths).items():
                for path in self.roles_in(f"{folder}/roles"):
                    inner = path[len(folder) + len("/roles/") :].replace("/", ".")
                    if _pattern(name).fullmatch(f"{collection}.{inner}") or _pattern(name).fullmatch(inner):
                        yield path
        if name.startswith(f"{DYNAMIC}/") and DYNAMIC not in name[1:]:
            yield from (
                path for path in self._candidates(name[2:], role, (), paths) if self._finder.is_folder(path) and path
            )
        fixed, _, _ = name.partition(DYNAMIC)
        inner = fixed.rpartition("/")[0]
        pattern = _pattern(name[len(inner) + 1 if inner else 0 :])
        for folder in dict.fromkeys(folders):
            root = joined(folder, inner or ".") if folder else None
            for path in self.roles_in(root) if root else ():
                if pattern.fullmatch(path, 0 if root == "." else len(root or "") + 1):
                    yield path


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(globs.from_stars(name, DYNAMIC), re.DOTALL)


def collection_of_path(path: str) -> str:
    """The collection that a path is in, "" when it is in none."""
    parts = path.split("/")
    if "ansible_collections" in parts[:-2]:
        at = len(parts) - 1 - parts[::-1].index("ansible_collections")
        return ".".join(parts[at + 1 : at + 3])
    return ""


def collection_of_name(name: str) -> str:
    """The collection that the full name of a role or playbook starts with, "" when it is no full name."""
    return ".".join(name.split(".")[:2]) if _FULL_NAME.fullmatch(name) else ""


def galaxy_names(finder: Finder, facts: FactsSource, files: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the roles and of the collections that requirements files ask for."""
    roles: set[str] = set()
    collections: set[str] = set()
    for path in files:
        if finder.kind(path) == "file":
            found = facts.facts("requirements", path)
            roles.update(found.roles)
            collections.update(found.collections)
    return frozenset(roles), frozenset(collections)


def requirements_paths(folders: tuple[str, ...]) -> Iterator[str]:
    """Where requirements files for playbooks and roles in these folders usually are."""
    seen: set[str] = set()
    for start in folders:
        folder = start
        while folder not in seen:
            seen.add(folder)
            for inner in ("", "roles/", "collections/"):
                for name in _REQUIREMENTS:
                    path = joined(folder, inner + name)
                    if path:
                        yield path
            folder = parent(folder)
