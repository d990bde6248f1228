"""From runs of Ansible to the files of the repository that each is made of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.dependencies import Dependencies, DependencyFinder
from tfgen_generators.ansible.resolving.edges import EdgeFinder
from tfgen_generators.ansible.resolving.model import LoadedUnit, Matches
from tfgen_generators.ansible.resolving.pending import PendingSearch
from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.ansible.resolving.run_paths import RunSearchPaths
from tfgen_generators.ansible.resolving.unit_store import UnitStore
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import SearchPaths
from tfgen_generators.ansible.search.role_finder import RoleFinder
from tfgen_generators.ansible.search.search_order import is_dynamic
from tfgen_generators.paths.model import Edge, MissingReference, Reached, Unit
from tfgen_generators.trees.tree import Tree

_GROUPS = ("all", "ungrouped")
_VARIABLES = ("group_vars", "host_vars")


class Resolver:
    """Resolves runs on one tree; what is read and found for one serves all."""

    def __init__(self, tree: Tree, facts: FactsSource) -> None:
        self.finder = Finder(tree)
        self.store = UnitStore(self.finder, facts)
        self.roles = RoleFinder(self.finder)
        self.edges = EdgeFinder(self.finder, facts, self.store, self.roles)
        self.pending = PendingSearch(self.finder, facts, self.store)
        self.paths = RunSearchPaths(self.finder, facts, self.roles)
        self.dependencies = DependencyFinder(self.edges, self.pending)
        self._missing: dict[tuple[MissingReference, AnsibleRun], None] = {}

    @property
    def units(self) -> Mapping[str, Unit]:
        """All units that were reached so far, by key."""
        return self.store.units

    @property
    def missing(self) -> tuple[tuple[MissingReference, AnsibleRun], ...]:
        """What is missing or cannot be read, with each run that needs it."""
        return tuple(self._missing)

    def resolve(self, run: AnsibleRun) -> tuple[Reached, ...]:
        """Units of the run, the playbook's own first (by None, an empty edge: the caller replaces them)."""
        walk = _RunWalk(self, run)
        reached = walk.walk()
        self._missing.update(dict.fromkeys((missing, run) for missing in walk.missing))
        return reached

    def unused_roles(self) -> tuple[str, ...]:
        """Roles in the folders that runs search for roles which no run has reached."""
        found = (role for folder in self.paths.role_folders for role in self.roles.roles_in(folder))
        return tuple(role for role in dict.fromkeys(found) if self.finder.real(role) not in self.edges.reached)


