"""Terraform's functions, as far as they make names of files."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Mapping

from tfgen_generators.module.values import (
    ANCHOR,
    FOLDERS,
    MOST,
    STAR,
    UNKNOWN,
    Value,
    Values,
    elements,
    is_known,
    joined,
    part_of,
    plain_texts,
    texts_in,
)

#: Alternatives in a glob, a class of signs, and what is not followed further.
_BRACES = re.compile(r"\{([^{}\\]*)\}")
_CLASS = re.compile(r"\[[^\]\\/]+\]")
_RARE = re.compile(r"[{}\\]|\[(?![^\]\\/]+\])")


def _dirname(text: str) -> str:
    anchor = text[:1] if text.startswith(ANCHOR) else ""
    return anchor + (posixpath.dirname(text[len(anchor) :].rstrip("/")) or ".")


#: Functions of texts.
_OF_TEXT: Mapping[str, Callable[..., str]] = {
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "trimspace": lambda text: text.strip(),
    "chomp": lambda text: text.rstrip("\r\n"),
    "trimsuffix": lambda text, end: text.removesuffix(end),
    "trimprefix": lambda text, start: text.removeprefix(start),
    "trim": lambda text, signs: text.strip(signs),
    "dirname": _dirname,
    "basename": lambda text: posixpath.basename(text.removeprefix(ANCHOR).rstrip("/")),
    "replace": lambda text, old, new: text if old[:1] == "/" == old[-1:] and len(old) > 1 else text.replace(old, new),
}
_SAME = frozenset(
    {
        *("abspath", "distinct", "nonsensitive", "pathexpand", "reverse", "sensitive", "sort"),
        *("toset", "tolist", "tomap", "tostring", "ephemeralasnull"),
    }
)
_ANY_OF = frozenset({"try", "coalesce", "coalescelist"})
_ALL_OF = frozenset({"concat", "setunion", "compact"})


def call_function(name: str, arguments: list[list[Value]]) -> list[Value]:
    """The values that a function may give for arguments that may have these."""
    first = arguments[0] if arguments else []
    if name in _SAME:
        return first
    if name in _ANY_OF:
        return [value for argument in arguments for value in argument]
    if name in _ALL_OF:
        return [tuple(item for argument in arguments for _, item in elements(argument))]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(arguments)
    if name in _OF_TEXT and first:
        return _of_text(name, arguments)
    return [UNKNOWN]


def _of_text(name: str, arguments: list[list[Value]]) -> list[Value]:
    found: list[Value] = []
    for given in itertools.islice(itertools.product(*map(plain_texts, arguments)), MOST + 1):
        try:
            found.append(_OF_TEXT[name](*given) if all(map(is_known, given)) else UNKNOWN)
        except TypeError:
            return [UNKNOWN]
    return list(dict.fromkeys(found)) if all(isinstance(value, str) for value in found) else found


def _flat(values: Values) -> list[Value]:
    return [tuple(text for value in values for text in texts_in(value))]


def _join(arguments: list[list[Value]]) -> list[Value]:
    separators, *lists = arguments or [[]]
    items = [plain_texts([item]) for values in lists for value in values[:1] for _, item in elements([value])]
    if any(len(values) != 1 for values in lists) or len(separators) != 1 or not isinstance(separators[0], str):
        return [UNKNOWN]
    return list(joined(items, separators[0]))


def _format(arguments: list[list[Value]]) -> list[Value]:
    forms, *given = arguments or [[]]
    if len(forms) != 1 or not isinstance(forms[0], str) or not is_known(forms[0]):
        return [UNKNOWN]
    pieces = forms[0].replace("%%", "\0").split("%")
    choices: list[list[str]] = [[pieces[0].replace("\0", "%")]]
    for number, piece in enumerate(pieces[1:]):
        plain = piece[:1] in ("s", "v", "d") and number < len(given)
        choices.append(plain_texts(given[number]) if plain else [UNKNOWN])
        rest = piece[1:] if plain else piece.lstrip("-+ #0123456789.[]*")[1:]
        choices.append([rest.replace("\0", "%")])
    return list(joined(choices, ""))


def _each(values: Values) -> list[Value]:
    return [item for _, item in elements(values)]


def _lookup(arguments: list[list[Value]]) -> list[Value]:
    if len(arguments) < 2:
        return [UNKNOWN]
    names = [name if is_known(name) else "*" for name in plain_texts(arguments[1])]
    found = [part for value in arguments[0] for name in names for part in part_of(value, (name,))]
    return [*found, *(value for default in arguments[2:] for value in default)]


def _merge(arguments: list[list[Value]]) -> list[Value]:
    found: dict[str, Value] = {}
    for value in (value for argument in arguments for value in argument):
        if not isinstance(value, Mapping):
            return [UNKNOWN]
        found |= value
    return [found]


def _fileset(arguments: list[list[Value]]) -> list[Value]:
    """What `fileset` gives: names below the folder, as its pattern says."""
    patterns = plain_texts(arguments[1]) if len(arguments) > 1 else [UNKNOWN]
    return [tuple(text for pattern in patterns for text in glob_texts(pattern))]


def glob_texts(pattern: str) -> list[str]:
    """A pattern of `fileset` as texts with STAR, FOLDERS and, for what is rarer, UNKNOWN."""
    done: list[str] = []
    waiting = [pattern]
    while waiting and len(waiting) + len(done) <= MOST:
        one = waiting.pop()
        if match := _BRACES.search(one):
            waiting += [f"{one[: match.start()]}{option}{one[match.end() :]}" for option in match[1].split(",")]
        else:
            done.append(_glob_text(one))
    return [UNKNOWN] if waiting else list(dict.fromkeys(done))


def _glob_text(pattern: str) -> str:
    if rare := _RARE.search(pattern):
        return _glob_text(pattern[: rare.start()]) + UNKNOWN
    pattern = _CLASS.sub("?", pattern)
    return pattern.replace("**/", FOLDERS).replace("**", UNKNOWN).replace("*", STAR).replace("?", STAR)


_SPECIAL: Mapping[str, Callable[[list[list[Value]]], list[Value]]] = {
    "join": _join,
    "format": _format,
    "lookup": _lookup,
    "element": lambda arguments: _each(arguments[0]) if arguments else [UNKNOWN],
    "flatten": lambda arguments: _flat(arguments[0]) if arguments else [UNKNOWN],
    "one": lambda arguments: _each(arguments[0]) if arguments else [UNKNOWN],
    "merge": _merge,
    "fileset": _fileset,
    "keys": lambda arguments: [tuple(key for key, _ in elements(arguments[0]))] if arguments else [UNKNOWN],
    "values": lambda arguments: [tuple(_each(arguments[0]))] if arguments else [UNKNOWN],
    "formatlist": lambda arguments: [tuple(_format([*arguments[:1], *map(_each, arguments[1:])]))],
}
