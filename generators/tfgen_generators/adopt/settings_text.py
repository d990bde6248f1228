"""The text of tfgen.toml with what adopt adds: edited in place, with the comments that stood in the calls."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator

from tfgen_generators.adopt.fold import Edits
from tfgen_generators.adopt.model import Adopted
from tfgen_generators.root_module.call_comments import Comment
from tfgen_generators.settings.edit import set_tables
from tfgen_generators.settings.lines import Path, keys
from tfgen_generators.settings.model import FILE_NAME

_ORDER = ("", "module", "packer_script", "names", "environment", "inputs", "templates")


def with_edits(text: str, edits: Edits, adopted: Iterable[Adopted]) -> str:
    """`text` with `edits`, and the comments of the calls at their keys. Raises SettingsError."""
    ordered = {path: edits[path] for path in sorted(edits, key=_place)}
    if not ordered:
        return text
    before = {key.path for key in keys(text)}
    found = set_tables(text, ordered, where=FILE_NAME)
    for one in adopted:
        for comment in one.call.comments:
            places = [path for path in _places(one, comment.key) if path not in before]
            found = _with_comment(found, places, comment)
    return found


def _place(path: Path) -> tuple[int, Path]:
    first = path[0] if path else ""
    return _ORDER.index(first) if first in _ORDER else len(_ORDER), path


def _places(one: Adopted, key: tuple[str, ...]) -> Iterator[Path]:
    """Where the setting of an argument may stand, the narrowest first."""
    table = ("templates", one.template.name)
    if len(key) == 2:
        yield from ((*table, "environment", key[1]), ("environment", key[1]), ("inputs", key[0]))
    if key:
        name = key[0]
        yield from ((*table, "inputs", name), (*table, "names", name), ("inputs", name), ("names", name))
        yield from ((name,), ("module", name), ("module", "inputs", name))
    yield table


def _with_comment(text: str, places: Iterable[Path], comment: Comment) -> str:
    """`text` with a comment behind or above the first of `places` that is there, at the end where none is."""
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    known = {key.path: key.line for key in reversed(keys(text))}
    place = next((path for path in places if path in known), None)
    said = [line for part in comment.text.splitlines() if (line := _said(part))]
    if not said:
        return text
    if place is None:
        return "\n".join([*lines[:-1], *(f"# {line}{end}" for line in said), lines[-1]])
    at = known[place] - 1
    behind = f"{lines[at].rstrip()}  # {' '.join(said)}{end}" if comment.beside else ""
    tried = [[*lines[:at], behind, *lines[at + 1 :]]] if behind and not _has_comment(lines[at]) else []
    tried.append([*lines[:at], *(f"# {line}{end}" for line in said), *lines[at:]])
    meaning = tomllib.loads(text.removeprefix("\ufeff"))
    for candidate in tried:
        new = "\n".join(candidate)
        if _means(new, meaning):
            return new
    return text


def _means(text: str, meaning: object) -> bool:
    try:
        return tomllib.loads(text.removeprefix("\ufeff")) == meaning
    except tomllib.TOMLDecodeError:
        return False


def _has_comment(line: str) -> bool:
    return "#" in re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", line)


def _said(line: str) -> str:
    """A line of a comment without the signs that make it one."""
    text = line.strip().removeprefix("/*").removesuffix("*/").strip()
    return re.sub(r"^(?:#+|/{2,}|\*)\s?", "", text).strip()
