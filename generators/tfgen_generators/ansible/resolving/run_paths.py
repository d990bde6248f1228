"""Where Ansible looks for what each playbook of a run names."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.ansible.search.configuration import Configuration, read_configuration
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import SearchPaths
from tfgen_generators.ansible.search.role_finder import RoleFinder, galaxy_names, requirements_paths


class RunSearchPaths:
    """The search paths of all runs on one tree; equal ones are one object."""

    def __init__(self, finder: Finder, facts: FactsSource, roles: RoleFinder) -> None:
        self._finder, self._facts, self._roles = finder, facts, roles
        self._paths: dict[tuple[AnsibleRun, str], SearchPaths] = {}
        self._equal: dict[tuple[object, ...], SearchPaths] = {}
        self._configs: dict[str, Configuration] = {}
        self._galaxy: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        #: All folders that hold roles, of every run so far.
        self.role_folders: dict[str, None] = {}

    def configuration(self, path: str) -> Configuration:
        """The folders that an ansible.cfg names."""
        if path not in self._configs:
            self._configs[path] = read_configuration(self._finder, path)
        return self._configs[path]

    def search_paths(self, run: AnsibleRun, playbook: str) -> SearchPaths:
        """Where Ansible looks for what a playbook of the run names."""
        key = (run, parent(playbook))
        found = self._paths.get(key)
        if found is None:
            found = self._paths[key] = self._make(run, key[1])
            self.role_folders.update(dict.fromkeys(self._roles.role_folders(found)))
        return found

    def _make(self, run: AnsibleRun, folder: str) -> SearchPaths:
        uploaded = run.playbook_dir
        basedirs = (uploaded, folder) if uploaded and uploaded != folder else (folder,)
        config = self.configuration(run.config) if run.config else Configuration()
        beside = [joined(basedir, "collections") or basedir for basedir in (*basedirs, parent(run.playbook))]
        role_paths = tuple(dict.fromkeys((*run.role_paths, *config.role_paths)))
        requirements = tuple(dict.fromkeys((*run.galaxy_files, *requirements_paths((*basedirs, *role_paths)))))
        if requirements not in self._galaxy:
            self._galaxy[requirements] = galaxy_names(self._finder, self._facts, requirements)
        roles, collections = self._galaxy[requirements]
        found = SearchPaths(
            basedirs=basedirs,
            role_dirs=run.role_dirs,
            role_paths=role_paths,
            collection_paths=tuple(dict.fromkeys((*run.collection_paths, *config.collection_paths, *beside))),
            galaxy_roles=roles,
            galaxy_collections=collections,
            only_uploaded=bool(run.role_dirs) and not uploaded and not role_paths,
            playbook_paths=run.playbook_paths,
        )
        return self._equal.setdefault(msgspec.structs.astuple(found), found)
