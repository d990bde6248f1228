"""`tfgen.toml`: what may stand in it, its defaults, and errors that name the line."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec

from tfgen_generators.errors import SettingsError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.toml_lines import Path, line_of

FILE_NAME = "tfgen.toml"
PLACEHOLDERS = ("account_id", "name")

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REPOSITORY_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_RESERVED = "PACKER_SCRIPT"
_T = TypeVar("_T", bound=msgspec.Struct)


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Module(_Strict, frozen=True, kw_only=True):
    """Which Terraform module each pipeline calls."""

    source: str = "../modules/codepipeline"
    version: str | None = None


class Names(_Strict, frozen=True, kw_only=True):
    """Patterns of the names in AWS: `{name}` is the template's, `{account_id}` Terraform's to fill in."""

    project_name: str = "{name}-ami-pipeline"
    artefact_bucket_name: str = "{name}-ami-builder-artefacts-{account_id}"


class TemplateSettings(_Strict, frozen=True, kw_only=True):
    """What one template has otherwise than all."""

    environment: dict[str, str] = {}


class Settings(_Strict, frozen=True, kw_only=True):
    """The whole of tfgen.toml. `source_repository` is empty when there is no file."""

    source_repository: str = ""
    branch: str = "main"
    packer_dir: str = "packer"
    terraform_dir: str = "terraform/pipelines"
    module: Module = Module()
    names: Names = Names()
    environment: dict[str, str] = {}
    templates: dict[str, TemplateSettings] = {}


class _Invalid(Exception):
    def __init__(self, path: Path, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.fix = path, message, fix


def parse_settings(text: str, *, where: str = FILE_NAME) -> Settings:
    """Settings from the text of a tfgen.toml. Raises SettingsError with `where:line`."""
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(text, where, error) from None
    try:
        return _read(document)
    except _Invalid as error:
        line = line_of(text, error.path)
        raise SettingsError(error.message, where=f"{where}:{line}", fix=error.fix or None) from None


def setting_line(text: str, *path: str) -> int:
    """The line on which the setting `path` stands, for a message about it."""
    return line_of(text, path)


def _syntax_error(text: str, where: str, error: tomllib.TOMLDecodeError) -> SettingsError:
    message = str(error)
    if match := re.search(r" \(at line (\d+), column \d+\)$", message):
        line, message = int(match.group(1)), message[: match.start()]
    else:
        line, message = text.count("\n") + 1, message.removesuffix(" (at end of document)")
    return SettingsError(f"not valid TOML: {message}", where=f"{where}:{line}", fix="correct the syntax")


def _read(document: dict[str, object]) -> Settings:
    _environment((), document)
    tables = document.get("templates", {})
    if not isinstance(tables, dict):
        raise _Invalid(("templates",), "templates must be a table", "write [templates.NAME]")
    for name, table in tables.items():
        path = ("templates", str(name))
        if not isinstance(table, dict):
            raise _Invalid(path, f"templates.{name} must be a table", f"write [templates.{name}]")
        _environment(path, table)
        _convert(table, TemplateSettings, path)
    settings = _convert(document, Settings, ())
    _check(settings)
    return settings


def _environment(path: Path, table: Mapping[str, object]) -> None:
    """Names must suit a shell and CodeBuild, values are text."""
    path = (*path, "environment")
    variables = table.get("environment", {})
    if not isinstance(variables, dict):
        raise _Invalid(path, f'{".".join(path)} must be a table of NAME = "value"')
    for name, value in variables.items():
        here = (*path, name)
        if not _ENVIRONMENT_NAME.fullmatch(name) or name.startswith("CODEBUILD_"):
            raise _Invalid(
                here,
                f"{name!r} cannot be the name of a CodeBuild environment variable",
                "use letters, digits and _, not beginning with a digit or CODEBUILD_",
            )
        if name == _RESERVED:
            raise _Invalid(here, f"{_RESERVED} is set by tfgen for each template", "remove it")
        if not isinstance(value, str):
            kind = type(value).__name__
            raise _Invalid(here, f"{name} must be a string, not {kind}", f'write {name} = "{value}"')


def _convert(value: object, kind: type[_T], path: Path) -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error), kind, path) from None


def _explain(message: str, kind: type[msgspec.Struct], path: Path) -> _Invalid:
    message, _, at = message.partition(" - at `$")
    inner = tuple(part for part in at.rstrip("`").split(".") if part)
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        for part in inner:
            kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == part)
        known = [field.name for field in msgspec.structs.fields(kind)]
        name = unknown.group(1)
        full = (*path, *inner, name)
        return _Invalid(full, f"unknown key {'.'.join(full)}", did_you_mean(name, known))
    full = path + inner
    return _Invalid(full, f"{'.'.join(full)}: {message[:1].lower()}{message[1:]}".replace("`", ""))


def _check(settings: Settings) -> None:
    if not _REPOSITORY_NAME.fullmatch(settings.source_repository):
        raise _Invalid(
            ("source_repository",),
            "source_repository must be the name of a CodeCommit repository"
            if settings.source_repository
            else "source_repository is missing",
            'write for example source_repository = "ami-builder" (letters, digits, . _ -)',
        )
    if not settings.branch.strip():
        raise _Invalid(("branch",), "branch must not be empty")
    if not settings.module.source.strip():
        raise _Invalid(("module", "source"), "module.source must not be empty")
    for key in ("packer_dir", "terraform_dir"):
        _check_folder(key, getattr(settings, key))
    for field in msgspec.structs.fields(Names):
        _check_pattern(("names", field.name), getattr(settings.names, field.name))


def _check_folder(key: str, value: str) -> None:
    path = PurePosixPath(value)
    if not value or path.is_absolute() or ".." in path.parts or "\\" in value:
        raise _Invalid((key,), f"{key} = {value!r} must be a folder inside the repository", "write it with /")


def _check_pattern(path: Path, pattern: str) -> None:
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None]
    except ValueError as error:
        raise _Invalid(path, f"{'.'.join(path)}: {error}", "write {name}, and {{ for a brace") from None
    for name in fields:
        if name not in PLACEHOLDERS:
            raise _Invalid(path, f"unknown placeholder {{{name}}}", did_you_mean(name, PLACEHOLDERS))
    if "name" not in fields:
        raise _Invalid(path, f"{'.'.join(path)} gives every pipeline the same name", "put {name} into it")
