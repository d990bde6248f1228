"""A resource as a module makes it: attributes and nested blocks, and what is not known without Terraform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.shell.marks import UNKNOWN


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a module is applied: what the data sources `aws_caller_identity`, `aws_region` and `aws_partition` say."""

    account: str
    partition: str
    region: str


class Nested(msgspec.Struct, frozen=True, kw_only=True):
    """A block in a resource. `certain` is false where it is not known whether, or how often, it is there."""

    kind: str
    attributes: Mapping[str, Value]
    blocks: tuple[Nested, ...] = ()
    certain: bool = True


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a resource. `ignored` are the attributes of its `ignore_changes`; "*" is all of them."""

    kind: str
    name: str
    key: str = ""
    attributes: Mapping[str, Value]
    blocks: tuple[Nested, ...] = ()
    ignored: frozenset[str] = frozenset()

    def get(self, name: str) -> Value:
        """An attribute; an Expression where its value is not known, or changes of it are ignored."""
        if name in self.ignored or "*" in self.ignored:
            return Expression(name)
        return self.attributes.get(name)

    def of(self, kind: str) -> Iterator[Nested]:
        """Its blocks of one kind."""
        return (block for block in self.blocks if block.kind == kind)

    def text(self, name: str) -> str:
        """An attribute that is a text, "" where it is none, or not known."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) and is_decided(value) else ""


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """The resources of one call. `open_kinds` are the types of which there may be more, or fewer."""

    made: tuple[Resource, ...] = ()
    open_kinds: frozenset[str] = frozenset()

    def of(self, kind: str) -> tuple[Resource, ...]:
        return tuple(one for one in self.made if one.kind == kind)

    def are_all(self, kind: str) -> bool:
        """Whether it is known how many resources of a type there are."""
        return kind not in self.open_kinds


def is_decided(value: Value) -> bool:
    """Whether nothing in a value is left to Terraform."""
    if isinstance(value, str):
        return UNKNOWN not in value
    if isinstance(value, dict):
        return all(isinstance(key, str) and UNKNOWN not in key and is_decided(one) for key, one in value.items())
    if isinstance(value, list):
        return all(map(is_decided, value))
    return not isinstance(value, Expression)
