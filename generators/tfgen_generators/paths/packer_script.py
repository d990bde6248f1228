"""What a pipeline's PACKER_SCRIPT must be, so that its buildspec's `packer build` finds the template."""

from __future__ import annotations

import posixpath
import re

from tfgen_generators.packer.model import Template
from tfgen_generators.paths.buildspec import Buildspec, read_buildspec
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.pipeline_files import buildspec_of
from tfgen_generators.paths.working_dir import SCRIPT, PackerCommand, WorkingDirs
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.linked import LinkedTree

#: A buildspec without it takes PACKER_SCRIPT as the path from the root, or does not give it to Packer as it is.
_DIRECT = re.compile(rb"packer[ \t]+(?:build|validate)\b[^\n]*\$\{?PACKER_SCRIPT\b")


class PackerScripts:
    """PACKER_SCRIPT of the pipelines of one tree; each buildspec is read once."""

    def __init__(self, tree: LinkedTree, settings: Settings) -> None:
        self._tree, self._settings = tree, settings
        self._working_dirs = WorkingDirs(PathResolver(tree), settings)
        self._buildspecs: dict[str, Buildspec | None] = {}

    def of(self, template: Template) -> str:
        """The path from the root, or the form of it that a buildspec with `packer build $PACKER_SCRIPT.json` takes."""
        named = buildspec_of(self._tree, self._settings, template)
        buildspec = self._buildspec(named[0]) if named else None
        if buildspec is None:
            return template.path
        forms = (_form(one, template.path) for one in self._working_dirs.started_by(buildspec))
        return next((form for form in forms if form), template.path)

    def _buildspec(self, path: str) -> Buildspec | None:
        if path not in self._buildspecs:
            direct = _DIRECT.search(self._tree.read(path))
            self._buildspecs[path] = read_buildspec(self._tree, path) if direct else None
        return self._buildspecs[path]


def _form(command: PackerCommand, path: str) -> str:
    """What stands for `$PACKER_SCRIPT` in a command, "" where it would not name the template at `path`."""
    before, mark, after = command.template.partition(SCRIPT)
    if not mark or len(command.folders) != 1 or not path.endswith(after):
        return ""
    seen = posixpath.relpath(path, command.folders[0]) if not command.folders[0].startswith("\1") else ".."
    form = seen.removesuffix(after)
    return form.removeprefix(before) if form.startswith(before) and not seen.startswith("..") else ""
