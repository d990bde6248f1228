"""Reading legacy JSON templates, and HCL2 in JSON (`.pkr.json`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_GENERATOR_INPUT = re.compile(r'\{%|^[^"]*\{\{', re.MULTILINE)


class BrokenTemplateError(Exception):
    """A template's text cannot be read; `line` is 1-based."""

    def __init__(self, message: str, line: int, fix: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.fix = message, line, fix


class NotATemplateError(Exception):
    """The file is something else; the message is the reason that `list` shows."""


@dataclass(frozen=True, kw_only=True)
class JsonFacts:
    """What a legacy JSON template says; builder types in the order of the file, each once."""

    builders: tuple[str, ...]


def read_legacy(data: bytes) -> JsonFacts:
    """Facts of a legacy template. Raises NotATemplateError or BrokenTemplateError."""
    root, twice = _load(data)
    if not isinstance(root, dict) or "builders" not in root:
        raise NotATemplateError("no builders: not a Packer template")
    _refuse_duplicates(data, twice)
    builders = root["builders"]
    line = _line_of_key(data, "builders")
    if not isinstance(builders, list) or not builders:
        raise BrokenTemplateError("builders must be a list with at least one builder", line)
    types: list[str] = []
    for builder in builders:
        kind = builder.get("type") if isinstance(builder, dict) else None
        if not isinstance(kind, str):
            raise BrokenTemplateError('a builder has no "type"', line, 'add for example "type": "amazon-ebs"')
        types.append(kind)
    return JsonFacts(builders=tuple(dict.fromkeys(types)))


def read_hcl2_json(data: bytes) -> JsonFacts:
    """Facts of HCL2 in JSON. Raises NotATemplateError or BrokenTemplateError."""
    root, _ = _load(data)
    if isinstance(root, dict) and "builders" in root:
        raise BrokenTemplateError(
            "a legacy JSON template under the name .pkr.json, which Packer reads as HCL2",
            _line_of_key(data, "builders"),
            "rename it to .json",
        )
    bodies = _bodies(root)
    if not any("build" in body for body in bodies):
        raise NotATemplateError("no build block")
    types = [kind for body in bodies for source in _bodies(body.get("source")) for kind in source]
    return JsonFacts(builders=tuple(dict.fromkeys(types)))


def _bodies(value: object) -> list[dict[str, object]]:
    """HCL's JSON syntax writes blocks as one object or as a list of objects."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _load(data: bytes) -> tuple[object, list[str]]:
    """The document, and the keys that stand twice in one of its objects."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenTemplateError("not UTF-8 text", line, "save it as UTF-8") from None
    twice: list[str] = []

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            twice.extend(key for key in found if keys.count(key) > 1)
        return found

    try:
        return json.loads(text, object_pairs_hook=unique), twice
    except json.JSONDecodeError as error:
        if _GENERATOR_INPUT.search(text):
            raise NotATemplateError("input of a generator (Jinja or Go template), not JSON") from None
        message = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})"
        raise BrokenTemplateError(message, error.lineno, "correct the syntax") from None
    except RecursionError:
        raise BrokenTemplateError("nested too deeply", 1) from None


def _refuse_duplicates(data: bytes, twice: list[str]) -> None:
    if twice:
        line = _line_of_key(data, twice[0], occurrence=2)
        raise BrokenTemplateError(f"the key {twice[0]!r} stands twice", line, "Packer refuses that; remove one")


def _line_of_key(data: bytes, key: str, occurrence: int = 1) -> int:
    """The line of the n-th `"key":`, 1 when it is written in another way (with escapes)."""
    pattern = re.compile(re.escape(json.dumps(key, ensure_ascii=False).encode()) + rb"\s*:")
    for number, match in enumerate(pattern.finditer(data), start=1):
        if number == occurrence:
            return data.count(b"\n", 0, match.start()) + 1
    return 1
