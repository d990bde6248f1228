"""One image put together: its template's own unit, the shared units that it reaches, and its runs of Ansible."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from tfgen_generators.graph.ansible_runs import AnsibleRuns
from tfgen_generators.graph.image_parts import ImageParts
from tfgen_generators.graph.local_files import LocalFiles, LocalFilesFinder, by_template
from tfgen_generators.paths.filesets import find_exactly, find_filesets
from tfgen_generators.paths.model import Edge
from tfgen_generators.paths.path_resolution import ResolvedPath
from tfgen_generators.paths.template_inputs import LocalStep, TemplateInputs, Wanted
from tfgen_generators.paths.working_dir import WorkingDir, folder_of
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN

_READ_BY_TEMPLATES = re.compile(rb"\b(?:file|filebase64|templatefile)\(\s*\"([^\"$]+)\"")


class ImageBuilder(ImageParts):
    """Collects all that one template names, runs of Ansible included."""

    #: What steps of any template read, by all that decides it; whoever builds several images gives them one.
    local_files: dict[object, LocalFiles]

    def uses(self, inputs: TemplateInputs, environment: Mapping[str, str], working_dir: WorkingDir) -> None:
        """Everything that the template itself names, where Packer runs in `working_dir`."""
        working, self._is_working_dir_known = working_dir.folders, working_dir.is_known
        own = [folder_of(self._template)]
        self._is_elsewhere = False
        self._is_elsewhere = not working_dir.is_known and any(
            self._leads_elsewhere(one, working) for one in inputs.wanted if one.use != "function"
        )
        for wanted in (_rooted_twice(one, own[0], working) for one in inputs.wanted):
            for place in self.found(wanted, own if wanted.use == "function" else working, working):
                self.place(place, self.edge(wanted.label, widened=place.widened))
                if wanted.label == "templatefile":
                    self._read_on(place, own)
        self._filesets(inputs, list(dict.fromkeys((*own, *working))))
        self._found_by_filesets(inputs, own, working)
        for step in inputs.local:
            self._local(step, working, environment)
        for word in inputs.words:
            for place in self._path_resolver.find(word, [*working, *own]):
                if self._tree.kind(place.path) == "file":
                    self.file(place.path, self.edge("setting"))
        runs = AnsibleRuns(self, self._tree, self._path_resolver, working, environment)
        for plan in inputs.runs:
            runs.stage(plan)

    def _leads_elsewhere(self, wanted: Wanted, working: Sequence[str]) -> bool:
        return bool(self._from_elsewhere(wanted.texts)) and not any(
            self._path_resolver.find(text, working) for text in wanted.texts
        )

    def _local(self, step: LocalStep, working: Sequence[str], environment: Mapping[str, str]) -> None:
        """What a `shell-local` reads on this machine."""
        variables = {**environment, **dict(step.variables)}
        key = (step.label, step.texts, step.scripts, tuple(working), tuple(variables.items()))
        if key not in self.local_files:
            self.local_files[key] = self._local_files(step, working, variables)
        self.local(by_template(self.local_files[key], self._template.path))

    def _local_files(self, step: LocalStep, working: Sequence[str], variables: Mapping[str, str]) -> LocalFiles:
        """The same of every template that has such a step: what it names itself is named by no path."""
        finder = LocalFilesFinder(self._path_resolver, Edge(path="", label=step.label))
        for text in step.texts:
            finder.texts([text], working, variables)
        for script in step.scripts:
            for place in self._path_resolver.find(script, working):
                paths = self._path_resolver.match(place.pattern)[:100] if place.widened else [place.path]
                for path in paths:
                    if self._tree.kind(path) == "file":
                        finder.script(path, working, variables)
        return finder.found()

    def _filesets(self, inputs: TemplateInputs, folders: Sequence[str]) -> None:
        for fileset in inputs.filesets:
            for found in find_filesets(self._path_resolver, fileset, folders):
                self.group(f"fileset {found.pattern}", found.files, self.edge("fileset", widened=found.widened))

    def _found_by_filesets(self, inputs: TemplateInputs, own: Sequence[str], working: Sequence[str]) -> None:
        """What a `fileset` finds is named without its folder: Packer looks for that where it runs."""
        for wanted, (folders, patterns) in inputs.found_by:
            if len(folders) != 1 or len(patterns) != 1 or UNKNOWN in folders[0] + patterns[0]:
                continue
            for base in self._path_resolver.find(folders[0], own):
                files = find_exactly(self._path_resolver, patterns[0], base.path)
                names = (posixpath.relpath(file, base.path) for file in files)
                missing = next((name for name in names if not self._path_resolver.find(name, working)), None)
                if missing is not None:
                    self.missing(msgspec.structs.replace(wanted, texts=(missing,)), at=patterns[0])

    def _read_on(self, place: ResolvedPath, folders: Sequence[str]) -> None:
        """What a file for `templatefile` reads itself."""
        for path in (place.path,) if not place.widened else self._path_resolver.match(place.pattern)[:100]:
            if self._tree.kind(path) == "file" and b"file" in (data := self._tree.read(path)):
                for text in _READ_BY_TEMPLATES.findall(data):
                    for found in self._path_resolver.find(text.decode("utf-8", "replace"), folders):
                        self.place(found, Edge(path=path, label="file"))


def _rooted_twice(wanted: Wanted, own: str, working: Sequence[str]) -> Wanted:
    """`file("${path.root}/x")`: path.root is the folder as Packer was given it, and is seen from that folder again."""
    root = ANCHOR + own
    if wanted.use != "function":
        return wanted
    more = [
        ANCHOR + posixpath.normpath(posixpath.join(own, posixpath.relpath(own, folder), text[len(root) :].lstrip("/")))
        for text in wanted.texts
        if text.startswith(root)
        for folder in working
    ]
    return msgspec.structs.replace(wanted, texts=tuple(dict.fromkeys((*wanted.texts, *more))))
