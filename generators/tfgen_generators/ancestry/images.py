"""What one template says of its AMIs: what they are called and tagged, and what they start from.

An image's facts depend on its template's files, files of values and its pipeline's environment alone: they can be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from tfgen_generators.ancestry.alternatives import ANY, Patterns, alternatives
from tfgen_generators.ancestry.owners import Whose, owners_shown, whose
from tfgen_generators.ancestry.patterns import ANYTHING, Pattern, Wild, is_open, shown, with_wildcards
from tfgen_generators.ancestry.texts import Texts
from tfgen_generators.packer.details import Details, Part
from tfgen_generators.packer.evaluation.scope import Scope
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Value, as_written

#: Tags that buildspec.yml sets on every AMI beside `Template`, whatever the template says (docs/images.md).
TAGS: Mapping[str, Pattern] = {
    "BuildDate": (Wild(chars="-0123456789:TZ"),),
    "CodeBuildProject": (ANYTHING,),
    "BuildNumber": (ANYTHING,),
    "BuiltBy": ("Packer",),
    "SourceVersion": (ANYTHING,),
    "ParentAmi": (ANYTHING,),
}
_LONGEST_TAG = 256


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """The AMIs of one source: what they can be called, and what each tag can be (under "": tags that are not known)."""

    names: Patterns
    tags: Mapping[str, Patterns]


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What a source starts from, as the template says it.

    `label` names the setting and what it looks for. `names` and `tags` are what a filter asks for (`names` is empty
    when it asks for none), `guessed` those of them that are not all known; `whose` are the AMIs that it looks among. An
    `id` is given as such; `unknown` is computed.
    """

    kind: Literal["filter", "id", "unknown"]
    label: str
    whose: Whose = "maybe"
    owners: str = ""
    names: Patterns = ()
    tags: Mapping[str, Patterns] = {}
    guessed: Patterns = ()


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One template: its name and path, what it makes and what it starts from."""

    name: str
    path: str
    outputs: tuple[Output, ...] = ()
    starts: tuple[Start, ...] = ()


def image_facts(
    template: Template,
    details: Sequence[Details],
    environment: Mapping[str, str],
    values: Mapping[str, Value] | None = None,
) -> ImageFacts:
    """Facts of one template. `details` are those of its members, `environment` its pipeline's, `values` those of files.

    A file's value wins over `PKR_VAR_x`, and that over the default, as Packer has it.
    """
    values = values or {}
    if template.format != "json":
        prefix = "PKR_VAR_"
        given = {key.removeprefix(prefix): text for key, text in environment.items() if key.startswith(prefix)}
        values = {**given, **values}
    texts = Texts(details, values, environment)
    parts = list(_sources(Scope(template, details)))
    data = {(part.kind, part.name): part for one in details for part in one.data}
    return ImageFacts(
        name=template.name,
        path=template.path,
        outputs=tuple(_output(texts, part, template.path) for part in parts if part.settings.get("ami_name")),
        starts=tuple({repr(start): start for start in _Starts(texts, data).of(parts)}.values()),
    )


def _sources(scope: Scope) -> Iterator[Part]:
    """The sources that run: what a build adds to one stands in it."""
    used = list(scope.used_parts())
    own = [part for part in used if not part.name and "." in part.kind]
    bases = {f"{part.kind}.{part.name}": part for part in used if part.name}
    for part in own:
        base = bases.get(part.kind.removeprefix("source."))
        yield part if base is None else replace(base, settings={**base.settings, **part.settings})
    refined = {part.kind.removeprefix("source.") for part in own}
    for name, part in bases.items():
        if name not in refined or part.settings.get("ami_name"):
            yield part
    yield from (part for part in used if not part.name and "." not in part.kind)


def _output(texts: Texts, part: Part, path: str) -> Output:
    tags = texts.pairs(part.settings.get("tags"), part)
    blocks = part.settings.get("tag")
    for block in blocks if isinstance(blocks, list) else [blocks]:
        if isinstance(block, dict) and "key" in block:
            for key in texts.of(block["key"], part):
                known = len(key) == 1 and isinstance(key[0], str)
                tags[shown(key) if known else ""] = texts.of(block.get("value"), part)
    tags |= {key: (pattern,) for key, pattern in TAGS.items()}
    tags["Template"] = ((path[:_LONGEST_TAG],),)
    return Output(names=texts.of(part.settings["ami_name"], part), tags=tags)


class _Starts:
    """Finds what sources start from."""

    def __init__(self, texts: Texts, data: Mapping[tuple[str, str], Part]) -> None:
        self._texts, self._data = texts, data

    def of(self, parts: Sequence[Part]) -> Iterator[Start]:
        for part in parts:
            given = part.settings.get("source_ami")
            texts = self._texts.of(given, part) or ((),)
            if any(texts):
                yield from self._given(given, texts)
            found = part.settings.get("source_ami_filter")
            if given is not None and found is None and not any(texts):
                yield Start(kind="unknown", label=f"source_ami: {as_written(given)}")
            if found is not None and not all(_is_id(text) for text in texts) and not self._filters(given):
                yield self._filter("source_ami_filter", found, part)

    def _given(self, value: Value, texts: Patterns) -> Iterator[Start]:
        """`source_ami`: the id of a data source, an id, or what must be computed."""
        if filters := self._filters(value):
            for found in filters:
                yield self._filter(f"data.amazon-ami.{found.name}", found.settings, found)
            return
        for text in filter(None, texts):
            kind: Literal["id", "unknown"] = "id" if _is_id(text) else "unknown"
            yield Start(kind=kind, label=f"source_ami: {shown(text) if kind == 'id' else as_written(value)}")

    def _filters(self, value: Value) -> list[Part]:
        """The `data "amazon-ami"` that a value leads to."""
        return [self._data[name] for name in self._texts.data(value) if name in self._data and name[0] == "amazon-ami"]

    def _filter(self, label: str, value: Value, part: Part) -> Start:
        found = self._texts.opened(value[0] if isinstance(value, list) and value else value)
        if not isinstance(found, dict):
            return Start(kind="unknown", label=f"{label}: {as_written(value)}")
        asked = self._texts.pairs(found.get("filters"), part)
        if "image-id" in asked:
            return Start(kind="id", label=f"{label}: image-id {_any_of(asked['image-id'])}")
        owners = self._owners(found.get("owners"), asked)
        names = tuple(with_wildcards(text) for text in asked.get("name", ()))
        wanted = {key.removeprefix("tag:"): texts for key, texts in asked.items() if key.startswith("tag:")}
        tags = {key: tuple(with_wildcards(text) for text in texts) for key, texts in wanted.items()}
        unsure = (text for texts in (asked.get("name", ()), *wanted.values()) for text in texts if is_open(text))
        for key in (text for text in asked.get("tag-key", ()) if len(text) == 1 and isinstance(text[0], str)):
            tags.setdefault(str(key[0]), ANY)
        said = [f"name {_any_of(names)}"] if names else []
        said += [f"tag:{key} {_any_of(value)}" for key, value in tags.items()]
        return Start(
            kind="filter",
            label=f"{label}: {', '.join(said) or 'no name and no tag'}",
            whose=whose(owners),
            owners=owners_shown(owners),
            names=alternatives(names),
            tags=tags,
            guessed=tuple(dict.fromkeys(with_wildcards(text) for text in unsure)),
        )

    def _owners(self, value: Value, asked: Mapping[str, Patterns]) -> list[str | None]:
        """Owners as far as they are known; filters on the owner count as well."""
        found: list[str | None] = []
        for item in self._texts.items(value):
            for text in self._texts.of(item):
                known = all(isinstance(piece, str) for piece in text)
                found.append(shown(text) if known else None)
        for key in ("owner-id", "owner-alias"):
            texts = asked.get(key, ())
            if texts and all(len(text) == 1 and isinstance(text[0], str) for text in texts):
                found = [shown(text) for text in texts]
        return [owner for owner in found if owner != ""]


def _is_id(text: Pattern) -> bool:
    return len(text) == 1 and isinstance(text[0], str) and text[0].startswith("ami-")


def _any_of(texts: Patterns) -> str:
    return " or ".join(shown(text) for text in texts)
