"""The parts of one tree, each made once, and the units that they are."""

from __future__ import annotations

from collections.abc import Mapping

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.resolving.loading import Loader
from tfgen_generators.ansible.resolving.model import Froms, Part
from tfgen_generators.ansible.search.finder import Finder
from tfgen_generators.ansible.search.search_paths import Surroundings
from tfgen_generators.paths.model import Hop, Unit


class Store:
    """Parts and units by key."""

    def __init__(self, finder: Finder, facts: FactsSource) -> None:
        self.loader = Loader(finder, facts)
        self.units: dict[str, Unit] = {}
        self._parts: dict[str, Part] = {}

    def keep(self, part: Part) -> Part:
        """Makes a part a unit."""
        self._parts[part.key] = part
        self.units[part.key] = Unit(key=part.key, files=part.files)
        return part

    def known(self, key: str) -> Part | None:
        """The part of a key, None when it was not made yet."""
        return self._parts.get(key)

    def role(self, folder: str, froms: Froms) -> Part:
        """A role as it is entered."""
        return self._parts.get(f"role {folder}{froms.text()}") or self.keep(self.loader.role(folder, froms))

    def playbook(self, path: str, around: Surroundings) -> Part:
        """A playbook."""
        key = f"playbook {path}" + (f" with {around.bases[0]}" if len(around.bases) > 1 else "")
        return self._parts.get(key) or self.keep(self.loader.playbook(path, around.bases))

    def variables(self, folder: str, names: frozenset[str] | None, label: str) -> Part:
        """Variables of groups or hosts."""
        key = f"{label} {folder}" + ("" if names is None else " of " + ", ".join(sorted(names)))
        return self._parts.get(key) or self.keep(self.loader.variables(key, folder, names))

    def single(self, key: str, files: Mapping[str, Hop]) -> Part:
        """A part of files that name nothing."""
        return self._parts.get(key) or self.keep(Part(key=key, files=dict(files)))

    def collection(self, name: str, folder: str) -> Part:
        """A local collection's plugins."""
        return self._parts.get(f"collection {folder}") or self.keep(self.loader.collection(name, folder))
