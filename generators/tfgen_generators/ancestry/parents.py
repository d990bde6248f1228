"""Image -> image: which template's AMI another one starts from, with cycles and with parents that nobody builds.

What reads images is imported where one is read: mostly what was said of them before is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from tfgen_generators.ancestry.environment import BuildEnvironment, BuildVariable
from tfgen_generators.ancestry.model import Ancestry, Origin, Parent
from tfgen_generators.packer.model import Template
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.stamps import is_utf8, readers_version

if TYPE_CHECKING:
    from tfgen_generators.ancestry.images import ImageFacts
    from tfgen_generators.packer.details import Details
    from tfgen_generators.trees.linked import LinkedTree

__all__ = ["Ancestry", "Origin", "Parent", "facts_of", "find_ancestry"]


def facts_of(templates: Sequence[Template], settings: Settings | None, tree: LinkedTree) -> dict[str, ImageFacts]:
    """What each readable template, which must have details, says of its AMIs, by its name."""
    around = BuildEnvironment(settings, tree)
    return {one.name: _facts(one, around.of(one)) for one in templates if one.details and not one.errors}


class Memory(Protocol):
    """What is kept between runs (graph/store.py)."""

    def get(self, key: str, make: Callable[[], bytes]) -> bytes: ...


def find_ancestry(
    templates: Sequence[Template],
    settings: Settings | None,
    tree: LinkedTree | None = None,
    memory: Memory | None = None,
) -> Ancestry:
    """The ancestry of `templates`, which must have details; those that cannot be read have no part in it.

    `tree` is asked for the buildspec's variables and for files of values; without it defaults hold.
    """
    around = BuildEnvironment(settings, tree)
    pairs = [(template, around.of(template)) for template in templates if template.details]
    if memory is None:
        from tfgen_generators.ancestry.relations import relate

        return relate([_facts(template, given) for template, given in pairs])
    version = readers_version(("ancestry", "packer", "paths"))

    def make() -> Ancestry:
        from tfgen_generators.ancestry.relations import relate

        return relate([_kept_facts(memory, version, template, given) for template, given in pairs])

    if not all(_is_kept(template) for template, _ in pairs):
        return make()
    whole = _hashed([version, *((*_own(template), given.environment, given.values) for template, given in pairs)])
    found = memory.get(f"ancestry:{whole}", lambda: msgspec.msgpack.encode(make()))
    return msgspec.msgpack.decode(found, type=Ancestry)


def _facts(template: Template, given: BuildVariable) -> ImageFacts:
    details = _details(template)
    environment = _read(given, _reads(details))
    from tfgen_generators.ancestry.images import image_facts

    return image_facts(template, details, environment, given.values)


def _details(template: Template) -> list[Details]:
    from tfgen_generators.packer.details import decode_details

    return [decode_details(found) for found in template.details]


def _reads(details: Sequence[Details]) -> list[str]:
    """Names of the environment variables that may decide what is said of an image."""
    variables = (f"PKR_VAR_{name}" for one in details for name in one.variables)
    return sorted({*variables, *(name for one in details for name in one.environment)})


def _read(given: BuildVariable, names: Sequence[str]) -> dict[str, str]:
    return {name: given.environment[name] for name in names if name in given.environment}


def _is_kept(template: Template) -> bool:
    """Whether its facts can be kept; those that cannot are found out each time."""
    return is_utf8(template.path)


def _kept_facts(memory: Memory, version: str, template: Template, given: BuildVariable) -> ImageFacts:
    """By all that they depend on: of the environment only what the template's files may read."""
    if not _is_kept(template):
        return _facts(template, given)
    from tfgen_generators.ancestry.images import ImageFacts

    own = (version, *_own(template))
    read: dict[str, str] = {}
    if given.environment:
        names = memory.get(f"image reads:{_hashed(own)}", lambda: msgspec.msgpack.encode(_reads(_details(template))))
        read = _read(given, msgspec.msgpack.decode(names, type=list[str]))
    key = f"image:{_hashed((*own, read, given.values))}"
    return msgspec.msgpack.decode(
        memory.get(key, lambda: msgspec.msgpack.encode(_facts(template, given))), type=ImageFacts
    )


def _own(template: Template) -> tuple[str, ...]:
    return template.name, template.path, template.kind, template.digest


def _hashed(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogateescape")).hexdigest()
