"""What a role, or a file of tasks, depends on. It is the same for every run that has the same search paths."""

from __future__ import annotations

from collections import deque

import msgspec

from tfgen_generators.ansible.resolving.edges import EdgeFinder
from tfgen_generators.ansible.resolving.model import LoadedUnit
from tfgen_generators.ansible.resolving.pending import PendingSearch
from tfgen_generators.ansible.search.model import SearchPaths
from tfgen_generators.paths.model import MissingReference, Reached

#: With more references between roles than this, the ancestors of a role are not found one by one.
_MOST_ROLE_EDGES = 3000


class Dependencies(msgspec.Struct, frozen=True):
    """Units by literal names, and by dynamic ones; each comes after the unit that leads to it."""

    literal: tuple[Reached, ...]
    dynamic: tuple[Reached, ...]
    missing: tuple[MissingReference, ...]
    roles: tuple[str, ...]
    #: Units with references that a run may resolve too, with the roles that lead to them.
    pending: tuple[tuple[LoadedUnit, tuple[str, ...]], ...]


class DependencyFinder:
    """Finds dependencies, once for a unit and search paths."""

    def __init__(self, edges: EdgeFinder, pending: PendingSearch) -> None:
        self._edges, self._pending = edges, pending
        self._found: dict[tuple[SearchPaths, str], Dependencies] = {}

    def find(self, unit: LoadedUnit, paths: SearchPaths) -> Dependencies:
        """All that a role or a file of tasks depends on."""
        key = (paths, unit.key)
        if key not in self._found:
            self._found[key] = _DependencyWalk(self._edges, self._pending, paths).walk(unit)
        return self._found[key]


class _DependencyWalk:
    """Walks from one unit to all that it leads to, by literal names first."""

    def __init__(self, edges: EdgeFinder, pending: PendingSearch, paths: SearchPaths) -> None:
        self._edges, self._pending, self._paths = edges, pending, paths
        self._visited: dict[str, LoadedUnit] = {}
        self._literal_queue: deque[tuple[LoadedUnit, Reached | None]] = deque()
        self._dynamic_queue: deque[tuple[LoadedUnit, Reached | None]] = deque()
        self._literal: list[Reached] = []
        self._dynamic: list[Reached] = []
        #: The roles that name a role.
        self._parents: dict[str, dict[str, None]] = {}
        self._role_edges = 0
        self._all_parents: tuple[int, tuple[str, ...]] = (0, ())
        self._missing: dict[MissingReference, None] = {}

    def walk(self, start: LoadedUnit) -> Dependencies:
        """What `start` leads to, without itself."""
        self._literal_queue.append((start, None))
        done: set[tuple[str, str, int]] = set()
        while True:
            self._visit_queued()
            missing: dict[MissingReference, None] = {}
            for unit in list(self._visited.values()):
                if unit.pending:
                    self._resolve_pending(unit, done, missing)
            if not self._literal_queue and not self._dynamic_queue:
                break
        visited = self._visited.values()
        pending = (unit for unit in visited if unit.has_lazy or unit.has_dynamic_start)
        return Dependencies(
            literal=tuple(self._literal),
            dynamic=tuple(self._dynamic),
            missing=(*self._missing, *missing),
            roles=tuple(dict.fromkeys(unit.role for unit in visited if unit.role)),
            pending=tuple((unit, self._ancestors(unit.role)[0]) for unit in pending),
        )

    def _enqueue(self, unit: LoadedUnit, reached: Reached) -> None:
        if unit.key not in self._visited:
            (self._dynamic_queue if reached.edge.widened else self._literal_queue).append((unit, reached))

    def _visit_queued(self) -> None:
        literal = True
        while self._literal_queue or self._dynamic_queue:
            literal = literal and bool(self._literal_queue)
            unit, reached = (self._literal_queue or self._dynamic_queue).popleft()
            if unit.key in self._visited:
                continue
            self._visited[unit.key] = unit
            if reached is not None:
                (self._literal if literal else self._dynamic).append(reached)
            self._visit(unit)

    def _visit(self, unit: LoadedUnit) -> None:
        edges = self._edges.edges(unit, self._paths)
        for edge in edges.roles:
            if unit.role and edge.unit.role and unit.role != edge.unit.role:
                self._parents.setdefault(edge.unit.role, {})[unit.role] = None
                self._role_edges += 1
            self._enqueue(edge.unit, edge.reached)
        for other, reached in edges.others:
            self._enqueue(other, reached)
        cycle = self._edges.cycle(unit, self._paths)
        self._missing.update(dict.fromkeys((*unit.missing, *edges.missing, *((cycle,) if cycle else ()))))

    def _ancestors(self, role: str) -> tuple[tuple[str, ...], bool]:
        """The roles that lead to a role, nearest first, and whether each is named by the next alone (else sorted)."""
        if self._role_edges > _MOST_ROLE_EDGES:
            return self._every_parent(), False
        found: dict[str, None] = {}
        queue = deque([role])
        one_line = True
        while queue:
            parents = self._parents.get(queue.popleft(), {})
            one_line = one_line and len(parents) < 2
            for name in parents:
                if name not in found and name != role:
                    found[name] = None
                    queue.append(name)
        return tuple(found if one_line else sorted(found)), one_line

    def _every_parent(self) -> tuple[str, ...]:
        """Every role that names one."""
        if self._all_parents[0] != self._role_edges:
            found = {name for parents in self._parents.values() for name in parents}
            self._all_parents = (self._role_edges, tuple(sorted(found)))
        return self._all_parents[1]

    def _resolve_pending(
        self, unit: LoadedUnit, done: set[tuple[str, str, int]], missing: dict[MissingReference, None]
    ) -> None:
        ancestors, one_line = self._ancestors(unit.role)
        resolved = self._pending.resolve(unit, ancestors, one_line, self._paths.basedirs)
        missing.update(dict.fromkeys(resolved.missing))
        for folder, number, matches in resolved.matches:
            if (unit.key, folder, number) not in done:
                done.add((unit.key, folder, number))
                for other, reached in self._pending.units(unit, number, matches):
                    self._enqueue(other, reached)
