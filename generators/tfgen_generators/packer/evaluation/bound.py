"""What names mean within a `for`: those that it binds, and all others as around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tfgen_generators.packer.evaluation.convert import RefusedError, UndecidedError
from tfgen_generators.packer.syntax.values import Expression, Value, as_written

#: What a name means, evaluated already.
Lookup: TypeAlias = Callable[[tuple[str, ...]], Value]

#: How often the results of all `for` of one expression are computed. So much counts a hundred elements or characters.
_MOST_ROUNDS = 5000


class Limited:
    """A lookup for many expressions, which share what may be computed for them."""

    def __init__(self, around: Lookup, left: list[int]) -> None:
        self.around, self.left = around, left

    def __call__(self, names: tuple[str, ...]) -> Value:
        return self.around(names)


class Bound:
    """A lookup within a `for`. What it has found around is remembered for all rounds."""

    def __init__(self, around: Lookup) -> None:
        self.names: dict[str, Value] = dict(around.names) if isinstance(around, Bound) else {}
        self._around: Lookup = around._around if isinstance(around, Bound) else around
        self._known: dict[tuple[str, ...], Value] = around._known if isinstance(around, Bound) else {}
        self.left: list[int] = around.left if isinstance(around, Bound | Limited) else [_MOST_ROUNDS]

    def __call__(self, names: tuple[str, ...]) -> Value:
        if names[0] in self.names:
            return attribute(self.names[names[0]], names[1:])
        if names not in self._known:
            self._known[names] = self._around(names)
        return self._known[names]

    def bind(self, names: Sequence[str], key: Value, value: Value) -> None:
        """The next round. Raises UndecidedError when there have been too many."""
        spend(self, 1)
        for name, meant in zip(names, (key, value), strict=True):
            if name:
                self.names[name] = meant


#: What counts how much is computed. (A tuple: `Bound | Limited` would be made anew for each value.)
_LIMITING = (Bound, Limited)


def spend(lookup: Lookup, cost: int) -> None:
    """Raises UndecidedError where more has been computed than anybody writes."""
    if isinstance(lookup, _LIMITING):
        lookup.left[0] -= cost
        if lookup.left[0] < 0:
            raise UndecidedError


def attribute(value: Value, names: Sequence[str]) -> Value:
    """What stands in an object under `names`. Raises RefusedError where it has no such attribute."""
    for at, name in enumerate(names):
        if isinstance(value, Expression):
            for rest in names[at:]:
                value = Expression(f"{as_written(value)}.{rest}", "index", (value, rest))
            return value
        if not isinstance(value, dict) or name not in value:
            raise RefusedError("no such attribute")
        value = value[name]
    return value
