"""A copy of an image under another name: its template and its playbook. What they use stays where it is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tfgen.new_image.model import Made, NewFile, Wish
from tfgen_generators.errors import TemplateError
from tfgen_generators.packer.names import GENERIC, without_ending
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.model import Template

#: Files of values that Packer reads by itself where a template is a folder.
_VALUES = re.compile(r"\.auto\.pkrvars\.(?:hcl|json)$")
_VARIABLE = re.compile(r"\$\{var\.([\w-]+)\}|\{\{-?\s*user\s+`([^`]+)`\s*-?\}\}")


def copy_of(workspace: Workspace, templates: Sequence[Template], wish: Wish) -> Made:
    """The files of the new image, and what is otherwise in them. Raises UsageError, TemplateError; writes nothing."""
    from tfgen.new_image.parent import named
    from tfgen.new_image.places import places_of
    from tfgen.new_image.renamed import renamed

    template = named(templates, wish.like)
    if template.format == "hcl2-json":
        raise TemplateError("HCL2 in JSON cannot be copied", where=template.path, fix="copy it by hand")
    places = places_of(workspace, templates, template, wish.name)
    data = {path: read_bytes(workspace.root / path) for path in places}
    words = _words(template)
    found = renamed(
        {path: data[path] for path in places if path in template.members or _VALUES.search(path)}, words, wish.name
    )
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
    notes += [
        f"{places[path]}:{line}: {setting} uses what was changed; look whether it still means what it should"
        for path, line, setting in found.also_used
    ]
    if template.name in workspace.settings.templates:
        line = workspace.settings.line("templates", template.name)
        notes.append(f"{FILE_NAME}:{line}: what it sets for {template.name} is not copied")
    if all(to == path for path, to in playbooks.items()):
        notes.append(f"it runs the same playbook as {template.name}")
    return Made(template=new, files=tuple(files), notes=tuple(notes))


def _words(template: Template) -> list[str]:
    """What the image is called in its own files: by its name, and by its file's."""
    from tfgen.new_image.places import own_folder

    stem = without_ending(posixpath.basename(template.path))
    own = stem if template.kind == "file" and stem.lower() not in GENERIC else posixpath.basename(own_folder(template))
    return [template.name, *([own] if own not in ("", ".") else [])]


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
