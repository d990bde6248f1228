"""Builds one unit: follows what its files name within the role, or beside the playbook."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import (
    DYNAMIC,
    PLAYBOOK_DIR,
    ROLE_PATH,
    FactsKind,
    FileFacts,
    Load,
    Reference,
)
from tfgen_generators.ansible.resolving.missing import missing_reference, role_files, unreadable_file
from tfgen_generators.ansible.resolving.model import LoadedUnit, PendingReference
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import LoadedFile
from tfgen_generators.ansible.search.search_order import (
    files_at,
    include_dirs_of,
    include_folders,
    is_dynamic,
    tasks_at,
)
from tfgen_generators.ansible.search.vars_folder import select_vars_files
from tfgen_generators.paths.model import Edge

#: In so many ways a file is loaded into one unit.
_MOST_VARIANTS = 8
_KINDS: dict[Load, FactsKind] = {"tasks": "tasks", "vars": "vars", "template": "template"}
#: Of a playbook that cannot be read: the folders beside it that it may use.
_BESIDE = ("tasks", "handlers", "vars", "files", "templates")


class UnitBuilder:
    """Builds one unit."""

    def __init__(self, finder: Finder, facts: FactsSource, unit: LoadedUnit) -> None:
        self._finder = finder
        self._facts = facts
        self.unit = unit
        self._queue: deque[tuple[LoadedFile, FactsKind]] = deque()
        self._seen: set[tuple[str, Load, tuple[str, ...], str]] = set()
        self._variants: dict[str, int] = {}
        #: References that start with a dynamic part.
        self._dynamic_starts: list[tuple[Reference, LoadedFile, str]] = []

    def add(self, path: str, edge: Edge) -> None:
        """Adds a file, and the links that lead to it."""
        files = self.unit.files
        if path not in files or (files[path].widened and not edge.widened and not self._is_by(path, edge.path)):
            files[path] = edge
            for link in self._finder.tree.links(path):
                files.setdefault(link, edge)

    def _is_by(self, path: str, source: str) -> bool:
        """Whether `path` leads to `source`: their edges must not make a cycle."""
        while source in self.unit.files and source != path:
            source = self.unit.files[source].path
        return source == path

    def load(self, file: LoadedFile, edge: Edge, kind: FactsKind | None = None) -> None:
        """Adds a file, and follows what it names."""
        self.add(file.path, edge)
        key = (file.path, file.load, file.include_dirs, file.task_dir)
        count = self._variants.get(file.path, 0)
        if file.load and key not in self._seen and count < _MOST_VARIANTS:
            self._seen.add(key)
            self._variants[file.path] = count + 1
            self._queue.append((file, kind or _KINDS[file.load]))

    def build(self) -> LoadedUnit:
        """The unit, once all its files are read."""
        while self._queue:
            while self._queue:
                file, kind = self._queue.popleft()
                self._read(file, self._facts.facts(kind, file.path), kind)
            for ref, file, name in self._dynamic_starts:
                self._add_by_values(ref, file, name)
        return self.unit.finished()

    def _read(self, file: LoadedFile, facts: FileFacts, kind: FactsKind) -> None:
        unit = self.unit
        if facts.problem or facts.shape == "vault":
            self._add_nearby(file, facts, kind)
        for name in facts.possible_collections:
            unit.possible_collections.setdefault(name, file.path)
        if facts.collections:
            unit.collections = tuple(dict.fromkeys((*unit.collections, *facts.collections)))
            unit.possible_collections.update(dict.fromkeys(facts.collections, file.path))
        unit.path_values.update(dict.fromkeys(facts.path_values))
        for ref in facts.references:
            self._follow(ref, file)

    def _add_nearby(self, file: LoadedFile, facts: FileFacts, kind: FactsKind) -> None:
        """Adds all that a file may name which cannot be read: what is near it."""
        what = "is encrypted" if facts.shape == "vault" else f"cannot be read: {facts.problem}"
        if facts.problem:
            self.unit.missing.append(unreadable_file(file.path, facts, kind))
        if kind in ("vars", "template"):
            return
        edge = Edge(path=file.path, label=what, widened=True)
        for path in role_files(self._finder, self.unit.role) if self.unit.role else self._beside():
            self.add(path, edge)
        if kind == "playbook":
            every_role = Reference(kind="role", names=(DYNAMIC,), label=what, line=0, optional=True)
            self.unit.roles.append((every_role, file.path))

    def _beside(self) -> Iterable[str]:
        for basedir in self.unit.basedirs:
            for folder in _BESIDE:
                yield from self._finder.below(joined(basedir, folder) or folder)

    def _follow(self, ref: Reference, file: LoadedFile) -> None:
        if ref.kind == "role":
            self.unit.roles.append((ref, file.path))
        elif ref.kind == "playbook":
            self.unit.playbooks.append((ref, file.path))
        elif ref.kind == "first":
            self._follow_first(ref, file)
        elif ref.kind == "folder":
            self._follow_vars_folder(ref, file)
        else:
            for name in filter(None, ref.names):
                self._follow_name(ref, name, file)

    def _follow_name(self, ref: Reference, name: str, file: LoadedFile) -> bool:
        """Adds what a name means in this unit. True when nothing else can be meant: a literal name that is there."""
        if name.startswith(("/", "~")):
            return True
        found = self._anchored(name) if name[:1] in (ROLE_PATH, PLAYBOOK_DIR) else self._searched(ref, name, file)
        if is_dynamic(name):
            found = self._fitting(found, ref.load)
        self._load_found(ref, name, found, file)
        resolved = bool(found) and not is_dynamic(name)
        self._leave_pending(ref, name, file, found if resolved else ())
        if name.startswith(DYNAMIC) and ref.kind != "glob":
            self._dynamic_starts.append((ref, file, name))
        return resolved

    def _leave_pending(self, ref: Reference, name: str, file: LoadedFile, resolved: Sequence[str]) -> None:
        """Notes what others may resolve too, and what is missing. `resolved`: the files of a literal name."""
        unit = self.unit
        if unit.role:
            if not resolved:
                unit.pending.append(PendingReference(ref, (name,), file.path))
            elif ref.kind == "tasks" and not tasks_at(self._finder, unit.role, name, _section(ref, file)):
                # Before the folder of the include Ansible looks for it in the role, and then beside the playbook.
                unit.pending.append(PendingReference(ref, (name,), file.path, optional=True))
            elif name[0] == ROLE_PATH or ref.subdir in ("tasks", "handlers"):
                return
            elif parent(resolved[0]) == file.task_dir != unit.role:
                unit.pending.append(PendingReference(ref, (name,), file.path, optional=True, only_roles=True))
        elif ref.lazy:
            unit.pending.append(PendingReference(ref, (name,), file.path, optional=bool(resolved)))
        elif not resolved and not ref.optional and not is_dynamic(name):
            unit.missing.append(missing_reference(ref, name, file.path))

    def _anchored(self, name: str) -> tuple[str, ...]:
        """Files of a name that starts at the role's folder, or (in a playbook) at the playbook's."""
        rest = name[1:].lstrip("/") or "."
        roots = (self.unit.role,) if name[0] == ROLE_PATH else self.unit.basedirs
        found = [path for root in roots if root for path in self._finder.find(root, rest)]
        return tuple(dict.fromkeys(found))

    def _searched(self, ref: Reference, name: str, file: LoadedFile) -> tuple[str, ...]:
        if ref.kind in ("tasks", "import"):
            return self._tasks(ref, name, file)
        unit = self.unit
        folders = [unit.role, file.task_dir] if unit.role else [file.task_dir, *unit.basedirs]
        if file.template_dir:
            folders.append(file.template_dir)
        found: list[str] = []
        for folder in dict.fromkeys(folder for folder in folders if folder):
            found += files_at(self._finder, folder, name, ref)
            if found and not is_dynamic(name):
                break
        return tuple(dict.fromkeys(found))

    def _tasks(self, ref: Reference, name: str, file: LoadedFile) -> tuple[str, ...]:
        role, finder = self.unit.role, self._finder
        basedirs = (role,) if role else self.unit.basedirs
        nested = [path for basedir in basedirs for path in include_folders(file, role, basedir)]
        section = _section(ref, file)
        near = [tasks_at(finder, path, name, section) for path in nested]
        if role:
            own = tasks_at(finder, role, name, section)
            order = [*near, own] if ref.kind == "import" else [own, *near]
        else:
            if is_dynamic(name):
                beside = [tasks_at(finder, basedir, name, section) for basedir in basedirs]
            else:
                beside = [finder.find(basedir, name) for basedir in basedirs]
            order = [*near[:1], *beside, *near[1:]]
        if is_dynamic(name):
            return tuple(dict.fromkeys(path for found in order for path in found))
        return next((found for found in order if found), ())

    def _fitting(self, found: Sequence[str], load: Load) -> tuple[str, ...]:
        return tuple(path for path in found if self.fits(path, load))

    def fits(self, path: str, load: Load) -> bool:
        """Whether a file can be what a dynamic name loads: data by its ending, and no playbook."""
        if load not in ("tasks", "vars"):
            return True
        name = path.rpartition("/")[2]
        data = "." not in name.lstrip(".") or name.endswith((".yml", ".yaml", ".json"))
        return data and self._facts.facts(_KINDS[load], path).shape != "plays"

    def has_wrong_shape(self, path: str, load: Load) -> bool:
        """Whether a file is a list where a map belongs, or the reverse: no error when a dynamic name finds it."""
        facts = self._facts.facts(_KINDS[load], path) if load else None
        return facts is not None and bool(facts.problem) and facts.shape != "broken"

    def _load_found(self, ref: Reference, name: str, found: Sequence[str], file: LoadedFile) -> None:
        dynamic = is_dynamic(name)
        edge = Edge(path=file.path, label=ref.label, line=ref.line, widened=dynamic)
        for path in found:
            if dynamic and self.has_wrong_shape(path, ref.load):
                self.add(path, edge)
            else:
                self.load(self.loaded_by(ref, name, path, file), edge)

    def loaded_by(self, ref: Reference, name: str, path: str, file: LoadedFile) -> LoadedFile:
        """How `path` is loaded, which a reference of `file` means."""
        if ref.load == "tasks":
            return LoadedFile(path, "tasks", parent(path), include_dirs_of(file, name, path), _section(ref, file))
        if ref.load == "template":
            return LoadedFile(path, "template", file.task_dir, template_dir=file.template_dir or parent(path))
        return LoadedFile(path, ref.load, file.task_dir)

    def _follow_first(self, ref: Reference, file: LoadedFile) -> None:
        """Adds the first of several names that is there; roles that lead to the unit may have one of those before."""
        unit = self.unit
        before: list[str] = []
        for name in filter(None, ref.names):
            count = len(unit.pending)
            one = Reference("search", (name,), ref.label, ref.line, ref.subdir, ref.load, True, lazy=ref.lazy)
            resolved = self._follow_name(one, name, file)
            del unit.pending[count:]
            if resolved and not name.startswith(("/", "~")):
                break
            before.append(name)
        else:
            unit.pending.append(PendingReference(ref, tuple(before), file.path))
            if not unit.role and not ref.optional and not any(map(is_dynamic, before)):
                unit.missing.append(missing_reference(ref, ", ".join(before), file.path))
            return
        if before and (unit.role or ref.lazy):
            unit.pending.append(PendingReference(ref, tuple(before), file.path, optional=True))

    def _follow_vars_folder(self, ref: Reference, file: LoadedFile) -> None:
        unit = self.unit
        for name in filter(None, ref.names):
            folder = ""
            if name[:1] in (ROLE_PATH, PLAYBOOK_DIR):
                found = self._anchored(name)
                folder = joined(unit.role, name[1:].lstrip("/")) or "" if name[0] == ROLE_PATH else ""
                if name[0] == PLAYBOOK_DIR and unit.role:
                    unit.pending.append(PendingReference(ref, (name,), file.path))
            else:
                root = unit.role or file.task_dir
                inner = name if not unit.role or name.split("/", 1)[0] == "vars" else f"vars/{name}"
                path = joined(root, inner)
                dynamic = is_dynamic(inner)
                folder = "" if dynamic else path or ""
                found = self._finder.find(root, f"{inner}/{DYNAMIC}") if dynamic else self._finder.below(path or "")
                if not found and not dynamic and not ref.optional and not self._finder.is_folder(path):
                    unit.missing.append(missing_reference(ref, name, file.path))
            self._load_found(ref, name, select_vars_files(found, folder, ref, unit.role), file)

    def _add_by_values(self, ref: Reference, file: LoadedFile, name: str) -> None:
        """Adds what a name means when its dynamic start is one of the paths that variables of this unit have."""
        for value in tuple(self.unit.path_values):
            full = value + name[1:]
            found = self._anchored(full) if full[0] in (ROLE_PATH, PLAYBOOK_DIR) else self._searched(ref, full, file)
            self._load_found(ref, DYNAMIC, self._fitting(found, ref.load), file)


def _section(ref: Reference, file: LoadedFile) -> str:
    return "handlers" if file.section == "handlers" else ref.subdir
