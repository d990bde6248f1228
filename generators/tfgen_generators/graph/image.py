"""One image put together: its template's own unit, the shared units that it reaches, and its scenes of Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tfgen_generators.ansible.resolving.resolver import Resolver
from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.graph.ansible_runs import Scenes
from tfgen_generators.graph.missing import GapBook
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.filesets import beginning, find_filesets
from tfgen_generators.paths.model import GapKind, Hop, Reached, Unit
from tfgen_generators.paths.path_resolution import Place, Places
from tfgen_generators.paths.template_inputs import Wanted, Wants
from tfgen_generators.trees.linked import LinkedTree

_GAPS: Mapping[str, tuple[GapKind, str]] = {
    "script": ("missing-script", "script"),
    "playbook": ("missing-playbook", "playbook"),
    "role_path": ("missing-role-path", "role path"),
}
#: What may well be missing here: keys of this machine, where Galaxy installs to.
_MAY_BE_MISSING = frozenset({"key", "collection_path", "ansible_config"})
_READ_BY_TEMPLATES = re.compile(rb"\b(?:file|filebase64|templatefile)\(\s*\"([^\"$]+)\"")


class ImageBuilder:
    """Collects what one image reaches. Units go into `units`, which all images share."""

    def __init__(
        self,
        tree: LinkedTree,
        places: Places,
        resolver: Resolver,
        units: dict[str, Unit],
        gaps: GapBook,
        template: Template,
    ) -> None:
        self._tree, self._places, self._resolver = tree, places, resolver
        self._units, self._gaps, self._template = units, gaps, template
        self._key = f"template {template.path}"
        self._files: dict[str, Hop] = {}
        self._reached: dict[tuple[str, str | None], Reached] = {}
        self.scenes: list[AnsibleRun] = []

    def members(self) -> None:
        """The template's own files."""
        for path in self._template.members:
            self._files[path] = Hop(path="", label="")

    def file(self, path: str, hop: Hop) -> None:
        """One more file of the template's own unit."""
        self._files.setdefault(path, hop)

    def shared(self, unit: Unit, hop: Hop, by: str | None = None) -> None:
        """A unit that other images may reach as well."""
        self._units.setdefault(unit.key, unit)
        self._reached.setdefault((unit.key, by), Reached(unit=unit.key, by=by, hop=hop))

    def uses(self, wants: Wants, environment: Mapping[str, str]) -> None:
        """Everything that the template itself names."""
        texts = [
            text for one in (*wants.wanted, *(w for plan in wants.scenes for w in plan.wanted)) for text in one.texts
        ]
        texts += [folder for fileset in wants.filesets for folder in beginning(fileset)]
        folders = self._places.folders(self._template, texts)
        for wanted in wants.wanted:
            for place in self.found(wanted, folders):
                self.place(place, self.hop(wanted.label, widened=place.widened))
                if wanted.label == "templatefile":
                    self._read_on(place, folders)
        self._filesets(wants, folders)
        for label, word in wants.words:
            path = self._places.find(word, folders) if "*" not in word else None
            if path is not None and self._tree.kind(path.path) == "file":
                self.file(path.path, self.hop(label))
        for label, word in wants.playbooks:
            found = self._places.find(word, folders)
            if found is not None:
                self.playbook_in(found.path, self.hop(label))
        scenes = Scenes(self, self._tree, self._places, folders, environment)
        for plan in wants.scenes:
            scenes.stage(plan)

    def hop(self, label: str, *, widened: bool = False) -> Hop:
        """The template names something."""
        return Hop(path=self._template.path, label=label, widened=widened)

    def found(self, wanted: Wanted, folders: Sequence[str]) -> list[Place]:
        """Where what is wanted is. What is named for sure and is not there is a gap."""
        places = [self._places.find(text, folders, globs=wanted.use == "media") for text in wanted.texts]
        there = list(dict.fromkeys(place for place in places if place is not None))
        if not there and wanted.use not in _MAY_BE_MISSING and _is_ours(wanted.texts):
            kind, what = _GAPS.get(wanted.use, ("missing-file", "file"))
            self._gaps.missing(
                kind, self._template.members, wanted.texts[0].removeprefix("\0/"), what, self._template.name
            )
        return there

    def place(self, place: Place, hop: Hop) -> None:
        """A file, everything in a folder, or everything that a pattern means."""
        if place.widened:
            key, files = f"files {place.pattern}", self._places.match(place.pattern)
        elif self._tree.kind(place.path) == "file":
            self.file(place.path, hop)
            return
        else:
            key, files = f"folder {place.path}", self._places.below(place.path)
        self.group(key, files, hop)

    def group(self, key: str, files: Iterable[str], hop: Hop) -> None:
        """Files that several images may use alike, as a unit."""
        if key not in self._units:
            self._units[key] = Unit(key=key, files=dict.fromkeys(files, Hop(path="", label="")))
        if self._units[key].files:
            self.shared(self._units[key], hop, self._key)

    def playbook_in(self, path: str, hop: Hop, by: str | None = "") -> None:
        """A playbook that a command runs; nothing is known of its inventory."""
        if self._tree.kind(path) == "file":
            config = "ansible.cfg" if self._tree.kind("ansible.cfg") == "file" else None
            self.scene(AnsibleRun(playbook=path, config=config), hop, self._key if by == "" else by)

    def scene(self, scene: AnsibleRun, hop: Hop, by: str | None = "") -> list[Reached]:
        """A run of Ansible: everything that it reaches, the playbook by `hop`."""
        self.scenes.append(scene)
        found: list[Reached] = []
        for reached in self._resolver.resolve(scene):
            own = reached
            if reached.by is None:
                own = Reached(unit=reached.unit, by=self._key if by == "" else by, hop=_led(hop, reached.hop))
            self._reached.setdefault((own.unit, own.by), own)
            found.append(own)
        return found

    def reached_files(self, found: Iterable[Reached]) -> Iterable[Unit]:
        """The units of what a scene reached."""
        return (self._resolver.units[reached.unit] for reached in found)

    def finish(self) -> tuple[Reached, ...]:
        """All that the image reaches, its template's own unit first."""
        self._units[self._key] = Unit(key=self._key, files=self._files)
        own = Reached(unit=self._key, by=None, hop=Hop(path="", label=""))
        return (own, *self._reached.values())

    def _filesets(self, wants: Wants, folders: Sequence[str]) -> None:
        for fileset in wants.filesets:
            for found in find_filesets(self._places, fileset, folders):
                self.group(f"fileset {found.pattern}", found.files, self.hop("fileset", widened=found.widened))

    def _read_on(self, place: Place, folders: Sequence[str]) -> None:
        """What a file for `templatefile` reads itself."""
        for path in (place.path,) if not place.widened else self._places.match(place.pattern)[:100]:
            if self._tree.kind(path) == "file" and b"file" in (data := self._tree.read(path)):
                for text in _READ_BY_TEMPLATES.findall(data):
                    found = self._places.find(text.decode("utf-8", "replace"), folders)
                    if found is not None:
                        self.place(found, Hop(path=path, label="file"))


def _led(hop: Hop, own: Hop) -> Hop:
    return Hop(path=hop.path, label=hop.label, line=hop.line, widened=hop.widened or own.widened)


def _is_ours(texts: Iterable[str]) -> bool:
    """Whether one of the texts is a relative path; what is absolute is of another machine, what has `{{` of a build."""
    return any(not text.startswith(("/", "~")) and "://" not in text and "*" not in text for text in texts)
