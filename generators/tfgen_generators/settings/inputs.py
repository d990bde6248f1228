"""The inputs of a module as tfgen.toml writes them: literals, and the three explicit tables that are something else."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping

import msgspec

from tfgen_generators.hcl.write import Value, is_identifier, why_changed
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.expressions import expression_error
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml

#: What tfgen knows of a pipeline, by the name under which an input can ask for it.
FACTS = (
    "name",
    "path",
    "folder",
    "format",
    "kind",
    "builders",
    "project_name",
    "project_description",
    "artefact_bucket_name",
    "source_repository",
    "branch",
    "environment",
    "secrets",
    "connection_arn",
)
PLACEHOLDERS = ("account_id", "name")
#: Terraform's own words in a module block.
META_ARGUMENTS = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle", "locals"})

_PROVIDER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?")
_INTEGER_LIMIT = 2**63
_DEEPEST = 50


class Input:
    """What an input is given: one of the four below."""

    __slots__ = ()


class Fact(Input, msgspec.Struct, frozen=True, kw_only=True):
    """`{ fact = "name" }`: one of FACTS."""

    name: str


class Expression(Input, msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`{ expression = "local.account_id" }`: one well-formed expression of Terraform's, on one line."""

    text: str


class Pattern(Input, msgspec.Struct, frozen=True, kw_only=True):
    """`{ pattern = "/ami/{name}-{account_id}" }`: text with placeholders."""

    text: str


class Literal(Input, msgspec.Struct, frozen=True, kw_only=True):
    """Anything else: the value that stands there, text being text."""

    value: Value


EXPLICIT = ("fact", "expression", "pattern", "literal")


def read_inputs(path: Path, table: Mapping[str, object]) -> dict[str, Input]:
    """The inputs in the table at `path`. Raises InvalidSettingError."""
    for name in table:
        _check_name((*path, name))
    return {name: _input((*path, name), value) for name, value in table.items()}


def read_input(path: Path, value: object) -> Input:
    """What one input is given. Raises InvalidSettingError."""
    return _input(path, value)


def _check_name(path: Path) -> None:
    name = path[-1]
    if not is_identifier(name):
        fix = "use letters, digits, - and _, beginning with a letter or _"
        raise InvalidSettingError(path, f"{in_toml(name)} is not a valid module input name", fix)
    if name in META_ARGUMENTS:
        fix = f"set it in [module] as {name}" if name in ("source", "version", "providers") else "remove it"
        raise InvalidSettingError(path, f"{name} is a Terraform argument of a module block, not an input", fix)


def _input(path: Path, value: object) -> Input:
    if isinstance(value, dict) and value and all(key in EXPLICIT for key in value):
        if len(value) == 1:
            kind, inner = next(iter(value.items()))
            return _explicit(path, str(kind), inner)
        fix = f"keep one, or use {path[-1]} = {{ literal = {{ ... }} }} for a map of these names"
        raise InvalidSettingError(path, f"{dotted(path)} has {' and '.join(value)}, but only one is allowed", fix)
    return Literal(value=_value(path, value))


def _explicit(path: Path, kind: str, value: object) -> Input:
    here = (*path, kind)
    if kind == "literal":
        return Literal(value=_value(here, value))
    if not isinstance(value, str):
        fix = f'use {{ {kind} = "..." }}, or {{ literal = {{ {kind} = ... }} }} for a map with that key'
        raise InvalidSettingError(here, f"{dotted(here)} must be a string", fix)
    if kind == "fact":
        if value not in FACTS:
            raise InvalidSettingError(here, f"unknown fact {in_toml(value)}", did_you_mean(value, FACTS))
        return Fact(name=value)
    if kind == "expression":
        check_expression(here, value)
        return Expression(text=value)
    check_text(here, value)
    check_pattern(here, value)
    return Pattern(text=value)


def _value(path: Path, value: object, depth: int = 0) -> Value:
    """`value` if Terraform can carry it unchanged. Raises InvalidSettingError."""
    if depth > _DEEPEST:
        raise InvalidSettingError(
            path, f"{dotted(path[:3])} is nested more than {_DEEPEST} levels deep", "reduce the nesting"
        )
    if isinstance(value, str):
        check_text(path, value)
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(path, value)
    if isinstance(value, list):
        return [_value(path, item, depth + 1) for item in value]
    if isinstance(value, dict):
        for key in value:
            check_text((*path, key), key)
        return {key: _value((*path, key), item, depth + 1) for key, item in value.items()}
    message = f"{dotted(path)} is a date or a time, which Terraform does not have"
    raise InvalidSettingError(path, message, f'use a string: {path[-1]} = "{value}"')


def _number(path: Path, value: int | float) -> int | float:
    if isinstance(value, float) and not math.isfinite(value):
        fix = f'use a string: {path[-1]} = "{value}"'
        raise InvalidSettingError(path, f"{dotted(path)} = {value} is not a Terraform number", fix)
    if isinstance(value, int) and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        message = f"{dotted(path)} is an integer of more than 64 bits"
        raise InvalidSettingError(path, message, "use a string")
    return value


def check_text(path: Path, value: str) -> None:
    """Raises InvalidSettingError when Terraform would not carry `value` as it is."""
    if reason := why_changed(value):
        raise InvalidSettingError(path, f"{dotted(path)}: {reason}", "change it")


def check_expression(path: Path, value: str) -> None:
    """Raises InvalidSettingError unless `value` is one expression of Terraform's."""
    if message := expression_error(value):
        fix = 'use for example { expression = "local.account_id" }; for a string, remove the table'
        raise InvalidSettingError(path, f"{dotted(path)} is not one expression: {message}", fix)


def check_provider(path: Path, value: str) -> None:
    """Raises InvalidSettingError unless `value` is a provider, as a `providers` table names it."""
    if not _PROVIDER.fullmatch(value):
        message = f"{in_toml(value)} is not a valid provider name"
        raise InvalidSettingError(path, message, 'use for example aws = "aws.eu_west_1" (NAME or NAME.ALIAS)')


def check_pattern(path: Path, pattern: str) -> frozenset[str]:
    """The placeholders in `pattern`. Raises InvalidSettingError."""
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise InvalidSettingError(path, f"{dotted(path)}: {error}", "use {name}, and {{ for a brace") from None
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion:
            raise InvalidSettingError(path, f"{dotted(path)}: {{{name}}} does not support a format", f"use {{{name}}}")
        if name not in PLACEHOLDERS:
            raise InvalidSettingError(path, f"unknown placeholder {{{name}}}", did_you_mean(name, PLACEHOLDERS))
    return frozenset(name for _, name, _, _ in parts if name is not None)
