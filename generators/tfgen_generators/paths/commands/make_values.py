"""The variables of a makefile, and its texts with them filled in: what is not known in them is `UNKNOWN`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tfgen_generators.shell.marks import UNKNOWN

#: Longer values are not followed, nor are variables that are so deep in one another.
_LONGEST, _DEEPEST = 4096, 20
#: How many of them are filled in, in all.
_MOST = 50_000
_NAME = re.compile(r"[\w.@<^?*%+-]+")
_SAME = frozenset({"abspath", "realpath", "strip", "sort", "wildcard", "firstword", "lastword"})
#: The variable that is the folder in which make runs.
FOLDER = "CURDIR"
#: In a recipe of a pattern rule: what its `%` stands for.
STEM = "\3"
_CLOSING = {"(": ")", "{": "}"}


#: A makefile and a line of it.
Place = tuple[str, int]


class MakeValues:
    """Variables as they are assigned. `shells` are the texts of `$(shell )` and `!=`, each with its line."""

    def __init__(self, environment: Mapping[str, str], given: Mapping[str, str]) -> None:
        self._values = {"MAKE": "make", **{name: text for name, text in given.items() if _is_plain(text)}}
        self._environment, self._given = environment, given
        self._left = _MOST
        self.shells: list[tuple[Place, str]] = []

    def assign(self, name: str, operator: str, text: str, line: Place, *, is_chosen: bool = False) -> None:
        """One line of a variable. `is_chosen`: it stands in a branch, and which one counts is not known."""
        if name in self._given or (operator == "?" and name in self._environment):
            return
        if operator == "!":
            self.shells.append((line, self.filled(text, line)))
            text = UNKNOWN
        before = self._values.get(name, "")
        if operator == "+":
            text = f"{before} {text}".strip()
        elif operator.startswith(":"):
            now = self.filled(text, line)  # what it runs is run, whoever needs it
            text = now.replace("$", "$$") if re.search(rf"\$[({{]{re.escape(name)}[)}}]", text) else text
        if is_chosen and before not in ("", text):
            text = UNKNOWN
        self._values[name] = before if operator == "?" and before else text

    def assign_for_target(self, name: str, text: str) -> None:
        """A variable that has a value for one target: where others differ, it may be any."""
        if name not in self._given:
            self._values[name] = text if self._values.get(name, text) == text else UNKNOWN

    def all(self) -> dict[str, str]:
        """All variables, filled in."""
        nowhere = ("", 0)
        return {name: "".join(self._pieces(text, nowhere, 0)) for name, text in self._values.items()}

    def filled(self, text: str, line: Place) -> str:
        """A text with its variables."""
        found = "".join(self._pieces(text, line, 0))
        return found if len(found) <= _LONGEST else UNKNOWN

    def as_shell(self, text: str, target: str, needs: Sequence[str], line: Place) -> list[str]:
        """A line of a recipe, and what runs in it by `$(shell )`.

        A variable that only the environment may have is the shell's.
        """
        own = {"@": (target,), "<": needs[:1], "^": needs, "+": needs, "?": needs, "*": (STEM,), "%": (STEM,)}
        before, self.shells = self.shells, []
        found = "".join(self._pieces(text, line, 0, {name: " ".join(own[name]).replace("%", STEM) for name in own}))
        more = [shell for _, shell in self.shells]
        self.shells = before
        return [found if len(found) <= 4 * _LONGEST else UNKNOWN, *more]

    def _pieces(self, text: str, line: Place, depth: int, automatic: Mapping[str, str] | None = None) -> Iterator[str]:
        at = 0
        while (start := text.find("$", at)) >= 0:
            yield text[at:start]
            opening = text[start + 1 : start + 2]
            if opening in _CLOSING:
                at = _end(text, start + 1)
                yield self._value(text[start + 2 : at - 1], line, depth, automatic)
            else:
                at = start + 2
                yield "$" if opening in ("$", "") else self._value(opening, line, depth, automatic)
        yield text[at:]

    def _value(self, inner: str, line: Place, depth: int, automatic: Mapping[str, str] | None) -> str:
        """What stands in `$( )`."""
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return UNKNOWN
        if inner in (automatic or {}):
            return (automatic or {})[inner]
        if not _NAME.fullmatch(inner):
            return self._called(inner, line, depth, automatic)
        if inner in self._values:
            found = "".join(self._pieces(self._values[inner], line, depth + 1, automatic))
            return found if len(found) <= _LONGEST else UNKNOWN
        if inner == FOLDER or (automatic is not None and inner.isidentifier()):
            return f"${{{inner}}}"
        return self._environment.get(inner, "") if _is_plain(self._environment.get(inner, "\0")) else UNKNOWN

    def _called(self, inner: str, line: Place, depth: int, automatic: Mapping[str, str] | None) -> str:
        """What a function of make comes to."""
        name, _, rest = inner.partition(" ")
        if name == "shell":
            self.shells.append((line, "".join(self._pieces(rest, line, depth + 1, automatic or {}))))
            return UNKNOWN
        if name == "call":
            return self._own_function(rest, line, depth, automatic)
        words = "".join(self._pieces(rest, line, depth + 1, automatic))
        if name not in ("dir", "notdir") or UNKNOWN in words:
            return words.strip() if name in _SAME else UNKNOWN
        parts = [word.rpartition("/") for word in words.split()]
        return " ".join(last if name == "notdir" else f"{folder or '.'}/" for folder, _, last in parts)

    def _own_function(self, rest: str, line: Place, depth: int, automatic: Mapping[str, str] | None) -> str:
        """`$(call NAME,A,B)`: the text of a variable with its `$(1)`, `$(2)`."""
        name, *arguments = ("".join(self._pieces(one, line, depth + 1, automatic)) for one in _arguments(rest))
        if name.strip() not in self._values:
            return UNKNOWN
        own = {"0": name.strip(), **{str(number): text for number, text in enumerate(arguments, 1)}}
        text = self._values[name.strip()]
        found = "".join(self._pieces(text, line, depth + 1, {**(automatic or {}), **own}))
        return found if len(found) <= _LONGEST else UNKNOWN


def _arguments(text: str) -> list[str]:
    """What stands between the commas of a call, but for those in brackets."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign in "({") - (sign in ")}")
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return found


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST and not any(mark in text for mark in "\0\2")


def _end(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`."""
    opening, depth = text[start], 0
    for at in range(start, len(text)):
        depth += (text[at] == opening) - (text[at] == _CLOSING[opening])
        if depth == 0:
            return at + 1
    return len(text) + 1
