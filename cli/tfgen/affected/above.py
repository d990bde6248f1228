"""What Terraform reads above the folder of tfgen.toml, in the same repository: the graphs end at that folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen.affected.model import Why
from tfgen.git.differences import differences, differences_between
from tfgen.git.repository import folder_in_repository, top_of

if TYPE_CHECKING:
    from tfgen.affected.sides import Sides
    from tfgen_generators.module.file_reads import Pattern


def images_above(sides: Sides) -> Iterator[tuple[str, Why]]:
    """Images of the head for which something is read that differs there, and why."""
    folder = folder_in_repository(sides.root)
    if not folder or sides.settings is None:
        return
    from tfgen_generators.paths.terraform_reads import TerraformReads
    from tfgen_generators.trees.disk import DiskTree

    top = top_of(sides.root)
    root = f"{folder}/{sides.settings.terraform_dir}"
    reads = TerraformReads(DiskTree(top), sides.settings, sides.store, root)
    inside = f"{folder}/"
    for_all = [(pattern, where) for pattern, where in reads.for_all() if not pattern.text.startswith(inside)]
    own = {
        one.name: [(pattern, edge.path) for pattern, edge in reads.of_image(one.name, one.path)]
        for one in sides.templates
    }
    if not for_all and not any(not pattern.text.startswith(inside) for found in own.values() for pattern, _ in found):
        return
    changed = [path for path in _changed(sides) if not path.startswith(inside)]
    for one in sides.templates:
        for pattern, where in (*for_all, *own[one.name]):
            reader = os.path.relpath(where, folder) if where.startswith(inside) else where
            for path in changed:
                if _is_meant(pattern, path):
                    yield one.name, Why(path=os.path.relpath(path, folder), message=f"(read by {reader})")


def _is_meant(pattern: Pattern, path: str) -> bool:
    return pattern.matches(path) or pattern.text.startswith(f"{path}/")  # of a submodule nothing more is known


def _changed(sides: Sides) -> list[str]:
    """Paths from the repository's root that differ between both sides."""
    top, base, head = top_of(sides.root), sides.base.commit, sides.head.commit
    assert base is not None  # noqa: S101
    return sorted(differences_between(top, base, head) if head else differences(top, base))
