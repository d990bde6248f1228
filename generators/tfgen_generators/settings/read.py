"""The text of a tfgen.toml -> Settings, and errors that name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

import msgspec

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.checks import check_settings
from tfgen_generators.settings.inputs import Input, read_input, read_inputs
from tfgen_generators.settings.lifecycle.retention import Retention, check_ages
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, line_of
from tfgen_generators.settings.lint_tables import read_lint
from tfgen_generators.settings.model import (
    FILE_NAME,
    Dispatcher,
    Module,
    Names,
    Origin,
    PackerScript,
    Quota,
    Remote,
    Settings,
    Shared,
    Status,
    StatusAccount,
    TemplateNames,
    TemplateSettings,
    Variant,
)
from tfgen_generators.settings.publish.checks import read_keys
from tfgen_generators.settings.tables import check_keys, check_providers, convert, read_environment, table_at

_MOST_CHARACTERS = 1 << 20
#: A key of more than 64 parts.
_DEEP_KEY = re.compile(
    r"""(?:^|[{,])[ \t]*+\[{0,2}+((?:[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.){64})""", re.MULTILINE
)
#: Tables at the top whose keys are known.
_TABLES: Mapping[str, type[msgspec.Struct]] = {
    "module": Module,
    "packer_script": PackerScript,
    "names": Names,
    "remote": Remote,
    "dispatcher": Dispatcher,
    "shared": Shared,
    "quota": Quota,
    "retention": Retention,
    "status": Status,
}


def parse_settings(text: str, *, where: str = FILE_NAME) -> Settings:
    """Settings from the text of a tfgen.toml. Raises SettingsError with `where:line`."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    _check_size(text, where)
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


def _check_size(text: str, where: str) -> None:
    """What would keep `tomllib` busy: its time grows with the square of a key's parts."""
    if len(text) > _MOST_CHARACTERS:
        raise SettingsError(f"larger than {_MOST_CHARACTERS >> 20} MB; not read", where=where)
    if deep := _DEEP_KEY.search(text):
        line = text.count("\n", 0, deep.start(1)) + 1
        raise SettingsError("not valid TOML: nested too deeply", where=f"{where}:{line}", fix="fix it")


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
    for key, kind in _TABLES.items():
        check_keys((key,), table_at((key,), document.get(key, {})), kind)
    check_ages(table_at(("retention",), document.get("retention", {})).get("keep", {}))
    read_keys(document)
    module = table_at(("module",), document.get("module", {}))
    if "inputs" in module:
        document["module"] = {**module, "inputs": _inputs(("module",), module)}
    check_providers(("module",), module)
    for key in ("dispatcher", "shared"):
        table = table_at((key,), document.get(key, {}))
        document[key] = {**table, "inputs": _inputs((key,), table)}
    for name, value in _status_accounts(document).items():
        check_keys(("status", "accounts", name), table_at(("status", "accounts", name), value), StatusAccount)
    document["templates"] = {
        name: _template(("templates", name), value)
        for name, value in table_at(("templates",), document.get("templates", {})).items()
    }
    if "connection_arn" in document:
        document["connection_arn"] = read_input(("connection_arn",), document["connection_arn"])
    lint = read_lint(document.pop("lint", {}))
    settings = _with_bucket(msgspec.structs.replace(convert((), document, Settings), lint=lint), document)
    check_settings(settings)
    return settings


def _status_accounts(document: Mapping[str, object]) -> dict[str, object]:
    path = ("status", "accounts")
    return table_at(path, table_at(path[:1], document.get("status", {})).get("accounts", {}))


def _with_bucket(settings: Settings, document: Mapping[str, object]) -> Settings:
    """`settings` where a shared bucket is one, whichever of the two keys says so."""
    if settings.artefact_bucket == "own":
        return settings
    path = ("shared", "artefact_bucket")
    if table_at(path[:1], document.get("shared", {})).get("artefact_bucket") is False:
        message = f'{dotted(path)} = false contradicts artefact_bucket = "shared"'
        raise InvalidSettingError(path, message, "remove one of them")
    return msgspec.structs.replace(settings, shared=msgspec.structs.replace(settings.shared, artefact_bucket=True))


def _template(path: Path, value: object) -> TemplateSettings:
    table = table_at(path, value)
    check_keys(path, table, TemplateSettings)
    check_keys((*path, "names"), table_at((*path, "names"), table.get("names", {})), TemplateNames)
    check_providers(path, table)
    variants = {
        key: _variant((*path, "variants", key), one)
        for key, one in table_at((*path, "variants"), table.get("variants", {})).items()
    }
    return convert(path, {**table, **_common(path, table), "variants": variants}, TemplateSettings)


def _variant(path: Path, value: object) -> Variant:
    table = table_at(path, value)
    check_keys(path, table, Variant)
    return convert(path, {**table, **_common(path, table)}, Variant)


def _common(path: Path, table: Mapping[str, object]) -> dict[str, object]:
    """What stands both at the top and in a template's table."""
    return {"environment": read_environment(path, table), "inputs": _inputs(path, table)}


def _inputs(path: Path, table: Mapping[str, object]) -> dict[str, Input]:
    path = (*path, "inputs")
    return read_inputs(path, table_at(path, table.get("inputs", {})))
