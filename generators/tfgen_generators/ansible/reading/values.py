"""All the texts that an expression may be, and what Ansible's filters make of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod

from tfgen_generators.ansible.reading.model import DYNAMIC, FOUND, MISSING, PLAYBOOK_DIR, ROLE_PATH

#: Texts with marks: DYNAMIC stands for what only a run knows.
Values = tuple[str, ...]
UNKNOWN: Values = (DYNAMIC,)
_MOST = 200
_LARGEST = 100_000
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MARKS = re.compile("[\0-\4]")


def without_marks(text: str) -> str:
    """A text of a file, which must not look like one with marks."""
    return _MARKS.sub("", text)


def union(*alternatives: Iterable[str]) -> Values:
    """The texts of all alternatives."""
    found = tuple(dict.fromkeys(text for values in alternatives for text in values))
    return found if len(found) <= _MOST else UNKNOWN


def join(parts: Sequence[Values], combine: Callable[[tuple[str, ...]], str] = "".join) -> Values:
    """Every combination of a text of each part; unknown when they are too many."""
    if len(parts) == 1:
        return parts[0]
    count = prod(len(values) for values in parts)
    if count > _MOST or count * sum(max(map(len, values), default=0) for values in parts) > _LARGEST:
        return UNKNOWN
    return union(re.sub("\0+", "\0", combine(texts)) for texts in product(*parts))


def merged(alternatives: Sequence[Values | list[Values]]) -> Values | list[Values]:
    """What a variable may be which each alternative sets: texts, or the items of a list."""
    texts = [one for one in alternatives if isinstance(one, tuple)]
    if len(texts) == len(alternatives):
        return union(*texts)
    return alternatives[0] if all(one == alternatives[0] for one in alternatives) else UNKNOWN


def may_be_number(values: Values) -> bool:
    """Whether one of the texts may be a number, which `+` adds."""
    return any(text == DYNAMIC or _NUMBER.fullmatch(text) for text in values)


def format_values(values: Values, arguments: Sequence[Values]) -> Values:
    """`'%s' % x`: only `%s` is known."""
    found: list[str] = []
    for text in values:
        parts = text.split("%s")
        if len(parts) != len(arguments) + 1 or "%" in "".join(parts):
            return UNKNOWN
        known = [(part,) for part in parts]
        found += join([values for pair in zip(known, (*arguments, ("",)), strict=True) for values in pair])
    return union(found)


def _basename(text: str) -> str:
    name = text.rpartition("/")[2]
    return text if text == MISSING else DYNAMIC if _MARKS.search(name) or name == ".." else name


def _dirname(text: str) -> str:
    folder, slash, name = text.rpartition("/")
    if text in (ROLE_PATH, PLAYBOOK_DIR) or name == "..":
        return f"{text}/.."
    if any(mark in name for mark in (DYNAMIC, FOUND, ROLE_PATH, PLAYBOOK_DIR)):  # the last two have slashes in them
        return DYNAMIC
    return folder or slash if slash else text if text == MISSING else ""


def _other_case(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: DYNAMIC if ROLE_PATH in text or PLAYBOOK_DIR in text else change(text)


_TEXT_FILTERS: Mapping[str, Callable[[str], str]] = {
    "basename": _basename,
    "dirname": _dirname,
    "expanduser": str,
    "lower": _other_case(str.lower),
    "mandatory": str,
    "quote": str,
    "realpath": str,
    "string": str,
    "trim": str.strip,
    "upper": _other_case(str.upper),
}


def apply_filter(name: str, values: Values, arguments: Sequence[Values]) -> Values:
    """What a filter makes of texts."""
    if name in _TEXT_FILTERS:
        return union(map(_TEXT_FILTERS[name], values))
    if name in ("default", "d"):
        return _default(values, arguments)
    if name == "ternary" and len(arguments) >= 2:
        return union(*arguments)
    if name == "format":
        return format_values(values, arguments)
    if name == "replace" and len(arguments) == 2:
        return _replace(values, *arguments)
    return UNKNOWN


def apply_list_filter(name: str, items: Sequence[Values], arguments: Sequence[Values]) -> Values:
    """What a filter makes of a list."""
    if name in ("first", "last"):
        return items[-(name == "last")] if items else UNKNOWN
    if name == "join":
        separators = arguments[0] if arguments else ("",)
        if len(items) * max(map(len, separators), default=0) > _LARGEST:
            return UNKNOWN
        return union(*(join(items, text.join) if items else ("",) for text in separators))
    if name == "path_join":
        return join(items, _path)
    return UNKNOWN


def _default(values: Values, arguments: Sequence[Values]) -> Values:
    """`default(x, true)` stands for an empty text too."""
    replaced = (MISSING, "") if len(arguments) > 1 else (MISSING,)
    if not any(text in replaced for text in values):
        return values
    return union((text for text in values if text not in replaced), arguments[0] if arguments else ("",))


def _replace(values: Values, old: Values, new: Values) -> Values:
    if len(old) != 1 or len(new) != 1 or not old[0] or any(map(_MARKS.search, (*values, *old))):
        return UNKNOWN
    if sum(map(len, values)) * (1 + len(new[0])) > _LARGEST:
        return UNKNOWN
    return union(text.replace(old[0], new[0]) for text in values)


def _path(parts: tuple[str, ...]) -> str:
    """One path of several, as `os.path.join` makes it."""
    found = ""
    for part in parts:
        if part.startswith(("/", ROLE_PATH, PLAYBOOK_DIR)):
            found = part
        else:
            found += part if not found or found.endswith("/") else f"/{part}"
    return found
