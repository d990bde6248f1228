"""From scenes to units: what a playbook is made of, by playbook, role and what they name."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.answers import Answers
from tfgen_generators.ansible.resolving.closure import Closure, Walk
from tfgen_generators.ansible.resolving.edges import EdgeFinder
from tfgen_generators.ansible.resolving.parts import Part
from tfgen_generators.ansible.resolving.run import AnsibleScene
from tfgen_generators.ansible.resolving.store import Store
from tfgen_generators.ansible.search.configuration import Configuration, read_configuration
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.search_paths import RoleFinder, Surroundings, galaxy, requirements_near
from tfgen_generators.paths.model import Gap, Reached, Unit
from tfgen_generators.trees.tree import Tree


class Reacher:
    """One a tree; remembers what it has read and resolved for all images."""

    def __init__(self, tree: Tree, facts: FactsSource) -> None:
        self.finder = Finder(tree)
        self._facts = facts
        self.store = Store(self.finder, facts)
        self.answers = Answers(self.finder, facts, self.store)
        self._roles = RoleFinder(self.finder)
        self.links = EdgeFinder(self.finder, facts, self.store, self._roles)
        self._around: dict[tuple[AnsibleScene, str], Surroundings] = {}
        self._equal: dict[tuple[object, ...], Surroundings] = {}
        self._configs: dict[str, Configuration] = {}
        self._galaxy: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        self._closures: dict[tuple[Surroundings, str], Closure] = {}
        self._role_folders: dict[str, None] = {}
        self._gaps: dict[tuple[Gap, AnsibleScene], None] = {}

    @property
    def units(self) -> Mapping[str, Unit]:
        """All units that were reached so far, by key."""
        return self.store.units

    @property
    def gaps(self) -> tuple[tuple[Gap, AnsibleScene], ...]:
        """What is missing or cannot be read, with each scene that needs it."""
        return tuple(self._gaps)

    def reach(self, scene: AnsibleScene) -> tuple[Reached, ...]:
        """Units of the scene, the playbook's own first (by None, an empty hop: the caller replaces them)."""
        from tfgen_generators.ansible.resolving.resolver import Journey

        return Journey(self, scene).go()

    def unused_roles(self) -> tuple[str, ...]:
        """Role folders of all role paths seen that no scene has reached."""
        found = (role for folder in self._role_folders for role in self._roles.roles_in(folder))
        return tuple(role for role in dict.fromkeys(found) if self.finder.real(role) not in self.links.reached)

    def gap(self, gap: Gap, scene: AnsibleScene) -> None:
        """Notes a gap of a scene."""
        self._gaps[gap, scene] = None

    # surroundings

    def config(self, path: str) -> Configuration:
        """What an ansible.cfg says."""
        if path not in self._configs:
            self._configs[path] = read_configuration(self.finder, path)
        return self._configs[path]

    def around(self, scene: AnsibleScene, playbook: str) -> Surroundings:
        """Where a playbook of the scene looks."""
        key = (scene, parent(playbook))
        found = self._around.get(key)
        if found is None:
            found = self._around[key] = self._surroundings(scene, key[1])
            self._role_folders.update(dict.fromkeys(self._roles.folders(found)))
        return found

    def _surroundings(self, scene: AnsibleScene, folder: str) -> Surroundings:
        uploaded = scene.playbook_dir
        bases = (uploaded, folder) if uploaded and uploaded != folder else (folder,)
        config = self.config(scene.config) if scene.config else Configuration()
        beside = [joined(base, "collections") or base for base in (*bases, parent(scene.playbook))]
        role_paths = tuple(dict.fromkeys((*scene.role_paths, *config.role_paths)))
        near = tuple(dict.fromkeys((*scene.galaxy_files, *requirements_near((*bases, *role_paths)))))
        if near not in self._galaxy:
            self._galaxy[near] = galaxy(self.finder, self._facts, near)
        roles, collections = self._galaxy[near]
        found = Surroundings(
            bases,
            scene.role_dirs,
            role_paths,
            tuple(dict.fromkeys((*scene.collection_paths, *config.collection_paths, *beside))),
            roles,
            collections,
            bool(scene.role_dirs) and not uploaded and not role_paths,
            scene.playbook_paths,
        )
        return self._equal.setdefault(msgspec.structs.astuple(found), found)

    def closure(self, part: Part, around: Surroundings) -> Closure:
        """All that a role or a file of tasks leads to."""
        key = (around, part.key)
        if key not in self._closures:
            self._closures[key] = Walk(self, around).closure(part)
        return self._closures[key]
