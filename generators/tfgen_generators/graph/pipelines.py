"""What a pipeline gives to its template: environment, files of values, and what these set."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Value
from tfgen_generators.paths.buildspec import Buildspec
from tfgen_generators.paths.model import Edge
from tfgen_generators.paths.values.sources import ANY_VARIABLE, ValueSources
from tfgen_generators.paths.var_files import auto_files, read_values
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.secrets import Variable
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.trees.linked import LinkedTree

_VALUES = (".hcl", ".json")
_NAMED_VALUES = (".pkrvars.hcl", ".pkrvars.json")


class Pipelines:
    """The pipelines of one tree, by tfgen.toml; without one there is nothing to know."""

    def __init__(self, tree: LinkedTree, settings: Settings | None) -> None:
        self._tree, self._settings = tree, settings
        self._files: dict[str, str] = {}
        self._lines: dict[tuple[str, ...], int] = {}
        self._var_files: dict[str, tuple[str, ...]] = {}

    def environment(self, template: Template) -> dict[str, tuple[str, Edge]]:
        """What tfgen.toml gives to the template's builds: value (what is fetched is unknown), and where it says so."""
        own = self._settings.templates.get(template.name) if self._settings else None
        if own is None or not own.environment:
            return self._of_all
        return self._of_all | self._given(own.environment, "templates", template.name, "environment")

    @cached_property
    def _of_all(self) -> dict[str, tuple[str, Edge]]:
        return self._given(self._settings.environment, "environment") if self._settings else {}

    def _given(self, table: Mapping[str, Variable], *path: str) -> dict[str, tuple[str, Edge]]:
        found: dict[str, tuple[str, Edge]] = {}
        for name, given in table.items():
            value = given if isinstance(given, str) else UNKNOWN
            line = self.line(*path, name) if self.file_at(value) else 0
            found[name] = value, Edge(path=FILE_NAME, line=line, label=".".join((*path, name)))
        return found

    def line(self, *path: str) -> int:
        """The line of a setting, looked up once."""
        if path not in self._lines:
            self._lines[path] = self._settings.line(*path) if self._settings else 0
        return self._lines[path]

    def file_at(self, text: str) -> str:
        """The path of a file of the repository that a text is, "" when it is none."""
        if text not in self._files:
            path = posixpath.normpath(text) if text and not text.startswith(("/", "~")) else ""
            self._files[text] = path if path and self._tree.kind(path) == "file" else ""
        return self._files[text]

    def named_files(self, template: Template) -> Iterator[tuple[str, Edge]]:
        """Files of values that Packer reads by itself, and files that [environment] names."""
        for path in auto_files(self._tree, template.path) if template.kind == "directory" else ():
            yield path, Edge(path=template.path, label=f"*.auto.pkrvars{path.rpartition('.auto.pkrvars')[2]}")
        for value, edge in self.environment(template).values():
            if path := self.file_at(value):
                yield path, edge

    def surroundings(self, template: Template, buildspec: Buildspec | None) -> ValueSources:
        """All that may give a value to something in the template."""
        values = self._set_values([*self._value_files(template, buildspec)])
        if self._settings is None:
            return ValueSources(unsure=None, set_values=values)
        named = {name: (value,) for name, value in (buildspec.variables if buildspec else {}).items()}
        named |= {name: (value,) for name, (value, _) in self.environment(template).items()}
        variable = self._settings.packer_script.variable
        named[variable] = (template.path,)
        for name, text in buildspec.packer_variables if buildspec else ():
            values.setdefault(name, []).append(UNKNOWN if "$" in text else text)
        is_known = buildspec is not None and not buildspec.problem
        unsure = buildspec.assigned - {variable} if buildspec and is_known else None
        return ValueSources(environment=named, unsure=unsure, set_values=values)

    def _value_files(self, template: Template, buildspec: Buildspec | None) -> Iterator[str]:
        """Files of values, from those that Packer reads first to those that a person names."""
        yield from (path for path, _ in self.named_files(template) if path.endswith(_VALUES))
        if buildspec is not None and buildspec.path not in self._var_files:
            self._var_files[buildspec.path] = tuple(_var_files(buildspec))
        for word in self._var_files[buildspec.path] if buildspec else ():
            if path := self.file_at(word):
                yield path
        for value in buildspec.variables.values() if buildspec else ():
            if value.endswith(_VALUES) and (path := self.file_at(value)):
                yield path

    def _set_values(self, files: Iterable[str]) -> dict[str, list[Value]]:
        values: dict[str, list[Value]] = {}
        for path in dict.fromkeys(files):
            found = read_values(path, self._tree.read(path))
            for name, value in {ANY_VARIABLE: UNKNOWN}.items() if found is None else found.items():
                values.setdefault(name, []).append(value)
        return values


def _var_files(buildspec: Buildspec) -> Iterator[str]:
    """Words of a buildspec's commands that are files of values, from the root."""
    from tfgen_generators.shell.walk import walk

    folders: tuple[str, ...] = (".",)
    for text in buildspec.commands:
        found = walk(text, tuple(sorted(buildspec.variables.items())))
        for ran in found.ran:
            for word in ran.words:
                name = word.rpartition("=")[2]
                if name.endswith(_NAMED_VALUES):
                    yield from (joined(joined(start, folder), name) for start in folders for folder in ran.folders)
        folders = tuple(joined(start, folder) for start in folders for folder in found.folders)[:8]
