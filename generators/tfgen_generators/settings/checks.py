"""What the values of tfgen.toml must be, once their keys and types are right."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tfgen_generators.hcl.write import is_identifier
from tfgen_generators.settings.git_names.branch_name import branch_problem
from tfgen_generators.settings.git_names.codecommit_url import what_is_allowed
from tfgen_generators.settings.git_names.repository import is_codecommit
from tfgen_generators.settings.git_names.source import check_source
from tfgen_generators.settings.inputs import Fact, Pattern, check_expression, check_pattern, check_provider, check_text
from tfgen_generators.settings.lifecycle.retention import check_retention
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml
from tfgen_generators.settings.publish.checks import check_publish
from tfgen_generators.settings.status_checks import check_status
from tfgen_generators.settings.variants import VAR_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfgen_generators.settings.model import Dispatcher, Settings, Shared, TemplateSettings

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST_IN_FLIGHT = 10_000
_PATTERNS = ("project_name", "artefact_bucket_name")
#: Tables of modules that are called once.
_FOR_ALL = {"dispatcher": "the dispatcher is for all", "shared": "what is shared is for all"}


def check_settings(settings: Settings) -> None:
    """Raises InvalidSettingError at the first value that cannot be."""
    check_source(settings)
    _check_branch(settings)
    for key in ("packer_dir", "terraform_dir"):
        _check_folder((key,), getattr(settings, key))
    _check_working_dir(("working_dir",), settings.working_dir)
    _check_ignore(settings.ignore)
    if not 0 <= settings.max_in_flight <= MOST_IN_FLIGHT:
        message = f"max_in_flight must be 0 (any number) to {MOST_IN_FLIGHT}"
        raise InvalidSettingError(("max_in_flight",), message, "use what CodeBuild runs and queues in your account")
    _check_packer_script(settings)
    _check_module(settings)
    _check_called(("dispatcher",), settings.dispatcher)
    _check_called(("shared",), settings.shared)
    _check_quota(settings)
    if settings.retention:
        check_retention(settings.retention)
    check_publish(settings.publish)
    if settings.publish.after_build and settings.shared.roles:
        message = "publish.after_build needs a role of each pipeline's own: a shared one could set the channels of all"
        raise InvalidSettingError(("publish", "after_build"), message, "remove it, or shared.roles")
    _check_remote(settings)
    check_status(settings.status)
    for key in _PATTERNS:
        path, pattern = ("names", key), getattr(settings.names, key)
        check_text(path, pattern)
        if "name" not in check_pattern(path, pattern):
            raise InvalidSettingError(path, f"{dotted(path)} gives every pipeline the same name", "add {name} to it")
    check_expression(("names", "account_id"), settings.names.account_id)
    for name, own in settings.templates.items():
        _check_template(name, own)


def _check_branch(settings: Settings) -> None:
    if not settings.branch.strip():
        raise InvalidSettingError(("branch",), "branch must not be empty")
    _check_printable(("branch",), settings.branch)
    problem, fix = branch_problem(settings.branch, ("origin", settings.remote.name))
    if problem:
        raise InvalidSettingError(("branch",), f"branch = {in_toml(settings.branch)} {problem}", fix)


def _check_printable(path: Path, value: str) -> None:
    check_text(path, value)
    if not value.isprintable():
        raise InvalidSettingError(
            path, f"{dotted(path)} contains a line break or another control character", "remove it"
        )


def _check_working_dir(where: Path, value: str) -> None:
    if value:
        _check_folder(where, value)


def _check_folder(where: Path, value: str) -> None:
    path, key = PurePosixPath(value), dotted(where)
    if not value or path.is_absolute() or ".." in path.parts or "\\" in value or not value.isprintable():
        message = f"{key} = {in_toml(value)} must be a folder inside the repository"
        raise InvalidSettingError(where, message, "use a relative path with /")
    if ".git" in value.casefold().split("/"):  # on some file systems .GIT is the same
        raise InvalidSettingError(where, f"{key} = {in_toml(value)} is git's own folder", "use another folder")


def _check_ignore(patterns: list[str]) -> None:
    for pattern in patterns:
        if not pattern.strip() or "\n" in pattern or "\0" in pattern:
            message = f"ignore contains {in_toml(pattern)}, which is not a pattern"
            raise InvalidSettingError(("ignore",), message, 'use for example ignore = ["packer/experiments/"]')


def _check_packer_script(settings: Settings) -> None:
    name, path = settings.packer_script.variable, ("packer_script", "variable")
    if not _VARIABLE.fullmatch(name) or name.startswith("CODEBUILD_") or name == "PACKER_WORKING_DIR":
        fix = "use letters, digits and _, not beginning with a digit or CODEBUILD_"
        raise InvalidSettingError(path, f"{dotted(path)} = {name!r} is not a name for a variable of a build", fix)
    tables: list[tuple[Path, Mapping[str, object]]] = [((), settings.environment)]
    tables += [(("templates", key), own.environment) for key, own in settings.templates.items()]
    for table, environment in tables:
        if name in environment:
            here = (*table, "environment", name)
            raise InvalidSettingError(here, f"{name} is set by tfgen for each template", "remove it")


def _check_module(settings: Settings) -> None:
    module = settings.module
    if not module.source.strip():
        raise InvalidSettingError(("module", "source"), "module.source must not be empty")
    _check_printable(("module", "source"), module.source)
    if module.version is not None:
        _check_printable(("module", "version"), module.version)
        if not module.version.strip():
            raise InvalidSettingError(("module", "version"), "module.version must not be empty", "remove it")
        if module.source.startswith(("./", "../")):
            message = "module.version is only for registry modules, but module.source is a folder"
            raise InvalidSettingError(("module", "version"), message, "remove it")
    _check_providers(("module", "providers"), module.providers)


def _check_called(table: Path, called: Dispatcher | Shared) -> None:
    """A module that is called once, for all templates."""
    for key in ("source", "version"):
        value, path = getattr(called, key), (*table, key)
        if value is not None:
            _check_printable(path, value)
            if not value.strip():
                raise InvalidSettingError(path, f"{dotted(path)} must not be empty", "remove it")
    for name, item in called.inputs.items():
        here = (*table, "inputs", name)
        if isinstance(item, Fact | Pattern):
            message = f"{dotted(here)} depends on one template, but {_FOR_ALL[table[0]]}"
            raise InvalidSettingError(here, message, "use a value or an expression")
        if name == "pipelines":
            raise InvalidSettingError(here, "the input pipelines is set by tfgen", "remove it")


def _check_quota(settings: Settings) -> None:
    for key in settings.quota.__struct_fields__:
        value = getattr(settings.quota, key)
        if value is not None and value < 1:
            message = f"quota.{key} = {value} is no quota of an account"
            raise InvalidSettingError(("quota", key), message, "use the number that Service Quotas shows, 1 or more")


def _check_remote(settings: Settings) -> None:
    name = settings.remote.repository
    if name and not is_codecommit(name):
        path, fix = ("remote", "repository"), 'use for example repository = "ami-builder"'
        raise InvalidSettingError(path, f"remote.repository = {in_toml(name)} is not a CodeCommit repository", fix)
    for key in ("name", "region", "profile"):
        value = getattr(settings.remote, key)
        if (value or key == "name") and (allowed := what_is_allowed(key, value)):
            raise InvalidSettingError(
                ("remote", key), f"remote.{key} = {in_toml(value)} is not valid", f"use {allowed}"
            )


def _check_providers(path: Path, providers: Mapping[str, str]) -> None:
    for name, value in providers.items():
        check_provider((*path, name), name)
        check_provider((*path, name), value)


def _check_template(name: str, own: TemplateSettings) -> None:
    path = ("templates", name)
    if own.path is not None or own.moved_from:
        _check_identifier(path, name)
    if own.path is not None:
        _check_template_path((*path, "path"), own.path)
    _check_variants(path, own)
    for old in own.moved_from:
        _check_identifier((*path, "moved_from"), old)
    if len({*own.moved_from, name}) <= len(own.moved_from):
        here = (*path, "moved_from")
        message = f"{dotted(here)} contains {name} itself, or a name twice"
        raise InvalidSettingError(here, message, "remove it")
    _check_working_dir((*path, "working_dir"), own.working_dir)
    _check_providers((*path, "providers"), own.providers)
    for key in _PATTERNS:
        if (pattern := getattr(own.names, key)) is not None:
            check_text((*path, "names", key), pattern)
            check_pattern((*path, "names", key), pattern)
    if own.names.account_id is not None:
        check_expression((*path, "names", "account_id"), own.names.account_id)


def _check_variants(path: Path, own: TemplateSettings) -> None:
    """Files of values are in the repository; only one setting says which an image has."""
    for pattern in own.patterns:
        _check_file((*path, "var_files"), pattern)
    entries = [((*path, "variants", key), one) for key, one in own.variants.items()]
    for here, one in entries:
        if not here[-1].strip():
            raise InvalidSettingError(here, f"{dotted(here)} has no name", "name it")
        if one.var_file:
            _check_file((*here, "var_file"), one.var_file)
    tables = [(path, own.environment), *((here, one.environment) for here, one in entries)]
    for here, environment in tables if own.var_files or entries else ():
        if VAR_FILE in environment:
            message = f"{VAR_FILE} is set by tfgen for each image of [{dotted(path)}]"
            raise InvalidSettingError((*here, "environment", VAR_FILE), message, "use var_file in its variants")


def _check_file(path: Path, value: str) -> None:
    parts = PurePosixPath(value).parts
    if not value.strip() or value.startswith(("/", "~")) or ".." in parts or "\\" in value or not value.isprintable():
        message = f"{dotted(path)} must be files in the repository, not {in_toml(value)}"
        raise InvalidSettingError(path, message, 'use paths from its root, with /: "vars/web.json"')
    check_text(path, value)


def _check_identifier(path: Path, name: str) -> None:
    if not is_identifier(name):
        fix = "use letters, digits, - and _, beginning with a letter or _"
        raise InvalidSettingError(path, f"{in_toml(name)} is not a valid pipeline name", fix)


def _check_template_path(path: Path, value: str) -> None:
    parts = PurePosixPath(value)
    if not value or parts.is_absolute() or ".." in parts.parts or str(parts) != value or "\0" in value:
        message = f"{dotted(path)} = {in_toml(value)} must be the path of a template"
        raise InvalidSettingError(path, message, 'use the path from the repository\'s root, with /: "packer/web.json"')
