"""What the expressions of a module may be worth, as far as files are concerned: texts, lists and maps of them.

A value is one of several that are possible. What is not known is a text with UNKNOWN in it; what a glob stands for
has STAR and FOLDERS; what each pipeline sets itself is a name between OPEN and CLOSE. Source: Terraform's functions.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

#: Any text; any text without `/`; any number of folders.
UNKNOWN, STAR, FOLDERS = "\ue000", "\ue001", "\ue002"
#: In front of a path from the repository's root.
ANCHOR = "\ue003"
#: Around the name of a variable that each pipeline gives its own value.
OPEN, CLOSE = "\ue004", "\ue005"
_SIGNS = frozenset((UNKNOWN, STAR, FOLDERS, OPEN, CLOSE))
#: More values than these are one that is not known.
MOST = 200

_OPEN = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")

Value = str | tuple["Value", ...] | Mapping[str, "Value"]
Values = Sequence[Value]


def is_known(text: str) -> bool:
    """Whether nothing of a text is to be found out."""
    return _SIGNS.isdisjoint(text)


def close(text: str, given: Callable[[str], Sequence[str]]) -> list[str]:
    """A text with what may be given in the place of its open names."""
    names = list(dict.fromkeys(_OPEN.findall(text)))
    found: list[str] = []
    for values in itertools.islice(itertools.product(*map(given, names)), MOST):
        known = dict(zip(names, values, strict=True))
        found.append(_OPEN.sub(lambda match, known=known: known[match[1]], text))  # type: ignore[misc]
    return found


def texts_in(value: Value) -> list[str]:
    """All texts in a value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value
    return [text for item in inner for text in texts_in(item)]


def part_of(value: Value, names: Iterable[str]) -> list[Value]:
    """What may stand at `names` in a value; "*" is any of its items."""
    found: list[Value] = [value]
    for name in names:
        found = [item for one in found for item in _items(one, name)]
    return found[:MOST]


def _items(value: Value, name: str) -> Iterable[Value]:
    if isinstance(value, str):
        return [value if OPEN in value else UNKNOWN]
    if isinstance(value, Mapping):
        return list(value.values()) if name == "*" else [value[name]] if name in value else []
    if name.isdigit():
        return value[int(name) : int(name) + 1]
    return list(value) if name == "*" else [item for one in value for item in _items(one, name)]


def plain_texts(values: Values) -> list[str]:
    """Values as texts; one that is none is not known, and so is null."""
    return [value if isinstance(value, str) else UNKNOWN for value in values] or [UNKNOWN]


def joined(choices: Sequence[Sequence[str]], separator: str) -> list[str]:
    """Every text that is made of one of each of `choices`."""
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST:
        choices = [choice if len(choice) == 1 else [UNKNOWN] for choice in choices]
    return [separator.join(parts) for parts in itertools.product(*choices)]


def elements(values: Values) -> list[tuple[Value, Value]]:
    """Keys and values of what a `for` or a `for_each` goes through."""
    found: list[tuple[Value, Value]] = []
    for value in values:
        if isinstance(value, Mapping):
            found += value.items()
        elif isinstance(value, str):
            found.append((value, value))
        else:
            found += [(item if isinstance(item, str) else UNKNOWN, item) for item in value]
    return found[:MOST] if len(found) <= MOST else [(UNKNOWN, UNKNOWN)]
