"""`tfgen.toml`: what may stand in it, its defaults, and errors that name the line."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath

import msgspec

from tfgen_generators.errors import SettingsError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.toml_lines import Path, line_of

FILE_NAME = "tfgen.toml"
PLACEHOLDERS = ("account_id", "name")

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REPOSITORY_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_RESERVED = "PACKER_SCRIPT"


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
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(text, where, error) from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a number with thousands of digits
        message = str(error).split(";")[0] if isinstance(error, ValueError) else "nested too deeply"
        raise SettingsError(f"not valid TOML: {message}", where=f"{where}:1", fix="correct it") from None
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
    _known_keys((), document, Settings)
    _environment((), document)
    for key, kind in (("module", Module), ("names", Names)):
        _known_keys((key,), _table((key,), document.get(key, {})), kind)
    for name, value in _table(("templates",), document.get("templates", {})).items():
        path = ("templates", name)
        table = _table(path, value)
        _known_keys(path, table, TemplateSettings)
        _environment(path, table)
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None
    _check(settings)
    return settings


def _table(path: Path, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Invalid(path, f"{_dotted(path)} must be a table", f"write [{_dotted(path)}]")
    return value


def _known_keys(path: Path, table: Mapping[str, object], kind: type[msgspec.Struct]) -> None:
    known = [field.name for field in msgspec.structs.fields(kind)]
    for key in table:
        if key not in known:
            here = (*path, key)
            raise _Invalid(here, f"unknown key {_dotted(here)}", did_you_mean(key, known) if key else "remove it")


def _dotted(path: Path) -> str:
    """A key's path as it would be written in the file."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


def _environment(path: Path, table: Mapping[str, object]) -> None:
    """Names must suit a shell and CodeBuild, values are text."""
    path = (*path, "environment")
    for name, value in _table(path, table.get("environment", {})).items():
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
            number = isinstance(value, int | float) and not isinstance(value, bool)
            fix = f'write {name} = "{value}"' if number else f'write {name} = "..."'
            raise _Invalid(here, f"{name} must be text in quotes", fix)


def _explain(message: str) -> _Invalid:
    """msgspec's message (`Expected `str`, got `int` - at `$.module.source``) in the words of TOML."""
    text, _, at = message.partition(" - at `$")
    path = tuple(part for part in at.rstrip("`").split(".") if part)
    wanted = "a table" if "Expected `object`" in text else "text in quotes"
    return _Invalid(path, f"{_dotted(path)} must be {wanted}")


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
    if not value or path.is_absolute() or ".." in path.parts or "\\" in value or not value.isprintable():
        raise _Invalid((key,), f"{key} = {value!r} must be a folder inside the repository", "write it with /")


def _check_pattern(path: Path, pattern: str) -> None:
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise _Invalid(path, f"{_dotted(path)}: {error}", "write {name}, and {{ for a brace") from None
    fields = [name for _, name, _, _ in parts if name is not None]
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion:
            raise _Invalid(path, f"{_dotted(path)}: {{{name}}} takes no format", f"write {{{name}}}")
        if name not in PLACEHOLDERS:
            raise _Invalid(path, f"unknown placeholder {{{name}}}", did_you_mean(name, PLACEHOLDERS))
    if "name" not in fields:
        raise _Invalid(path, f"{_dotted(path)} gives every pipeline the same name", "put {name} into it")
