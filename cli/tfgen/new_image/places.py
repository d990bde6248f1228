"""Where the files of a copied image go: beside those of the image, so that the path gives the new name."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.errors import TemplateError
from tfgen_generators.packer.names import GENERIC, name_of, without_ending
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.model import Template

#: Files of a template that is a folder; with more it is no folder of a template's own.
_MOST_FILES = 200
#: What makes a file's own place part of what it says.
_PLACE = re.compile(rb"\bpath\.root\b|\btemplate_dir\b")
_ANY = "any"


def places_of(workspace: Workspace, templates: Sequence[Template], template: Template, name: str) -> dict[str, str]:
    """Old path -> new path of each file that is copied. Raises TemplateError where there is no place for it."""
    packer_dir = workspace.settings.packer_dir
    above = posixpath.dirname(template.path) or "."
    is_generic = without_ending(posixpath.basename(template.path)).lower() in GENERIC
    if template.kind == "directory" or (is_generic and above != packer_dir):
        return _of_folder(workspace, templates, template, name)
    data = read_bytes(workspace.root / template.path)
    for path in _files_called(template, packer_dir, name):
        if name_of(path, packer_dir) == name:
            if (posixpath.dirname(path) or ".") == above or not _PLACE.search(data):
                return {template.path: path}
            break
    begin = _beginning(above, packer_dir, _ending(template.path))
    fix = f"use a name that begins with {begin}" if begin else "copy it by hand"
    raise TemplateError(
        f"{name} would stand in another folder, and it names files by its own", where=template.path, fix=fix
    )


def own_folder(template: Template) -> str:
    """The folder that the template is, or that it stands in."""
    return template.path if template.kind == "directory" else posixpath.dirname(template.path)


def _files_called(template: Template, packer_dir: str, name: str) -> Iterator[str]:
    """Paths that may give the name, those in the template's own folder first."""
    from tfgen.new_image.renamed import file_name

    above, ending = posixpath.dirname(template.path) or ".", _ending(template.path)
    begin = _beginning(above, packer_dir, ending)
    yield file_name(template.path, [template.name], name)
    if begin and name.startswith(begin):
        yield f"{above}/{name.removeprefix(begin)}{ending}"
    for folder in (above, packer_dir):
        yield posixpath.normpath(f"{folder}/{name}{ending}")


def _beginning(folder: str, packer_dir: str, ending: str = "") -> str:
    """What the names of all templates in a folder begin with; "" for nothing."""
    found = name_of(posixpath.normpath(f"{folder}/{_ANY}{ending}"), packer_dir)
    return found.removesuffix(_ANY) if found.endswith(f"-{_ANY}") else ""


def _of_folder(workspace: Workspace, templates: Sequence[Template], template: Template, name: str) -> dict[str, str]:
    """The files of a template that has a folder of its own."""
    packer_dir, folder = workspace.settings.packer_dir, own_folder(template)
    if folder == packer_dir:
        raise TemplateError("is the folder of all templates", where=template.path, fix="copy it by hand")
    inside = "" if template.kind == "directory" else f"/{posixpath.basename(template.path)}"
    above = posixpath.dirname(folder) or "."
    short = name.removeprefix(_beginning(above, packer_dir))
    for target in (f"{above}/{short}", f"{above}/{name}", f"{packer_dir}/{name}"):
        path = posixpath.normpath(target)
        if name_of(f"{path}{inside}", packer_dir) == name:
            others = {member for one in templates if one is not template for member in one.members}
            files = _files(workspace.root, folder, others, template)
            return {file: f"{path}{file[len(folder) :]}" for file in files}
    raise TemplateError(f"no folder gives the name {name}", where=template.path, fix="use another name")


def _ending(path: str) -> str:
    name = posixpath.basename(path)
    return name[len(without_ending(name)) :]


def _files(root: Path, folder: str, others: set[str], template: Template) -> list[str]:
    """The files below a template's folder that are not other templates' own. Raises TemplateError."""
    found = [path for path in _walk(root, folder) if path not in others]
    if len(found) > _MOST_FILES:
        raise TemplateError(f"has {len(found)} files in its folder", where=template.path, fix="copy it by hand")
    return sorted({*found, *template.members})


def _walk(root: Path, folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(place, name)
            if not name.startswith(".") and file.is_file() and not file.is_symlink():
                yield file.relative_to(root).as_posix()
