"""From a part to the roles, collections and playbooks that it names."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.facts import DYNAMIC, PLAYBOOK_DIR, FactsSource, Ref
from tfgen_generators.ansible.resolving.parts import Froms, Part
from tfgen_generators.ansible.resolving.store import Store
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.search_order import main_files
from tfgen_generators.ansible.search.search_paths import RoleFinder, Surroundings, collection_of, spaced
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.paths.model import Gap, Hop, Reached

_PLAYBOOK_ENDINGS = ("", ".yml", ".yaml")


class Edge(msgspec.Struct, frozen=True):
    """From a part to a role that it names; `part` is the role as it is entered."""

    part: Part
    reached: Reached
    dependency: bool


class Edges(msgspec.Struct, frozen=True):
    """All roles and collections that a part names in some surroundings, and what is amiss with them."""

    roles: tuple[Edge, ...]
    others: tuple[tuple[Part, Reached], ...]
    gaps: tuple[Gap, ...]


class EdgeFinder:
    """Finds edges in surroundings, each once."""

    def __init__(self, finder: Finder, facts: FactsSource, store: Store, roles: RoleFinder) -> None:
        self._finder = finder
        self._facts = facts
        self._store = store
        self._roles = roles
        self._edges: dict[tuple[Surroundings, str], Edges] = {}
        self._cycles: dict[tuple[Surroundings, str], Gap | None] = {}
        #: Folders of the roles that were reached, behind all links.
        self.reached: set[str] = set()

    def edges(self, part: Part, around: Surroundings) -> Edges:
        """The roles and collections that a part names."""
        key = (around, part.key)
        found = self._edges.get(key)
        if found is None:
            gaps: list[Gap] = []
            roles = tuple(
                edge for ref, source in part.roles for edge in self._to_roles(part, ref, source, around, gaps)
            )
            found = self._edges[key] = Edges(roles, tuple(self._collections(part, around)), tuple(gaps))
        return found

    def _to_roles(self, part: Part, ref: Ref, source: str, around: Surroundings, gaps: list[Gap]) -> Iterator[Edge]:
        froms = Froms(**dict(ref.options))
        for name in ref.names:
            folders = self._roles.find(name, part.role, ref, part.collections, around)
            widened = DYNAMIC in name or any(DYNAMIC in value for _, value in ref.options)
            hop = Hop(path=source, label=ref.label, line=ref.line, widened=widened)
            for folder in folders:
                real = self._finder.real(folder)
                if DYNAMIC in name and not self._has_entries(real, froms):
                    continue
                self.reached.add(real)
                role = self._store.role(real, froms)
                yield Edge(role, Reached(unit=role.key, by=part.key, hop=hop), ref.label.startswith("dependencies"))
                if folder != role.role:
                    yield Edge(self._link(folder), Reached(unit=f"link {folder}", by=part.key, hop=hop), False)
            gap = self._role_gap(name, folders, part, ref, source, around)
            if gap is not None:
                gaps.append(gap)

    def _has_entries(self, folder: str, froms: Froms) -> bool:
        """Whether a role has the files that a task asks for: one that lacks them is not what a computed name means."""
        wanted = ((name, getattr(froms, name)) for name in ("tasks", "vars", "defaults", "handlers"))
        return all(main_files(self._finder, f"{folder}/{name}", value, folders=True) for name, value in wanted if value)

    def _link(self, folder: str) -> Part:
        links = (folder, *self._finder.tree.links(folder))
        files = {link: Hop(path="", label="link to the role") for link in links if self._finder.tree.links(link)}
        return self._store.single(f"link {folder}", files)

    def _role_gap(
        self, name: str, folders: tuple[str, ...], part: Part, ref: Ref, source: str, around: Surroundings
    ) -> Gap | None:
        if DYNAMIC in name or ref.quiet or not name:
            return None
        if folders:
            if around.uploaded and folders[0] not in around.role_dirs and not part.role:
                return Gap(
                    kind="missing-role-path",
                    message=f"{ref.label}: the role exists but is not in role_paths, so it is not uploaded",
                    fix=f"add {folders[0]} to role_paths",
                    path=source,
                    line=ref.line,
                    name=name,
                )
            return None
        if self._from_galaxy(name, around) or name.startswith(("/", "~")):
            return None
        known = [
            path.rpartition("/")[2] for folder in self._roles.folders(around) for path in self._roles.roles_in(folder)
        ]
        known += [path.rpartition("/")[2] for path in around.role_dirs]
        near = did_you_mean(name, known) if len(known) < 3000 else ""
        near = near if near.startswith("did you mean") else ""
        return Gap(
            kind="missing-role",
            message=f"{ref.label}: role not found in Ansible's search path",
            fix=near or "add the role, or list it in requirements.yml",
            path=source,
            line=ref.line,
            name=name,
        )

    @staticmethod
    def _from_galaxy(name: str, around: Surroundings) -> bool:
        space = spaced(name)
        return name in around.galaxy_roles or (bool(space) and space in around.galaxy_collections)

    def _collections(self, part: Part, around: Surroundings) -> Iterator[tuple[Part, Reached]]:
        local = self._roles.collections(around)
        if not local:
            return
        own = collection_of(part.role)
        spaces = {own: "", **part.spaces} if own else part.spaces
        for space, source in spaces.items():
            if space in local:
                folder = local[space]
                found = self._store.collection(space, folder)
                hop = Hop(path=source, label=f"collection {space}")
                yield found, Reached(unit=found.key, by=part.key, hop=hop)

    def playbooks_of(self, name: str, source: str, around: Surroundings) -> tuple[str, ...]:
        """Playbooks that `import_playbook` means."""
        space = spaced(name)
        folder = self._roles.collections(around).get(space) if space else None
        if folder:
            inner = name.split(".", 2)[2].replace(".", "/")
            for ending in _PLAYBOOK_ENDINGS:
                path = joined(folder, f"playbooks/{inner}{ending}")
                if path and self._finder.kind(path) == "file":
                    return (path,)
        anchored = name[:1] == PLAYBOOK_DIR
        for base in around.bases if anchored else (parent(source), *around.bases):
            found = self._finder.find(base, name.removeprefix(PLAYBOOK_DIR).lstrip("/"))
            if DYNAMIC in name:
                found = tuple(path for path in found if self._may_be_playbook(path))
            if found:
                return found
        return tuple(dict.fromkeys(self._uploaded_playbooks(name, around)))

    def _uploaded_playbooks(self, name: str, around: Surroundings) -> Iterator[str]:
        """Those in the folders that stand in `playbooks/`."""
        place = "/".join(name.split("/", 2)[:2])
        for folder in around.playbooks:
            if DYNAMIC in place:
                found = self._finder.find(folder, DYNAMIC + name.rpartition(DYNAMIC)[2].lstrip("/"), deep=True)
                yield from (path for path in found if self._may_be_playbook(path))
            elif place == f"playbooks/{folder.rpartition('/')[2]}":
                yield from self._finder.find(folder, name[len(place) + 1 :])

    def _may_be_playbook(self, path: str) -> bool:
        yaml = path.endswith((".yml", ".yaml", ".json"))
        return yaml and self._facts.facts("playbook", path).shape in ("plays", "broken", "vault", "empty")

    def cycle(self, part: Part, around: Surroundings) -> Gap | None:
        """Why a role's dependencies lead back to it; None when they do not."""
        if part.role and (around, part.key) not in self._cycles:
            self._walk(part, around)
        return self._cycles.get((around, part.key))

    def _walk(self, start: Part, around: Surroundings) -> None:
        """Goes through dependencies depth first, without recursion; notes every role that is on a circle."""
        path: list[Part] = []
        todo: list[tuple[Part, Reached | None, bool]] = [(start, None, False)]
        on_path: dict[str, int] = {}
        while todo:
            part, reached, leave = todo.pop()
            if leave:
                del on_path[path.pop().key]
            elif part.key in on_path and reached is not None:
                circle = path[on_path[part.key] :]
                gap = _cycle_gap(circle, reached.hop)
                self._cycles.update({(around, member.key): gap for member in circle})
            elif (around, part.key) not in self._cycles:
                self._cycles[around, part.key] = None
                on_path[part.key] = len(path)
                path.append(part)
                todo.append((part, None, True))
                todo += [(e.part, e.reached, False) for e in self.edges(part, around).roles if e.dependency]


def _cycle_gap(circle: list[Part], hop: Hop) -> Gap:
    names = [part.role.rpartition("/")[2] for part in circle]
    return Gap(
        kind="role-cycle",
        path=hop.path,
        line=hop.line,
        name=names[0],
        message=f"{hop.label}: dependency cycle between roles: {' -> '.join([*names[:6], names[0]])}",
        fix="remove one of the dependencies",
    )
