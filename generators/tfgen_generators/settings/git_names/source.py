"""Where the pipelines read the templates: `source_repository`, and `connection_arn` where that is not CodeCommit's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen_generators.settings.git_names.repository import ARN, is_codecommit, is_owned, owned_in
from tfgen_generators.settings.inputs import Expression, Fact, Literal
from tfgen_generators.settings.lines import InvalidSettingError, Path, in_toml

if TYPE_CHECKING:
    from tfgen_generators.settings.model import Settings

_KEY: Path = ("source_repository",)
_ARN: Path = ("connection_arn",)
_CODECOMMIT = 'use for example source_repository = "ami-builder" (1 to 100 letters, digits, . _ -, no .git at the end)'
_CONNECTION = "arn:aws:codeconnections:REGION:ACCOUNT:connection/ID"
#: Inputs that say the same as the two keys at the top.
_SAME = ("source_type", "connection_arn", "source_repository")


def check_source(settings: Settings) -> None:
    """Raises InvalidSettingError."""
    name = settings.source_repository
    if not name:
        fix = f'{_CODECOMMIT}; for GitHub, GitLab, Bitbucket: "OWNER/NAME" with connection_arn'
        raise InvalidSettingError(_KEY, "source_repository is missing", fix)
    if settings.connection_arn is not None:
        _check_connected(settings, name)
    elif "/" in name or owned_in(name):
        _check_unconnected(settings, name)
    elif not is_codecommit(name):
        raise InvalidSettingError(_KEY, "source_repository must be the name of a CodeCommit repository", _CODECOMMIT)


def _check_connected(settings: Settings, name: str) -> None:
    given = settings.connection_arn
    if not isinstance(given, Literal | Expression):
        raise InvalidSettingError(_ARN, "connection_arn must be an ARN or an expression", f'use "{_CONNECTION}"')
    if isinstance(given, Literal) and not (isinstance(given.value, str) and ARN.fullmatch(given.value)):
        message = f"connection_arn = {in_toml(given.value)} is not the ARN of a connection"
        raise InvalidSettingError(_ARN, message, f'use "{_CONNECTION}"')
    if not is_owned(name):
        _not_owned(name)
    for key in _SAME:
        if key in settings.inputs:
            message = f"inputs.{key} says again what source_repository and connection_arn at the top say"
            raise InvalidSettingError(("inputs", key), message, "remove it")
    mapped = settings.module.inputs
    if mapped is not None and Fact(name="connection_arn") not in mapped.values():
        message = "connection_arn is given to no input of the module"
        fix = 'add connection_arn = { fact = "connection_arn" } to [module.inputs], by the module\'s name for it'
        raise InvalidSettingError(_ARN, message, fix)


def _check_unconnected(settings: Settings, name: str) -> None:
    """OWNER/NAME without `connection_arn` at the top: the inputs have it, or a module of one's own does without."""
    if not is_owned(name):
        _not_owned(name)
    has_own = settings.module.inputs is not None or "connection_arn" in settings.inputs
    if not has_own:
        message = f"source_repository = {in_toml(name)} needs a connection to its host"
        fix = f'add connection_arn = "{_CONNECTION}", or use the name of a CodeCommit repository'
        raise InvalidSettingError(_KEY, message, fix)


def _not_owned(name: str) -> None:
    meant = owned_in(name)
    message = f"source_repository = {in_toml(name)} must be OWNER/NAME, as the connection's host has it"
    fix = f'use source_repository = "{meant}"' if meant else 'use for example source_repository = "owner/ami-builder"'
    raise InvalidSettingError(_KEY, message, fix)
