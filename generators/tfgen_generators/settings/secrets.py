"""Values of `environment` that CodeBuild fetches: a secret of Secrets Manager, a parameter of Parameter Store.

A secret is written as in CodeBuild's own reference, `SECRET[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]`; SECRET is a name
or an ARN. Sources: CodeBuild's user guide ("env/secrets-manager"), Secrets Manager's CreateSecret, Systems Manager's
PutParameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.inputs import Expression, check_text
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml

Kind = Literal["secret", "parameter"]

_ARN = r"arn:aws[a-z0-9-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:"
_SECRET_NAME = r"[A-Za-z0-9/_+=.@-]{1,512}"
_SECRET = (
    rf"(?:{_ARN.format(service='secretsmanager')}secret:)?{_SECRET_NAME}"
    r"(?::(?P<json_key>[^:]*)(?::(?P<stage>[^:]*)(?::(?P<version>[^:]*))?)?)?"
)
_PARAMETER_NAME = r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,14}"
# In an ARN, the name's own first / is the one after "parameter".
_PARAMETER = rf"(?:{_ARN.format(service='ssm')}parameter(?=/))?{_PARAMETER_NAME}(?::[A-Za-z0-9_.-]{{1,100}})?"
_STAGE, _VERSION = r"[^\s:]{1,256}", r"[A-Za-z0-9-]{32,64}"
_LONGEST = 2048
# Texts, which are compiled where a variable is fetched.
_KINDS: Mapping[str, tuple[str, str]] = {
    "secret": (
        _SECRET,
        "use its name or its ARN, and after a colon a key of its JSON: app/database:password",
    ),
    "parameter": (_PARAMETER, "use its name, for example /app/database/password, or its ARN"),
}


class Fetched(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`{ secret = "app/database:password" }` or `{ parameter = "/app/token" }`: where CodeBuild finds the value."""

    kind: Kind
    reference: str

    @property
    def where(self) -> str:
        """In words."""
        return f"{self.reference} in {'Secrets Manager' if self.kind == 'secret' else 'Parameter Store'}"


#: The value of an environment variable as tfgen.toml has it.
Variable = str | Fetched | Expression


def plain(environment: Mapping[str, Variable]) -> dict[str, str]:
    """The variables whose values stand in tfgen.toml."""
    return {name: value for name, value in environment.items() if isinstance(value, str)}


def fetched(environment: Mapping[str, Variable]) -> dict[str, Fetched]:
    """The variables whose values CodeBuild fetches."""
    return {name: value for name, value in environment.items() if isinstance(value, Fetched)}


def computed(environment: Mapping[str, Variable]) -> dict[str, Expression]:
    """The variables whose values Terraform works out."""
    return {name: value for name, value in environment.items() if isinstance(value, Expression)}


def read_fetched(path: Path, table: Mapping[str, object]) -> Fetched:
    """The table of one variable. Raises InvalidSettingError."""
    for key in table:
        if key not in _KINDS:
            hint = did_you_mean(key, _KINDS) if key else "remove it"
            raise InvalidSettingError((*path, key), f"unknown key {dotted((*path, key))}", hint)
    if len(table) != 1:
        message = f"{dotted(path)} has both a secret and a parameter" if table else f"{dotted(path)} is empty"
        raise InvalidSettingError(path, message, 'use one: { secret = "NAME" } or { parameter = "/NAME" }')
    ((kind, reference),) = table.items()
    here = (*path, kind)
    if not isinstance(reference, str):
        raise InvalidSettingError(here, f"{dotted(here)} must be a string", _KINDS[kind][1])
    _check_reference(here, kind, reference)
    return Fetched(kind="secret" if kind == "secret" else "parameter", reference=reference)


def _check_reference(path: Path, kind: str, reference: str) -> None:
    pattern, use = _KINDS[kind]
    shown = f"{dotted(path)} = {in_toml(reference[:80])}"
    check_text(path, reference)
    if not reference.isprintable():
        raise InvalidSettingError(path, f"{shown} contains a control character", "remove it")
    if reference.startswith("arn:") and (found := _other_service(kind, reference)):
        raise InvalidSettingError(path, f"{shown} is {found}", use)
    match = re.fullmatch(pattern, reference) if len(reference) <= _LONGEST else None
    if match is None:
        what = "a secret of Secrets Manager" if kind == "secret" else "a parameter of Parameter Store"
        raise InvalidSettingError(path, f"{shown} is not {what}", use)
    if kind == "secret":
        _check_version(path, shown, match)


def _other_service(kind: str, reference: str) -> str:
    """What an ARN of another service is; "" for one of the right service."""
    service = reference.split(":")[2] if reference.count(":") >= 2 else ""
    wanted = "secretsmanager" if kind == "secret" else "ssm"
    return f"an ARN of {service}, not of {wanted}" if service and service != wanted else ""


def _check_version(path: Path, shown: str, match: re.Match[str]) -> None:
    stage, version = match["stage"], match["version"]
    if stage and version:
        message = f"{shown} has a version stage and a version id"
        raise InvalidSettingError(path, message, "leave one of them empty: NAME:KEY:STAGE or NAME:KEY::ID")
    if stage and not re.fullmatch(_STAGE, stage):
        raise InvalidSettingError(
            path, f"{shown}: {in_toml(stage)} is not a version stage", "use for example AWSPREVIOUS"
        )
    if version and not re.fullmatch(_VERSION, version):
        message = f"{shown}: {in_toml(version)} is not a version id"
        raise InvalidSettingError(path, message, "use 32 to 64 letters, digits and -")
