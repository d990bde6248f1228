"""What one image is made of, as it is collected: its template's own files and the units that it shares with others."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tfgen_generators.ansible.resolving.resolver import Resolver
from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.graph.local_files import LocalFiles
from tfgen_generators.graph.missing import MissingReferences
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.model import Edge, MissingKind, Reached, Unit
from tfgen_generators.paths.path_resolution import PathResolver, ResolvedPath
from tfgen_generators.paths.template_inputs import Wanted
from tfgen_generators.shell.marks import UNKNOWN, WORKING
from tfgen_generators.trees.linked import LinkedTree

_MISSING_KINDS: Mapping[str, tuple[MissingKind, str]] = {
    "script": ("missing-script", "script"),
    "playbook": ("missing-playbook", "playbook"),
    "role_path": ("missing-role-path", "role path"),
}
#: What may well be missing here: keys of this machine, where Galaxy installs to.
_MAY_BE_MISSING = frozenset({"key", "collection_path", "ansible_config"})


class ImageParts:
    """The files and units of one image. Units go into `units`, which all images share."""

    def __init__(
        self,
        tree: LinkedTree,
        path_resolver: PathResolver,
        resolver: Resolver,
        units: dict[str, Unit],
        missing_references: MissingReferences,
        template: Template,
    ) -> None:
        self._tree, self._path_resolver, self._resolver = tree, path_resolver, resolver
        self._units, self._missing_references, self._template = units, missing_references, template
        self._key = f"template {template.identity}"
        self._files: dict[str, Edge] = {}
        self._reached: dict[tuple[str, str | None], Reached] = {}
        #: Those that are run for sure.
        self.runs: list[AnsibleRun] = []
        #: Whether Packer runs for sure in none of the folders that are looked at.
        self._is_working_dir_known, self._is_elsewhere = True, False
        #: Templates that are built on the way.
        self.nested: dict[str, None] = {}

    def members(self) -> None:
        """The template's own files."""
        for path in self._template.members:
            self._files[path] = Edge(path="", label="")

    def file(self, path: str, edge: Edge) -> None:
        """One more file of the template's own unit."""
        self._files.setdefault(path, edge)

    def shared(self, unit: Unit, edge: Edge, by: str | None = None) -> None:
        """A unit that other images may reach as well."""
        self._units.setdefault(unit.key, unit)
        self._reached.setdefault((unit.key, by), Reached(unit=unit.key, by=by, edge=edge))

    def edge(self, label: str, *, widened: bool = False) -> Edge:
        """The template names something."""
        return Edge(path=self._template.path, label=label, widened=widened)

    def found(self, wanted: Wanted, folders: Sequence[str], working: Sequence[str] = ()) -> list[ResolvedPath]:
        """Where what is wanted is. What is named for sure and is not there is a missing reference."""
        globs = wanted.use == "media"
        seen_from = [(text, working if text.startswith(WORKING) else folders) for text in wanted.texts]
        wanted = msgspec.structs.replace(wanted, texts=tuple(text.replace(WORKING, ".") for text in wanted.texts))
        found = (
            place
            for text, (_, where) in zip(wanted.texts, seen_from, strict=True)
            for place in self._path_resolver.find(text, where, globs=globs)
        )
        there = list(dict.fromkeys(found))
        if not there and not self._is_working_dir_known and wanted.use != "function":
            there = self._from_elsewhere(wanted.texts)
        if not there and wanted.use not in _MAY_BE_MISSING and _is_ours(wanted.texts):
            self.missing(wanted)
        return there

    def missing(self, wanted: Wanted, at: str = "") -> None:
        """What is wanted is not there. `at` is the text that stands in the template, if it is another one."""
        kind, what = _MISSING_KINDS.get(wanted.use, ("missing-file", "file"))
        name = wanted.texts[0].removeprefix("\0/")
        self._missing_references.missing(kind, self._template.members, name, what, self._template.name, at)

    def _from_elsewhere(self, texts: Iterable[str]) -> list[ResolvedPath]:
        """What a path leads to from another folder than those looked at, by its end: `..` needs one."""
        paths = [posixpath.normpath(text) for text in texts if not text.startswith(("/", "~", UNKNOWN))]
        found = [place for path in paths if path[:3] == "../" for place in self._path_resolver.from_elsewhere(path)]
        ends = [path for path in paths if self._is_elsewhere and path[:3] not in ("../", "..", ".")]
        places = (self._path_resolver.find(f"{UNKNOWN}{end}", ["."]) for end in ends)
        return found + [place for some in places for place in some if self._path_resolver.match(place.pattern)]

    def place(self, place: ResolvedPath, edge: Edge) -> None:
        """A file, everything in a folder, or everything that a pattern means."""
        if place.widened:
            key, files = f"files {place.pattern}", self._path_resolver.match(place.pattern)
        elif self._tree.kind(place.path) == "file":
            self.file(place.path, edge)
            return
        else:
            key, files = f"folder {place.path}", self._path_resolver.below(place.path)
        self.group(key, files, edge)

    def group(self, key: str, files: Iterable[str], edge: Edge, by: str = "") -> None:
        """Files that several images may use alike, as a unit."""
        if key not in self._units:
            self._units[key] = Unit(key=key, files=dict.fromkeys(files, Edge(path="", label="")))
        if self._units[key].files:
            self.shared(self._units[key], edge, by or self._key)

    def local(self, found: LocalFiles, by: str | None = "") -> None:
        """What commands read that run on this machine."""
        for path, edge in found.files:
            self.file(path, edge)
        for key, files, edge in found.groups:
            self.group(key, files, edge)
        for run, edge in found.runs:
            self.ansible_run(run, edge, by)
        for path, edge in found.templates:
            self.place(ResolvedPath(path=path), edge)
            self.nested[path] = None

    def ansible_run(self, ansible_run: AnsibleRun, edge: Edge, by: str | None = "") -> list[Reached]:
        """A run of Ansible: everything that it reaches, the playbook by `edge`."""
        if not edge.widened:
            self.runs.append(ansible_run)
        found: list[Reached] = []
        for reached in self._resolver.resolve(ansible_run):
            own = reached
            if reached.by is None:
                own = Reached(unit=reached.unit, by=self._key if by == "" else by, edge=_led(edge, reached.edge))
            self._reached.setdefault((own.unit, own.by), own)
            found.append(own)
        return found

    def reached_files(self, found: Iterable[Reached]) -> Iterable[Unit]:
        """The units of what a run reached."""
        return (self._resolver.units[reached.unit] for reached in found)

    def finish(self) -> tuple[Reached, ...]:
        """All that the image reaches, its template's own unit first."""
        self._units[self._key] = Unit(key=self._key, files=self._files)
        own = Reached(unit=self._key, by=None, edge=Edge(path="", label=""))
        return (own, *self._reached.values())


def _led(edge: Edge, own: Edge) -> Edge:
    return Edge(path=edge.path, label=edge.label, line=edge.line, widened=edge.widened or own.widened)


def _is_ours(texts: Iterable[str]) -> bool:
    """Whether one of the texts is a relative path; what is absolute is of another machine, what has `{{` of a build."""
    return any(not text.startswith(("/", "~")) and "://" not in text and "*" not in text for text in texts)
