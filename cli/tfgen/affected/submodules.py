"""Submodules that differ: what stands in them is not known, so whoever looks for something there is affected."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tfgen.affected.model import Why

if TYPE_CHECKING:
    from tfgen.affected.sides import Sides
    from tfgen_generators.trees.linked import LinkedTree

_MODULES = ".gitmodules"
_SECTION = re.compile(r'\s*\[\s*submodule\s+"((?:[^"\\]|\\.)*)"\s*\]')
_KEY = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*$")


def differing_submodules(sides: Sides) -> Mapping[str, str]:
    """The folder of each submodule that differs -> the path that says so: its own, or .gitmodules."""
    found = {
        path: path
        for path, other in sides.changes.items()
        if (other is not None and other.entry == "folder") or sides.head_tree.kind(path) == "folder"
    }
    if _MODULES in sides.changes:
        before, after = _places(sides.base_tree), _places(sides.head_tree)
        for path in before.keys() | after.keys():
            if before.get(path) != after.get(path):
                found.setdefault(path, _MODULES)
    return found


def images_of_submodules(sides: Sides) -> Iterator[tuple[str, Why]]:
    """Images of the head that look for something in a submodule that differs, and why."""
    submodules = differing_submodules(sides)
    if not submodules:
        return
    from tfgen_generators.graph.unknown_folders import images_of_folders

    folders = sorted(submodules)
    for name, folder, asked in images_of_folders(
        sides.head_tree, sides.templates, sides.settings, sides.store, folders
    ):
        what = "is at another commit" if submodules[folder] == folder else f"says another place for {folder}"
        yield name, Why(path=submodules[folder], message=f"{what}: {asked}")


def _places(tree: LinkedTree) -> dict[str, tuple[str, ...]]:
    """Path of each submodule -> its other settings."""
    if tree.kind(_MODULES) != "file":
        return {}
    try:
        text = tree.read(_MODULES).decode("utf-8", "replace")
    except OSError:
        return {}
    tables: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        if section := _SECTION.match(line):
            current = tables.setdefault(section[1], {})
        elif key := _KEY.match(line):
            current[key[1].lower()] = key[2].strip('"')
    return {
        posixpath.normpath(table["path"]): tuple(f"{key}={table[key]}" for key in sorted(table))
        for table in tables.values()
        if table.get("path")
    }
