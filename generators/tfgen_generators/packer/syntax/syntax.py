"""A file of HCL2 as bodies, blocks and attributes: the same for the native and the JSON syntax."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.packer.syntax.values import Expression, Value, expressions

#: Values with something inside.
_COMPOUND = (Expression, list, dict)


class Body:
    """What stands between two braces. `attributes` keep the order of the file."""

    __slots__ = ("_expressions", "attributes", "blocks", "lines")

    def __init__(self) -> None:
        self.attributes: dict[str, Value] = {}
        self.lines: dict[str, int] = {}
        self.blocks: list[Block] = []
        self._expressions: list[Expression] | None = None

    def of(self, *kinds: str) -> Iterator[Block]:
        """The blocks of these kinds, in the order of the file."""
        return (block for block in self.blocks if block.kind in kinds)

    def values(self) -> list[Value]:
        """Every value in this body and in the blocks below it."""
        found = list(self.attributes.values())
        for block in self.blocks:
            found += block.body.values()
        return found

    def expressions(self) -> list[Expression]:
        """Every expression in these values, in the order of the file; looked for once, so not before all is read."""
        if self._expressions is None:
            self._expressions = []
            for value in self.attributes.values():
                if isinstance(value, Expression) and value.op == "ref":  # most are
                    self._expressions.append(value)
                elif isinstance(value, _COMPOUND):
                    self._expressions += expressions(value)
            for block in self.blocks:
                self._expressions += block.body.expressions()
        return self._expressions

    def get(self, name: str) -> Value:
        """The attribute `name`, or the attributes of the block of that name; None without either."""
        if name in self.attributes:
            return self.attributes[name]
        block = next(self.of(name), None)
        return dict(block.body.attributes) if block else None


class Block:
    """One block; `line` is 1-based, 0 when unknown (JSON). Labels are text."""

    __slots__ = ("body", "kind", "labels", "line")

    def __init__(self, kind: str, labels: tuple[str, ...], body: Body, line: int) -> None:
        self.kind, self.labels, self.body, self.line = kind, labels, body, line

    @property
    def address(self) -> str:
        """`amazon-ebs.web` of `source "amazon-ebs" "web"`."""
        return ".".join(self.labels)
