"""A copy of an image under another name: its template and its playbook. What they use stays where it is."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.new_image.model import Made, NewFile, Wish
from tfgen_generators.errors import TemplateError
from tfgen_generators.packer.names import GENERIC, name_of, without_ending
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.model import Template

#: Files of a template that is a folder; with more it is no folder of a template's own.
_MOST_FILES = 200
_VARIABLE = re.compile(r"\$\{var\.([\w-]+)\}|\{\{-?\s*user\s+`([^`]+)`\s*-?\}\}")
#: What makes a file's own place part of what it says.
_PLACE = re.compile(rb"\bpath\.root\b|\btemplate_dir\b")


def copy_of(workspace: Workspace, templates: Sequence[Template], wish: Wish) -> Made:
    """The files of the new image, and what is otherwise in them. Raises UsageError, TemplateError; writes nothing."""
    from tfgen.new_image.parent import named
    from tfgen.new_image.renamed import renamed

    template = named(templates, wish.like)
    if template.format == "hcl2-json":
        raise TemplateError("HCL2 in JSON cannot be copied", where=template.path, fix="copy it by hand")
    places = _places(workspace, templates, template, wish.name)
    data = {path: read_bytes(workspace.root / path) for path in places}
    words = _words(template)
    found = renamed({path: data[path] for path in template.members}, words, wish.name)
    old, new = template.path, places.get(template.path) or _folder(template, places)
    texts = {**data, **{path: _with_path(text, old, new) for path, text in found.texts.items()}}
    playbooks = dict(_playbooks(workspace, template, words, wish.name)) if found.playbook else {}
    files = [NewFile(path=places[path], data=texts[path]) for path in sorted(places)]
    files += [NewFile(path=to, data=read_bytes(workspace.root / path)) for path, to in playbooks.items() if to != path]
    notes = [
        f"{places[path]}: {wish.like} -> {wish.name} in {_counted(lines)}"
        for path, lines in found.lines.items()
        if lines
    ]
    notes += [
        f"{places[path]}:{line}: ami_name did not name {wish.like}: it begins with {wish.name} now"
        for path, line in found.named
    ]
    notes += [f"{to}: a copy of {path}" for path, to in playbooks.items() if to != path]
    notes += [
        f"{places[path]}:{line}: {setting} uses what was changed; look whether it still means what it should"
        for path, line, setting in found.also_used
    ]
    if all(to == path for path, to in playbooks.items()):
        notes.append(f"it runs the same playbook as {template.name}")
    return Made(template=new, files=tuple(files), notes=tuple(notes))


def _words(template: Template) -> list[str]:
    """What the image is called in its own files: by its name, and by its file's."""
    stem = without_ending(posixpath.basename(template.path))
    own = stem if template.kind == "file" and stem.lower() not in GENERIC else posixpath.basename(_own(template))
    return [template.name, *([own] if own not in ("", ".") else [])]


def _own(template: Template) -> str:
    """The folder that the template is, or that it stands in."""
    return template.path if template.kind == "directory" else posixpath.dirname(template.path)


def _places(workspace: Workspace, templates: Sequence[Template], template: Template, name: str) -> dict[str, str]:
    """Old path -> new path of each file that is copied. Raises TemplateError."""
    packer_dir = workspace.settings.packer_dir
    above, ending = posixpath.dirname(template.path) or ".", _ending(template.path)
    from tfgen.new_image.renamed import file_name

    is_folder = template.kind == "directory" or (
        without_ending(posixpath.basename(template.path)).lower() in GENERIC and above != packer_dir
    )
    if is_folder:
        folder = _own(template)
        for parent in (posixpath.dirname(folder) or ".", packer_dir):
            target = posixpath.normpath(f"{parent}/{name}")
            path = target if template.kind == "directory" else f"{target}/{posixpath.basename(template.path)}"
            if name_of(path, packer_dir) == name and folder != packer_dir:
                others = {path for one in templates if one is not template for path in one.members}
                return {
                    path: f"{target}{path[len(folder) :]}" for path in _files(workspace.root, folder, others, template)
                }
        raise TemplateError("is the folder of all templates", where=template.path, fix="copy it by hand")
    same = file_name(template.path, [template.name], name)
    for path in (same, *(posixpath.normpath(f"{folder}/{name}{ending}") for folder in (above, packer_dir))):
        if name_of(path, packer_dir) == name:
            if (posixpath.dirname(path) or ".") != above and _PLACE.search(read_bytes(workspace.root / template.path)):
                break
            return {template.path: path}
    raise TemplateError(f"names files by its own folder, and {name} would stand in another", where=template.path)


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


def _folder(template: Template, places: Mapping[str, str]) -> str:
    """Where a template that is a folder is copied to."""
    member = template.members[0]
    return places[member].removesuffix(member[len(template.path) :])


def _playbooks(workspace: Workspace, template: Template, words: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
    """Path of each playbook that the template runs, and of its copy: the same where others may run it, too."""
    from tfgen.new_image.layout import used_files, working_dir_of
    from tfgen.new_image.parent import defaults
    from tfgen.new_image.renamed import file_name

    variables = dict(defaults(template))
    for use in used_files(workspace, [template]):
        if use.use != "playbook":
            continue
        filled = _VARIABLE.sub(lambda match: str(variables.get(match[1] or match[2], match[0])), use.path)
        path = use.resolved or posixpath.normpath(f"{working_dir_of(workspace, template)}/{filled}")
        if not path.startswith("..") and (workspace.root / path).is_file():
            yield path, file_name(path, words, name)


def _with_path(data: bytes, old: str, new: str) -> bytes:
    """Comments that say how to build the template."""
    return re.sub(rb"(?<![\w./-])" + re.escape(old.encode()) + rb"(?![\w-])", lambda _: new.encode(), data)


def _counted(lines: Sequence[int]) -> str:
    return f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"
