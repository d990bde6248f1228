"""Names of templates: pinned by tfgen.toml or given by the path; a name that is given twice is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec

from tfgen_generators.packer.model import Discovery, Problem, Template
from tfgen_generators.packer.names import bucket_part, name_of


def name_templates(found: Discovery, packer_dir: str, pins: Mapping[str, str]) -> Discovery:
    """`found` with the names that `pins` (path -> name) and paths give; a name that is given twice is an error."""
    named = [
        replace(template, name=pins.get(template.path) or name_of(template.path, packer_dir))
        for template in found.templates
    ]
    return msgspec.structs.replace(found, templates=tuple(_checked_names(named)))


def _checked_names(templates: list[Template]) -> Iterator[Template]:
    """Adds what only the whole shows: names given twice."""
    by_key: dict[str, list[Template]] = {}
    for template in templates:
        by_key.setdefault(bucket_part(template.name), []).append(template)
    for template in templates:
        problems = list(template.errors)
        others = [other.path for other in by_key[bucket_part(template.name)] if other is not template]
        if others:
            message = f"the name {template.name!r} is also used by {' and '.join(others)}"
            fix = "rename one of them, or pin another name in tfgen.toml"
            problems.append(Problem(path=template.path, message=message, fix=fix))
        yield replace(template, errors=tuple(problems)) if problems else template
