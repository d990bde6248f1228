"""All that one role (or file of tasks) leads to in some surroundings: the same for every scene that names it."""

from __future__ import annotations

from collections import deque

import msgspec

from tfgen_generators.ansible.resolving.answers import Answers
from tfgen_generators.ansible.resolving.edges import EdgeFinder
from tfgen_generators.ansible.resolving.model import Part
from tfgen_generators.ansible.search.search_paths import Surroundings
from tfgen_generators.paths.model import Gap, Reached

#: More references between roles than this in one closure are not followed one by one.
_MOST_NAMES = 3000


class Closure(msgspec.Struct, frozen=True):
    """What is reached by literal names, and what by computed ones: who leads to a unit comes before it."""

    exact: tuple[Reached, ...]
    computed: tuple[Reached, ...]
    gaps: tuple[Gap, ...]
    roles: tuple[str, ...]
    #: Parts whose names a scene may answer too, with the roles that led to them.
    asking: tuple[tuple[Part, tuple[str, ...]], ...]


class Closures:
    """Closures of one tree, each made once."""

    def __init__(self, links: EdgeFinder, answers: Answers) -> None:
        self._links, self._answers = links, answers
        self._closures: dict[tuple[Surroundings, str], Closure] = {}

    def closure(self, part: Part, around: Surroundings) -> Closure:
        """All that a role or a file of tasks leads to."""
        key = (around, part.key)
        if key not in self._closures:
            self._closures[key] = Walk(self._links, self._answers, around).closure(part)
        return self._closures[key]


class Walk:
    """Goes from one part to all that it leads to, literal names first."""

    def __init__(self, links: EdgeFinder, answers: Answers, around: Surroundings) -> None:
        self._links, self._answers, self._around = links, answers, around
        self._visited: dict[str, Part] = {}
        self._exact: deque[tuple[Part, Reached | None]] = deque()
        self._computed: deque[tuple[Part, Reached | None]] = deque()
        self._found: tuple[list[Reached], list[Reached]] = ([], [])
        #: The roles that name a role.
        self._above: dict[str, dict[str, None]] = {}
        self._names = 0
        self._namers: tuple[int, tuple[str, ...]] = (0, ())
        self._gaps: dict[Gap, None] = {}

    def closure(self, start: Part) -> Closure:
        """What `start` leads to, without itself."""
        self._exact.append((start, None))
        done: set[tuple[str, str, int]] = set()
        while True:
            self._advance()
            missing: dict[Gap, None] = {}
            for part in list(self._visited.values()):
                if part.open:
                    self._settle(part, done, missing)
            if not self._exact and not self._computed:
                break
        asking = tuple(
            (part, self._lineage(part.role)[0]) for part in self._visited.values() if part.roams or part.guesses
        )
        roles = tuple(dict.fromkeys(part.role for part in self._visited.values() if part.role))
        return Closure(tuple(self._found[0]), tuple(self._found[1]), (*self._gaps, *missing), roles, asking)

    def _push(self, part: Part, reached: Reached) -> None:
        if part.key not in self._visited:
            (self._computed if reached.hop.widened else self._exact).append((part, reached))

    def _advance(self) -> None:
        literal = True
        while self._exact or self._computed:
            literal = literal and bool(self._exact)
            part, reached = self._exact.popleft() if self._exact else self._computed.popleft()
            if part.key in self._visited:
                continue
            self._visited[part.key] = part
            if reached is not None:
                self._found[0 if literal else 1].append(reached)
            self._expand(part)

    def _expand(self, part: Part) -> None:
        edges = self._links.edges(part, self._around)
        for edge in edges.roles:
            if part.role and edge.part.role and part.role != edge.part.role:
                self._above.setdefault(edge.part.role, {})[part.role] = None
                self._names += 1
            self._push(edge.part, edge.reached)
        for other, reached in edges.others:
            self._push(other, reached)
        cycle = self._links.cycle(part, self._around)
        self._gaps.update(dict.fromkeys((*part.gaps, *edges.gaps, *((cycle,) if cycle else ()))))

    def _lineage(self, role: str) -> tuple[tuple[str, ...], bool]:
        """The roles that led to a role, nearest first, and whether they are one line (else sorted: all are asked)."""
        if self._names > _MOST_NAMES:
            return self._all_namers(), False
        found: dict[str, None] = {}
        todo = deque([role])
        one = True
        while todo:
            above = self._above.get(todo.popleft(), {})
            one = one and len(above) < 2
            for name in above:
                if name not in found and name != role:
                    found[name] = None
                    todo.append(name)
        return tuple(found if one else sorted(found)), one

    def _all_namers(self) -> tuple[str, ...]:
        """Every role that names one: where all name all, who led to whom would take long to say."""
        if self._namers[0] != self._names:
            found = {namer for above in self._above.values() for namer in above}
            self._namers = (self._names, tuple(sorted(found)))
        return self._namers[1]

    def _settle(self, part: Part, done: set[tuple[str, str, int]], missing: dict[Gap, None]) -> None:
        lineage, one = self._lineage(part.role)
        settled = self._answers.settle(part, lineage, one, self._around.bases)
        missing.update(dict.fromkeys(settled.gaps))
        for place, number, found in settled.answers:
            if (part.key, place, number) not in done:
                done.add((part.key, place, number))
                for other, reached in self._answers.reached(part, number, found):
                    self._push(other, reached)
