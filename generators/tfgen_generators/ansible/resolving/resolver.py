"""From runs of Ansible to the files of the repository that each is made of."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.answers import Answers, Found
from tfgen_generators.ansible.resolving.closure import Closure, Closures
from tfgen_generators.ansible.resolving.edges import EdgeFinder
from tfgen_generators.ansible.resolving.model import Part
from tfgen_generators.ansible.resolving.run import AnsibleScene
from tfgen_generators.ansible.resolving.run_paths import RunPaths
from tfgen_generators.ansible.resolving.store import Store
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.search_order import computed
from tfgen_generators.ansible.search.search_paths import RoleFinder, Surroundings
from tfgen_generators.paths.model import Gap, Hop, Reached, Unit
from tfgen_generators.trees.tree import Tree

_GROUPS = ("all", "ungrouped")
_VARIABLES = ("group_vars", "host_vars")


class Resolver:
    """Resolves runs on one tree; what is read and found for one run serves all."""

    def __init__(self, tree: Tree, facts: FactsSource) -> None:
        self.finder = Finder(tree)
        self.store = Store(self.finder, facts)
        self.answers = Answers(self.finder, facts, self.store)
        self._roles = RoleFinder(self.finder)
        self.links = EdgeFinder(self.finder, facts, self.store, self._roles)
        self.paths = RunPaths(self.finder, facts, self._roles)
        self.closures = Closures(self.links, self.answers)
        self._gaps: dict[tuple[Gap, AnsibleScene], None] = {}

    @property
    def units(self) -> Mapping[str, Unit]:
        """All units that were reached so far, by key."""
        return self.store.units

    @property
    def gaps(self) -> tuple[tuple[Gap, AnsibleScene], ...]:
        """What is missing or cannot be read, with each run that needs it."""
        return tuple(self._gaps)

    def resolve(self, scene: AnsibleScene) -> tuple[Reached, ...]:
        """Units of the run, the playbook's own first (by None, an empty hop: the caller replaces them)."""
        walk = RunWalk(self, scene)
        reached = walk.go()
        self._gaps.update(dict.fromkeys((gap, scene) for gap in walk.gaps))
        return reached

    def unused_roles(self) -> tuple[str, ...]:
        """Role folders of all role paths seen that no run has reached."""
        found = (role for folder in self.paths.role_folders for role in self._roles.roles_in(folder))
        return tuple(role for role in dict.fromkeys(found) if self.finder.real(role) not in self.links.reached)


class RunWalk:
    """Goes from one run's playbook to all its units, by literal names before computed ones: reasons are the best."""

    def __init__(self, resolver: Resolver, scene: AnsibleScene) -> None:
        self._finder, self._store, self._paths = resolver.finder, resolver.store, resolver.paths
        self._links, self._answers, self._all_closures = resolver.links, resolver.answers, resolver.closures
        self._scene = scene
        #: What is missing or cannot be read.
        self.gaps: dict[Gap, None] = {}
        self._reached: dict[str, Reached] = {}
        self._visited: dict[tuple[str, Surroundings], Part] = {}
        self._exact: deque[tuple[Part, Surroundings, Reached]] = deque()
        self._computed: deque[tuple[Part, Surroundings, Reached]] = deque()
        self._closures: dict[tuple[str, Surroundings], Closure] = {}
        self._later: list[Closure] = []

    def go(self) -> tuple[Reached, ...]:
        """Everything that the scene reaches."""
        around = self._paths.around(self._scene, self._scene.playbook)
        part = self._store.playbook(self._scene.playbook, around)
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
            closure = self._closures[key] = self._all_closures.closure(part, around)
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
        self.gaps.update(dict.fromkeys(gaps))

    def _expand(self, part: Part, around: Surroundings) -> None:
        """Goes on from a playbook, from variables, or from what they name."""
        edges = self._links.edges(part, around)
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
                found = self._links.playbooks_of(name, source, around)
                hop = Hop(path=source, label=ref.label, line=ref.line, widened=computed(name))
                for path in found:
                    where = self._paths.around(self._scene, path)
                    playbook = self._store.playbook(path, where)
                    self._push(playbook, where, Reached(unit=playbook.key, by=part.key, hop=hop))
                if not found and not ref.quiet and not name.startswith(("/", "~")):
                    self._no_playbook(ref.label, source, ref.line, name)

    def _no_playbook(self, label: str, source: str, line: int, name: str) -> None:
        message, fix = f"{label}: there is no such playbook", "add the file, or mend the name"
        gap = Gap(kind="missing-playbook", path=source, line=line, name=name, message=message, fix=fix)
        self._note((gap,))

    def _variables(self, part: Part, around: Surroundings) -> None:
        """Variables of groups and hosts beside a playbook, and those that the scene names."""
        scene = self._scene
        first = part.bases[-1] == parent(scene.playbook)
        for label, named in zip(_VARIABLES, (scene.group_vars, scene.host_vars), strict=True):
            folders = [joined(base, label) for base in part.bases]
            names = None if scene.groups is None or label == "host_vars" else frozenset((*_GROUPS, *scene.groups))
            for folder in dict.fromkeys((*folders, *(named if first else ()))):
                if folder and self._finder.is_folder(folder):
                    found = self._store.variables(folder, names, label)
                    hop = Hop(path=part.playbook, label=label)
                    self._push(found, around, Reached(unit=found.key, by=part.key, hop=hop))

    def _configure(self, part: Part) -> None:
        path = self._scene.config
        finder = self._finder
        if not path or finder.kind(path) != "file":
            return
        config = self._paths.config(path)
        if config.problem:
            gap = Gap(kind="unreadable", path=path, message=config.problem, fix="mend the file")
            self._note((gap,))
        files = {link: Hop(path="", label="") for link in (path, *finder.tree.links(path))}
        for folder in config.plugins:
            files |= {file: Hop(path=path, label="plugins") for file in finder.below(folder)}
        unit = self._store.single(f"configuration {path}", files)
        hop = Hop(path=self._scene.playbook, label="ansible.cfg")
        around = self._paths.around(self._scene, self._scene.playbook)
        self._exact.append((unit, around, Reached(unit=unit.key, by=part.key, hop=hop)))

    def _ask(self, part: Part, lineage: tuple[str, ...], around: Surroundings, done: set[tuple[str, str, int]]) -> None:
        """Asks what only a scene knows: all its roles, for names in variables; paths that its variables have."""
        answers = self._answers
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
            for other, reached in self._answers.reached(part, number, found):
                self._push(other, around, reached)
