"""`tfgen lint --baseline FILE`: the findings that are known, so that only new ones fail.

A finding is known by its rule, its file, its message and the text of its line, not by the line's number.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeAlias

import msgspec

from tfgen_generators.errors import TfgenError, UsageError
from tfgen_generators.lint.engine import Judged, Suppression
from tfgen_generators.trees.files import read_bytes

_VERSION = 1
#: A longer line is a whole file in one, whose text says nothing of the finding.
_LONGEST = 300
_NUMBER = re.compile(r"(?<=:)\d+")

_Key: TypeAlias = tuple[str, str, str, str]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """So many findings of one rule that look alike. `line` is the text of the line that they are found in."""

    rule: str
    path: str
    message: str
    line: str = ""
    count: int = 1


class _Document(msgspec.Struct, kw_only=True):
    version: int
    findings: list[Entry]


def read_baseline(file: Path) -> list[Entry]:
    """The entries of a baseline. Raises UsageError for what is no such file."""
    try:
        document = msgspec.json.decode(read_bytes(file), type=_Document)
    except OSError as error:
        fix = "write it with --write-baseline"
        raise UsageError(f"{file}: cannot be read: {error.strerror}", fix=fix) from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError) as error:
        raise UsageError(
            f"{file}: not a baseline of tfgen lint: {error}", fix="write it with --write-baseline"
        ) from None
    if document.version != _VERSION:
        raise UsageError(f"{file}: version {document.version} is not known", fix="write it with --write-baseline")
    return document.findings


def write_baseline(file: Path, judged: Iterable[Judged], read: Callable[[str], bytes]) -> int:
    """Writes all open findings; returns how many. Raises TfgenError."""
    counted = Counter(key_of(one, read) for one in judged if one.suppressed is None)
    entries = [
        {"rule": rule, "path": path, "message": message, "line": line, "count": count}
        for (rule, path, message, line), count in sorted(counted.items())
    ]
    text = json.dumps({"version": _VERSION, "findings": entries}, indent=2) + "\n"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TfgenError(f"{file}: cannot be written: {error.strerror}", fix="use another path") from None
    return sum(counted.values())


def key_of(judged: Judged, read: Callable[[str], bytes]) -> _Key:
    """What a finding is known by."""
    found = judged.finding
    lines = read(found.path).split(b"\n") if found.line else []
    line = lines[found.line - 1] if 0 < found.line <= len(lines) else b""
    text = " ".join(line.decode("utf-8", "replace").split())
    path = found.path.encode("utf-8", "backslashreplace").decode()
    message = _NUMBER.sub("0", found.message).encode("utf-8", "backslashreplace").decode()
    return found.rule, path, message, text if len(text) <= _LONGEST else ""


def apply_baseline(
    file: str, entries: Iterable[Entry], judged: Iterable[Judged], read: Callable[[str], bytes]
) -> tuple[tuple[Judged, ...], Counter[_Key]]:
    """The findings with the known ones switched off, and the entries that no longer occur."""
    left = Counter[_Key]()
    for one in entries:
        left[one.rule, one.path, one.message, one.line] += one.count
    found: list[Judged] = []
    for each in judged:
        key = key_of(each, read)
        if each.suppressed is None and left[key] > 0:
            left[key] -= 1
            off = Suppression(kind="baseline", path=file, line=0, reason="known in the baseline")
            found.append(msgspec.structs.replace(each, suppressed=off))
        else:
            found.append(each)
    return tuple(found), +left


def gone(left: Counter[_Key], rules: Collection[str], is_wanted: Callable[[str], bool]) -> list[str]:
    """A line for each entry that no longer occurs, of those that this run could have found."""
    return [
        f"{path}: {rule}: {message}" + f" ({count} times)" * (count > 1)
        for (rule, path, message, _), count in sorted(left.items())
        if rule in rules and is_wanted(path)
    ]
