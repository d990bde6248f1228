"""One image put together: its template's own unit, the shared units that it reaches, and its scenes of Ansible."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tfgen_generators.graph.ansible_runs import Scenes
from tfgen_generators.graph.image_parts import ImageParts
from tfgen_generators.paths.filesets import beginning, find_filesets
from tfgen_generators.paths.model import Hop
from tfgen_generators.paths.path_resolution import Place
from tfgen_generators.paths.template_inputs import Wants

_READ_BY_TEMPLATES = re.compile(rb"\b(?:file|filebase64|templatefile)\(\s*\"([^\"$]+)\"")


class ImageBuilder(ImageParts):
    """Collects all that one template names, runs of Ansible included."""

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
