"""tfgen.toml by key: which of its settings concern which image, so that a change of one names just those.

What counts is the value that a pipeline gets, not where it stands or how it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tfgen_generators.settings.lines import Path
from tfgen_generators.settings.model import Settings, TemplateNames, TemplateSettings
from tfgen_generators.settings.secrets import fetched

_OWN = TemplateSettings()


def setting_scope(settings: Settings, name: str) -> dict[Path, tuple[str, Path]]:
    """What the pipeline `name` gets: a text that changes with the value, and the path of the setting that decides."""
    own = settings.templates.get(name, _OWN)
    found: dict[Path, tuple[str, Path]] = {}
    for key, value, path in (*_shared(settings), *_of_its_own(name, own)):
        found[key] = repr(_plain(value)), path
    return found


def differing(base: tuple[Settings, str], head: tuple[Settings, str]) -> list[tuple[Path, int]]:
    """The settings of an image (settings and name, then and now) that are not the same.

    Each with its line at `head`: 0 where it is not written there.
    """
    before, after = setting_scope(*base), setting_scope(*head)
    found: list[tuple[Path, int]] = []
    for key in (*after, *(key for key in before if key not in after)):
        if before.get(key, ("",))[0] != after.get(key, ("",))[0]:
            path = (after if key in after else before)[key][1]
            found.append((path, head[0].own_line(path)))
    return found


def secret_paths(settings: Settings, template: str | None = None) -> list[Path]:
    """The settings that are fetched: those that the pipeline of `template` gets, without one those of all."""
    own = {name: one.environment for name, one in settings.templates.items() if template in (None, name)}
    hidden = own.get(template, {}) if template is not None else {}
    shared = [("environment", name) for name in fetched(settings.environment) if name not in hidden]
    return [*shared, *(("templates", image, "environment", name) for image in own for name in fetched(own[image]))]


_Setting = tuple[Path, object, Path]


def _shared(settings: Settings) -> Iterator[_Setting]:
    for path, value in (
        (("source_repository",), settings.source_repository),
        (("connection_arn",), settings.connection_arn),
        (("branch",), settings.branch),
        (("working_dir",), settings.working_dir),
        (("module", "source"), settings.module.source),
        (("module", "version"), settings.module.version),
        (("packer_script", "variable"), settings.packer_script.variable),
        (("packer_script", "form"), settings.packer_script.form),
    ):
        yield path, value, path
    if settings.publish.after_build:
        where = ("publish", "after_build")
        yield where, settings.publish.parameter_name("{image}", settings.publish.after_build), where
    yield ("module", "inputs"), settings.module.inputs is None, ("module", "inputs")
    yield from _table("inputs", settings.module.inputs or {}, ("module", "inputs"))
    yield from _table("providers", settings.module.providers, ("module", "providers"))
    yield from _names(settings.names, ("names",))
    yield from _table("environment", settings.environment, ("environment",))
    yield from _table("inputs", settings.inputs, ("inputs",))


def _of_its_own(name: str, own: TemplateSettings) -> Iterator[_Setting]:
    table = ("templates", name)
    yield from _table("environment", own.environment, (*table, "environment"))
    yield from _table("inputs", own.inputs, (*table, "inputs"))
    yield from _table("providers", own.providers, (*table, "providers"))
    yield from _names(own.names, (*table, "names"))
    if own.working_dir:
        yield ("working_dir",), own.working_dir, (*table, "working_dir")


def _names(names: object, path: Path) -> Iterator[_Setting]:
    for field in msgspec.structs.fields(TemplateNames):
        if (value := getattr(names, field.name)) is not None:
            yield ("names", field.name), value, (*path, field.name)


def _table(kind: str, values: Mapping[str, object], path: Path) -> Iterator[_Setting]:
    return (((kind, key), value, (*path, key)) for key, value in values.items())


def _plain(value: object) -> object:
    """A value whose text does not depend on the order in which a table's keys stand."""
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, msgspec.Struct):
        return type(value).__name__, [_plain(getattr(value, field)) for field in value.__struct_fields__]
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
