"""The files of one template together: what its names mean, which sources its builds use, and what those say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import PurePosixPath

import msgspec

from tfgen_generators.packer.details import Details, Part
from tfgen_generators.packer.evaluation.bound import Lookup
from tfgen_generators.packer.evaluation.evaluate import evaluate
from tfgen_generators.packer.evaluation.possible import fill_template_dir, possible_texts
from tfgen_generators.packer.facts import source_name
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Expression, Value, as_text, as_written, is_known
from tfgen_generators.shell.marks import ANCHOR

#: Functions that give the elements of all their lists.
_JOINING = frozenset({"compact", "concat", "distinct", "flatten"})

_DEEPEST = 20
#: How many lists within lists are looked at for one template: locals that name others twice make 2^20.
_MOST_LISTS = 2000


class AmiSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where an image starts: an id, a filter in the builder, or a data source. `kind` names the setting."""

    kind: str
    text: str
    known: bool
    filters: dict[str, str] | None = None
    owners: tuple[str, ...] = ()
    most_recent: bool | None = None


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text as written, and whether it is known without running Packer."""

    text: str
    known: bool


def _types(sources: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name.split(".")[1] for name in sources}))


class Scope:
    """The files of one template together: what its names mean, and which sources its builds use."""

    def __init__(self, template: Template, details: Sequence[Details]) -> None:
        self.template = template
        self.builds = [build for one in details for build in one.builds]
        self._left = _MOST_LISTS
        self._details = details
        self._locals = {name: value for one in details for name, value in one.locals.items()}
        self._values: dict[str, Value] = {}
        self._default_values: dict[str, Value] = {}
        self._defaults = {name: default for one in details for name, default in one.variables.items()}
        self._parts = [part for one in details for part in one.parts]
        self._legacy = template.format == "json"
        self._used = self._possible_sources()
        self.possible = template.builders if self._used is None or self._legacy else _types(self._used)
        self.default = self.possible if self._legacy else _types(self._default_sources())

    @cached_property
    def _folder(self) -> str:
        path = PurePosixPath(self.template.path)
        return ANCHOR + str(path if self.template.kind == "directory" else path.parent)

    def _known(self, names: tuple[str, ...]) -> Value:
        """What a reference means whatever the user sets: locals and the template's folder."""
        if names == ("path", "root"):
            return self._folder
        if names == ("path", "cwd"):
            return "."
        if names[0] == "local" and len(names) > 1 and names[1] in self._locals:
            return _inside(self._local(names[1], self._known, self._values), names[2:])
        return Expression(".".join(names))

    def _local(self, name: str, lookup: Lookup, values: dict[str, Value]) -> Value:
        """A local's value, computed once (into `values`) as far as it is known."""
        if name not in values:
            values[name] = Expression(f"local.{name}")  # where it names itself
            values[name] = evaluate(self._locals[name], lookup)
        return values[name]

    def _by_default(self, names: tuple[str, ...]) -> Value:
        """The same, with the defaults of variables."""
        if names[0] == "var" and len(names) > 1 and (default := self._defaults.get(names[1])):
            return _inside(default[0], names[2:])
        if names[0] == "local" and len(names) > 1 and names[1] in self._locals:
            return _inside(self._local(names[1], self._by_default, self._default_values), names[2:])
        return self._known(names)

    def _possible_sources(self) -> list[str] | None:
        """Names of the sources that the builds may use, None when that can be any."""
        found: list[str] = []
        for value in self._source_values(self._known):
            names = possible_texts(value, self._known)
            if names is None:
                return None
            found += [source_name(name) for name in names]
        return [name for name in found if name]

    def _default_sources(self) -> Iterator[str]:
        """Names of the sources that the builds use when no variable is set, as far as that is known."""
        for value in self._source_values(self._by_default):
            names = evaluate(value, self._by_default)
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str) and (named := source_name(name)):
                    yield named

    def _source_values(self, lookup: Lookup) -> Iterator[Value]:
        for build in self.builds:
            yield from build.sources
            for pair in build.each:
                yield from _each(pair, lookup)

    def used_parts(self) -> Iterator[Part]:
        """The sources that builds use (all, when that is not known), and what builds add to them."""
        used = None if self._used is None or self._legacy else {name.partition(".")[2] for name in self._used}
        for part in self._parts:
            if used is None or f"{part.kind}.{part.name}" in used:
                yield part
        for build in self.builds:
            yield from build.own

    def value(self, value: Value) -> Value:
        return evaluate(value, self._known)

    def _opened(self, value: Value) -> Value:
        """A local's own value, although something in it may not be known."""
        for _ in range(10):
            if not isinstance(value, Expression) or value.op != "ref":
                break
            meant = self._meaning(tuple(str(name) for name in value.args))
            if meant == value or (isinstance(meant, Expression) and not meant.op):
                break
            value = meant
        return value

    def _meaning(self, names: tuple[str, ...]) -> Value:
        """As `_known`, but a local's value as it is written."""
        written = self._locals.get(names[1]) if len(names) > 1 and names[0] == "local" else None
        return self._known(names) if written is None else _inside(written, names[2:])

    def text(self, value: Value) -> Text:
        """A value as text; what Packer fills in later (`{{ }}`) is not known."""
        found = self.value(value)
        if isinstance(found, Expression) or not is_known(found):
            return Text(text=as_written(value), known=False)
        text = as_text(found)
        return Text(text=text, known="{{" not in text)

    def texts(self, parts: Iterable[Part], key: str) -> Iterator[Text]:
        return (self.text(part.settings[key]) for part in parts if part.settings.get(key) not in (None, ""))

    def files(self, parts: Iterable[Part]) -> Iterator[tuple[str, str, str | None]]:
        """(use, path as written, path known or None) of every file."""
        steps = (use for build in self.builds for step in (*build.steps, *build.finish) for use in step.files)
        others = [use for build in self.builds for use in build.files]
        ours = [use for one in self._details for use in one.files]
        for use, value in [*steps, *(use for part in parts for use in part.files), *others, *ours]:
            for item in self._items(value):
                written = as_written(item).replace(ANCHOR, "")  # where a function has filled in path.root
                if written:
                    yield use, written, self._path(item)

    def _items(self, value: Value, depth: int = 0) -> list[Value]:
        """The elements of a list, also of one behind a local."""
        self._left -= depth > 0
        if depth > _DEEPEST or self._left < 0:
            return [value]
        opened = self._opened(value)
        for found in (value, opened, self.value(value)):
            if isinstance(found, list):
                return list(found)
        if isinstance(opened, Expression) and opened.op == "call" and opened.args[0] in _JOINING:
            return [item for argument in opened.args[1:] for item in self._items(argument, depth + 1)]
        return [value]

    def _path(self, value: Value) -> str | None:
        found = self.value(value)
        if not isinstance(found, str):
            return None
        filled = fill_template_dir(found, self._folder)
        return filled if filled is not None and filled.rfind(ANCHOR) <= 0 else None

    def ami_sources(self, parts: Iterable[Part]) -> Iterator[AmiSource]:
        """Every source of an AMI, each once."""
        yield from {repr(source): source for source in self._ami_sources(parts)}.values()

    def _ami_sources(self, parts: Iterable[Part]) -> Iterator[AmiSource]:
        for part in parts:
            if part.settings.get("source_ami") not in (None, ""):
                text = self.text(part.settings["source_ami"])
                yield AmiSource(kind="source_ami", text=text.text, known=text.known)
            if (found := part.settings.get("source_ami_filter")) is not None:
                yield self._filter("source_ami_filter", "", found)
        for part in (part for one in self._details for part in one.data):
            if part.kind == "amazon-ami":
                yield self._filter("data", f"data.{part.kind}.{part.name}", part.settings)

    def _filter(self, kind: str, text: str, value: Value) -> AmiSource:
        found = self._opened(value[0] if isinstance(value, list) and value else value)
        if not isinstance(found, dict):
            return AmiSource(kind=kind, text=text or as_written(value), known=False)
        filters, owners = found.get("filters"), self._owners(found.get("owners"))
        pairs = dict(self._pairs(filters))
        names = [self.text(owner) for owner in owners]
        recent = {"true": True, "false": False}.get(str(found.get("most_recent")).lower(), found.get("most_recent"))
        known = all(item.known for item in (*pairs.values(), *names))
        return AmiSource(
            kind=kind,
            text=text,
            known=known and not isinstance(recent, Expression),
            filters={key: item.text for key, item in pairs.items()},
            owners=tuple(item.text for item in names),
            most_recent=recent if isinstance(recent, bool) else None,
        )

    def _pairs(self, value: Value) -> Iterator[tuple[str, Text]]:
        """Keys and values of a map, also of `merge(...)`; what is not known of it under the key ""."""
        tags = self._opened(value)
        if isinstance(tags, Expression) and tags.op == "call" and tags.args[0] == "merge":
            merged = dict(pair for argument in tags.args[1:] for pair in self._pairs(argument))
            yield from merged.items()
        elif (
            isinstance(tags, Expression) and tags.op in ("", "object") and tags.args and isinstance(tags.args[0], dict)
        ):
            yield from self._pairs(tags.args[0])  # a map with a key that must be computed
        elif isinstance(tags, dict):
            yield from ((key, self.text(item)) for key, item in tags.items())
        elif isinstance(tags, Expression):
            yield "", self.text(tags)

    def _owners(self, value: Value) -> list[Value]:
        """A list, or one text with commas."""
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        return [] if value is None else self._items(value)

    def tags(self, parts: Iterable[Part]) -> Iterator[tuple[str, Text]]:
        for part in parts:
            yield from self._pairs(part.settings.get("tags"))
            blocks = part.settings.get("tag")
            for block in blocks if isinstance(blocks, list) else [blocks]:
                if isinstance(block, dict) and "key" in block:
                    yield self.text(block["key"]).text, self.text(block.get("value"))


def _each(pair: tuple[Value, Value], lookup: Lookup) -> Iterator[Value]:
    """The labels of a `dynamic "source"`, for each of its elements."""
    items, labels = evaluate(pair[0], lookup), pair[1]
    if is_known(labels):
        yield labels
        return
    if not isinstance(items, list | dict) or not is_known(items):
        yield Expression("each")
        return
    pairs = items.items() if isinstance(items, dict) else ((item, item) for item in items)
    for key, value in pairs:
        scope = {"key": key, "value": value}

        def look(names: tuple[str, ...], scope: dict[str, Value] = scope) -> Value:
            if len(names) > 1 and names[1] in scope and names[0] not in ("var", "local", "path", "data"):
                return _inside(scope[names[1]], names[2:])
            return lookup(names)

        yield evaluate(labels, look)


def _inside(value: Value, names: Sequence[str]) -> Value:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return Expression(name)
        value = value[name]
    return value
