"""Names of templates: pinned by tfgen.toml or given by the path; a name that is given twice is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from tfgen_generators.packer.model import Discovery, Problem, Template
from tfgen_generators.packer.names import bucket_part, name_of
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.variants import NO_VARIANTS, VariantImage, Variants, Wrong


def name_templates(
    found: Discovery, packer_dir: str, pins: Mapping[str, str], settings: Settings | None = None
) -> Discovery:
    """`found` with the names that `pins` (path -> name) and paths give; a name that is given twice is an error.

    A template that has variants in `settings` becomes one for each of them.
    """
    named = [
        replace(template, name=pins.get(template.path) or name_of(template.path, packer_dir))
        for template in found.templates
    ]
    variants = settings.origin.variants if settings else NO_VARIANTS
    if settings is None or not variants.images:
        return msgspec.structs.replace(found, templates=tuple(_checked_names(named)))
    members = {member for template in named for member in (template.path, *template.members)}
    images = [image for template in named for image in _images(template, settings, variants, members)]
    others = found.other_files
    left_out = {pins.get(path) or name_of(path, packer_dir) for path in found.ignored}
    ignored = (one.source for name in left_out for one in variants.images.get(name, ()))
    return msgspec.structs.replace(
        found,
        templates=tuple(_checked_names(images)),
        folders=tuple(dict.fromkeys((*found.folders, *variants.folders))),
        other_files=None if others is None else {**others, **variants.files},
        ignored=found.ignored.union(ignored),
    )


def _images(template: Template, settings: Settings, variants: Variants, members: set[str]) -> Iterator[Template]:
    """The images of a template: itself, or its variants. What is a template is no file of values."""
    if template.name not in variants.images:
        yield template
        return
    images = [one for one in variants.images[template.name] if one.var_file not in members]
    wrong = variants.wrong.get(template.name)
    if wrong and not images:
        yield replace(template, errors=(*template.errors, _problem(wrong, settings)))
    for image in sorted(images, key=lambda one: one.name):
        yield _image(template, image, settings)


def _image(template: Template, image: VariantImage, settings: Settings) -> Template:
    problems = tuple(_problem(one, settings) for one in (image.wrong,) if one)
    return replace(
        template,
        name=image.name,
        errors=(*template.errors, *problems),
        source=image.source,
        var_file=image.var_file,
        var_digest=image.digest,
    )


def _problem(wrong: Wrong, settings: Settings) -> Problem:
    return Problem(path=FILE_NAME, line=settings.line(*wrong.path), message=wrong.message, fix=wrong.fix)


def _checked_names(templates: list[Template]) -> Iterator[Template]:
    """Adds what only the whole shows: names given twice."""
    by_key: dict[str, list[Template]] = {}
    for template in templates:
        by_key.setdefault(bucket_part(template.name), []).append(template)
    for template in templates:
        problems = list(template.errors)
        others = [other.identity for other in by_key[bucket_part(template.name)] if other is not template]
        if others:
            message = f"the name {template.name!r} is also used by {' and '.join(others)}"
            fix = "rename one of them, or pin another name in tfgen.toml"
            problems.append(Problem(path=template.identity, message=message, fix=fix))
        yield replace(template, errors=tuple(problems)) if problems else template
