"""What other places answer to the names that a part leaves open. Remembered: places are few, scenes are many."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH
from tfgen_generators.ansible.resolving.collector import Collector
from tfgen_generators.ansible.resolving.missing import missing
from tfgen_generators.ansible.resolving.model import Open, Part
from tfgen_generators.ansible.resolving.store import Store
from tfgen_generators.ansible.search.finder import Finder, joined
from tfgen_generators.ansible.search.search_order import at, computed, tasks_at
from tfgen_generators.paths.model import Gap, Hop, Reached

#: For one open name of a part (by its number): the names that are answered, and the files.
Found = tuple[tuple[str, str], ...]
Answer = tuple[int, Found]
_ANCHORS = {True: (ROLE_PATH, PLAYBOOK_DIR), False: (PLAYBOOK_DIR,)}


class Settled(msgspec.Struct, frozen=True):
    """For a part among others: the place, the number of the open name and what was found; and what nobody has."""

    answers: tuple[tuple[str, int, Found], ...]
    gaps: tuple[Gap, ...]


class Answers:
    """Answers to open names, by place."""

    def __init__(self, finder: Finder, facts: FactsSource, store: Store) -> None:
        self._finder = finder
        self._store = store
        judge = Collector(finder, facts, Part(key=""))
        self._fits, self._is_odd = judge.fits, judge.is_odd
        self._at: dict[tuple[str, str, str], tuple[Answer, ...]] = {}
        self._settled: dict[tuple[str, tuple[str, ...], bool, tuple[str, ...]], Settled] = {}
        self._valued: dict[tuple[str, str, tuple[str, ...]], tuple[Answer, ...]] = {}
        self._computed: dict[tuple[str, str, str, str, str], tuple[str, ...]] = {}
        self._inside: dict[str, frozenset[str]] = {}

    def settle(self, part: Part, lineage: tuple[str, ...], one: bool, bases: tuple[str, ...]) -> Settled:
        """What the roles that led here (nearest first; `one`: in one line) and then the playbook's folders answer."""
        key = (part.key, lineage, one, bases)
        if key not in self._settled:
            self._settled[key] = self._settle(part, lineage, one, bases)
        return self._settled[key]

    def _settle(self, part: Part, lineage: tuple[str, ...], one: bool, bases: tuple[str, ...]) -> Settled:
        answers: list[tuple[str, int, Found]] = []
        settled: set[int] = set()
        answered: set[int] = set()
        for kind, place in (*(("role", place) for place in lineage), *(("base", place) for place in bases)):
            for number, found in self.at(part, place, kind):
                opened = part.open[number]
                if number in settled or (opened.above and kind == "base"):
                    continue
                answered.add(number)
                answers.append((place, number, found))
                if (one or kind == "base") and not any(map(computed, opened.names)):
                    settled.add(number)
        left = ((number, opened) for number, opened in enumerate(part.open) if number not in answered)
        gaps = [missing(opened.ref, ", ".join(opened.names), opened.source) for _, opened in left if _is_needed(opened)]
        return Settled(tuple(answers), tuple(gaps))

    def at(self, part: Part, place: str, kind: str) -> tuple[Answer, ...]:
        """What a role that led here, the playbook's folder (`kind` "base") or any role ("roam") answers."""
        key = (part.key, place, kind)
        if key not in self._at:
            asked = ((number, opened) for number, opened in enumerate(part.open) if _is_asked(opened, kind))
            found = ((number, tuple(self._names(opened, place, kind))) for number, opened in asked)
            self._at[key] = tuple(answer for answer in found if answer[1])
        return self._at[key]

    def _names(self, opened: Open, place: str, kind: str) -> Iterator[tuple[str, str]]:
        for name in opened.names:
            found = tuple(self._files(opened, name, place, kind))
            yield from ((name, path) for path in found)
            if found and opened.ref.manner == "first" and not computed(name):
                return

    def _files(self, opened: Open, name: str, place: str, kind: str) -> tuple[str, ...]:
        ref = opened.ref
        if not computed(name):
            return self._found(opened, name, place, kind)
        key = (place, name, ref.where, f"{ref.manner} {kind}", ref.load)
        if key not in self._computed:
            found = self._found(opened, name, place, kind)
            self._computed[key] = tuple(path for path in found if self._fits(path, ref.load))
        return self._computed[key]

    def _found(self, opened: Open, name: str, place: str, kind: str) -> tuple[str, ...]:
        ref = opened.ref
        if name.startswith(("/", "~")) or ref.manner == "folder":
            return ()
        if name[:1] in (PLAYBOOK_DIR, ROLE_PATH):
            wanted = "base" if name[0] == PLAYBOOK_DIR else "roam"
            return self._finder.find(place, name[1:].lstrip("/") or ".") if kind == wanted else ()
        if ref.manner in ("tasks", "import"):
            return tasks_at(self._finder, place, name, ref.where) if kind == "base" else ()
        return at(self._finder, place, name, ref)

    def by_values(self, part: Part, place: str, values: tuple[str, ...]) -> tuple[Answer, ...]:
        """What a place answers to names that start with a variable, with these values in its stead."""
        own = place == part.role
        inside = self._names_in(place)
        free = (".", *_ANCHORS[own])
        values = tuple(value for value in values if value[0] in free or value.split("/", 1)[0] in inside)
        key = (part.key, place, values)
        if values and key not in self._valued:
            found = []
            for number, opened in enumerate(part.open):
                files = dict.fromkeys(self._with_values(opened, place, values))
                if files:
                    found.append((number, tuple((DYNAMIC, path) for path in files)))
            self._valued[key] = tuple(found)
        return self._valued[key] if values else ()

    def _names_in(self, place: str) -> frozenset[str]:
        """What stands in a place, and in its folders for kinds of files: with which a value may begin."""
        if place not in self._inside:
            folders = (place, *(joined(place, inner) for inner in ("files", "templates", "vars", "tasks")))
            found = (self._finder.tree.names(folder) for folder in folders if folder and self._finder.is_folder(folder))
            self._inside[place] = frozenset(name for names in found for name in names)
        return self._inside[place]

    def _with_values(self, opened: Open, place: str, values: tuple[str, ...]) -> Iterator[str]:
        for name in opened.names:
            for value in values if name.startswith(DYNAMIC) else ():
                full = value + name[1:]
                kind = "roam" if full[0] == ROLE_PATH else "base"
                found = self._files(opened, full, place, kind)
                yield from (path for path in found if self._fits(path, opened.ref.load))

    def reached(self, part: Part, number: int, found: Found) -> list[tuple[Part, Reached]]:
        """The parts that an answer to a part's open name leads to."""
        opened = part.open[number]
        pairs = []
        for name, path in found:
            hop = Hop(path=opened.source, label=opened.ref.label, line=opened.ref.line, widened=computed(name))
            other = self._part(part, opened, name, path)
            pairs.append((other, Reached(unit=other.key, by=part.key, hop=hop)))
        return pairs

    def _part(self, owner: Part, opened: Open, name: str, path: str) -> Part:
        """The part of a file that was found elsewhere: read on when it is loaded, else just the file."""
        if opened.ref.load and not (computed(name) and self._is_odd(path, opened.ref.load)):
            found = self._store.known(f"{owner.key} + {opened.ref.load} {path}")
            return found or self._store.keep(self._store.loader.late(opened, name, path, owner))
        key = f"{owner.key} + {path}"
        found = self._store.known(key)
        if found is None:
            files = {link: Hop(path="", label="") for link in (path, *self._finder.tree.links(path))}
            found = self._store.keep(Part(key=key, role=owner.role, files=files))
        return found


def _is_asked(opened: Open, kind: str) -> bool:
    """Whether a kind of place may answer: only the playbook's folder has tasks, all roles only what variables name."""
    if kind == "role":
        return opened.ref.manner not in ("tasks", "import", "folder")
    return kind == "base" or opened.ref.roaming


def _is_needed(opened: Open) -> bool:
    """Whether something is amiss when nobody answers."""
    literal = not any(map(computed, opened.names))
    return literal and not (opened.found or opened.ref.quiet or opened.ref.roaming)
