"""What tfgen.toml could say of the templates that are there, so that each pipeline makes an image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tfgen.phrases import counted
from tfgen_generators.packer.model import Discovery
from tfgen_generators.paths.shown_var_files import shown_var_files
from tfgen_generators.settings.lines import dotted, in_toml
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.disk import DiskTree

_AMAZON = "amazon-"


def var_files(root: Path, found: Discovery, settings: Settings | None) -> Iterator[str]:
    """Templates that something in the repository builds with several files of values."""
    for one in shown_var_files(DiskTree(root), found.templates, settings):
        given = in_toml(one.var_files[0] if len(one.var_files) == 1 else list(one.var_files))
        table = dotted(("templates", one.name))
        said = f"{one.path}:{one.line} builds {one.template} with {counted(len(one.files), 'file')} of values"
        yield f"hint: {said}; for a pipeline each, add to tfgen.toml: [{table}] var_files = {given}"


def without_ami(found: Discovery) -> Iterator[str]:
    """Templates that make no AMI, so that their pipelines' builds would fail."""
    others = [one for one in found.templates if one.builders and not any(map(_makes_ami, one.builders))]
    if others:
        patterns = in_toml([f"/{one.path}{'/' * (one.kind == 'directory')}" for one in others])
        named = ", ".join(f"{one.name} ({', '.join(sorted(set(one.builders)))})" for one in others)
        yield f"hint: no AMI is made by {named}, so a build there fails; for no pipeline, add to ignore: {patterns}"


def _makes_ami(builder: str) -> bool:
    return builder.startswith(_AMAZON)
