"""Parts from their first files: a role as it is entered, a playbook, variables of groups, a collection's plugins."""

from __future__ import annotations

from tfgen_generators.ansible.reading.facts import DYNAMIC, FactsKind, FactsSource, Load
from tfgen_generators.ansible.resolving.collector import Collector
from tfgen_generators.ansible.resolving.parts import Froms, Open, Part, Visit
from tfgen_generators.ansible.search import search_order as positions
from tfgen_generators.ansible.search.finder import Finder, joined
from tfgen_generators.paths.model import Gap, Hop

#: Folders of plugins that Ansible loads from a role, or from beside a playbook.
PLUGINS = (
    *("action_plugins", "become_plugins", "cache_plugins", "callback_plugins", "cliconf_plugins", "connection_plugins"),
    *("doc_fragments", "filter_plugins", "httpapi_plugins", "inventory_plugins", "library", "lookup_plugins"),
    *("module_utils", "netconf_plugins", "shell_plugins", "strategy_plugins", "terminal_plugins", "test_plugins"),
    "vars_plugins",
)
_LOADED: tuple[tuple[str, FactsKind, Load, bool], ...] = (
    ("defaults", "vars", "vars", True),
    ("vars", "vars", "vars", True),
    ("tasks", "tasks", "tasks", False),
    ("handlers", "tasks", "tasks", False),
)
_ENDINGS = (".yml", ".yaml", ".json", "")


class Loader:
    """Loads parts of one tree."""

    def __init__(self, finder: Finder, facts: FactsSource) -> None:
        self._finder = finder
        self._facts = facts
        self._plugins_in: dict[str, tuple[str, ...]] = {}

    def role(self, folder: str, froms: Froms) -> Part:
        """A role: what it loads by itself, and all that this names within the role."""
        finder = self._finder
        collector = Collector(finder, self._facts, Part(key=f"role {folder}{froms.text()}", role=folder))
        part = collector.part
        for ending in _ENDINGS:
            path = joined(folder, f"meta/main{ending}")
            if path and finder.kind(path) == "file":
                collector.visit(Visit(path, "vars", folder), Hop(path="", label="role's meta"), "meta")
                break
        for ending in _ENDINGS:
            path = joined(folder, f"meta/argument_specs{ending}")
            if path and finder.kind(path) == "file":
                collector.add(path, Hop(path="", label="role's argument_specs"))
        for name, kind, load, folders in _LOADED:
            wanted = getattr(froms, name)
            found = positions.main_files(finder, joined(folder, name) or name, wanted, folders=folders)
            if DYNAMIC in wanted:
                found = tuple(path for path in found if collector.fits(path, load))
            if not found and wanted and DYNAMIC not in wanted:
                part.gaps.append(_no_entry(folder, name, wanted))
            hop = Hop(path="", label=f"role's {name}", widened=DYNAMIC in wanted)
            for path in found:
                tasks = (path.rpartition("/")[0] or ".") if load == "tasks" else folder
                collector.visit(Visit(path, load, tasks, (), name if name == "handlers" else "tasks"), hop, kind)
        for path in self._plugins(folder):
            collector.add(path, Hop(path="", label="role's plugins"))
        return collector.run()

    def _plugins(self, folder: str) -> tuple[str, ...]:
        if folder not in self._plugins_in:
            places = (joined(folder, name) or folder for name in PLUGINS)
            self._plugins_in[folder] = tuple(path for place in places for path in self._finder.below(place))
        return self._plugins_in[folder]

    def playbook(self, path: str, bases: tuple[str, ...]) -> Part:
        """A playbook: its plays with their tasks, files of variables, and plugins beside it."""
        key = f"playbook {path}" + (f" with {bases[0]}" if len(bases) > 1 else "")
        collector = Collector(self._finder, self._facts, Part(key=key, playbook=path, bases=bases))
        collector.visit(Visit(path, "tasks", path.rpartition("/")[0] or "."), Hop(path="", label=""), "playbook")
        for base in bases:
            for plugin in self._plugins(base):
                collector.add(plugin, Hop(path=path, label="plugins beside the playbook"))
        return collector.run()

    def late(self, opened: Open, name: str, path: str, owner: Part) -> Part:
        """A file that a role finds elsewhere, with all that it names: it works as a part of that role."""
        tasks = opened.source.rpartition("/")[0] or "."
        part = Part(key=f"{owner.key} + {opened.ref.load} {path}", role=owner.role, bases=owner.bases)
        collector = Collector(self._finder, self._facts, part)
        visit = collector.onward(opened.ref, name, path, Visit(opened.source, "", tasks))
        collector.visit(visit, Hop(path="", label=""))
        return collector.run()

    def variables(self, key: str, folder: str, names: frozenset[str] | None) -> Part:
        """Files of a `group_vars` or `host_vars` folder: those of `names`, or all when these are not known."""
        collector = Collector(self._finder, self._facts, Part(key=key, bases=(folder.rpartition("/")[0] or ".",)))
        if names is None:
            found = [path for path in self._finder.below(folder) if "/." not in path]
        else:
            found = [path for name in sorted(names) for path in positions.vars_files(self._finder, folder, name)]
        for path in found:
            collector.visit(Visit(path, "vars", folder), Hop(path="", label=""))
        return collector.run()

    def collection(self, name: str, folder: str) -> Part:
        """A local collection but its roles and playbooks: any of its plugins may be used by another."""
        part = Part(key=f"collection {folder}")
        collector = Collector(self._finder, self._facts, part)
        hop = Hop(path="", label=f"collection {name}")
        for inner in ("plugins", "meta"):
            for path in self._finder.below(f"{folder}/{inner}"):
                collector.add(path, hop)
        for inner in ("galaxy.yml", "MANIFEST.json", "FILES.json"):
            if self._finder.kind(f"{folder}/{inner}") == "file":
                collector.add(f"{folder}/{inner}", hop)
        return part


def _no_entry(folder: str, name: str, wanted: str) -> Gap:
    return Gap(
        kind="missing-tasks" if name in ("tasks", "handlers") else "missing-file",
        path=f"{folder}/{name}",
        name=wanted,
        message=f"{name}_from: the role has no {name}/{wanted}",
        fix="add the file, or fix the name",
    )
