"""Where this repository keeps its playbooks and roles: where its templates say, else where they usually are."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tfgen.new_image.model import Layout

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.describe import FileUse
    from tfgen_generators.packer.model import Template
    from tfgen_generators.paths.working_dir import WorkingDir

#: Packer's own, which is no part of a template's name.
_PREFIX = "packer-"
_DEFAULT = "ansible"
_ENDINGS = (".yaml", ".yml")


def find_layout(workspace: Workspace, templates: Sequence[Template], name: str) -> Layout:
    """The layout that a new template called `name` has to fit."""
    used = used_files(workspace, templates)
    playbooks = [use.resolved for use in used if use.use == "playbook" and use.resolved]
    folder = _most(posixpath.dirname(path) or "." for path in playbooks) or _DEFAULT
    galaxy = [use.resolved for use in used if use.use == "galaxy_file" and use.resolved]
    endings = (ending for path in playbooks if (ending := posixpath.splitext(path)[1]) in _ENDINGS)
    is_template = any(one.kind == "directory" and one.path == workspace.settings.packer_dir for one in templates)
    found = _runs(workspace, _sample(workspace, name, f"{name}/image" if is_template else name))
    return Layout(
        packer_dir=workspace.settings.packer_dir,
        playbooks=folder,
        roles=_roles(workspace, used, folder),
        is_template=is_template,
        prefix=_PREFIX if templates and all(_name(one).startswith(_PREFIX) for one in templates) else "",
        ending=_most(endings) or _ENDINGS[0],
        galaxy_file=_most(galaxy),
        working_dir=_folder(found),
        only_json=found.argument.endswith(".json"),
    )


def _name(template: Template) -> str:
    return posixpath.basename(template.path)


def _sample(workspace: Workspace, name: str, file: str) -> Template:
    """A template that is not there yet."""
    from tfgen_generators.packer.model import Template

    path = posixpath.normpath(f"{workspace.settings.packer_dir}/{file}")
    return Template(name=name, path=path, format="hcl2", kind="file")


def working_dir_of(workspace: Workspace, template: Template) -> str:
    """The folder that Packer runs in for a template; the root where nothing says another."""
    return _folder(_runs(workspace, template))


def _runs(workspace: Workspace, template: Template) -> WorkingDir:
    from tfgen_generators.paths.path_resolution import PathResolver
    from tfgen_generators.paths.working_dir import WorkingDirs
    from tfgen_generators.trees.disk import DiskTree

    return WorkingDirs(PathResolver(DiskTree(workspace.root)), workspace.settings).of(template)


def _folder(found: WorkingDir) -> str:
    return found.folders[0] if found.is_known else "."


def used_files(workspace: Workspace, templates: Sequence[Template]) -> list[FileUse]:
    """Every file that templates, which must have details, use; those of one after those of the other."""
    from tfgen_generators.packer.describe import describe
    from tfgen_generators.packer.details import decode_details
    from tfgen_generators.paths.path_resolution import PathResolver
    from tfgen_generators.paths.working_dir import WorkingDirs
    from tfgen_generators.trees.disk import DiskTree

    folders = WorkingDirs(PathResolver(DiskTree(workspace.root)), workspace.settings)
    found: list[FileUse] = []
    for template in templates:
        details = [decode_details(data) for data in template.details]
        found += describe(workspace.root, template, details, folders.known(template)).files
    return found


def _roles(workspace: Workspace, used: Sequence[FileUse], playbooks: str) -> str:
    """The folder that most roles are in; without any, one beside the playbooks."""
    listed = (posixpath.dirname(use.resolved) for use in used if use.use == "role_path" and use.resolved)
    if found := _most(folder for folder in listed if posixpath.basename(folder) == "roles"):
        return found
    beside = [posixpath.normpath(path) for path in (f"{playbooks}/roles", f"{playbooks}/../roles", "roles")]
    inside = [path for path in beside if not path.startswith("..")]
    return next((path for path in inside if (workspace.root / path).is_dir()), inside[0])


def _most(found: Iterable[str]) -> str:
    """The one that comes most often, the first by name among equals; "" without any."""
    counts = Counter(found)
    return min(counts, key=lambda one: (-counts[one], one), default="")