class _RunWalk:
    """Walks from one run's playbook to all its units, by literal names before dynamic ones: reasons are the best."""

    def __init__(self, resolver: Resolver, run: AnsibleRun) -> None:
        self._finder, self._store, self._edges = resolver.finder, resolver.store, resolver.edges
        self._pending, self._search_paths = resolver.pending, resolver.paths
        self._dependencies = resolver.dependencies
        self._run = run
        #: What is missing or cannot be read.
        self.missing: dict[MissingReference, None] = {}
        self._reached: dict[str, Reached] = {}
        self._visited: dict[tuple[str, SearchPaths], LoadedUnit] = {}
        self._expanded: dict[tuple[str, SearchPaths], Dependencies] = {}
        self._literal: deque[tuple[LoadedUnit, SearchPaths, Reached]] = deque()
        self._dynamic: deque[tuple[LoadedUnit, SearchPaths, Reached]] = deque()
        #: Dynamic dependencies of units that literal names lead to.
        self._later: deque[tuple[Reached, ...]] = deque()
        #: Matches that were followed: the unit, where they were found, the number of the reference.
        self._done: set[tuple[str, str, int]] = set()

    def walk(self) -> tuple[Reached, ...]:
        """Every unit of the run."""
        paths = self._search_paths.search_paths(self._run, self._run.playbook)
        playbook = self._store.playbook(self._run.playbook, paths)
        self._enqueue(playbook, paths, Reached(unit=playbook.key, by=None, edge=Edge(path="", label="")))
        self._add_configuration(playbook, paths)
        while self._literal or self._dynamic:
            self._visit_queued()
            for (_, paths), dependencies in list(self._expanded.items()):
                for unit, ancestors in dependencies.pending:
                    self._resolve_pending(unit, ancestors, paths)
            for (_, paths), unit in list(self._visited.items()):
                if unit.pending:
                    self._resolve_pending(unit, (), paths)
        return tuple(self._reached.values())

    def _enqueue(self, unit: LoadedUnit, paths: SearchPaths, reached: Reached) -> None:
        (self._dynamic if reached.edge.widened else self._literal).append((unit, paths, reached))

    def _visit_queued(self) -> None:
        while self._literal or self._later or self._dynamic:
            if self._literal:
                self._visit(*self._literal.popleft(), literal=True)
            elif self._later:
                self._add_reached(self._later.popleft())
            else:
                self._visit(*self._dynamic.popleft(), literal=False)

    def _add_reached(self, found: Iterable[Reached]) -> None:
        for reached in found:
            self._reached.setdefault(reached.unit, reached)

    def _visit(self, unit: LoadedUnit, paths: SearchPaths, reached: Reached, *, literal: bool) -> None:
        self._add_reached((reached,))
        key = (unit.key, paths)
        if key in self._visited or key in self._expanded:
            return
        if not unit.role and unit.basedirs:
            self._visited[key] = unit
            self._follow(unit, paths)
            return
        dependencies = self._expanded[key] = self._dependencies.find(unit, paths)
        self._add_missing(dependencies.missing)
        self._add_reached(dependencies.literal)
        if literal:
            self._later.append(dependencies.dynamic)
        else:
            self._add_reached(dependencies.dynamic)

    def _add_missing(self, missing: Iterable[MissingReference]) -> None:
        self.missing.update(dict.fromkeys(missing))

    def _follow(self, unit: LoadedUnit, paths: SearchPaths) -> None:
        """Follows what a playbook, its variables, or a file that these name, names."""
        edges = self._edges.edges(unit, paths)
        self._add_missing((*unit.missing, *edges.missing))
        for edge in edges.roles:
            self._enqueue(edge.unit, paths, edge.reached)
        for other, reached in edges.others:
            self._enqueue(other, paths, reached)
        if unit.playbook:
            self._follow_playbooks(unit, paths)
            self._add_variables(unit, paths)

    def _follow_playbooks(self, unit: LoadedUnit, paths: SearchPaths) -> None:
        for ref, source in unit.playbooks:
            for name in ref.names:
                found = self._edges.playbooks(name, source, paths)
                edge = Edge(path=source, label=ref.label, line=ref.line, widened=is_dynamic(name))
                for path in found:
                    its_paths = self._search_paths.search_paths(self._run, path)
                    playbook = self._store.playbook(path, its_paths)
                    self._enqueue(playbook, its_paths, Reached(unit=playbook.key, by=unit.key, edge=edge))
                if not found and not ref.optional and not name.startswith(("/", "~")):
                    self._add_missing((_missing_playbook(ref.label, source, ref.line, name),))

    def _add_variables(self, playbook: LoadedUnit, paths: SearchPaths) -> None:
        """Variables of groups and hosts beside a playbook, and those that the run names."""
        run = self._run
        is_first = playbook.basedirs[-1] == parent(run.playbook)
        for label, named in zip(_VARIABLES, (run.group_vars, run.host_vars), strict=True):
            folders = [joined(basedir, label) for basedir in playbook.basedirs]
            names = None if run.groups is None or label == "host_vars" else frozenset((*_GROUPS, *run.groups))
            for folder in dict.fromkeys((*folders, *(named if is_first else ()))):
                if folder and self._finder.is_folder(folder):
                    unit = self._store.variables(folder, names, label)
                    edge = Edge(path=playbook.playbook, label=label)
                    self._enqueue(unit, paths, Reached(unit=unit.key, by=playbook.key, edge=edge))

    def _add_configuration(self, playbook: LoadedUnit, paths: SearchPaths) -> None:
        path = self._run.config
        finder = self._finder
        if not path or finder.kind(path) != "file":
            return
        configuration = self._search_paths.configuration(path)
        if configuration.problem:
            problem = MissingReference(kind="unreadable", path=path, message=configuration.problem, fix="fix the file")
            self._add_missing((problem,))
        files = {link: Edge(path="", label="") for link in (path, *finder.tree.links(path))}
        for folder in configuration.plugins:
            files |= {file: Edge(path=path, label="plugins") for file in finder.below(folder)}
        unit = self._store.unread(f"configuration {path}", files)
        edge = Edge(path=self._run.playbook, label="ansible.cfg")
        self._enqueue(unit, paths, Reached(unit=unit.key, by=playbook.key, edge=edge))

    def _resolve_pending(self, unit: LoadedUnit, ancestors: tuple[str, ...], paths: SearchPaths) -> None:
        """Follows what only a run can resolve: in all its roles what is lazy, by its variables what starts with one."""
        pending = self._pending
        if not unit.role:
            basedirs = () if unit.playbook else paths.basedirs
            for folder, number, matches in pending.resolve(unit, (), True, basedirs).matches:
                self._follow_matches(unit, number, folder, matches, paths)
        if unit.has_lazy:
            for folder in self._roles():
                for number, matches in pending.matches_in(unit, folder, "any-role") if folder != unit.role else ():
                    self._follow_matches(unit, number, f"any-role {folder}", matches, paths)
        values = self._path_values() if unit.has_dynamic_start else ()
        for folder in (*((unit.role,) if unit.role else ()), *ancestors, *paths.basedirs) if values else ():
            for number, matches in pending.matches_by_values(unit, folder, values):
                self._follow_matches(unit, number, f"values {folder}", matches, paths)

    def _roles(self) -> list[str]:
        return list(dict.fromkeys(role for one in self._expanded.values() for role in one.roles))

    def _path_values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for unit in self._visited.values() for value in unit.path_values))

    def _follow_matches(
        self, unit: LoadedUnit, number: int, found_in: str, matches: Matches, paths: SearchPaths
    ) -> None:
        if (unit.key, found_in, number) not in self._done:
            self._done.add((unit.key, found_in, number))
            for other, reached in self._pending.units(unit, number, matches):
                self._enqueue(other, paths, reached)


def _missing_playbook(label: str, source: str, line: int, name: str) -> MissingReference:
    message, fix = f"{label}: playbook not found", "add the file, or fix the name"
    return MissingReference(kind="missing-playbook", path=source, line=line, name=name, message=message, fix=fix)
