"""One scene's way: its playbooks and variables, and what each role that they name leads to."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tfgen_generators.ansible.resolving.answers import Found
from tfgen_generators.ansible.resolving.closure import Closure, answered
from tfgen_generators.ansible.resolving.parts import Part
from tfgen_generators.ansible.resolving.run import AnsibleScene
from tfgen_generators.ansible.search.finder import joined, parent
from tfgen_generators.ansible.search.search_order import computed
from tfgen_generators.ansible.search.search_paths import Surroundings
from tfgen_generators.paths.model import Gap, Hop, Reached

if TYPE_CHECKING:
    from tfgen_generators.ansible.resolving.reach import Reacher

_GROUPS = ("all", "ungrouped")
_VARIABLES = ("group_vars", "host_vars")


class Journey:
    """Reaches the units of one scene: literal names before computed ones, so that reasons are the best."""

    def __init__(self, reacher: Reacher, scene: AnsibleScene) -> None:
        self._reacher = reacher
        self._scene = scene
        self._reached: dict[str, Reached] = {}
        self._visited: dict[tuple[str, Surroundings], Part] = {}
        self._exact: deque[tuple[Part, Surroundings, Reached]] = deque()
        self._computed: deque[tuple[Part, Surroundings, Reached]] = deque()
        self._closures: dict[tuple[str, Surroundings], Closure] = {}
        self._later: list[Closure] = []

    def go(self) -> tuple[Reached, ...]:
        """Everything that the scene reaches."""
        around = self._reacher.around(self._scene, self._scene.playbook)
        part = self._reacher.store.playbook(self._scene.playbook, around)
        self._exact.append((part, around, Reached(unit=part.key, by=None, hop=Hop(path="", label=""))))
        self._configure(part)
        done: set[tuple[str, str, int]] = set()
        while self._exact or self._computed:
            self._advance()
            for (_, where), closure in list(self._closures.items()):
                for asking, lineage in closure.asking:
                    self._ask(asking, lineage, where, done)
            for (_, where), visited in list(self._visited.items()):
                if visited.open:
                    self._ask(visited, (), where, done)
        return tuple(self._reached.values())

    def _push(self, part: Part, around: Surroundings, reached: Reached) -> None:
        (self._computed if reached.hop.widened else self._exact).append((part, around, reached))

    def _advance(self) -> None:
        while self._exact or self._later or self._computed:
            if self._exact:
                self._take(*self._exact.popleft(), literal=True)
            elif self._later:
                self._keep(self._later.pop(0).computed)
            else:
                self._take(*self._computed.popleft(), literal=False)

    def _keep(self, found: tuple[Reached, ...]) -> None:
        for reached in found:
            self._reached.setdefault(reached.unit, reached)

    def _take(self, part: Part, around: Surroundings, reached: Reached, *, literal: bool) -> None:
        self._reached.setdefault(part.key, reached)
        key = (part.key, around)
        if key in self._visited or key in self._closures:
            return
        if part.role or not part.bases:
            closure = self._closures[key] = self._reacher.closure(part, around)
            self._note(closure.gaps)
            self._keep(closure.exact)
            if closure.computed and literal:
                self._later.append(closure)
            else:
                self._keep(closure.computed)
        else:
            self._visited[key] = part
            self._expand(part, around)

    def _note(self, gaps: tuple[Gap, ...]) -> None:
        for gap in gaps:
            self._reacher.gap(gap, self._scene)

    def _expand(self, part: Part, around: Surroundings) -> None:
        """Goes on from a playbook, from variables, or from what they name."""
        edges = self._reacher.links.edges(part, around)
        self._note((*part.gaps, *edges.gaps))
        for edge in edges.roles:
            self._push(edge.part, around, edge.reached)
        for other, reached in edges.others:
            self._push(other, around, reached)
        if part.playbook:
            self._playbooks(part, around)
            self._variables(part, around)

    def _playbooks(self, part: Part, around: Surroundings) -> None:
        for ref, source in part.playbooks:
            for name in ref.names:
                found = self._reacher.links.playbooks_of(name, source, around)
                hop = Hop(path=source, label=ref.label, line=ref.line, widened=computed(name))
                for path in found:
                    where = self._reacher.around(self._scene, path)
                    playbook = self._reacher.store.playbook(path, where)
                    self._push(playbook, where, Reached(unit=playbook.key, by=part.key, hop=hop))
                if not found and not ref.quiet and not name.startswith(("/", "~")):
                    self._no_playbook(ref.label, source, ref.line, name)

    def _no_playbook(self, label: str, source: str, line: int, name: str) -> None:
        message, fix = f"{label}: playbook not found", "add the file, or fix the name"
        gap = Gap(kind="missing-playbook", path=source, line=line, name=name, message=message, fix=fix)
        self._reacher.gap(gap, self._scene)

    def _variables(self, part: Part, around: Surroundings) -> None:
        """Variables of groups and hosts beside a playbook, and those that the scene names."""
        scene = self._scene
        first = part.bases[-1] == parent(scene.playbook)
        for label, named in zip(_VARIABLES, (scene.group_vars, scene.host_vars), strict=True):
            folders = [joined(base, label) for base in part.bases]
            names = None if scene.groups is None or label == "host_vars" else frozenset((*_GROUPS, *scene.groups))
            for folder in dict.fromkeys((*folders, *(named if first else ()))):
                if folder and self._reacher.finder.is_folder(folder):
                    found = self._reacher.store.variables(folder, names, label)
                    hop = Hop(path=part.playbook, label=label)
                    self._push(found, around, Reached(unit=found.key, by=part.key, hop=hop))

    def _configure(self, part: Part) -> None:
        path = self._scene.config
        finder = self._reacher.finder
        if not path or finder.kind(path) != "file":
            return
        config = self._reacher.config(path)
        if config.problem:
            gap = Gap(kind="unreadable", path=path, message=config.problem, fix="fix the file")
            self._reacher.gap(gap, self._scene)
        files = {link: Hop(path="", label="") for link in (path, *finder.tree.links(path))}
        for folder in config.plugins:
            files |= {file: Hop(path=path, label="plugins") for file in finder.below(folder)}
        unit = self._reacher.store.single(f"configuration {path}", files)
        hop = Hop(path=self._scene.playbook, label="ansible.cfg")
        around = self._reacher.around(self._scene, self._scene.playbook)
        self._exact.append((unit, around, Reached(unit=unit.key, by=part.key, hop=hop)))

    def _ask(self, part: Part, lineage: tuple[str, ...], around: Surroundings, done: set[tuple[str, str, int]]) -> None:
        """Asks what only a scene knows: all its roles, for names in variables; paths that its variables have."""
        answers = self._reacher.answers
        if not part.role:
            for place, number, found in answers.settle(part, (), True, () if part.playbook else around.bases).answers:
                self._answer(part, number, place, found, around, done)
        if part.roams:
            for place in self._roles():
                for number, found in answers.at(part, place, "roam") if place != part.role else ():
                    self._answer(part, number, f"{place} roaming", found, around, done)
        values = self._values() if part.guesses else ()
        for place in (*((part.role,) if part.role else ()), *lineage, *around.bases) if values else ():
            for number, found in answers.by_values(part, place, values):
                self._answer(part, number, f"{place} by values", found, around, done)

    def _roles(self) -> list[str]:
        return list(dict.fromkeys(role for closure in self._closures.values() for role in closure.roles))

    def _values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for part in self._visited.values() for path in part.paths))

    def _answer(
        self, part: Part, number: int, place: str, found: Found, around: Surroundings, done: set[tuple[str, str, int]]
    ) -> None:
        if (part.key, place, number) not in done:
            done.add((part.key, place, number))
            for other, reached in answered(self._reacher, part, number, found):
                self._push(other, around, reached)
