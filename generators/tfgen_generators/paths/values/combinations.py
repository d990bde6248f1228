"""Texts that are put together of pieces, each of which may be one of several, or not known."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence

from tfgen_generators.packer.syntax.values import Expression, Value, expressions, is_known
from tfgen_generators.shell.marks import UNKNOWN

#: Of what one value may be; where there are more, the pieces that differ are not known.
MOST = 64
#: Where a legacy template names a variable that nothing gives a value: Packer refuses it, or puts nothing there.
NOTHING = "\2"
_WILD = re.compile(r"\*+|\?|\[[^]]*\]|\{[^}]*\}|[\[{\\].*", re.DOTALL)
#: No name of a file is longer.
_LONGEST = 4096


def combinations(pieces: Sequence[Iterable[str]]) -> Iterable[tuple[str, ...]]:
    options = [list(dict.fromkeys(piece))[:MOST] for piece in pieces]
    size = 1
    for option in options:
        size *= max(len(option), 1)
    if size > MOST:
        options = [option if len(option) == 1 else [UNKNOWN] for option in options]
    return itertools.product(*options)


def product(pieces: Sequence[Iterable[str]]) -> list[str]:
    return ["".join(one) if sum(map(len, one)) <= _LONGEST else UNKNOWN for one in combinations(pieces)]


def leaf(expression: Expression) -> tuple[str, ...]:
    """What a reference, or a call of `env`, begins with."""
    names = tuple(name for name in expression.args if isinstance(name, str))[:2]
    if expression.op == "ref" or (expression.op == "call" and names[:1] == ("env",)):
        return names
    return ()


def leaves(value: Value, named: Callable[[Expression], list[Value]]) -> dict[tuple[str, ...], list[Value]]:
    """Names in `value`, and behind its locals, that mean several things or an unknown one, and what they mean.

    `named` gives what a reference may mean; itself where nothing is known.
    """
    found: dict[tuple[str, ...], list[Value]] = {}
    pending, seen = [value], set[tuple[str, ...]]()
    while pending and len(seen) < MOST:
        for inner in expressions(pending.pop()):
            names = leaf(inner)
            if len(names) < 2 or names in seen:
                continue
            seen.add(names)
            reference = Expression(".".join(names), "ref", names)
            meant = named(reference)
            if len(meant) == 1 and meant[0] != reference:
                pending += meant
            else:
                found[names] = [one if is_known(one) else UNKNOWN for one in meant]
    return found


def is_nothing(text: str) -> bool:
    """Whether a path would be nothing but what is not given."""
    return NOTHING in text and not text.strip(f"./{NOTHING}\0")


def without_globs(pattern: str) -> str:
    """The pattern of a `fileset`, with what is wild in it as not known."""
    return _WILD.sub(UNKNOWN, pattern)


def inside(value: Value, names: Sequence[str], otherwise: Value) -> Value:
    """What stands in an object under `names`, else `otherwise`."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return otherwise
        value = value[name]
    return value
