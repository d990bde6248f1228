"""The values of sensitive variables, as far as they are written down: environment, arguments, var files, defaults."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tfgen.terraform.inputs import plan_arguments, values_of
from tfgen_generators.trees.files import read_bytes

#: Fewer characters are found everywhere.
_SHORTEST = 4
#: How many values are looked for, and how much of a var file is read.
_MOST_VALUES = 60
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
#: A value in OpenTofu's key configuration, which may be a passphrase; HCL or JSON.
_ATTRIBUTE = re.compile(r'[=:]\s*("(?:[^"\\]|\\.)*")')
_NEVER = frozenset({"true", "false", "null"})
_ENTRY = r'^[ \t]*"?{}"?[ \t]*[=:]'
#: The next entry, or the end of a value in brackets.
_NEXT = re.compile(r'^[ \t]*"?[A-Za-z_][\w-]*"?[ \t]*[=:]', re.MULTILINE)


def known_values(
    names: Collection[str], folder: Path, env: Mapping[str, str], extra: Sequence[str], expressions: Iterable[str]
) -> list[str]:
    """What may stand for the variables `names`, and the texts in `expressions` and TF_ENCRYPTION; the longest first."""
    found: set[str] = set()
    for text in _given(names, folder, env, plan_arguments(extra, env)):
        found.update(_parts(text))
    for text in expressions:
        found.update(_texts(text))
    for text in _ATTRIBUTE.findall(env.get("TF_ENCRYPTION", "")):
        found.update(_texts(text))
    kept = {value.strip() for value in found}
    wanted = [value for value in kept if len(value) >= _SHORTEST and value not in _NEVER]
    return sorted(wanted, key=lambda value: (-len(value), value))[:_MOST_VALUES]


def _given(names: Collection[str], folder: Path, env: Mapping[str, str], arguments: Sequence[str]) -> Iterator[str]:
    for name in names:
        if text := env.get(f"TF_VAR_{name}"):
            yield text
    for given in values_of("var", arguments):
        name, equals, value = given.partition("=")
        if name.strip() in names or not equals:
            yield value or given
    for file in _var_files(folder, arguments):
        text = _read(file)
        for name in names:
            yield from _entries(text, name)


def _var_files(folder: Path, arguments: Sequence[str]) -> Iterator[Path]:
    yield folder / "terraform.tfvars"
    yield folder / "terraform.tfvars.json"
    try:
        own = sorted(os.listdir(folder))  # noqa: PTH208 names are wanted, not paths
    except OSError:
        own = []
    yield from (folder / name for name in own if name.endswith((".auto.tfvars", ".auto.tfvars.json")))
    yield from (folder / name for name in values_of("var-file", arguments))


def _read(file: Path) -> str:
    try:
        return read_bytes(file).decode("utf-8", "replace")
    except OSError:
        return ""


def _entries(text: str, name: str) -> Iterator[str]:
    """What stands behind `name =`, up to the next that looks like an entry: within brackets, each of those, too."""
    for match in re.finditer(_ENTRY.format(re.escape(name)), text, re.MULTILINE):
        opened, end = 0, match.end()
        for line in text[match.end() :].splitlines(keepends=True):
            if end > match.end() and opened <= 0 and _NEXT.match(line):
                break
            opened += sum(map(line.count, "{[(")) - sum(map(line.count, ")]}"))
            end += len(line)
        yield text[match.end() : end]


def _parts(text: str) -> Iterator[str]:
    """A value whole, its lines, and the texts in it."""
    yield text
    yield from text.splitlines()
    yield from _texts(text)


def _texts(expression: str) -> Iterator[str]:
    for quoted in _QUOTED.findall(expression):
        yield quoted
        try:
            yield str(json.loads(f'"{quoted}"', strict=False))
        except ValueError:
            continue
    if expression.lstrip().startswith(("{", "[", "<<")):
        yield from re.findall(r'[^\s"{}\[\](),=:]{6,}', expression)
