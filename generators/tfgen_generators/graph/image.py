"""One image put together: its template's own unit, the shared units that it reaches, and its runs of Ansible."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tfgen_generators.graph.ansible_runs import AnsibleRuns
from tfgen_generators.graph.image_parts import ImageParts
from tfgen_generators.paths.filesets import beginning, find_filesets
from tfgen_generators.paths.model import Edge
from tfgen_generators.paths.path_resolution import ResolvedPath
from tfgen_generators.paths.template_inputs import TemplateInputs

_READ_BY_TEMPLATES = re.compile(rb"\b(?:file|filebase64|templatefile)\(\s*\"([^\"$]+)\"")


class ImageBuilder(ImageParts):
    """Collects all that one template names, runs of Ansible included."""

    def uses(self, inputs: TemplateInputs, environment: Mapping[str, str]) -> None:
        """Everything that the template itself names."""
        texts = [
            text for one in (*inputs.wanted, *(w for plan in inputs.runs for w in plan.wanted)) for text in one.texts
        ]
        texts += [folder for fileset in inputs.filesets for folder in beginning(fileset)]
        folders = self._path_resolver.folders(self._template, texts)
        for wanted in inputs.wanted:
            for place in self.found(wanted, folders):
                self.place(place, self.edge(wanted.label, widened=place.widened))
                if wanted.label == "templatefile":
                    self._read_on(place, folders)
        self._filesets(inputs, folders)
        for label, word in inputs.words:
            path = self._path_resolver.find(word, folders) if "*" not in word else None
            if path is not None and self._tree.kind(path.path) == "file":
                self.file(path.path, self.edge(label))
        for label, word in inputs.playbooks:
            found = self._path_resolver.find(word, folders)
            if found is not None:
                self.playbook_in(found.path, self.edge(label))
        runs = AnsibleRuns(self, self._tree, self._path_resolver, folders, environment)
        for plan in inputs.runs:
            runs.stage(plan)

    def _filesets(self, inputs: TemplateInputs, folders: Sequence[str]) -> None:
        for fileset in inputs.filesets:
            for found in find_filesets(self._path_resolver, fileset, folders):
                self.group(f"fileset {found.pattern}", found.files, self.edge("fileset", widened=found.widened))

    def _read_on(self, place: ResolvedPath, folders: Sequence[str]) -> None:
        """What a file for `templatefile` reads itself."""
        for path in (place.path,) if not place.widened else self._path_resolver.match(place.pattern)[:100]:
            if self._tree.kind(path) == "file" and b"file" in (data := self._tree.read(path)):
                for text in _READ_BY_TEMPLATES.findall(data):
                    found = self._path_resolver.find(text.decode("utf-8", "replace"), folders)
                    if found is not None:
                        self.place(found, Edge(path=path, label="file"))
