"""The edges from a unit to the roles, collections and playbooks that it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, Reference
from tfgen_generators.ansible.resolving.model import EntryPoint, LoadedUnit
from tfgen_generators.ansible.resolving.unit_store import UnitStore
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import SearchPaths
from tfgen_generators.ansible.search.role_finder import RoleFinder, collection_of_name, collection_of_path
from tfgen_generators.ansible.search.search_order import main_files
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.paths.model import Edge, MissingReference, Reached

_PLAYBOOK_ENDINGS = ("", ".yml", ".yaml")


class RoleEdge(msgspec.Struct, frozen=True):
    """From a unit to a role that it names: `unit`. `dependency`: by the `dependencies` of its meta."""

    unit: LoadedUnit
    reached: Reached
    dependency: bool


class UnitEdges(msgspec.Struct, frozen=True):
    """All roles and collections that a unit names, with the search paths of one playbook, and what is missing."""

    roles: tuple[RoleEdge, ...]
    others: tuple[tuple[LoadedUnit, Reached], ...]
    missing: tuple[MissingReference, ...]


class EdgeFinder:
    """Finds edges, once for a unit and search paths."""

    def __init__(self, finder: Finder, facts: FactsSource, store: UnitStore, roles: RoleFinder) -> None:
        self._finder = finder
        self._facts = facts
        self._store = store
        self._roles = roles
        self._edges: dict[tuple[SearchPaths, str], UnitEdges] = {}
        self._cycles: dict[tuple[SearchPaths, str], MissingReference | None] = {}
        #: Folders of the roles that were reached, with all links resolved.
        self.reached: set[str] = set()

    def edges(self, unit: LoadedUnit, paths: SearchPaths) -> UnitEdges:
        """The roles and collections that a unit names."""
        key = (paths, unit.key)
        found = self._edges.get(key)
        if found is None:
            missing: list[MissingReference] = []
            roles = tuple(
                edge for ref, source in unit.roles for edge in self._role_edges(unit, ref, source, paths, missing)
            )
            found = self._edges[key] = UnitEdges(roles, tuple(self._collections(unit, paths)), tuple(missing))
        return found

    def _role_edges(
        self, unit: LoadedUnit, ref: Reference, source: str, paths: SearchPaths, missing: list[MissingReference]
    ) -> Iterator[RoleEdge]:
        entry = EntryPoint(**dict(ref.options))
        for name in ref.names:
            folders = self._roles.find(name, unit.role, unit.collections, paths)
            widened = DYNAMIC in name or any(DYNAMIC in value for _, value in ref.options)
            edge = Edge(path=source, label=ref.label, line=ref.line, widened=widened)
            for folder in folders:
                real = self._finder.real(folder)
                if DYNAMIC in name and not self._has_entries(real, entry):
                    continue
                self.reached.add(real)
                role = self._store.role(real, entry)
                yield RoleEdge(
                    role, Reached(unit=role.key, by=unit.key, edge=edge), ref.label.startswith("dependencies")
                )
                if folder != role.role:
                    yield RoleEdge(self._link(folder), Reached(unit=f"link {folder}", by=unit.key, edge=edge), False)
            problem = self._role_problem(name, folders, unit, ref, source, paths)
            if problem is not None:
                missing.append(problem)

    def _has_entries(self, folder: str, entry: EntryPoint) -> bool:
        """Whether a role has the files that a task asks for: a dynamic name means no role without them."""
        wanted = ((name, getattr(entry, name)) for name in ("tasks", "vars", "defaults", "handlers"))
        return all(main_files(self._finder, f"{folder}/{name}", value, folders=True) for name, value in wanted if value)

    def _link(self, folder: str) -> LoadedUnit:
        links = (folder, *self._finder.tree.links(folder))
        files = {link: Edge(path="", label="link to the role") for link in links if self._finder.tree.links(link)}
        return self._store.unread(f"link {folder}", files)

    def _role_problem(
        self, name: str, folders: tuple[str, ...], unit: LoadedUnit, ref: Reference, source: str, paths: SearchPaths
    ) -> MissingReference | None:
        if DYNAMIC in name or ref.optional or not name:
            return None
        if folders:
            if paths.only_uploaded and folders[0] not in paths.role_dirs and not unit.role:
                return MissingReference(
                    kind="missing-role-path",
                    message=f"{ref.label}: the role exists but is not in role_paths, so it is not uploaded",
                    fix=f"add {folders[0]} to role_paths",
                    path=source,
                    line=ref.line,
                    name=name,
                )
            return None
        if self._from_galaxy(name, paths) or name.startswith(("/", "~")):
            return None
        known = [
            path.rpartition("/")[2]
            for folder in self._roles.role_folders(paths)
            for path in self._roles.roles_in(folder)
        ]
        known += [path.rpartition("/")[2] for path in paths.role_dirs]
        near = did_you_mean(name, known) if len(known) < 3000 else ""
        near = near if near.startswith("did you mean") else ""
        return MissingReference(
            kind="missing-role",
            message=f"{ref.label}: role not found in Ansible's search path",
            fix=near or "add the role, or list it in requirements.yml",
            path=source,
            line=ref.line,
            name=name,
        )

    @staticmethod
    def _from_galaxy(name: str, paths: SearchPaths) -> bool:
        collection = collection_of_name(name)
        return name in paths.galaxy_roles or (bool(collection) and collection in paths.galaxy_collections)

    def _collections(self, unit: LoadedUnit, paths: SearchPaths) -> Iterator[tuple[LoadedUnit, Reached]]:
        local = self._roles.collections(paths)
        if not local:
            return
        own = collection_of_path(unit.role)
        possible = {own: "", **unit.possible_collections} if own else unit.possible_collections
        for name, source in possible.items():
            if name in local:
                found = self._store.collection(name, local[name])
                edge = Edge(path=source, label=f"collection {name}")
                yield found, Reached(unit=found.key, by=unit.key, edge=edge)

    def playbooks(self, name: str, source: str, paths: SearchPaths) -> tuple[str, ...]:
        """Playbooks that `import_playbook` means."""
        collection = collection_of_name(name)
        folder = self._roles.collections(paths).get(collection) if collection else None
        if folder:
            inner = name.split(".", 2)[2].replace(".", "/")
            for ending in _PLAYBOOK_ENDINGS:
                path = joined(folder, f"playbooks/{inner}{ending}")
                if path and self._finder.kind(path) == "file":
                    return (path,)
        anchored = name[:1] == PLAYBOOK_DIR
        for folder in paths.basedirs if anchored else (parent(source), *paths.basedirs):
            found = self._finder.find(folder, name.removeprefix(PLAYBOOK_DIR).lstrip("/"))
            if DYNAMIC in name:
                found = tuple(path for path in found if self._may_be_playbook(path))
            if found:
                return found
        return tuple(dict.fromkeys(self._uploaded_playbooks(name, paths)))

    def _uploaded_playbooks(self, name: str, paths: SearchPaths) -> Iterator[str]:
        """Playbooks in the folders that are uploaded to `playbooks/`."""
        start = "/".join(name.split("/", 2)[:2])
        for folder in paths.playbook_paths:
            if DYNAMIC in start:
                found = self._finder.find(folder, DYNAMIC + name.rpartition(DYNAMIC)[2].lstrip("/"), deep=True)
                yield from (path for path in found if self._may_be_playbook(path))
            elif start == f"playbooks/{folder.rpartition('/')[2]}":
                yield from self._finder.find(folder, name[len(start) + 1 :])

    def _may_be_playbook(self, path: str) -> bool:
        yaml = path.endswith((".yml", ".yaml", ".json"))
        return yaml and self._facts.facts("playbook", path).shape in ("plays", "broken", "vault", "empty")

    def cycle(self, unit: LoadedUnit, paths: SearchPaths) -> MissingReference | None:
        """Why a role's dependencies lead back to it; None when they do not."""
        if unit.role and (paths, unit.key) not in self._cycles:
            self._find_cycles(unit, paths)
        return self._cycles.get((paths, unit.key))

    def _find_cycles(self, start: LoadedUnit, paths: SearchPaths) -> None:
        """Walks the dependencies depth first, without recursion; notes every role that is on a cycle."""
        path: list[tuple[LoadedUnit, Reached | None]] = []
        todo: list[tuple[LoadedUnit, Reached | None, bool]] = [(start, None, False)]
        on_path: dict[str, int] = {}
        while todo:
            unit, reached, leave = todo.pop()
            if leave:
                del on_path[path.pop()[0].key]
            elif unit.key in on_path and reached is not None:
                cycle = [(unit, reached), *((one, by) for one, by in path[on_path[unit.key] + 1 :] if by is not None)]
                self._cycles.update(dict.fromkeys(((paths, member.key) for member, _ in cycle), _problem(cycle)))
            elif (paths, unit.key) not in self._cycles:
                self._cycles[paths, unit.key] = None
                on_path[unit.key] = len(path)
                path.append((unit, reached))
                todo.append((unit, None, True))
                todo += [(e.unit, e.reached, False) for e in self.edges(unit, paths).roles if e.dependency]


def _problem(cycle: Sequence[tuple[LoadedUnit, Reached]]) -> MissingReference:
    """One text for one cycle, wherever the walk came upon it: it begins with the first of its roles by path."""
    first = min(range(len(cycle)), key=lambda number: cycle[number][0].key)
    names = [unit.role.rpartition("/")[2] for unit, _ in (*cycle[first:], *cycle[:first])]
    edge = cycle[first][1].edge
    return MissingReference(
        kind="role-cycle",
        path=edge.path,
        line=edge.line,
        name=names[0],
        message=f"{edge.label}: dependency cycle between roles: {' -> '.join([*names[:6], names[0]])}",
        fix="remove one of the dependencies",
    )
