"""Collects one part: follows what its files name within the role, or beside the playbook."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, FactsKind, FileFacts, Load, Ref
from tfgen_generators.ansible.resolving.missing import everything, missing, unread
from tfgen_generators.ansible.resolving.model import Open, Part
from tfgen_generators.ansible.search import search_order as positions
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import Visit
from tfgen_generators.paths.model import Hop

_VARIANTS = 8
_KINDS: dict[Load, FactsKind] = {"tasks": "tasks", "vars": "vars", "template": "template"}
#: For a playbook that cannot be read: what may lie beside it.
_BESIDE = ("tasks", "handlers", "vars", "files", "templates")


class Collector:
    """Fills one part."""

    def __init__(self, finder: Finder, facts: FactsSource, part: Part) -> None:
        self._finder = finder
        self._facts = facts
        self.part = part
        self._todo: deque[tuple[Visit, FactsKind]] = deque()
        self._seen: set[tuple[str, Load, tuple[str, ...], str]] = set()
        self._variants: dict[str, int] = {}
        self._loose: list[tuple[Ref, Visit, str]] = []

    def add(self, path: str, hop: Hop) -> None:
        """Makes a file, and the links that lead to it, a file of the part."""
        files = self.part.files
        if path not in files or (files[path].widened and not hop.widened):
            files[path] = hop
            for link in self._finder.tree.links(path):
                files.setdefault(link, hop)

    def visit(self, visit: Visit, hop: Hop, kind: FactsKind | None = None) -> None:
        """Adds a file and reads it on."""
        self.add(visit.path, hop)
        key = (visit.path, visit.load, visit.includes, visit.tasks)
        count = self._variants.get(visit.path, 0)
        if visit.load and key not in self._seen and count < _VARIANTS:
            self._seen.add(key)
            self._variants[visit.path] = count + 1
            self._todo.append((visit, kind or _KINDS[visit.load]))

    def run(self) -> Part:
        """Reads until nothing is left."""
        while self._todo:
            while self._todo:
                visit, kind = self._todo.popleft()
                self._read(visit, self._facts.facts(kind, visit.path), kind)
            for ref, visit, name in self._loose:
                self._by_values(ref, visit, name)
        return self.part.sealed()

    def _read(self, visit: Visit, facts: FileFacts, kind: FactsKind) -> None:
        part = self.part
        if facts.problem or facts.shape == "vault":
            self._closed(visit, facts, kind)
        for name in facts.spaces:
            part.spaces.setdefault(name, visit.path)
        if facts.collections:
            part.collections = tuple(dict.fromkeys((*part.collections, *facts.collections)))
            part.spaces.update(dict.fromkeys(facts.collections, visit.path))
        part.paths.update(dict.fromkeys(facts.paths))
        for ref in facts.refs:
            self._ref(ref, visit)

    def _closed(self, visit: Visit, facts: FileFacts, kind: FactsKind) -> None:
        """A file of which nothing is known: what it could name is everything near it."""
        what = "is encrypted" if facts.shape == "vault" else f"cannot be read: {facts.problem}"
        if facts.problem:
            self.part.gaps.append(unread(visit.path, facts, kind))
        if kind in ("vars", "template"):
            return
        hop = Hop(path=visit.path, label=what, widened=True)
        for path in everything(self._finder, self.part.role) if self.part.role else self._beside():
            self.add(path, hop)
        if kind == "playbook":
            self.part.roles.append((Ref(manner="role", names=(DYNAMIC,), label=what, line=0, quiet=True), visit.path))

    def _beside(self) -> Iterable[str]:
        for base in self.part.bases:
            for folder in _BESIDE:
                yield from self._finder.below(joined(base, folder) or folder)

    # one reference

    def _ref(self, ref: Ref, visit: Visit) -> None:
        if ref.manner == "role":
            self.part.roles.append((ref, visit.path))
        elif ref.manner == "playbook":
            self.part.playbooks.append((ref, visit.path))
        elif ref.manner == "first":
            self._first(ref, visit)
        elif ref.manner == "folder":
            self._folder(ref, visit)
        else:
            for name in ref.names:
                self._name(ref, name, visit)

    def _name(self, ref: Ref, name: str, visit: Visit) -> bool:
        """Adds what a name means here. True when it is settled: a literal one that is there."""
        if name.startswith(("/", "~")):
            return True
        found = self._anchored(name) if name[:1] in (ROLE_PATH, PLAYBOOK_DIR) else self._searched(ref, name, visit)
        if positions.computed(name):
            found = self._fitting(found, ref.load)
        self._take(ref, name, found, visit)
        known = bool(found) and not positions.computed(name)
        if self.part.role and not (known and name[0] == ROLE_PATH):
            if not known:
                self.part.open.append(Open(ref, (name,), visit.path))
            elif ref.where not in ("tasks", "handlers") and parent(found[0]) == visit.tasks != self.part.role:
                self.part.open.append(Open(ref, (name,), visit.path, found=True, above=True))
        elif not self.part.role:
            if ref.roaming:
                self.part.open.append(Open(ref, (name,), visit.path, found=known))
            elif not known and not ref.quiet and not positions.computed(name):
                self.part.gaps.append(missing(ref, name, visit.path))
        if name.startswith(DYNAMIC) and ref.manner != "glob":
            self._loose.append((ref, visit, name))
        return known

    def _anchored(self, name: str) -> tuple[str, ...]:
        """A name that starts at the role's folder, or (in a playbook) at the playbook's."""
        rest = name[1:].lstrip("/") or "."
        roots = (self.part.role,) if name[0] == ROLE_PATH else self.part.bases
        found = [path for root in roots if root for path in self._finder.find(root, rest)]
        return tuple(dict.fromkeys(found))

    def _searched(self, ref: Ref, name: str, visit: Visit) -> tuple[str, ...]:
        if ref.manner in ("tasks", "import"):
            return self._tasks(ref, name, visit)
        part = self.part
        places = [part.role, visit.tasks] if part.role else [visit.tasks, *part.bases]
        if visit.top:
            places.append(visit.top)
        found: list[str] = []
        for place in dict.fromkeys(place for place in places if place):
            found += positions.at(self._finder, place, name, ref)
            if found and not positions.computed(name):
                break
        return tuple(dict.fromkeys(found))

    def _tasks(self, ref: Ref, name: str, visit: Visit) -> tuple[str, ...]:
        role, finder = self.part.role, self._finder
        bases = (role,) if role else self.part.bases
        nested = [path for base in bases for path in positions.included_from(visit, role, base)]
        where = _where(ref, visit)
        own = [positions.tasks_at(finder, role, name, where)] if role else []
        near = [positions.tasks_at(finder, path, name, where) for path in nested]
        if role:
            order = [*near, *own] if ref.manner == "import" else [*own, *near]
        else:
            if positions.computed(name):
                beside = [positions.tasks_at(finder, base, name, where) for base in bases]
            else:
                beside = [finder.find(base, name) for base in bases]
            order = [*near[:1], *beside, *near[1:]]
        if positions.computed(name):
            return tuple(dict.fromkeys(path for found in order for path in found))
        return next((found for found in order if found), ())

    def _fitting(self, found: Sequence[str], load: Load) -> tuple[str, ...]:
        return tuple(path for path in found if self.fits(path, load))

    def fits(self, path: str, load: Load) -> bool:
        """Whether a file can be what a computed name loads: data by its ending, and no playbook."""
        if load not in ("tasks", "vars"):
            return True
        name = path.rpartition("/")[2]
        data = "." not in name.lstrip(".") or name.endswith((".yml", ".yaml", ".json"))
        return data and self._facts.facts(_KINDS[load], path).shape != "plays"

    def is_odd(self, path: str, load: Load) -> bool:
        """Whether a file is a list where a map belongs, or the reverse: no fault of one that is only guessed."""
        facts = self._facts.facts(_KINDS[load], path) if load else None
        return facts is not None and bool(facts.problem) and facts.shape != "broken"

    def _take(self, ref: Ref, name: str, found: Sequence[str], visit: Visit) -> None:
        computed = positions.computed(name)
        hop = Hop(path=visit.path, label=ref.label, line=ref.line, widened=computed)
        for path in found:
            if computed and self.is_odd(path, ref.load):
                self.add(path, hop)
            else:
                self.visit(self.onward(ref, name, path, visit), hop)

    def onward(self, ref: Ref, name: str, path: str, visit: Visit) -> Visit:
        """How a file that a reference leads to is read on."""
        if ref.load == "tasks":
            return Visit(path, "tasks", parent(path), positions.includes_of(visit, name, path), _where(ref, visit))
        if ref.load == "template":
            return Visit(path, "template", visit.tasks, top=visit.top or parent(path))
        return Visit(path, ref.load, visit.tasks)

    def _first(self, ref: Ref, visit: Visit) -> None:
        """The first of several names that is there; those before it may be there for others that led here."""
        before: list[str] = []
        for name in ref.names:
            opened = len(self.part.open)
            one = Ref("search", (name,), ref.label, ref.line, ref.where, ref.load, True, roaming=ref.roaming)
            settled = self._name(one, name, visit)
            del self.part.open[opened:]
            if settled and not name.startswith(("/", "~")):
                break
            before.append(name)
        else:
            self.part.open.append(Open(ref, tuple(before), visit.path))
            if not self.part.role and not ref.quiet and not any(map(positions.computed, before)):
                self.part.gaps.append(missing(ref, ", ".join(before), visit.path))
            return
        if before and (self.part.role or ref.roaming):
            self.part.open.append(Open(ref, tuple(before), visit.path, found=True))

    def _folder(self, ref: Ref, visit: Visit) -> None:
        from tfgen_generators.ansible.search.vars_folder import chosen

        for name in ref.names:
            folder = ""
            if name[:1] in (ROLE_PATH, PLAYBOOK_DIR):
                found = self._anchored(name)
                folder = joined(self.part.role, name[1:].lstrip("/")) or "" if name[0] == ROLE_PATH else ""
                if name[0] == PLAYBOOK_DIR and self.part.role:
                    self.part.open.append(Open(ref, (name,), visit.path))
            else:
                place = self.part.role or visit.tasks
                inner = name if not self.part.role or name.split("/", 1)[0] == "vars" else f"vars/{name}"
                path = joined(place, inner)
                computed = positions.computed(inner)
                folder = "" if computed else path or ""
                found = self._finder.find(place, f"{inner}/{DYNAMIC}") if computed else self._finder.below(path or "")
                if not found and not computed and not ref.quiet and not self._finder.is_folder(path):
                    self.part.gaps.append(missing(ref, name, visit.path))
            self._take(ref, name, chosen(found, folder, ref, self.part.role), visit)

    def _by_values(self, ref: Ref, visit: Visit, name: str) -> None:
        """What a name that starts with a variable means with the paths that variables of this part have."""
        for value in tuple(self.part.paths):
            full = value + name[1:]
            found = self._anchored(full) if full[0] in (ROLE_PATH, PLAYBOOK_DIR) else self._searched(ref, full, visit)
            self._take(ref, DYNAMIC, self._fitting(found, ref.load), visit)


def _where(ref: Ref, visit: Visit) -> str:
    return visit.where if visit.where == "handlers" else ref.where
