"""What tfgen.toml says of variants that cannot be: then their pipelines stay as they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.discovery.variants import is_meant
from tfgen_generators.packer.model import Discovery, Problem
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.variants import VariantImage, table_source
from tfgen_generators.sync.identity import Gone

#: As a generated file has it; a path with an escape in it is not looked for.
_SCRIPT = re.compile(r'^ +PACKER_SCRIPT +=? *"([^"\\$%]+)"$', re.MULTILINE)


def problems(settings: Settings, discovery: Discovery) -> Iterator[Problem]:
    """Paths of `var_files` that are none, and variants of no template."""
    variants = settings.origin.variants
    images = {template.source for template in discovery.templates if template.source}
    names = {template.name for template in discovery.templates}
    for template, wrong in variants.wrong.items():
        if any(image.source in images for image in variants.images[template]):
            yield Problem(path=FILE_NAME, line=settings.line(*wrong.path), message=wrong.message, fix=wrong.fix)
    for template in dict.fromkeys(image.template for image in without_template(settings, discovery)):
        near = did_you_mean(template, names)
        hint = f"{near} " if near.startswith("did you mean") else ""
        yield Problem(
            path=FILE_NAME,
            line=settings.line("templates", template),
            message=f"[templates.{template}] has variants, but there is no template of that name",
            fix=f'{hint}set path = "PATH" in that table if the template has moved, or remove the table',
        )


def lost_templates(settings: Settings, discovery: Discovery, text_of: Callable[[str], str]) -> list[Gone]:
    """Templates with variants that are not where they were, by the generated files of these (name -> text)."""
    found: dict[str, Gone] = {}
    for image in without_template(settings, discovery):
        script = _SCRIPT.search(text_of(image.name))
        if script:
            found.setdefault(image.template, Gone(name=image.template, path=script[1]))
    return list(found.values())


def keeps(settings: Settings, source: str) -> bool:
    """Whether the template that a variant belonged to says that Terraform shall forget its pipeline."""
    return any(
        own.removed == "keep"
        and (
            source.startswith(f"{table_source(('templates', name, 'variants'))}.")
            or any(is_meant(posixpath.normpath(pattern), source) for pattern in own.patterns)
        )
        for name, own in settings.templates.items()
    )


def without_template(settings: Settings, discovery: Discovery) -> list[VariantImage]:
    """Variants whose template is not there."""
    variants = settings.origin.variants
    there = {template.source for template in discovery.templates} | discovery.ignored
    named = {template.name for template in discovery.templates}
    return [
        image
        for template, images in variants.images.items()
        if template not in named
        and template not in discovery.ignored
        and there.isdisjoint(one.source for one in images)
        for image in images
    ]
