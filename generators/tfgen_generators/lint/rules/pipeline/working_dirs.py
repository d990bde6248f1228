"""Rules about the folder in which Packer runs: it is not there, or the repository leaves it open and it matters."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import place_of
from tfgen_generators.nearest import near_path
from tfgen_generators.packer.describe import FileUse
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.working_dir import narrowed
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.shell.marks import UNKNOWN


def _unclear(scope: Scope) -> Iterator[Finding]:
    """One finding for the whole repository: one line of tfgen.toml settles it."""
    for template in scope.templates:
        needed = (file.path for file in _relative(scope, template) if file.use in ("playbook", "script"))
        found = narrowed(scope.working_dirs.of(template), needed, lambda path: bool(scope.tree.kind(path)))
        folders = [folder for folder in found.folders if UNKNOWN not in folder]
        for text in (file.path for file in _relative(scope, template)) if len(folders) > 1 else ():
            paths = {folder: posixpath.normpath(f"{folder}/{text}") for folder in folders}
            there = [folder for folder, path in paths.items() if scope.tree.kind(path)]
            if len({scope.tree.real(paths[folder]) for folder in there}) > 1:  # a link to the other is no other file
                path, line = place_of(scope, template.path, text)
                shown = " and ".join("the root" if folder == "." else folder for folder in there)
                yield Finding(
                    rule="working-dir-unclear",
                    path=path,
                    line=line,
                    message=f"{text} is there in {shown}, and nothing tells in which of them Packer runs: both count",
                    fix=f'set working_dir in {FILE_NAME}, for example working_dir = "{there[0]}"',
                    image=template.name,
                )
                return


def _missing(scope: Scope) -> Iterator[Finding]:
    """Each `working_dir` of tfgen.toml that is no folder."""
    settings = scope.settings
    if settings is None:
        return
    own = ((("templates", name, "working_dir"), one.working_dir) for name, one in settings.templates.items())
    for where, value in ((("working_dir",), settings.working_dir), *own):
        kind = scope.tree.kind(posixpath.normpath(value)) if value else "folder"
        if kind != "folder":
            near = near_path(posixpath.normpath(value), scope.tree.names)
            yield Finding(
                rule="missing-working-dir",
                path=FILE_NAME,
                line=settings.line(*where),
                message=f"{'.'.join(where)} = {value!r} is {'a file' if kind else 'not there'}; Packer runs there",
                fix=f"did you mean {near}?" if near else "create it, or name the folder in which packer build runs",
                image=where[1] if len(where) > 1 else "",
            )


def _relative(scope: Scope, template: Template) -> Iterator[FileUse]:
    for file in scope.described(template).files:
        is_plain = file.known and file.use != "function" and not any(sign in file.path for sign in ("${", "{{"))
        if is_plain and not file.path.startswith(("/", "~")):
            yield file


RULES = (
    Rule(
        id="missing-working-dir",
        severity="error",
        summary="The folder in which Packer should run does not exist",
        check=_missing,
    ),
    Rule(
        id="working-dir-unclear",
        severity="warning",
        summary="A relative path is there in two folders that Packer may run in",
        check=_unclear,
    ),
)
