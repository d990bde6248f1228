"""A folder some of whose files said something else, where each of these is a template by itself: no other is read.

What is not plain is not said: whoever asks then looks at the whole folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from tfgen_generators.packer.discovery.folders import builders_of, is_whole
from tfgen_generators.packer.discovery.outcome import Outcome
from tfgen_generators.packer.facts import Facts
from tfgen_generators.packer.model import Format, Template
from tfgen_generators.packer.names import HCL_ENDING, JSON_ENDING

#: Files of values that Packer reads by itself, for a folder.
_PRESETS = (".auto.pkrvars.hcl", ".auto.pkrvars.json")


def form_of(name: str) -> Format | Literal["nothing", "unknown"]:
    """As what a file of that name is read: "nothing" where it decides no template, "unknown" where it may others."""
    if name.startswith(".") or is_preset(name):
        return "unknown"
    if name.endswith(JSON_ENDING):
        return "hcl2-json"
    if name.endswith(HCL_ENDING):
        return "hcl2"
    return "json" if name.endswith(".json") and not name.endswith(".pkrvars.json") else "nothing"


def is_preset(name: str) -> bool:
    """Whether Packer reads a file of that name by itself."""
    return name.endswith(_PRESETS)


def templates_then(
    templates: Sequence[Template], differing: Mapping[str, tuple[Outcome, Outcome | None]], *, presets: bool
) -> list[Template] | None:
    """The templates of one folder as they were; None where all its files must be looked at.

    `templates` are those of now, with their names; `differing` is what a path says now and said then (None: it was not
    there); `presets`: the folder has files of values that Packer reads by itself.
    """
    if any(one.source for one in templates):
        return None
    closed = not presets and all(one.kind == "file" for one in templates)
    found = {one.path: one for one in templates}
    for path, (here, there) in differing.items():
        template = found.pop(path, None)
        if template is None or template.errors or template.kind != "file":
            return None
        if there is None:
            if here.facts is not None and not closed:
                return None
            continue
        made = _then(template, here, there, closed=closed)
        if made is None:
            return None
        found[path] = made
    return [*found.values()]


def _then(template: Template, here: Outcome, there: Outcome, *, closed: bool) -> Template | None:
    if here.status != there.status or there.status not in ("legacy", "hcl2"):
        return None
    builders = there.builders
    if here.facts is not None and there.facts is not None:
        if not _groups_alike(here.facts, there.facts, closed=closed):
            return None
        builders = builders_of([there.facts])
    details = (there.details,) if there.details else ()
    return replace(template, digest=there.digest, builders=builders, details=details)


def _groups_alike(here: Facts, there: Facts, *, closed: bool) -> bool:
    """Whether the files beside it are grouped the same way by either, and it stands alone by both."""
    if here.computed_sources or there.computed_sources:
        return False
    if _without_lines(here) == _without_lines(there):
        return True
    # A whole template gives others nothing but its sources, and where none is a folder's, none has taken any.
    return closed and is_whole(here) and is_whole(there) and here.own_sources == there.own_sources


def _without_lines(facts: Facts) -> tuple[object, ...]:
    """All but the lines, which only errors name."""
    sources = {name: set(needs) for name, needs in facts.source_needs.items()}
    needs = set(facts.needs)
    return facts.blocks, facts.declares, needs, sources, facts.sources, facts.required, facts.tolerated
