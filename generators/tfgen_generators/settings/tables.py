"""The tables of a parsed tfgen.toml before they are values: keys, types, and errors in the words of TOML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.inputs import Expression, check_expression, check_text
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml
from tfgen_generators.settings.secrets import Variable, read_fetched

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Variables that tfgen sets, and what by.
RESERVED = {"PACKER_SCRIPT": "remove it", "PACKER_WORKING_DIR": "use the setting working_dir"}
#: Keys that are one of a few words.
_CHOICES = {
    "removed": '"destroy" or "keep"',
    "artefact_bucket": '"own" or "shared"',
    "trigger": '"push" or "affected"',
    "form": '"auto", "path", "path-without-ending", "file" or "file-without-ending"',
}

_S = TypeVar("_S", bound=msgspec.Struct)


def convert(path: Path, table: object, kind: type[_S]) -> _S:
    """`table` as a `kind`. Raises InvalidSettingError for a value of another type."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise _explain(path, str(error)) from None


def table_at(path: Path, value: object) -> dict[str, Any]:
    """`value` if it is a table. Raises InvalidSettingError."""
    if not isinstance(value, dict):
        raise InvalidSettingError(path, f"{dotted(path)} must be a table", f"use [{dotted(path)}]")
    return value


def check_keys(path: Path, table: Mapping[str, object], kind: type[msgspec.Struct]) -> None:
    """Raises InvalidSettingError at the first key that `kind` does not have."""
    known = [name for name in kind.__struct_fields__ if name != "origin"]
    for key in table:
        if key not in known:
            here = (*path, key)
            hint = did_you_mean(key, known) if key else "remove it"
            raise InvalidSettingError(here, f"unknown key {dotted(here)}", hint)


def read_environment(path: Path, table: Mapping[str, object]) -> dict[str, Variable]:
    """Names must suit a shell and CodeBuild, values are text or where it is fetched. Raises InvalidSettingError."""
    path = (*path, "environment")
    found: dict[str, Variable] = {}
    for name, value in table_at(path, table.get("environment", {})).items():
        here = (*path, name)
        if not _ENVIRONMENT_NAME.fullmatch(name) or name.startswith("CODEBUILD_"):
            raise InvalidSettingError(
                here,
                f"{in_toml(name)} is not a valid CodeBuild environment variable name",
                "use letters, digits and _, not beginning with a digit or CODEBUILD_",
            )
        if name in RESERVED:
            raise InvalidSettingError(here, f"{name} is set by tfgen for each template", RESERVED[name])
        found[name] = _variable(here, name, value)
    return found


def _variable(here: Path, name: str, value: object) -> Variable:
    if isinstance(value, dict):
        if value.keys() == {"expression"} and isinstance(value["expression"], str):
            check_expression((*here, "expression"), value["expression"])
            return Expression(text=value["expression"])
        return read_fetched(here, value)
    if not isinstance(value, str):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fix = f'use {name} = "{value}"' if number else f'use {name} = "..."'
        raise InvalidSettingError(here, f"{name} must be a string", fix)
    if "\0" in value:
        raise InvalidSettingError(here, f"{name}: an environment variable cannot contain a NUL", "remove it")
    check_text(here, value)
    return value


def check_providers(path: Path, table: Mapping[str, object]) -> None:
    """Values are text. Raises InvalidSettingError."""
    path = (*path, "providers")
    for name, value in table_at(path, table.get("providers", {})).items():
        if not isinstance(value, str):
            here = (*path, name)
            raise InvalidSettingError(here, f"{dotted(here)} must be a string", 'use aws = "aws.eu_west_1"')


def _explain(prefix: Path, message: str) -> InvalidSettingError:
    """msgspec's message (`Expected `str`, got `int` - at `$.module.source``) in the words of TOML."""
    text, _, at = message.partition(" - at `$")
    path = prefix + tuple(part.split("[")[0] for part in at.rstrip("`").split(".") if part)
    wanted = "a string"
    if "Expected `bool`" in text:
        wanted = "true or false"
    elif "Expected `int" in text:
        wanted = "a whole number"
    elif path and path[-1] in _CHOICES:
        wanted = _CHOICES[path[-1]]
    elif "Expected `str | array`" in text or (path and path[-1] == "var_files"):
        wanted = "a string or a list of strings"
    elif "Expected `object`" in text:
        wanted = "a table"
    elif "Expected `array`" in text or "[" in at:
        wanted = f'a list of strings, for example {path[-1]} = ["..."]'
    return InvalidSettingError(path, f"{dotted(path)} must be {wanted}")
