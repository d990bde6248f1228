"""Units by what they start with: a role, a playbook, variables of groups, the plugins of a collection."""

from __future__ import annotations

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, FactsKind, Load
from tfgen_generators.ansible.resolving.model import EntryPoint, LoadedUnit, PendingReference
from tfgen_generators.ansible.resolving.unit_builder import UnitBuilder
from tfgen_generators.ansible.search import search_order
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import LoadedFile
from tfgen_generators.paths.model import Edge, MissingReference

#: Folders of plugins that Ansible loads from a role, or from beside a playbook.
PLUGINS = (
    *("action_plugins", "become_plugins", "cache_plugins", "callback_plugins", "cliconf_plugins", "connection_plugins"),
    *("doc_fragments", "filter_plugins", "httpapi_plugins", "inventory_plugins", "library", "lookup_plugins"),
    *("module_utils", "netconf_plugins", "shell_plugins", "strategy_plugins", "terminal_plugins", "test_plugins"),
    "vars_plugins",
)
_ROLE_FOLDERS: tuple[tuple[str, FactsKind, Load, bool], ...] = (
    ("defaults", "vars", "vars", True),
    ("vars", "vars", "vars", True),
    ("tasks", "tasks", "tasks", False),
    ("handlers", "tasks", "tasks", False),
)
_ENDINGS = (".yml", ".yaml", ".json", "")


class UnitLoader:
    """Loads units of one tree."""

    def __init__(self, finder: Finder, facts: FactsSource) -> None:
        self._finder = finder
        self._facts = facts
        self._plugins_in: dict[str, tuple[str, ...]] = {}

    def role(self, folder: str, entry: EntryPoint) -> LoadedUnit:
        """A role: the files with which it starts, and all that they name within the role."""
        finder = self._finder
        builder = UnitBuilder(finder, self._facts, LoadedUnit(key=f"role {folder}{entry.text()}", role=folder))
        unit = builder.unit
        for ending in _ENDINGS:
            path = joined(folder, f"meta/main{ending}")
            if path and finder.kind(path) == "file":
                builder.load(LoadedFile(path, "vars", folder), Edge(path="", label="role's meta"), "meta")
                break
        for ending in _ENDINGS:
            path = joined(folder, f"meta/argument_specs{ending}")
            if path and finder.kind(path) == "file":
                builder.add(path, Edge(path="", label="role's argument_specs"))
        for name, kind, load, folders in _ROLE_FOLDERS:
            wanted = getattr(entry, name)
            found = search_order.main_files(finder, joined(folder, name) or name, wanted, folders=folders)
            if DYNAMIC in wanted:
                found = tuple(path for path in found if builder.fits(path, load))
            if not found and wanted and DYNAMIC not in wanted:
                unit.missing.append(_missing_entry(folder, name, wanted))
            edge = Edge(path="", label=f"role's {name}", widened=DYNAMIC in wanted)
            for path in found:
                task_dir = parent(path) if load == "tasks" else folder
                section = "handlers" if name == "handlers" else "tasks"
                builder.load(LoadedFile(path, load, task_dir, section=section), edge, kind)
        for path in self._plugins(folder):
            builder.add(path, Edge(path="", label="role's plugins"))
        return builder.build()

    def _plugins(self, folder: str) -> tuple[str, ...]:
        if folder not in self._plugins_in:
            places = (joined(folder, name) or folder for name in PLUGINS)
            self._plugins_in[folder] = tuple(path for place in places for path in self._finder.below(place))
        return self._plugins_in[folder]

    def playbook(self, path: str, basedirs: tuple[str, ...]) -> LoadedUnit:
        """A playbook: its plays with their tasks, files of variables, and plugins beside it."""
        key = f"playbook {path}" + (f" with {basedirs[0]}" if len(basedirs) > 1 else "")
        builder = UnitBuilder(self._finder, self._facts, LoadedUnit(key=key, playbook=path, basedirs=basedirs))
        builder.load(LoadedFile(path, "tasks", parent(path)), Edge(path="", label=""), "playbook")
        for basedir in basedirs:
            for plugin in self._plugins(basedir):
                builder.add(plugin, Edge(path=path, label="plugins beside the playbook"))
        return builder.build()

    def pending(self, key: str, pending: PendingReference, name: str, path: str, by: LoadedUnit) -> LoadedUnit:
        """The file that a pending reference of `by` means, and all that it names; it acts as a part of by's owner."""
        unit = LoadedUnit(key=key, owner=by.owner or by.key, role=by.role, basedirs=by.basedirs)
        builder = UnitBuilder(self._finder, self._facts, unit)
        source = LoadedFile(pending.source, "", parent(pending.source))
        builder.load(builder.loaded_by(pending.ref, name, path, source), Edge(path="", label=""))
        return builder.build()

    def variables(self, key: str, folder: str, names: frozenset[str] | None) -> LoadedUnit:
        """Files of a `group_vars` or `host_vars` folder: those of `names`, or all when these are not known."""
        builder = UnitBuilder(self._finder, self._facts, LoadedUnit(key=key, basedirs=(parent(folder),)))
        if names is None:
            found = [path for path in self._finder.below(folder) if "/." not in path]
        else:
            found = [path for name in sorted(names) for path in search_order.vars_files(self._finder, folder, name)]
        for path in found:
            builder.load(LoadedFile(path, "vars", folder), Edge(path="", label=""))
        return builder.build()

    def collection(self, name: str, folder: str) -> LoadedUnit:
        """A collection of the repository without its roles and playbooks: any of its plugins may use another."""
        unit = LoadedUnit(key=f"collection {folder}")
        builder = UnitBuilder(self._finder, self._facts, unit)
        edge = Edge(path="", label=f"collection {name}")
        for inner in ("plugins", "meta"):
            for path in self._finder.below(f"{folder}/{inner}"):
                builder.add(path, edge)
        for inner in ("galaxy.yml", "MANIFEST.json", "FILES.json"):
            if self._finder.kind(f"{folder}/{inner}") == "file":
                builder.add(f"{folder}/{inner}", edge)
        return unit


def _missing_entry(folder: str, name: str, wanted: str) -> MissingReference:
    return MissingReference(
        kind="missing-tasks" if name in ("tasks", "handlers") else "missing-file",
        path=f"{folder}/{name}",
        name=wanted,
        message=f"{name}_from: the role has no {name}/{wanted}",
        fix="add the file, or fix the name",
    )
