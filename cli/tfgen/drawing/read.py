"""The graph of the work tree and its ancestry, as `tfgen graph` draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.graph import Graph


def look(workspace: Workspace) -> tuple[Graph, Ancestry]:
    """What is there, with what earlier runs have found out. Raises TfgenError without a folder of templates."""
    from tfgen.cache.graph_store import keep_store, open_store
    from tfgen.git.repository import tracked_although_ignored
    from tfgen.workspace import facts_cache
    from tfgen_generators.ancestry.parents import find_ancestry
    from tfgen_generators.graph.build import build_graph
    from tfgen_generators.graph.facts import StoredFacts
    from tfgen_generators.sync.survey import Outside, some_templates
    from tfgen_generators.trees.disk import DiskTree

    root = workspace.root
    settings = workspace.settings if workspace.settings_text else None
    with facts_cache(workspace, details=True) as cache:
        outside = Outside(is_tracked=tracked_although_ignored(root), cache=cache)
        found = some_templates(root, workspace.settings, outside, has_file=settings is not None)
    store = open_store(workspace)
    tree = DiskTree(root, store)
    graph = build_graph(root, tree, found, settings, StoredFacts(tree, store), store)
    ancestry = find_ancestry(found.templates, settings, tree, store)
    keep_store(workspace, store)
    return graph, ancestry
