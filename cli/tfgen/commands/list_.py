"""`tfgen list`: the templates found, and what was skipped and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.console import note, one_line, out_json, out_table
from tfgen.options import FormatOption

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.describe import Description, FileUse
    from tfgen_generators.packer.model import Discovery, Problem, Template
    from tfgen_generators.settings.model import Settings

#: Skipped files in the table; JSON has all.
_SHOWN = 50

EXAMPLES = """\b
Examples:
  tfgen list                               this repository
  tfgen list --packer-dir .                any folder, without tfgen.toml
  tfgen list --format json | jq -r .templates[].path
"""


def command(
    packer_dir: Annotated[
        str | None,
        typer.Option("--packer-dir", metavar="DIR", envvar="TFGEN_PACKER_DIR", help="The folder to scan."),
    ] = None,
    format_: FormatOption = "table",
) -> int:
    """List the Packer templates, and what was skipped and why.

    A template is what packer build takes: a JSON file with builders, an HCL2 file with a build block, or a folder of
    HCL2 files that belong together. Needs no tfgen.toml. Exits 1 when a template cannot be read, and when
    files look like Packer's and none is a template.
    """
    from tfgen.git.repository import tracked_although_ignored
    from tfgen.workspace import facts_cache
    from tfgen_generators.packer.discovery.nothing_found import FIX, nothing_found
    from tfgen_generators.sync.survey import Outside, find_templates

    workspace, folder = _where(packer_dir)
    with facts_cache(workspace, details=format_ == "json") as cache:
        outside = Outside(is_tracked=tracked_although_ignored(workspace.root), cache=cache)
        settings = workspace.settings if workspace.settings_text else None
        found = find_templates(workspace.root, folder, settings, outside)
    if format_ == "json":
        out_json(as_json(workspace.root, found, settings))
    else:
        _show(found, folder)
        _hint(workspace.root, found, settings)
    if message := nothing_found(workspace.root, found, folder):
        note(one_line(f"error: {folder}: {message}; {FIX}"), style="red")
        return 1
    problems = [*found.unreadable, *(problem for template in found.templates for problem in template.errors)]
    for problem in problems:
        note(one_line(f"error: {problem}"), style="red")
    return 1 if problems else 0


def as_json(root: Path, found: Discovery, settings: Settings | None = None) -> dict[str, object]:
    """The stable shape that docs/json.md describes and docs/list.schema.json defines."""
    from tfgen_generators.paths.path_resolution import PathResolver
    from tfgen_generators.paths.working_dir import WorkingDirs
    from tfgen_generators.trees.disk import DiskTree

    working_dirs = WorkingDirs(PathResolver(DiskTree(root)), settings)
    return {
        "templates": [_template(root, template, working_dirs.known(template)) for template in found.templates],
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in found.skipped],
        "errors": [_problem(problem) for problem in found.unreadable],
    }


def _template(root: Path, template: Template, working_dir: str | None) -> dict[str, object]:
    from tfgen_generators.packer.describe import describe
    from tfgen_generators.packer.details import decode_details

    facts = describe(root, template, [decode_details(details) for details in template.details], working_dir)
    return {
        "name": template.name,
        "path": template.path,
        "var_file": template.var_file or None,
        "format": template.format,
        "kind": template.kind,
        "members": list(template.members),
        "builders": list(facts.builders),
        "default_builders": list(facts.default_builders),
        "variables": {"required": list(facts.required), "optional": list(facts.optional)},
        "environment": list(facts.environment),
        "provisioners": list(facts.provisioners),
        "post_processors": list(facts.post_processors),
        "playbooks": [_file(used) for used in facts.files if used.use == "playbook"],
        "files": [{"use": used.use, **_file(used)} for used in facts.files if used.use != "playbook"],
        "ami": _ami(facts),
        "errors": [_problem(problem) for problem in template.errors],
    }


def _file(used: FileUse) -> dict[str, object]:
    return {"path": used.path, "resolved": used.resolved, "known": used.known}


def _ami(facts: Description) -> dict[str, object]:
    names = facts.ami_names
    return {
        "name": names[0].text if names else None,
        "names": [{"text": name.text, "known": name.known} for name in names],
        "sources": [
            {
                "kind": source.kind,
                "text": source.text,
                "known": source.known,
                "filters": source.filters,
                "owners": list(source.owners),
                "most_recent": source.most_recent,
            }
            for source in facts.ami_sources
        ],
        "tags": [{"key": key, "value": value.text, "known": value.known} for key, value in facts.tags],
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {"path": problem.path, "line": problem.line or None, "message": problem.message, "fix": problem.fix}


def _where(packer_dir: str | None) -> tuple[Workspace, str]:
    """The root that paths are relative to, and the folder below it."""
    from tfgen.workspace import Workspace, find_root, open_workspace
    from tfgen_generators.trees.outside import require_inside

    if packer_dir is None:
        workspace = open_workspace(need_settings=False)
        return workspace, workspace.settings.packer_dir
    folder = Path(os.path.normpath(Path.cwd() / packer_dir))
    root = find_root(Path.cwd())
    if not folder.is_relative_to(root):
        root = find_root(folder)
    path = folder.relative_to(root).as_posix()
    require_inside(root, path)
    return Workspace(root=root), path


def _hint(root: Path, found: Discovery, settings: Settings | None) -> None:
    """Says which templates are built with several files of values."""
    from tfgen.init.hints import var_files

    for line in var_files(root, found, settings):
        note(one_line(line))


def _show(found: Discovery, folder: str) -> None:
    if found.templates:
        variants = any(template.var_file for template in found.templates)
        rows = [
            [
                template.name,
                template.path,
                *([template.var_file or "-"] if variants else []),
                template.format,
                "error" if template.errors else ", ".join(template.builders),
            ]
            for template in found.templates
        ]
        out_table(["NAME", "TEMPLATE", *(["VAR FILE"] if variants else []), "FORMAT", "BUILDERS"], rows)
    else:
        note(one_line(f"no Packer templates in {folder}"))
    values = {template.var_file for template in found.templates}
    passed_over = [skipped for skipped in found.skipped if skipped.path not in values]
    if passed_over:
        note()
        note("skipped:")
        for skipped in passed_over[:_SHOWN]:
            note(one_line(f"  {skipped.path}: {skipped.reason}"))
        if len(passed_over) > _SHOWN:
            note(f"  and {len(passed_over) - _SHOWN} more (--format json shows all)")
