"""Templates that the repository builds with several files of values: an image for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.paths.shown_var_files import ShownVarFiles, shown_var_files
from tfgen_generators.settings.edit import Values, set_tables
from tfgen_generators.settings.lines import Path as Keys
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.trees.disk import DiskTree


def find_variants(root: Path, packer_dir: str, cache: FactsCache) -> tuple[ShownVarFiles, ...]:
    """What a makefile, a script, a recipe or the buildspec shows."""
    templates = discover(root, packer_dir, cache=cache).templates
    return tuple(shown_var_files(DiskTree(root), templates, Settings(packer_dir=packer_dir)))


def with_variants(text: str, variants: tuple[ShownVarFiles, ...]) -> str:
    """A new tfgen.toml with `var_files` of those templates."""
    return set_tables(text, dict(_tables(variants)), where=FILE_NAME) if variants else text


def _tables(variants: tuple[ShownVarFiles, ...]) -> Iterator[tuple[Keys, Values]]:
    for one in variants:
        files = list(one.var_files)
        yield ("templates", one.name), {"var_files": files[0] if len(files) == 1 else files}


def notes_of(variants: tuple[ShownVarFiles, ...]) -> Iterator[str]:
    """What was found, for a person."""
    for one in variants:
        yield f"{one.path}:{one.line} builds {one.template} with {len(one.files)} files of values: an image for each"
