"""Where a repository keeps its templates, when tfgen.toml does not say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.tree import Tree

#: The default of `packer_dir`.
USUAL = "packer"
ROOT = "."
_HCL = (".pkr.hcl", ".pkr.json")


def folder_on_disk(root: Path, wanted: str) -> str:
    """`wanted`; the repository's root where `wanted` is the default, is not there, and the root has templates.

    A file that cannot be read is no template.
    """
    if wanted != USUAL or os.path.lexists(root / wanted):
        return wanted
    return _root_or(wanted, (entry.name for entry in os.scandir(root)), lambda name: read_bytes(root / name))


def folder_in_tree(tree: Tree, wanted: str) -> str:
    """The same for a commit's files."""
    if wanted != USUAL or tree.kind(wanted) is not None:
        return wanted
    return _root_or(wanted, tree.names(ROOT), tree.read)


def _root_or(wanted: str, names: Iterable[str], read: Callable[[str], bytes]) -> str:
    def is_alike(name: str) -> bool:
        if not name.endswith(".json") or name.endswith(_HCL):
            return name.endswith(_HCL)
        from tfgen_generators.packer.discovery.outcome import looks_like_packer  # which imports all readers

        try:
            return looks_like_packer(read(name))
        except OSError:
            return False

    return ROOT if any(is_alike(name) for name in names) else wanted
