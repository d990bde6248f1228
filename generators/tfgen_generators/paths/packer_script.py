"""What a pipeline's PACKER_SCRIPT must be, so that its buildspec's `packer build` finds the template."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Sequence

from tfgen_generators.packer.model import Template
from tfgen_generators.packer.names import without_ending
from tfgen_generators.paths.buildspec import Buildspec, read_buildspec
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.pipeline_files import buildspec_of
from tfgen_generators.paths.working_dir import SCRIPT, PackerCommand, WorkingDirs
from tfgen_generators.root_module.hand_written import HandCall
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.linked import LinkedTree

#: A buildspec without it takes the variable as the path from the root, or does not give it to Packer as it is.
_DIRECT = r"packer[ \t]+(?:build|validate)\b[^\n]*\$\{{?{}\b"


class PackerScripts:
    """PACKER_SCRIPT of the pipelines of one tree; each buildspec is read once."""

    def __init__(self, tree: LinkedTree, settings: Settings) -> None:
        self._tree, self._settings = tree, settings
        self._working_dirs = WorkingDirs(PathResolver(tree), settings)
        self._buildspecs: dict[str, Buildspec | None] = {}
        self._direct = re.compile(_DIRECT.format(settings.packer_script.variable).encode())

    def of(self, template: Template) -> str:
        """As tfgen.toml says; else as a buildspec with `packer build $PACKER_SCRIPT.json` takes it, or the path."""
        if self._settings.packer_script.form != "auto":
            return in_form(self._settings.packer_script.form, template.path, self._settings.packer_dir)
        named = buildspec_of(self._tree, self._settings, template)
        buildspec = self._buildspec(named[0]) if named else None
        if buildspec is None:
            return template.path
        forms = (_form(one, template.path) for one in self._working_dirs.started_by(buildspec))
        return next((form for form in forms if form), template.path)

    def _buildspec(self, path: str) -> Buildspec | None:
        if path not in self._buildspecs:
            direct = self._direct.search(self._tree.read(path))
            self._buildspecs[path] = read_buildspec(self._tree, path) if direct else None
        return self._buildspecs[path]


def named_by(script: str, templates: Sequence[Template], packer_dir: str, scripts: PackerScripts) -> list[Template]:
    """The templates that a pipeline's variable may name: as the buildspec takes it, else by path, else by file name."""
    wanted = posixpath.normpath(script) if script else ""
    readings: tuple[Callable[[Template], Collection[str]], ...] = (
        lambda one: (scripts.of(one), one.path),
        lambda one: (without_ending(one.path),),
        lambda one: (in_form("file", one.path, packer_dir), in_form("file-without-ending", one.path, packer_dir)),
        lambda one: (posixpath.basename(one.path), without_ending(posixpath.basename(one.path))),
    )
    for reading in readings:
        if found := [one for one in templates if wanted in reading(one)]:
            return found
    return []


def built_by(call: HandCall, templates: Sequence[Template], packer_dir: str, scripts: PackerScripts) -> list[Template]:
    """The templates that a hand-written call may build: of several images of one, those of its file of values."""
    found = named_by(call.script, templates, packer_dir, scripts) if call.script else []
    if len(found) > 1 and len({template.path for template in found}) == 1:
        same = [one for one in found if one.var_file == posixpath.normpath(call.var_file or ".").removeprefix(".")]
        return same or found
    return found


def in_form(form: str, path: str, packer_dir: str) -> str:
    """How the template at `path` is named in a form that [packer_script] can have."""
    kind, _, without = form.partition("-")
    seen = posixpath.relpath(path, packer_dir) if kind == "file" else path
    return without_ending(seen) if without else seen


def _form(command: PackerCommand, path: str) -> str:
    """What stands for `$PACKER_SCRIPT` in a command, "" where it would not name the template at `path`."""
    before, mark, after = command.template.partition(SCRIPT)
    if not mark or len(command.folders) != 1 or not path.endswith(after):
        return ""
    seen = posixpath.relpath(path, command.folders[0]) if not command.folders[0].startswith("\1") else ".."
    form = seen.removesuffix(after)
    return form.removeprefix(before) if form.startswith(before) and not seen.startswith("..") else ""
