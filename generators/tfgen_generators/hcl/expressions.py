"""An expression of Terraform's as a small tree that can be kept: what it is put together of, no values computed."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Expression(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """One of those below."""

    def children(self) -> tuple[Expression, ...]:
        """What stands directly in it."""
        return ()


class Text(Expression, frozen=True, tag="t"):
    """Plain text, or a number or bool as text."""

    value: str


class Null(Expression, frozen=True, tag="n"):
    """`null`."""


class Reference(Expression, frozen=True, tag="r"):
    """`local.a[0].b`: its names; what is between brackets is "*" unless it is plain."""

    names: tuple[str, ...]


class Template(Expression, frozen=True, tag="j"):
    """Text with something computed in it."""

    parts: tuple[AnyExpression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.parts


class Call(Expression, frozen=True, tag="c"):
    """A function, without `core::`."""

    name: str
    arguments: tuple[AnyExpression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.arguments


class Listed(Expression, frozen=True, tag="l"):
    """`[a, b]`."""

    items: tuple[AnyExpression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.items


class Mapped(Expression, frozen=True, tag="m"):
    """`{ a = b }`: keys and values in turns."""

    items: tuple[AnyExpression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.items


class Either(Expression, frozen=True, tag="e"):
    """One of `options`; what decides stands last."""

    items: tuple[AnyExpression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.items


class For(Expression, frozen=True, tag="f"):
    """`[for names in collection : results if ...]`."""

    names: tuple[str, ...]
    collection: AnyExpression
    results: tuple[AnyExpression, ...]
    is_object: bool

    def children(self) -> tuple[Expression, ...]:
        return (self.collection, *self.results)


class Access(Expression, frozen=True, tag="a"):
    """A part of something that is no reference."""

    base: AnyExpression
    names: tuple[str, ...]

    def children(self) -> tuple[Expression, ...]:
        return (self.base,)


class Other(Expression, frozen=True, tag="o"):
    """Anything else: its value is not known."""

    items: tuple[AnyExpression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.items


AnyExpression = Text | Null | Reference | Template | Call | Listed | Mapped | Either | For | Access | Other


def walk(value: Expression) -> Iterator[Expression]:
    """An expression and all in it."""
    waiting: list[Expression] = [value]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += current.children()
