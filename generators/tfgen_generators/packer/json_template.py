"""Reading legacy JSON templates, and HCL2 in JSON (`.pkr.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tfgen_generators.packer.facts import (
    GENERATOR_INPUT,
    GENERATOR_STATEMENT,
    REFERENCE_LENGTH,
    BrokenTemplateError,
    Facts,
    NotATemplateError,
    source_name,
)

_BARE_VALUE = re.compile(r'^[^"\n]*(?:"[^"\n]*"\s*:\s*)?\{\{[^"\n]*\}\}\s*,?\s*$', re.MULTILINE)
_INTERPOLATION = re.compile(r"(?<!\$)(?:\$\$)*\$\{([^}]*)\}")
_REFERENCE = re.compile(r"(?<![\w.-])(var|local|data)((?:\.[A-Za-z_][\w-]*)+)")


@dataclass(frozen=True, kw_only=True)
class LegacyFacts:
    """What a legacy JSON template says; builder types in the order of the file, each once."""

    builders: tuple[str, ...]


def read_legacy(data: bytes) -> LegacyFacts:
    """Facts of a legacy template. Raises NotATemplateError or BrokenTemplateError."""
    root, twice = _load(data, errors="replace")  # Packer takes any bytes here
    if not isinstance(root, dict) or "builders" not in root:
        raise NotATemplateError("no builders: not a Packer template")
    if isinstance(root["builders"], dict) and "type" not in root["builders"]:
        raise NotATemplateError("its builders are no list: not a Packer template")
    if twice:
        line = _line_of_key(data, twice[0], occurrence=2)
        raise BrokenTemplateError(f"the key {twice[0]!r} stands twice", line, "Packer refuses that; remove one")
    builders = root["builders"]
    line = _line_of_key(data, "builders")
    if not isinstance(builders, list) or not builders:
        raise BrokenTemplateError("builders must be a list with at least one builder", line)
    types: list[str] = []
    for number, builder in enumerate(builders, start=1):
        kind = builder.get("type") if isinstance(builder, dict) else None
        if not isinstance(kind, str) or not kind:
            raise BrokenTemplateError(f'builder {number} has no "type"', line, 'add for example "type": "amazon-ebs"')
        types.append(kind)
    return LegacyFacts(builders=tuple(dict.fromkeys(types)))


def read_hcl2_json(data: bytes) -> Facts:
    """Facts of HCL2 in JSON. Raises NotATemplateError or BrokenTemplateError."""
    root, _ = _load(data)
    if isinstance(root, dict) and "builders" in root:
        raise BrokenTemplateError(
            "a legacy JSON template under the name .pkr.json, which Packer reads as HCL2",
            _line_of_key(data, "builders"),
            "rename it to .json",
        )
    bodies = _bodies(root)
    builds = [build for body in bodies for build in _bodies(body.get("build"))]
    sources = {name for build in builds for name in _used_sources(build)}
    rest = [{key: value for key, value in body.items() if key != "source"} for body in bodies]
    needs = {name for text in _strings(rest) for name in _references(text)} | sources
    return Facts(
        blocks=frozenset(key for body in bodies for key in body if not key.startswith("//")),
        declares=frozenset(name for body in bodies for name in _declared(body)),
        needs=dict.fromkeys(sorted(needs), 0),
        source_needs={
            f"source.{kind}.{name}": dict.fromkeys((need for text in _strings(inner) for need in _references(text)), 0)
            for kind, name, inner in _sources(bodies)
        },
        sources=frozenset(sources),
        computed_sources=any(_computes_sources(build) for build in builds),
        required=frozenset(
            f"var.{name}"
            for body in bodies
            for inner in _bodies(body.get("variable"))
            for name, variable in inner.items()
            if not any("default" in found for found in _bodies(variable))
        ),
    )


def _sources(bodies: list[dict[str, object]]) -> Iterator[tuple[str, str, object]]:
    for outer in (found for body in bodies for found in _bodies(body.get("source"))):
        for kind, value in outer.items():
            yield from ((kind, name, inner) for found in _bodies(value) for name, inner in found.items())


def _computes_sources(build: dict[str, object]) -> bool:
    listed = build.get("sources", [])
    return "dynamic" in build or not isinstance(listed, list) or any("${" in str(item) for item in listed)


def _bodies(value: object) -> list[dict[str, object]]:
    """HCL's JSON syntax writes blocks as one object or as a list of objects."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _declared(body: dict[str, object]) -> Iterator[str]:
    for key, root in (("variable", "var"), ("variables", "var"), ("locals", "local"), ("local", "local")):
        for inner in _bodies(body.get(key)):
            yield from (f"{root}.{name}" for name in inner)
    for key in ("source", "data"):
        for outer in _bodies(body.get(key)):
            for kind, value in outer.items():
                yield from (f"{key}.{kind}.{name}" for inner in _bodies(value) for name in inner)


def _used_sources(build: dict[str, object]) -> Iterator[str]:
    listed = build.get("sources")
    named = [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []
    named += [label for inner in _bodies(build.get("source")) for label in inner]
    yield from (name for item in named if "${" not in item and (name := source_name(item)))


def _strings(value: object) -> Iterator[str]:
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, dict):
            stack.extend(current.values())
        elif isinstance(current, list):
            stack.extend(current)


def _references(text: str) -> Iterator[str]:
    for interpolation in _INTERPOLATION.findall(text):
        for root, rest in _REFERENCE.findall(interpolation):
            names = rest.split(".")[1:]
            if len(names) >= REFERENCE_LENGTH[root]:
                yield ".".join([root, *names[: REFERENCE_LENGTH[root]]])


def json_keys(data: bytes) -> frozenset[str]:
    """The names that a file of values in JSON sets; empty when it cannot be read."""
    try:
        root, _ = _load(data)
    except (BrokenTemplateError, NotATemplateError):
        return frozenset()
    return frozenset(root) if isinstance(root, dict) else frozenset()


def _load(data: bytes, errors: str = "strict") -> tuple[object, list[str]]:
    """The document, and the keys that stand twice in one of its objects."""
    try:
        text = data.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenTemplateError("not UTF-8 text", line, "save it as UTF-8") from None
    twice: list[str] = []

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    twice.append(key)
                seen.add(key)
        return found

    try:
        return json.loads(text, object_pairs_hook=unique), twice
    except json.JSONDecodeError as error:
        if GENERATOR_STATEMENT.search(text) or _BARE_VALUE.search(text):
            raise NotATemplateError(f"{GENERATOR_INPUT}, not JSON") from None
        message = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})"
        raise BrokenTemplateError(message, error.lineno, "correct the syntax") from None
    except RecursionError:
        raise BrokenTemplateError("nested too deeply", 1) from None
    except ValueError as error:  # a number with thousands of digits
        raise BrokenTemplateError(f"not valid JSON: {error}".split(";")[0], 1) from None


def _line_of_key(data: bytes, key: str, occurrence: int = 1) -> int:
    """The line of the n-th `"key":`, 1 when it is written in another way (with escapes)."""
    pattern = re.compile(re.escape(json.dumps(key, ensure_ascii=False).encode()) + rb"\s*:")
    for number, match in enumerate(pattern.finditer(data), start=1):
        if number == occurrence:
            return data.count(b"\n", 0, match.start()) + 1
    return 1
