"""From a wish to files on the disk, and the sync that follows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.new_image.model import Made, NewFile, Wish
from tfgen_generators.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.model import Template
    from tfgen_generators.sync.model import SyncResult


def make(workspace: Workspace, wish: Wish) -> tuple[Made, SyncResult]:
    """Writes the files of a new image and synchronizes; says what was made and what sync did.

    Raises TfgenError; then nothing is written. Call it only while holding the lock `sync`.
    """
    from tfgen.new_image.names import check_name, check_pipeline
    from tfgen.new_image.write import write_new
    from tfgen.sync.run import write
    from tfgen.sync.survey import find_changes
    from tfgen_generators.sync.write import remove_leftovers

    templates = _templates(workspace)
    check_name(wish.name, workspace.settings, templates)
    _check_sync(workspace, wish)
    made = _like(workspace, templates, wish) if wish.like else _new(workspace, templates, wish)
    check_pipeline(wish.name, made.template, workspace.settings)
    notes = (*made.notes, *_found_by(workspace, templates, wish.name))
    files = _wanted(workspace, made)
    remove_leftovers(*{(workspace.root / file.path).parent for file in made.files})
    write_new(workspace.root, files)
    workspace.make_state_dir("cache")
    result = find_changes(workspace)
    write(workspace, result)
    return Made(template=made.template, files=files, notes=notes), result


def _new(workspace: Workspace, templates: Sequence[Template], wish: Wish) -> Made:
    from tfgen.new_image.layout import find_layout
    from tfgen.new_image.names import role_of
    from tfgen.new_image.parent import start_from
    from tfgen.new_image.render import ansible_files, script_files, template_path, template_text
    from tfgen.new_image.systems import DEFAULT, start_of

    layout = find_layout(workspace, templates, wish.name)
    start = start_from(workspace, templates, wish) if wish.parent else start_of(wish.os or DEFAULT)
    form, role = wish.format or ("json" if layout.only_json else "hcl2"), role_of(wish.name)
    path = template_path(layout, wish.name, form)
    text = template_text(layout, wish.name, role, form, start)
    files = (
        NewFile(path=path, data=text.encode()),
        *ansible_files(layout, wish.name, role),
        *script_files(layout, start),
    )
    cannot = f"warning: the buildspec builds only JSON ($PACKER_SCRIPT.json), and {path} is HCL2"
    return Made(template=path, files=files, notes=(cannot,) if layout.only_json and form == "hcl2" else ())


def _like(workspace: Workspace, templates: Sequence[Template], wish: Wish) -> Made:
    from tfgen.new_image.like import copy_of

    for flag, value in (("--from", wish.parent), ("--os", wish.os), ("--format", wish.format)):
        if value:
            raise UsageError(f"{flag} and --like exclude each other", fix=f"--like {wish.like} has its own; remove one")
    return copy_of(workspace, templates, wish)


def _found_by(workspace: Workspace, templates: Sequence[Template], name: str) -> list[str]:
    from tfgen.new_image.parent import found_by

    return [
        f"warning: the source filter of {other} finds the AMIs of {name}, too; add a tag to it, or use another name"
        for other in found_by(workspace, templates, name)
    ]


def _templates(workspace: Workspace) -> tuple[Template, ...]:
    """All templates with details; none where there is no folder of templates yet."""
    from tfgen.git.repository import tracked_although_ignored
    from tfgen.workspace import facts_cache
    from tfgen_generators.packer.discovery.nothing_found import elsewhere
    from tfgen_generators.sync.survey import Outside, some_templates

    if not (workspace.root / workspace.settings.packer_dir).is_dir() and not elsewhere(workspace.root):
        return ()
    with facts_cache(workspace, details=True) as cache:
        outside = Outside(is_tracked=tracked_although_ignored(workspace.root), cache=cache)
        return some_templates(workspace.root, workspace.settings, outside).templates


def _check_sync(workspace: Workspace, wish: Wish) -> None:
    """That the sync at the end will not refuse, nor take the template for a renamed one. Raises TfgenError."""
    from tfgen.new_image.names import check_label
    from tfgen.sync.survey import complain, find_changes
    from tfgen_generators.generated.ownership import file_name

    generated = f"{workspace.settings.terraform_dir}/{file_name(wish.name)}"
    if os.path.lexists(workspace.root / generated):
        raise RefusedError("already exists", where=generated, fix="use another name, or remove it")
    check_label(workspace, wish.name)
    if not (workspace.root / workspace.settings.packer_dir).is_dir():
        if any(workspace.terraform_dir.glob(file_name("*"))):
            raise RefusedError("templates are gone since the last sync", fix="run: tfgen sync")
        return
    before = find_changes(workspace)
    if before.changes.refused:
        complain(before)
        raise RefusedError("sync refuses to write", fix="see above; nothing was written")
    if any(change.action != "create" and change.action != "change" for change in before.changes.changes):
        raise RefusedError("templates are gone since the last sync", fix="run: tfgen sync")


def _wanted(workspace: Workspace, made: Made) -> tuple[NewFile, ...]:
    """The files that must be written. Raises RefusedError where another one, or a link, is there already.

    The same one is no other: a run that was killed has left it.
    """
    from tfgen_generators.trees.outside import require_inside

    wanted: list[NewFile] = []
    for file in made.files:
        target = workspace.root / file.path
        require_inside(workspace.root, file.path)
        if not os.path.lexists(target):
            wanted.append(file)
        elif not file.is_shared and not _is_same(target, file):
            raise RefusedError("already exists", where=file.path, fix="use another name, or remove it")
        elif not target.is_file():
            raise RefusedError("is no file", where=file.path, fix="remove it: a script must stand there")
    return tuple(wanted)


def _is_same(target: Path, file: NewFile) -> bool:
    from tfgen_generators.trees.files import read_bytes

    return not target.is_symlink() and target.is_file() and read_bytes(target) == file.data
