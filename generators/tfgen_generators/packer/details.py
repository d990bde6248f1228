"""What a template says of itself beyond its sources: the facts behind `tfgen list`.

Values are kept as they are written; `describe.py` computes what can be known of them for one template.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tfgen_generators.packer import uses
from tfgen_generators.packer.ansible_settings import Use
from tfgen_generators.packer.facts import variables
from tfgen_generators.packer.syntax.syntax import Block, Body
from tfgen_generators.packer.syntax.values import Expression, Value

#: What is kept of a source, a builder or a data source.
_KEPT = ("ami_name", "source_ami", "source_ami_filter", "tags", "tag", "filters", "owners", "most_recent")
_LONGEST_LOCAL = 2000
#: The msgpack extension type of an expression.
_EXPRESSION = 1


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One source, builder or data source: `kind` is its type, `name` its own name.

    `names` are the settings (or functions) that `files` stand in, in the same order; so everywhere.
    """

    kind: str
    name: str = ""
    settings: dict[str, Any] = {}
    files: list[tuple[str, Any]] = []
    names: list[str] = []


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One provisioner, or (in `finish`) one post-processor, with the files that it uses and `uses.also_kept`."""

    kind: str
    files: list[tuple[str, Any]] = []
    names: list[str] = []
    settings: dict[str, Any] = {}


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One build: `sources` are values (texts, or expressions that give lists of texts), `own` its source blocks.

    `each` pairs the `for_each` of a `dynamic "source"` with its `labels`.
    """

    sources: list[Any] = []
    each: list[tuple[Any, Any]] = []
    own: list[Part] = []
    steps: list[Step] = []
    finish: list[Step] = []
    files: list[tuple[str, Any]] = []
    names: list[str] = []


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `variables` maps a name to its default in a list, or to None when there is none.

    `filesets` are the folders and patterns of `fileset(...)`, wherever it stands; `paths` all
    texts that look like one.
    """

    variables: dict[str, list[Any] | None] = {}
    locals: dict[str, Any] = {}
    environment: list[str] = []
    parts: list[Part] = []
    data: list[Part] = []
    builds: list[Build] = []
    files: list[tuple[str, Any]] = []
    names: list[str] = []
    filesets: list[tuple[Any, Any]] = []
    paths: list[str] = []


def details_of(body: Body) -> Details:
    """Details of one HCL2 file, native or JSON."""
    found: dict[str, Value] = {}
    for block in body.of("locals", "local"):
        if block.kind == "locals":
            found |= block.body.attributes
        elif block.labels and "expression" in block.body.attributes:
            found[block.labels[0]] = block.body.attributes["expression"]
    calls = [one for one in body.expressions() if one.op == "call"]
    reads_files = any(map(uses.reads_file, calls))  # else nobody looks for that: most files read none
    read = list(uses.of_functions(found.values())) if reads_files else []
    return Details(
        variables={name: None if default is None else [_short(default[0])] for name, default in variables(body)},
        locals={name: _short(value) for name, value in found.items()},
        environment=list(dict.fromkeys(_environment(calls))),
        parts=[_part(block, reads_files) for block in body.of("source") if len(block.labels) == 2],
        data=[_part(block, reads_files) for block in body.of("data") if len(block.labels) == 2],
        builds=[_build(block, reads_files) for block in body.of("build")],
        files=_files(read),
        names=_names(read),
        filesets=list(uses.of_filesets(calls)),
        paths=uses.of_paths(body.values(), _provisioners(body)),
    )


def _provisioners(body: Body) -> Iterator[tuple[str, dict[str, Value]]]:
    for build in body.of("build"):
        for block in build.body.of("provisioner"):
            yield "".join(block.labels[:1]), block.body.attributes


def _short(value: Value) -> Value:
    if isinstance(value, str) and len(value) > _LONGEST_LOCAL:
        return Expression(value[:_LONGEST_LOCAL])
    return value


def _environment(calls: Iterable[Expression]) -> Iterator[str]:
    for call in calls:
        if call.args[0] == "env" and len(call.args) > 1 and isinstance(call.args[1], str):
            yield call.args[1]


def _settings(body: Body) -> dict[str, Value]:
    """The attributes of a body, and its blocks as if they were attributes."""
    found = dict(body.attributes)
    for block in body.blocks:
        if block.kind == "tag" or (block.kind == "dynamic" and block.labels == ("tag",)):
            inner = block.body if block.kind == "tag" else next((b.body for b in block.body.of("content")), Body())
            tags = found.setdefault("tag", [])
            if isinstance(tags, list):
                tags.append(dict(inner.attributes))
        else:
            found.setdefault(block.kind, _settings(block.body))
    return found


def part_of(kind: str, name: str, settings: Mapping[str, Value]) -> Part:
    """A part of what a source, a builder or a data source sets."""
    return _with_files(kind, name, settings, list(uses.of_builder(settings)))


def _with_files(kind: str, name: str, settings: Mapping[str, Value], found: Sequence[Use]) -> Part:
    return Part(
        kind=kind,
        name=name,
        settings={key: settings[key] for key in _KEPT if key in settings},
        files=_files(found),
        names=_names(found),
    )


def step_of(kind: str, settings: Mapping[str, Value]) -> Step:
    """A step of what a provisioner sets."""
    found = list(uses.of_provisioner(kind, settings))
    return Step(kind=kind, files=_files(found), names=_names(found), settings=uses.also_kept(kind, settings))


def finish_of(kind: str, settings: Mapping[str, Value]) -> Step:
    """A step of what a post-processor sets."""
    found = list(uses.of_post_processor(kind, settings))
    return Step(kind=kind, files=_files(found), names=_names(found), settings=uses.also_kept(kind, settings))


def _files(found: Sequence[Use]) -> list[tuple[str, Value]]:
    return [(use, value) for use, value, _ in found]


def _names(found: Sequence[Use]) -> list[str]:
    return [name for _, _, name in found]


def _part(block: Block, reads_files: bool) -> Part:
    kind, name = block.labels
    settings = _settings(block.body)
    found = [*uses.of_builder(settings), *(uses.of_functions(block.body.values()) if reads_files else ())]
    return _with_files(kind, name, settings, found)


def _build(block: Block, reads_files: bool) -> Build:
    body = block.body
    listed = body.attributes.get("sources", [])
    sources: list[Value] = list(listed) if isinstance(listed, list) else [listed]
    own: list[Part] = []
    for source in body.of("source"):
        if source.labels:
            sources.append(source.labels[0])
            own.append(part_of(source.labels[0], "", _settings(source.body)))
    each = [
        (inner.body.attributes.get("for_each"), inner.body.attributes["labels"])
        for inner in body.of("dynamic")
        if inner.labels == ("source",) and "labels" in inner.body.attributes
    ]
    read = list(uses.of_functions(body.values())) if reads_files else []
    return Build(
        sources=sources,
        each=each,
        own=own,
        steps=[step for inner in body.blocks for step in _steps(inner)],
        finish=[_finish(inner) for inner in _post_processors(body)],
        files=_files(read),
        names=_names(read),
    )


def _steps(block: Block) -> Iterator[Step]:
    kind, body = block.labels[0] if block.labels else "", block.body
    if block.kind == "dynamic" and kind in ("provisioner", "error-cleanup-provisioner"):
        labels = body.attributes.get("labels")
        kind = labels[0] if isinstance(labels, list) and labels and isinstance(labels[0], str) else ""
        body = next((inner.body for inner in body.of("content")), Body())
    elif block.kind not in ("provisioner", "error-cleanup-provisioner"):
        return
    if kind:
        yield step_of(kind, _settings(body))


def _post_processors(body: Body) -> Iterator[Block]:
    for block in body.of("post-processor", "post-processors"):
        yield from (block,) if block.kind == "post-processor" else block.body.of("post-processor")


def _finish(block: Block) -> Step:
    kind = block.labels[0] if block.labels else ""
    return finish_of(kind, _settings(block.body))


def encode_details(details: object) -> bytes:
    """Details as bytes for the cache."""
    return msgspec.msgpack.encode(details, enc_hook=_pack)


@lru_cache(maxsize=2)
def decode_details(data: bytes) -> Details:
    """The Details in an Outcome's bytes. Nobody changes them: who asks for them next may have the same."""
    return msgspec.msgpack.decode(data, type=Details, ext_hook=_unpack)


def _pack(value: object) -> msgspec.msgpack.Ext:
    if not isinstance(value, Expression):
        raise TypeError(type(value))
    inner = (value.text, value.op, value.args, value.line)
    return msgspec.msgpack.Ext(_EXPRESSION, msgspec.msgpack.encode(inner, enc_hook=_pack))


def _unpack(_code: int, data: memoryview) -> Expression:
    text, op, args, line = msgspec.msgpack.decode(data, ext_hook=_unpack)
    return Expression(text, op, tuple(args), line)
