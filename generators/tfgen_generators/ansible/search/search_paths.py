"""Where the roles and collections of a scene are searched."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, Ref
from tfgen_generators.ansible.search.finder import Finder, joined, parent

_SPACED = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*\.[\w./-]+")
_ROLE_FOLDERS = frozenset(("tasks", "handlers", "meta", "defaults", "vars", "templates", "files", "library"))
_REQUIREMENTS = ("requirements.yml", "requirements.yaml")


class Surroundings(msgspec.Struct, frozen=True, eq=False):
    """For one playbook: its own folders, then where else Ansible looks.

    Equal only to itself, so that it is a cheap key: the Reacher makes equal ones once.
    """

    bases: tuple[str, ...]
    role_dirs: tuple[str, ...] = ()
    role_paths: tuple[str, ...] = ()
    collection_paths: tuple[str, ...] = ()
    #: Roles and collections that Galaxy brings.
    galaxy_roles: frozenset[str] = frozenset()
    galaxy_collections: frozenset[str] = frozenset()
    #: Only what is uploaded is there for Ansible (`ansible-local` with role_paths).
    uploaded: bool = False
    #: Folders that stand in `playbooks/` by their own names.
    playbooks: tuple[str, ...] = ()


class RoleFinder:
    """Finds roles and collections in surroundings."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._roles_in: dict[str, tuple[str, ...]] = {}
        self._collections: dict[tuple[str, ...], dict[str, str]] = {}

    def folders(self, around: Surroundings) -> tuple[str, ...]:
        """Folders that hold roles."""
        beside = (joined(base, "roles") for base in around.bases)
        return tuple(dict.fromkeys((*(path for path in beside if path), *around.role_paths)))

    def roles_in(self, folder: str) -> tuple[str, ...]:
        """The roles of a folder, also those in folders that only group them."""
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

    def collections(self, around: Surroundings) -> dict[str, str]:
        """Folders of the collections that the repository has, by name."""
        key = around.collection_paths
        if key not in self._collections:
            found: dict[str, str] = {}
            for path in key:
                for space in self._finder.children(joined(path, "ansible_collections") or path):
                    for folder in self._finder.children(space):
                        found.setdefault(".".join(folder.split("/")[-2:]), folder)
            self._collections[key] = found
        return self._collections[key]

    def find(self, name: str, role: str, ref: Ref, spaces: tuple[str, ...], around: Surroundings) -> tuple[str, ...]:
        """Folders of the roles that a name means: one, none, or (computed) all that it could mean.

        `role` is the folder of the role that names it, "" in a playbook; `spaces` its collections, in their order.
        """
        if DYNAMIC in name:
            return tuple(dict.fromkeys(self._computed(name, role, around)))
        for path in self._places(name, role, spaces, around):
            if self._finder.is_folder(path):
                return (path,) if path else ()
        return ()

    def _places(self, name: str, role: str, spaces: tuple[str, ...], around: Surroundings) -> Iterator[str | None]:
        if name[:1] in (ROLE_PATH, PLAYBOOK_DIR):
            for base in (role,) if name[0] == ROLE_PATH else around.bases:
                yield joined(base, name[1:].lstrip("/")) if base else None
            return
        yield from self._in_collections(name, role, spaces, around)
        for path in around.role_dirs:
            if path.rpartition("/")[2] == name:
                yield path
        for folder in self.folders(around):
            yield joined(folder, name)
        if role:
            yield joined(parent(role), name)
        for base in (*around.bases, "."):
            yield joined(base, name)

    def _in_collections(
        self, name: str, role: str, spaces: tuple[str, ...], around: Surroundings
    ) -> Iterator[str | None]:
        collections = self.collections(around)
        short = name.replace(".", "/")
        for space in (collection_of(role), *spaces):
            if space in collections:
                yield joined(collections[space], f"roles/{short}")
        full = collections.get(spaced(name))
        if full:
            yield joined(full, f"roles/{name.split('.', 2)[2].replace('.', '/')}")

    def _computed(self, name: str, role: str, around: Surroundings) -> Iterator[str]:
        if name[:1] in (ROLE_PATH, PLAYBOOK_DIR):
            folders = (role,) if name[0] == ROLE_PATH else around.bases
            name = name[1:].lstrip("/")
        else:
            folders = (*self.folders(around), *((parent(role),) if role else ()), *around.bases)
            bare = _pattern(name.rpartition("/")[2])
            yield from (path for path in around.role_dirs if bare.fullmatch(path.rpartition("/")[2]))
            for space, folder in self.collections(around).items():
                for path in self.roles_in(f"{folder}/roles"):
                    short = path[len(folder) + len("/roles/") :].replace("/", ".")
                    if _pattern(name).fullmatch(f"{space}.{short}") or _pattern(name).fullmatch(short):
                        yield path
        if name.startswith(f"{DYNAMIC}/") and DYNAMIC not in name[1:]:
            yield from (
                path for path in self._places(name[2:], role, (), around) if self._finder.is_folder(path) and path
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
    return re.compile(".*".join(map(re.escape, name.split(DYNAMIC))), re.DOTALL)


def collection_of(path: str) -> str:
    """The collection that a path is in, "" when it is in none."""
    parts = path.split("/")
    if "ansible_collections" in parts[:-2]:
        at = len(parts) - 1 - parts[::-1].index("ansible_collections")
        return ".".join(parts[at + 1 : at + 3])
    return ""


def spaced(name: str) -> str:
    """The collection of a role's or playbook's full name, "" when it has none."""
    return ".".join(name.split(".")[:2]) if _SPACED.fullmatch(name) else ""


def galaxy(finder: Finder, facts: FactsSource, files: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the roles and of the collections that requirements files ask for."""
    roles: set[str] = set()
    collections: set[str] = set()
    for path in files:
        if finder.kind(path) == "file":
            found = facts.facts("requirements", path)
            roles.update(found.roles)
            collections.update(found.collections)
    return frozenset(roles), frozenset(collections)


def requirements_near(folders: tuple[str, ...]) -> Iterator[str]:
    """Where a requirements file for playbooks and roles in these folders usually lies."""
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
