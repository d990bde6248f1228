"""The search for what a unit leaves pending: in the roles that lead to it, and in the playbook's folders.

Few folders are searched, for many runs: what is found in each is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH
from tfgen_generators.ansible.resolving.missing import missing_reference
from tfgen_generators.ansible.resolving.model import LoadedUnit, Matches, PendingReference
from tfgen_generators.ansible.resolving.unit_builder import UnitBuilder
from tfgen_generators.ansible.resolving.unit_store import UnitStore
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.search_order import files_at, is_dynamic, tasks_at
from tfgen_generators.paths.model import Edge, MissingReference, Reached

#: Why a folder is searched: its role leads to the unit; it is the playbook's; it is of any role of the run.
Scope = Literal["role", "playbook", "any-role"]
#: The number of a pending reference in its unit, and what it means in a folder.
NumberedMatches = tuple[int, Matches]


class Resolved(msgspec.Struct, frozen=True):
    """What the pending references of a unit mean: folder, number of the reference, matches; and what is missing."""

    matches: tuple[tuple[str, int, Matches], ...]
    missing: tuple[MissingReference, ...]


class PendingSearch:
    """Searches folders for the pending references of units, each folder once."""

    def __init__(self, finder: Finder, facts: FactsSource, store: UnitStore) -> None:
        self._finder = finder
        self._store = store
        builder = UnitBuilder(finder, facts, LoadedUnit(key=""))
        self._fits, self._has_wrong_shape = builder.fits, builder.has_wrong_shape
        self._resolved: dict[tuple[str, tuple[str, ...], bool, tuple[str, ...]], Resolved] = {}
        self._in_folder: dict[tuple[str, str, Scope], tuple[NumberedMatches, ...]] = {}
        self._by_values: dict[tuple[str, str, tuple[str, ...]], tuple[NumberedMatches, ...]] = {}
        self._dynamic: dict[tuple[str, str, str, str, str], tuple[str, ...]] = {}
        self._names_in: dict[str, frozenset[str]] = {}

    def resolve(
        self, unit: LoadedUnit, ancestors: tuple[str, ...], one_line: bool, basedirs: tuple[str, ...]
    ) -> Resolved:
        """What the pending references mean in the roles that lead to the unit, then in the playbook's folders.

        `ancestors` are these roles, nearest first; `one_line`: each is named by the next alone.
        """
        key = (unit.key, ancestors, one_line, basedirs)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(unit, ancestors, one_line, basedirs)
        return self._resolved[key]

    def _resolve(
        self, unit: LoadedUnit, ancestors: tuple[str, ...], one_line: bool, basedirs: tuple[str, ...]
    ) -> Resolved:
        folders: list[tuple[str, Scope]] = [(folder, "role") for folder in ancestors]
        folders += [(folder, "playbook") for folder in basedirs]
        matches: list[tuple[str, int, Matches]] = []
        complete: set[int] = set()
        for folder, scope in folders:
            for number, found in self.matches_in(unit, folder, scope):
                pending = unit.pending[number]
                if number in complete or (pending.only_roles and scope == "playbook"):
                    continue
                matches.append((folder, number, found))
                if (one_line or scope == "playbook") and not any(map(is_dynamic, pending.names)):
                    complete.add(number)
        resolved = {number for _, number, _ in matches}
        missing = [
            missing_reference(pending.ref, ", ".join(pending.names), pending.source)
            for number, pending in enumerate(unit.pending)
            if number not in resolved and _is_required(pending)
        ]
        return Resolved(tuple(matches), tuple(missing))

    def matches_in(self, unit: LoadedUnit, folder: str, scope: Scope) -> tuple[NumberedMatches, ...]:
        """What the pending references mean in one folder."""
        key = (unit.key, folder, scope)
        if key not in self._in_folder:
            searched = ((number, pending) for number, pending in enumerate(unit.pending) if _is_in(pending, scope))
            found = ((number, tuple(self._matches(pending, folder, scope))) for number, pending in searched)
            self._in_folder[key] = tuple((number, matches) for number, matches in found if matches)
        return self._in_folder[key]

    def _matches(self, pending: PendingReference, folder: str, scope: Scope) -> Iterator[tuple[str, str]]:
        for name in pending.names:
            found = self._files(pending, name, folder, scope)
            yield from ((name, path) for path in found)
            if found and pending.ref.kind == "first" and not is_dynamic(name):
                return

    def _files(self, pending: PendingReference, name: str, folder: str, scope: Scope) -> tuple[str, ...]:
        ref = pending.ref
        if not is_dynamic(name):
            return self._find(pending, name, folder, scope)
        key = (folder, name, ref.subdir, f"{ref.kind} {scope}", ref.load)
        if key not in self._dynamic:
            found = self._find(pending, name, folder, scope)
            self._dynamic[key] = tuple(path for path in found if self._fits(path, ref.load))
        return self._dynamic[key]

    def _find(self, pending: PendingReference, name: str, folder: str, scope: Scope) -> tuple[str, ...]:
        ref = pending.ref
        if name.startswith(("/", "~")) or ref.kind == "folder":
            return ()
        if name[:1] in (PLAYBOOK_DIR, ROLE_PATH):
            wanted = "playbook" if name[0] == PLAYBOOK_DIR else "any-role"
            return self._finder.find(folder, name[1:].lstrip("/") or ".") if scope == wanted else ()
        if ref.kind in ("tasks", "import"):
            return tasks_at(self._finder, folder, name, ref.subdir) if scope == "playbook" else ()
        return files_at(self._finder, folder, name, ref)

    def matches_by_values(self, unit: LoadedUnit, folder: str, values: tuple[str, ...]) -> tuple[NumberedMatches, ...]:
        """What names with a dynamic start mean in a folder when they start with one of the values."""
        marks = (ROLE_PATH, PLAYBOOK_DIR) if folder == unit.role else (PLAYBOOK_DIR,)
        names = self._file_names(folder)
        values = tuple(value for value in values if value[0] in (".", *marks) or value.split("/", 1)[0] in names)
        key = (unit.key, folder, values)
        if values and key not in self._by_values:
            found = []
            for number, pending in enumerate(unit.pending):
                files = dict.fromkeys(self._files_by_values(pending, folder, values))
                if files:
                    found.append((number, tuple((DYNAMIC, path) for path in files)))
            self._by_values[key] = tuple(found)
        return self._by_values[key] if values else ()

    def _file_names(self, folder: str) -> frozenset[str]:
        """Names in a folder and in its folders for kinds of files: a value must start with one."""
        if folder not in self._names_in:
            folders = (folder, *(joined(folder, inner) for inner in ("files", "templates", "vars", "tasks")))
            found = (self._finder.tree.names(path) for path in folders if path and self._finder.is_folder(path))
            self._names_in[folder] = frozenset(name for names in found for name in names)
        return self._names_in[folder]

    def _files_by_values(self, pending: PendingReference, folder: str, values: tuple[str, ...]) -> Iterator[str]:
        for name in pending.names:
            for value in values if name.startswith(DYNAMIC) else ():
                full = value + name[1:]
                found = self._files(pending, full, folder, "any-role" if full[0] == ROLE_PATH else "playbook")
                yield from (path for path in found if self._fits(path, pending.ref.load))

    def units(self, unit: LoadedUnit, number: int, matches: Matches) -> list[tuple[LoadedUnit, Reached]]:
        """The units of what a pending reference means."""
        pending = unit.pending[number]
        found = []
        for name, path in matches:
            edge = Edge(path=pending.source, label=pending.ref.label, line=pending.ref.line, widened=is_dynamic(name))
            other = self._unit(unit, pending, name, path)
            found.append((other, Reached(unit=other.key, by=unit.key, edge=edge)))
        return found

    def _unit(self, by: LoadedUnit, pending: PendingReference, name: str, path: str) -> LoadedUnit:
        """The unit of a file: one for each folder of files that name it, and not for each way, which may be a cycle."""
        load = pending.ref.load
        owner = by.owner or by.key
        if load and not (is_dynamic(name) and self._has_wrong_shape(path, load)):
            key = f"{owner} + {load} {path}" + (f" from {parent(pending.source)}" if by.owner else "")
            return self._store.get(key) or self._store.add(self._store.loader.pending(key, pending, name, path, by))
        key = f"{owner} + {path}"
        unread = self._store.get(key)
        if unread is None:
            files = {link: Edge(path="", label="") for link in (path, *self._finder.tree.links(path))}
            unread = self._store.add(LoadedUnit(key=key, owner=owner, role=by.role, files=files))
        return unread


def _is_in(pending: PendingReference, scope: Scope) -> bool:
    """Whether folders of a scope are searched for a reference."""
    if scope == "role":
        return pending.ref.kind not in ("tasks", "import", "folder")
    return scope == "playbook" or pending.ref.lazy


def _is_required(pending: PendingReference) -> bool:
    literal = not any(map(is_dynamic, pending.names))
    return literal and not (pending.optional or pending.ref.optional or pending.ref.lazy)
