"""What a makefile runs: its recipes as shell texts. Which of them a target needs is not told apart: all count."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

#: In the order in which make looks for them.
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_ASSIGNED = re.compile(r"(?:export\s+|override\s+)*([A-Za-z_][\w.-]*)\s*(?::{0,3}|\?|\+)=\s*(.*)")
_INCLUDED = re.compile(r"[-s]?include\s+(.+)")
_VARIABLE = re.compile(r"\$\$|\$[({]([A-Za-z_][\w.-]*)[)}]|\$([@<^?*%+])")


class Makefile(msgspec.Struct, frozen=True, kw_only=True):
    """One makefile: `recipes` are (line, shell text); each line of a recipe has a shell of its own."""

    recipes: tuple[tuple[int, str], ...] = ()
    variables: Mapping[str, str] = {}
    included: tuple[str, ...] = ()


def read_makefile(text: str) -> Makefile:
    """What can be read of a makefile."""
    recipes: list[tuple[int, str]] = []
    variables: dict[str, str] = {}
    included: list[str] = []
    for number, line in _lines(text):
        if line.startswith("\t"):
            recipes.append((number, _as_shell(line.lstrip("\t @-+"))))
        elif match := _ASSIGNED.match(line):
            variables[match[1]] = _filled(match[2].strip(), variables)
        elif match := _INCLUDED.match(line):
            included += _filled(match[1], variables).split()
        elif ";" in line and ":" in line.partition(";")[0]:
            recipes.append((number, _as_shell(line.partition(";")[2].lstrip(" @-+"))))
    return Makefile(recipes=tuple(recipes), variables=variables, included=tuple(included))


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines with those that they are continued on, by the number of the first."""
    found: list[tuple[int, str]] = []
    goes_on = False
    for number, line in enumerate(text.splitlines(), 1):
        if goes_on:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
        else:
            found.append((number, line))
        goes_on = line.endswith("\\")
    return found


def _as_shell(text: str) -> str:
    """make's variables as the shell's."""
    return _VARIABLE.sub(lambda match: "$" if match[0] == "$$" else f"${{{match[1]}}}" if match[1] else "*", text)


def _filled(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else variables.get(match[1] or "", match[0])

    return _VARIABLE.sub(value, text)
