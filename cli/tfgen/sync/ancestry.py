"""Which image starts from which, of the work tree, with what was read of it before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


def parents_and_order(workspace: Workspace) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """Each image's parents by name, and all images with parents before their children."""
    from tfgen.cache.graph_store import keep_store, open_store
    from tfgen.workspace import facts_cache
    from tfgen_generators.ancestry.parents import find_ancestry
    from tfgen_generators.sync.survey import Outside, some_templates
    from tfgen_generators.trees.disk import DiskTree

    with facts_cache(workspace, details=True) as facts:
        outside = Outside(cache=facts)
        templates = some_templates(workspace.root, workspace.settings, outside).templates
    store = open_store(workspace)
    found = find_ancestry(templates, workspace.settings, DiskTree(workspace.root, store), store)
    keep_store(workspace, store)
    parents = {name: tuple(parent.name for parent in each) for name, each in found.parents.items()}
    return parents, tuple(found.ordered(template.name for template in templates))
