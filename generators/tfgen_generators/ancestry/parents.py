"""Image -> image: which template's AMI another one starts from, with cycles and with parents that nobody builds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from tfgen_generators.ancestry.images import ImageFacts, image_facts
from tfgen_generators.ancestry.model import Ancestry, Origin, Parent
from tfgen_generators.ancestry.relating import relate
from tfgen_generators.ancestry.surroundings import Surrounding, Surroundings
from tfgen_generators.facts_cache import readers_version
from tfgen_generators.packer.model import Template
from tfgen_generators.settings import Settings

if TYPE_CHECKING:
    from tfgen_generators.graph.linked_tree import LinkedTree

__all__ = ["Ancestry", "Origin", "Parent", "find_ancestry"]


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
    around = Surroundings(settings, tree)
    pairs = [(template, around.of(template)) for template in templates if template.details]
    if memory is None:
        return relate([_facts(template, given) for template, given in pairs])
    version = readers_version(("ancestry",))
    keys = [_key(version, template, given) for template, given in pairs]

    def make() -> bytes:
        facts = [
            msgspec.msgpack.decode(memory.get(key, _encoded(template, given)), type=ImageFacts)
            for key, (template, given) in zip(keys, pairs, strict=True)
        ]
        return msgspec.msgpack.encode(relate(facts))

    whole = hashlib.sha256("".join(keys).encode()).hexdigest()
    return msgspec.msgpack.decode(memory.get(f"ancestry:{whole}", make), type=Ancestry)


def _facts(template: Template, given: Surrounding) -> ImageFacts:
    from tfgen_generators.packer.outcome import decode_details

    details = [decode_details(found) for found in template.details]
    return image_facts(template, details, given.environment, given.values)


def _encoded(template: Template, given: Surrounding) -> Callable[[], bytes]:
    return lambda: msgspec.msgpack.encode(_facts(template, given))


def _key(version: str, template: Template, given: Surrounding) -> str:
    """All that the facts of one image depend on."""
    text = repr(
        (version, template.name, template.path, template.kind, template.digest, given.environment, given.values)
    )
    return f"image:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"
