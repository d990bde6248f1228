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
    from tfgen_generators.packer.model import Discovery, Problem, Template

EXAMPLES = """\b
Examples:
  tfgen list                               this repository
  tfgen list --packer-dir .                any tree, with no tfgen.toml
  tfgen list --format json | jq -r .templates[].path
"""


def command(
    packer_dir: Annotated[
        str | None,
        typer.Option("--packer-dir", metavar="DIR", envvar="TFGEN_PACKER_DIR", help="Where to look; any folder."),
    ] = None,
    format_: FormatOption = "table",
) -> int:
    """Show the templates found, and what was skipped and why.

    A template is what you give to packer build: a JSON file with builders, an HCL2 file with a build block,
    or a folder of HCL2 files that need each other. Needs no tfgen.toml. Exit 1 when one cannot be read.
    """
    from tfgen_generators.estate import find_templates

    workspace, folder = _where(packer_dir)
    found = find_templates(workspace.root, folder)
    if format_ == "json":
        out_json(as_json(found))
    else:
        _show(found, folder)
    problems = [*found.unreadable, *(problem for template in found.templates for problem in template.errors)]
    for problem in problems:
        note(one_line(f"error: {problem}"), style="red")
    return 1 if problems else 0


def as_json(found: Discovery) -> dict[str, object]:
    """The stable shape that docs/json.md describes."""
    return {
        "templates": [_template(template) for template in found.templates],
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in found.skipped],
        "errors": [_problem(problem) for problem in found.unreadable],
    }


def _template(template: Template) -> dict[str, object]:
    return {
        "name": template.name,
        "path": template.path,
        "format": template.format,
        "kind": template.kind,
        "builders": list(template.builders),
        "errors": [_problem(problem) for problem in template.errors],
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {"path": problem.path, "line": problem.line or None, "message": problem.message, "fix": problem.fix}


def _where(packer_dir: str | None) -> tuple[Workspace, str]:
    """The root that paths are relative to, and the folder below it."""
    from tfgen.workspace import Workspace, find_root, open_workspace

    if packer_dir is None:
        workspace = open_workspace(need_settings=False)
        return workspace, workspace.settings.packer_dir
    folder = Path(os.path.normpath(Path.cwd() / packer_dir))
    root = find_root(Path.cwd())
    if not folder.is_relative_to(root):
        root = find_root(folder)
    return Workspace(root=root), folder.relative_to(root).as_posix()


def _show(found: Discovery, folder: str) -> None:
    if found.templates:
        rows = [
            [
                template.name,
                template.path,
                template.format,
                "error" if template.errors else ", ".join(template.builders),
            ]
            for template in found.templates
        ]
        out_table(["NAME", "TEMPLATE", "FORMAT", "BUILDERS"], rows)
    else:
        note(f"no Packer templates in {folder}")
    if found.skipped:
        note()
        note("skipped:")
        for skipped in found.skipped:
            note(one_line(f"  {skipped.path}: {skipped.reason}"))
