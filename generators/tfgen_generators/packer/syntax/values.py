"""What stands behind an `=`: a value, or an expression that is kept as text.

A value is None, a bool, a number, a string, a list or a dict of values, or an Expression. An expression becomes a
value only when it is known without running Packer: literals, `locals` made of them, the template's own folder.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TypeAlias

#: Where a `for` has what it goes through.
_COLLECTION = 2
#: Elements, or characters: small files can describe enormous values.
LARGEST = 20_000


class Expression:
    """An expression: its text as written, and what it is made of.

    `op` is "ref" (`args` are the names: var, x), "template" (parts), "call" (name, arguments), "spread" (the same; the
    last argument is a list of arguments), "if" (condition, then, else), "index" (what, key), "splat" (what, keys),
    "for" and "map" (name of the key, name of the value, collection, condition, whether it groups, key, result),
    "object" (what is written, then for each computed key its text and itself), an operator (its sides), or "" for
    everything else (`args` hold the references and calls inside). `line` is 1-based, 0 if unknown.
    """

    __slots__ = ("args", "line", "op", "text")

    def __init__(self, text: str, op: str = "", args: tuple[Value, ...] = (), line: int = 0) -> None:
        self.text, self.op, self.args, self.line = text, op, args, line

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expression):
            return NotImplemented
        return (self.text, self.op, self.args) == (other.text, other.op, other.args)

    def __hash__(self) -> int:
        return hash((self.text, self.op))

    def __repr__(self) -> str:
        return f"Expression({self.text!r}, {self.op!r}, {self.args!r})"


Scalar: TypeAlias = "bool | int | float | str | None"
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value] | Expression"


def composed(found: str) -> str:
    """A text as HCL keeps it: each letter with its marks as one character, where Unicode has that one (NFC)."""
    return found if found.isascii() else unicodedata.normalize("NFC", found)


def joined(text: str, parts: list[Value], line: int) -> Value:
    """A template of these parts, `text` as it is written."""
    if all(isinstance(part, str) for part in parts):  # also where there is none: ""
        return composed("".join(part for part in parts if isinstance(part, str)))
    if len(parts) == 1:
        only = parts[0]
        if isinstance(only, Expression):
            return Expression(text, only.op, only.args, only.line)  # "${var.x}" is var.x, and is kept as it was written
        return only
    return Expression(text, "template", tuple(parts), line)


def expressions(value: Value) -> Iterator[Expression]:
    """Every expression in `value`, the outer before the inner, in the order of the text."""
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, str):  # most are
            continue
        if isinstance(current, Expression):
            yield current
            if current.op != "ref":  # of which they are names
                stack.extend(reversed(current.args))
        elif isinstance(current, list):
            stack.extend(reversed(current))
        elif isinstance(current, dict):
            stack.extend(reversed(current.values()))


def looped(value: Value) -> Iterator[tuple[Expression, tuple[Expression, ...]]]:
    """Every expression in `value`, with the `for` in whose results it stands, from the outside."""
    stack: list[tuple[Value, tuple[Expression, ...]]] = [(value, ())]
    while stack:
        current, loops = stack.pop()
        if isinstance(current, Expression):
            yield current, loops
            inside = (*loops, current) if current.op in ("for", "map") else loops
            outer = _COLLECTION if inside is not loops else -1
            rows = [(inner, loops if at == outer else inside) for at, inner in enumerate(current.args)]
            stack.extend(reversed(rows))
        elif isinstance(current, list | dict):
            items = list(current.values()) if isinstance(current, dict) else current
            stack.extend((inner, loops) for inner in reversed(items))


def repeated(value: Value, loops: Iterable[Expression]) -> Value:
    """`value` once for each round of the `for` that it stands in: a list of what it comes to."""
    for loop in reversed([*loops]):
        value = Expression(loop.text, "for", (*loop.args[:4], False, None, value), loop.line)
    return value


def is_known(value: Value) -> bool:
    """Whether nothing in `value` must be computed. What is larger than any list of files counts as unknown."""
    stack: list[Value] = [value]
    seen = 0
    while stack:
        current = stack.pop()
        seen += 1
        if isinstance(current, Expression) or seen > LARGEST:
            return False
        if isinstance(current, list):
            stack.extend(current)
        elif isinstance(current, dict):
            stack.extend(current.values())
    return True


def as_written(value: Value) -> str:
    """The text of `value` as the file has it."""
    return value.text if isinstance(value, Expression) else as_text(value)


def as_text(value: Value) -> str:
    """A value as HCL would put it into a string."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(as_written(item) for item in value)}]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
