"""The units of one tree, each loaded once."""

from __future__ import annotations

from collections.abc import Mapping

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.model import EntryPoint, LoadedUnit
from tfgen_generators.ansible.resolving.unit_loader import UnitLoader
from tfgen_generators.ansible.search.finder import Finder
from tfgen_generators.ansible.search.model import SearchPaths
from tfgen_generators.paths.model import Edge, Unit


class UnitStore:
    """Units by key."""

    def __init__(self, finder: Finder, facts: FactsSource) -> None:
        self.loader = UnitLoader(finder, facts)
        self.units: dict[str, Unit] = {}
        self._loaded: dict[str, LoadedUnit] = {}

    def add(self, unit: LoadedUnit) -> LoadedUnit:
        """Stores a unit."""
        self._loaded[unit.key] = unit
        self.units[unit.key] = Unit(key=unit.key, files=unit.files)
        return unit

    def get(self, key: str) -> LoadedUnit | None:
        """The unit of a key, None when it is not loaded yet."""
        return self._loaded.get(key)

    def role(self, folder: str, entry: EntryPoint) -> LoadedUnit:
        """A role that starts with `entry`."""
        return self._loaded.get(f"role {folder}{entry.text()}") or self.add(self.loader.role(folder, entry))

    def playbook(self, path: str, paths: SearchPaths) -> LoadedUnit:
        """A playbook."""
        key = f"playbook {path}" + (f" with {paths.basedirs[0]}" if len(paths.basedirs) > 1 else "")
        return self._loaded.get(key) or self.add(self.loader.playbook(path, paths.basedirs))

    def variables(self, folder: str, names: frozenset[str] | None, label: str) -> LoadedUnit:
        """Variables of groups or of hosts; `label` is `group_vars` or `host_vars`."""
        key = f"{label} {folder}" + ("" if names is None else " of " + ", ".join(sorted(names)))
        return self._loaded.get(key) or self.add(self.loader.variables(key, folder, names))

    def unread(self, key: str, files: Mapping[str, Edge]) -> LoadedUnit:
        """A unit of files that are not read."""
        return self._loaded.get(key) or self.add(LoadedUnit(key=key, files=dict(files)))

    def collection(self, name: str, folder: str) -> LoadedUnit:
        """The plugins of a collection in the repository."""
        return self._loaded.get(f"collection {folder}") or self.add(self.loader.collection(name, folder))
