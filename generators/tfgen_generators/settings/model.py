"""`tfgen.toml`: what may stand in it, its defaults, and errors that name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Literal

import msgspec

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.checks import check_settings
from tfgen_generators.settings.inputs import Input, read_inputs
from tfgen_generators.settings.lines import InvalidSettingError, Path, line_of
from tfgen_generators.settings.lint_tables import LintSettings, read_lint
from tfgen_generators.settings.tables import check_environment, check_keys, check_providers, convert, table_at

FILE_NAME = "tfgen.toml"

Removed = Literal["destroy", "keep"]
Trigger = Literal["push", "affected"]


class Origin:
    """The text that settings were read from, for messages; it has no part in comparing them."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return 0


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Module(_Strict, frozen=True, kw_only=True):
    """Which Terraform module each pipeline calls. `inputs` is None where the seed's six names hold."""

    source: str = "../modules/codepipeline"
    version: str | None = None
    inputs: dict[str, Input] | None = None
    providers: dict[str, str] = {}


class Names(_Strict, frozen=True, kw_only=True):
    """Patterns of the names in AWS: `{name}` is the template's, `{account_id}` Terraform's to fill in."""

    project_name: str = "{name}-ami-pipeline"
    artefact_bucket_name: str = "{name}-ami-builder-artefacts-{account_id}"
    account_id: str = "local.account_id"


class TemplateNames(_Strict, frozen=True, kw_only=True):
    """What one template has otherwise than [names]."""

    project_name: str | None = None
    artefact_bucket_name: str | None = None
    account_id: str | None = None


class TemplateSettings(_Strict, frozen=True, kw_only=True):
    """What one template has otherwise than all; `path` pins the table's name to the template that stands there."""

    path: str | None = None
    moved_from: list[str] = []
    removed: Removed | None = None
    environment: dict[str, str] = {}
    inputs: dict[str, Input] = {}
    providers: dict[str, str] = {}
    names: TemplateNames = TemplateNames()


class Remote(_Strict, frozen=True, kw_only=True):
    """git's remote for the CodeCommit repository; where `region` or `profile` is empty, AWS's own settings hold."""

    name: str = "codecommit"
    region: str = ""
    profile: str = ""


class Dispatcher(_Strict, frozen=True, kw_only=True):
    """The module that starts the pipelines of affected images, where `trigger` is "affected"; its inputs are values."""

    source: str = "../modules/dispatcher"
    version: str | None = None
    inputs: dict[str, Input] = {}


class Settings(_Strict, frozen=True, kw_only=True):
    """The whole of tfgen.toml. `source_repository` is empty when there is no file."""

    source_repository: str = ""
    branch: str = "main"
    packer_dir: str = "packer"
    terraform_dir: str = "terraform/pipelines"
    ignore: list[str] = []
    removed: Removed = "destroy"
    trigger: Trigger = "push"
    module: Module = Module()
    dispatcher: Dispatcher = Dispatcher()
    names: Names = Names()
    remote: Remote = Remote()
    environment: dict[str, str] = {}
    inputs: dict[str, Input] = {}
    templates: dict[str, TemplateSettings] = {}
    lint: LintSettings = LintSettings()
    origin: Origin = Origin()

    def line(self, *path: str) -> int:
        """The line of tfgen.toml on which the setting `path`, or the nearest table around it, stands."""
        return line_of(self.origin.text, path)


def parse_settings(text: str, *, where: str = FILE_NAME) -> Settings:
    """Settings from the text of a tfgen.toml. Raises SettingsError with `where:line`."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(text, where, error) from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a number with thousands of digits
        message = str(error).split(";")[0] if isinstance(error, ValueError) else "nested too deeply"
        raise SettingsError(f"not valid TOML: {message}", where=f"{where}:1", fix="fix it") from None
    try:
        return msgspec.structs.replace(_read(document), origin=Origin(text))
    except InvalidSettingError as error:
        line = line_of(text, error.path)
        raise SettingsError(error.message, where=f"{where}:{line}", fix=error.fix or None) from None


def _syntax_error(text: str, where: str, error: tomllib.TOMLDecodeError) -> SettingsError:
    message = str(error)
    if match := re.search(r" \(at line (\d+), column \d+\)$", message):
        line, message = int(match.group(1)), message[: match.start()]
    else:
        line, message = text.count("\n") + 1, message.removesuffix(" (at end of document)")
    return SettingsError(f"not valid TOML: {message}", where=f"{where}:{line}", fix="fix the syntax")


def _read(document: dict[str, object]) -> Settings:
    """Settings of a parsed file: known keys, then types, then what the values say. Raises InvalidSettingError."""
    check_keys((), document, Settings)
    document = {**document, **_common((), document)}
    for key, kind in (("module", Module), ("names", Names), ("remote", Remote), ("dispatcher", Dispatcher)):
        check_keys((key,), table_at((key,), document.get(key, {})), kind)
    module = table_at(("module",), document.get("module", {}))
    if "inputs" in module:
        document["module"] = {**module, "inputs": _inputs(("module",), module)}
    check_providers(("module",), module)
    dispatcher = table_at(("dispatcher",), document.get("dispatcher", {}))
    document["dispatcher"] = {**dispatcher, "inputs": _inputs(("dispatcher",), dispatcher)}
    document["templates"] = {
        name: _template(("templates", name), value)
        for name, value in table_at(("templates",), document.get("templates", {})).items()
    }
    lint = read_lint(document.pop("lint", {}))
    settings = msgspec.structs.replace(convert((), document, Settings), lint=lint)
    check_settings(settings)
    return settings


def _template(path: Path, value: object) -> TemplateSettings:
    table = table_at(path, value)
    check_keys(path, table, TemplateSettings)
    check_keys((*path, "names"), table_at((*path, "names"), table.get("names", {})), TemplateNames)
    check_providers(path, table)
    return convert(path, {**table, **_common(path, table)}, TemplateSettings)


def _common(path: Path, table: Mapping[str, object]) -> dict[str, object]:
    """What stands both at the top and in a template's table."""
    check_environment(path, table)
    return {"inputs": _inputs(path, table)}


def _inputs(path: Path, table: Mapping[str, object]) -> dict[str, Input]:
    path = (*path, "inputs")
    return read_inputs(path, table_at(path, table.get("inputs", {})))
