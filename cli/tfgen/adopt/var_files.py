"""Calls that build one template with several files of values: an image each, by `var_files` in tfgen.toml."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.workspace import Workspace, settings_at
from tfgen_generators.paths.packer_script import PackerScripts, built_by
from tfgen_generators.paths.shown_var_files import shown_var_files
from tfgen_generators.settings.edit import Values, set_tables
from tfgen_generators.settings.lines import Path as Keys
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.trees.disk import DiskTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfgen_generators.packer.model import Template
    from tfgen_generators.root_module.hand_written import HandWritten


def with_var_files(workspace: Workspace, hand_written: HandWritten, templates: Sequence[Template]) -> Workspace:
    """With `var_files` of each template that several calls build with their own ones, where tfgen.toml has none.

    What a makefile, a script or a recipe shows beside these counts, too.
    """
    settings, tree = workspace.settings, DiskTree(workspace.root)
    scripts, files = PackerScripts(tree, settings), dict[str, list[str]]()
    for call in hand_written.calls:
        file = posixpath.normpath(call.var_file) if call.var_file else ""
        found = built_by(call, templates, settings.packer_dir, scripts) if file and tree.kind(file) == "file" else []
        if len(found) == 1 and not found[0].source:
            files.setdefault(found[0].name, []).append(file)
    if not files:
        return workspace
    shown = {one.name: one for one in shown_var_files(tree, templates, settings)}
    tables: dict[Keys, Values] = {}
    for name, own in files.items():
        if name in shown and set(own) <= set(shown[name].files):
            given = list(shown[name].var_files)
        elif len(set(own)) > 1:
            given = sorted(set(own))
        else:
            continue
        tables[("templates", name)] = {"var_files": given[0] if len(given) == 1 else given}
    if not tables:
        return workspace
    text = set_tables(workspace.settings_text, tables, where=FILE_NAME)
    parsed = replace(settings_at(workspace.root, text), packer_dir=settings.packer_dir)
    return replace(workspace, settings=parsed, settings_text=text)
