"""Images that name something in a folder of which nothing is known but that it differs: a submodule."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence

from tfgen_generators.graph.build import Builder
from tfgen_generators.graph.facts import StoredFacts
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.terraform_reads import TerraformReads
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.linked import LinkedTree
from tfgen_generators.trees.store import Store
from tfgen_generators.trees.unknown_folders import ANY_FILE, UnknownFolders


def images_of_folders(
    tree: LinkedTree, templates: Sequence[Template], settings: Settings | None, store: Store, folders: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Image, folder, and what is looked for in it, or who looks there. `templates` must have their details.

    Each image is built by itself: what it asks for tells of it alone.
    """
    terraform = TerraformReads(tree, settings, store) if settings else None
    shared = {folder: terraform.reader_below(folder) if terraform else "" for folder in folders}
    for template in templates:
        asked = UnknownFolders(tree, folders)
        builder = Builder(asked, settings, StoredFacts(asked, store), store, terraform)
        builder.nodes([template])
        held = {path for unit in builder.all_units().values() for path in unit.files}
        held |= {other for path in held for other in asked.links(path)}
        own = list(terraform.of_image(template.name, template.path)) if terraform else []
        for folder in folders:
            reader = shared[folder] or next((edge.path for one, edge in own if one.may_be_below(folder)), "")
            here = (path for path in sorted(held) if path.startswith(f"{folder}/"))
            path = next(itertools.chain(asked.missed(folder), here), "")
            if reader or path:
                yield template.name, folder, f"{reader} reads it" if reader else f"{_shown(path)} is read from it"


def _shown(path: str) -> str:
    return path.removesuffix(ANY_FILE)
