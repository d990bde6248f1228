"""What a pipeline gives to its template: environment variables, and values of Packer's variables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.settings.model import Settings, TemplateSettings
from tfgen_generators.settings.secrets import fetched, plain

if TYPE_CHECKING:
    from tfgen_generators.paths.buildspec import Buildspec
    from tfgen_generators.trees.linked import LinkedTree

_NOTHING = TemplateSettings()
_VARIABLE = "PKR_VAR_"


class BuildVariable(msgspec.Struct, frozen=True, kw_only=True):
    """One template's: `values` of variables are those that files and the buildspec's commands set."""

    environment: Mapping[str, str]
    values: Mapping[str, Value]


class BuildEnvironment:
    """Those of all templates; reads each file once."""

    def __init__(self, settings: Settings | None, tree: LinkedTree | None) -> None:
        self._settings, self._tree = settings, tree
        self._buildspecs: dict[str, Buildspec] = {}
        self._files: dict[str, dict[str, Value]] = {}

    def of(self, template: Template) -> BuildVariable:
        """What the pipeline of `template` gives to it."""
        buildspec = self._buildspec(template)
        environment = {**(buildspec.variables if buildspec else {})}
        values: dict[str, Value] = {}
        if self._settings is not None:
            own = self._settings.templates.get(template.name, _NOTHING)
            given = {**self._settings.environment, **own.environment}
            environment = {**environment, **plain(given)}
            for name in fetched(given):
                environment.pop(name, None)
                if name.startswith(_VARIABLE) and template.format != "json":
                    values[name.removeprefix(_VARIABLE)] = Expression(f"var.{name.removeprefix(_VARIABLE)}")
        for path in self._var_files(template, environment):
            values |= self._values(path)
        values |= {name: text for name, text in (buildspec.packer_variables if buildspec else ()) if "$" not in text}
        return BuildVariable(environment=environment, values=values)

    def _buildspec(self, template: Template) -> Buildspec | None:
        if self._settings is None or self._tree is None:
            return None
        from tfgen_generators.paths.buildspec import read_buildspec
        from tfgen_generators.paths.pipeline_files import buildspec_of

        named = buildspec_of(self._tree, self._settings, template)
        if named is None:
            return None
        if named[0] not in self._buildspecs:
            self._buildspecs[named[0]] = read_buildspec(self._tree, named[0])
        return self._buildspecs[named[0]]

    def _var_files(self, template: Template, environment: Mapping[str, str]) -> Iterator[str]:
        """Files of values in Packer's order: it looks for its own kind of them in the folder of a template alone."""
        if self._tree is None:
            return
        from tfgen_generators.paths.var_files import auto_files

        if template.kind == "directory":
            yield from sorted(auto_files(self._tree, template.path), key=lambda path: path.endswith(".json"))
        if path := environment.get("PACKER_VAR_FILE"):
            yield posixpath.normpath(path)

    def _values(self, path: str) -> dict[str, Value]:
        """What a file of values sets; one that is not there or cannot be read sets nothing."""
        from tfgen_generators.paths.var_files import read_values

        if path not in self._files:
            assert self._tree is not None  # noqa: S101 _var_files names none without
            try:
                self._files[path] = read_values(path, self._tree.read(path)) or {}
            except OSError:
                self._files[path] = {}
        return self._files[path]
