"""Jinja expressions, read as far as they are literal. Nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH

#: Stands for a file that a lookup has found; for what an item lacks.
FOUND, MISSING = "\3", "\4"
MOST_TEXTS = 200
_ANCHORS = {"role_path": ROLE_PATH, "playbook_dir": PLAYBOOK_DIR}
_FINDERS = ("first_found", "fileglob", "filetree")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+)|(?P<sign>==|!=|<=|>=|.))""",
    re.DOTALL,
)

Values = tuple[str, ...]
#: What a variable, or what is below it, may be.
Bound = Callable[[str, Sequence[str]], Values]


class UnknownError(Exception):
    """The expression is more than this module understands."""


def join(parts: Sequence[Values]) -> Values:
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST_TEXTS:
        return (DYNAMIC,)
    found = dict.fromkeys(re.sub("\0+", "\0", "".join(pieces)).strip() for pieces in product(*parts))
    return tuple(name for name in found if name != FOUND and MISSING not in name)


class Reader:
    """Reads one expression: texts, loop variables, `~` and `+`, `a if b else c`, a few filters. All else is unknown."""

    def __init__(self, expression: str, bound: Bound) -> None:
        self._tokens = [(m.lastgroup or "", m[m.lastgroup or 0]) for m in _TOKEN.finditer(expression.strip())]
        self._at = 0
        self._depth = 0
        self._bound = bound

    def whole(self) -> Values:
        values = self._choice()
        if self._peek():
            raise UnknownError
        return values

    def texts(self) -> list[str]:
        self._need("[")
        found: list[str] = []
        while self._peek() != "]":
            found += self._choice()
            if self._peek() == ",":
                self._next()
        self._next()
        if self._peek():
            raise UnknownError
        return found

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise UnknownError
        self._at += 1
        return self._tokens[self._at - 1]

    def _need(self, sign: str) -> None:
        if self._next()[1] != sign:
            raise UnknownError

    def _choice(self) -> Values:
        self._depth += 1
        if self._depth > 20:
            raise UnknownError
        values = self._sum()
        if self._peek() == "if":
            while self._peek() not in ("else", ""):
                self._next()
            if self._peek() == "else":
                self._next()
                values = tuple(dict.fromkeys((*values, *self._choice())))
        self._depth -= 1
        return values

    def _sum(self) -> Values:
        parts = [self._filtered()]
        while self._peek() in ("~", "+"):
            self._next()
            parts.append(self._filtered())
        return parts[0] if len(parts) == 1 else join(parts)

    def _filtered(self) -> Values:
        values = self._atom()
        while self._peek() == "|":
            self._next()
            name = self._next()[1]
            while self._peek() == ".":
                self._next()
                name = self._next()[1]
            arguments: list[Values] = []
            if self._peek() == "(":
                arguments = self._arguments()
            values = _filter(name, values, arguments)
        return values

    def _arguments(self) -> list[Values]:
        self._need("(")
        found: list[Values] = []
        while self._peek() != ")":
            found.append(self._choice())
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise UnknownError
        self._next()
        return found

    def _atom(self) -> Values:
        group, token = self._next()
        if group in ("text", "number"):
            return (_unquoted(token) if group == "text" else token,)
        if token == "(":
            values = self._choice()
            self._need(")")
            return values
        if group != "word":
            raise UnknownError
        keys = self._keys()
        if self._peek() == "(":
            return self._call(token)
        if token in _ANCHORS and not keys:
            return (_ANCHORS[token],)
        return self._bound(token, keys)

    def _call(self, name: str) -> Values:
        """A lookup that finds files has found one; any other call gives what nobody knows."""
        plugin = self._tokens[self._at + 1][1][1:-1] if self._at + 1 < len(self._tokens) else ""
        self._skip_call()
        found = name in ("lookup", "query", "q") and plugin.rsplit(".", 1)[-1] in _FINDERS
        if self._peek() in (".", "[", "("):
            if found:
                return (DYNAMIC,)
            raise UnknownError
        return (FOUND if found else DYNAMIC,)

    def _keys(self) -> list[str]:
        found: list[str] = []
        while self._peek() in (".", "["):
            if self._next()[1] == ".":
                found.append(self._next()[1])
            else:
                group, token = self._next()
                if self._peek() != "]" or group not in ("text", "number"):
                    raise UnknownError
                self._next()
                found.append(_unquoted(token) if group == "text" else token)
        return found

    def _skip_call(self) -> None:
        depth = 0
        while True:
            token = self._next()[1]
            depth += (token in "([{") - (token in ")]}")
            if depth == 0:
                return


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _default(values: Values, arguments: Sequence[Values]) -> Values:
    if MISSING not in values:
        return values
    instead = arguments[0] if arguments else ("",)
    return tuple(dict.fromkeys((*(value for value in values if value != MISSING), *instead)))


def _last(value: str) -> str:
    return DYNAMIC if re.search("[\0-\4]", value) else value.rsplit("/", 1)[-1]


_FILTERS: Mapping[str, Callable[[str], str]] = {
    "string": str,
    "trim": str.strip,
    "lower": str.lower,
    "upper": str.upper,
    "dirname": lambda value: DYNAMIC if DYNAMIC in value or FOUND in value else f"{value}/..",
    "basename": _last,
    "realpath": str,
}


def _filter(name: str, values: Values, arguments: Sequence[Values]) -> Values:
    if name in ("default", "d"):
        return _default(values, arguments)
    change = _FILTERS.get(name)
    return tuple(dict.fromkeys(map(change, values))) if change else (DYNAMIC,)
