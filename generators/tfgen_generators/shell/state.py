"""The state of a shell: the folders that it may be in, and its variables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfgen_generators.shell.expand import ALL_WORDS
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.shell.ran import Ran

State = tuple[tuple[str, ...], dict[str, str]]
_ARRAY = re.compile(r"-[A-Za-z]*a")
_FORMAT = re.compile(r"%(%|[-+ #0-9.]*[a-zA-Z])")


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


def read_into(ran: Ran, names: Sequence[str], piped: Sequence[str], separators: str) -> dict[str, str]:
    """The variables that `read` and its like set: known where one line is given, or one word by a pipe."""
    line = ran.given.strip("\n")
    if ran.words[0] != "read" or not line or "\n" in line:
        return dict.fromkeys(names, piped[0] if len(piped) == 1 else UNKNOWN)
    separators = dict(ran.sets).get("IFS", separators)
    is_array = any(_ARRAY.fullmatch(word) for word in ran.words)
    pattern = f"[{re.escape(separators)}]" if separators and UNKNOWN not in separators else r"\s+"
    words = re.split(pattern, line.strip(), maxsplit=0 if is_array else max(len(names) - 1, 0))
    if is_array or not names:
        return dict.fromkeys(names, ALL_WORDS.join(words))
    if len(names) == 1:
        words = [line]
    return {name: words[number] if number < len(words) else "" for number, name in enumerate(names)}


def formatted(words: Sequence[str]) -> str:
    """What `printf FORMAT WORD...` prints, where the format takes all of them at once as they are."""
    places = [match for match in _FORMAT.findall(words[0]) if match != "%"]
    if set(places) - {"s"} or len(places) < len(words) - 1 or "\\" in words[0]:
        return UNKNOWN
    left = iter(words[1:])
    return _FORMAT.sub(lambda match: "%" if match[1] == "%" else next(left, ""), words[0])
