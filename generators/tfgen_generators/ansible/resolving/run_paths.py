"""Where each playbook of a run looks for what it names."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.run import AnsibleScene
from tfgen_generators.ansible.search.configuration import Configuration, read_configuration
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.search_paths import RoleFinder, Surroundings, galaxy, requirements_near


class RunPaths:
    """The search paths of all runs on one tree; equal ones are one object."""

    def __init__(self, finder: Finder, facts: FactsSource, roles: RoleFinder) -> None:
        self._finder, self._facts, self._roles = finder, facts, roles
        self._around: dict[tuple[AnsibleScene, str], Surroundings] = {}
        self._equal: dict[tuple[object, ...], Surroundings] = {}
        self._configs: dict[str, Configuration] = {}
        self._galaxy: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        #: Every folder that was found to hold roles.
        self.role_folders: dict[str, None] = {}

    def config(self, path: str) -> Configuration:
        """What an ansible.cfg says."""
        if path not in self._configs:
            self._configs[path] = read_configuration(self._finder, path)
        return self._configs[path]

    def around(self, scene: AnsibleScene, playbook: str) -> Surroundings:
        """Where a playbook of the scene looks."""
        key = (scene, parent(playbook))
        found = self._around.get(key)
        if found is None:
            found = self._around[key] = self._surroundings(scene, key[1])
            self.role_folders.update(dict.fromkeys(self._roles.folders(found)))
        return found

    def _surroundings(self, scene: AnsibleScene, folder: str) -> Surroundings:
        uploaded = scene.playbook_dir
        bases = (uploaded, folder) if uploaded and uploaded != folder else (folder,)
        config = self.config(scene.config) if scene.config else Configuration()
        beside = [joined(base, "collections") or base for base in (*bases, parent(scene.playbook))]
        role_paths = tuple(dict.fromkeys((*scene.role_paths, *config.role_paths)))
        near = tuple(dict.fromkeys((*scene.galaxy_files, *requirements_near((*bases, *role_paths)))))
        if near not in self._galaxy:
            self._galaxy[near] = galaxy(self._finder, self._facts, near)
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
