"""The state of a shell: the folders that it may be in, and its variables."""

from __future__ import annotations

from collections.abc import Sequence

from tfgen_generators.shell.expand import ALL_WORDS
from tfgen_generators.shell.marks import UNKNOWN

State = tuple[tuple[str, ...], dict[str, str]]


def merged(ends: Sequence[State]) -> State:
    """Any of `ends` may hold: all their folders, and the variables that are the same in each."""
    values = {name: {one.get(name, UNKNOWN) for _, one in ends} for _, one in ends for name in one}
    folders = dict.fromkeys(folder for one, _ in ends for folder in one)
    return tuple(folders), {name: one.pop() if len(one) == 1 else UNKNOWN for name, one in values.items()}


def give(variables: dict[str, str], arguments: Sequence[str]) -> None:
    """Sets `$1`, `$2`, ... and `$@`."""
    for name in [name for name in variables if name == "@" or (name.isdigit() and name != "0")]:
        del variables[name]
    variables.update({str(number): word for number, word in enumerate(arguments, 1)})
    variables["@"] = ALL_WORDS.join(arguments)
