"""The dispatcher's module held against `[dispatcher]`, so that Terraform need not refuse what sync has written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec.structs import replace

from tfgen_generators.errors import SettingsError, TfgenError
from tfgen_generators.module.interface import ModuleInterface, module_folder, read_module
from tfgen_generators.packer.model import Problem
from tfgen_generators.settings.inputs import Literal
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import FILE_NAME, Dispatcher, Module, Settings
from tfgen_generators.settings.requirement import TWO_WAYS, parse_requirement

#: What the shipped module must be told, besides the pipelines.
_REQUIREMENT = "tfgen_requirement"


def dispatcher_folder(root: Path, settings: Settings) -> Path | None:
    """Where the dispatcher's module is; None when none is called, or it is not local."""
    return module_folder(root, _as_pipelines(settings)) if settings.trigger == "affected" else None


def read_dispatcher(root: Path, settings: Settings) -> ModuleInterface | None:
    """The interface of the module that is called as dispatcher; None without one, and where it is not to be found here.

    Raises SettingsError.
    """
    folder = dispatcher_folder(root, settings)
    if folder is None:
        return None
    if folder.is_dir():
        return read_module(root, _as_pipelines(settings))
    source = settings.dispatcher.source
    if source == Dispatcher().source:
        return None
    message = f"dispatcher.source {in_toml(source)}: folder not found"
    where = f"{FILE_NAME}:{settings.line('dispatcher', 'source')}"
    raise SettingsError(message, where=where, fix=f"create it, or use its path relative to {settings.terraform_dir}")


def _as_pipelines(settings: Settings) -> Settings:
    """With the dispatcher's module in the place of the pipelines'."""
    return replace(settings, module=Module(source=settings.dispatcher.source))


def wrong_inputs(settings: Settings, module: ModuleInterface | None, given: Collection[str]) -> Iterator[Problem]:
    """What is wrong with `[dispatcher] inputs`; `given` are those that tfgen gives by itself."""
    inputs = settings.dispatcher.inputs
    if module is None and not settings.dispatcher.version and _REQUIREMENT not in inputs:
        yield _no_requirement(settings)
    if isinstance(said := inputs.get(_REQUIREMENT), Literal):
        yield from _wrong_requirement(settings, said.value)
    if module is None:
        return
    if unknown := module.undeclared(settings, ("dispatcher", "inputs"), inputs):
        yield unknown
    if unknown := module.undeclared(settings, ("dispatcher", "source"), given):
        yield replace(unknown, fix="declare it there: tfgen sets it (docs/dispatcher.md)")
    for name, variable in module.variables.items():
        if variable.required and name not in {*inputs, *given}:
            yield (
                _no_requirement(settings)
                if name == _REQUIREMENT
                else Problem(
                    path=FILE_NAME,
                    line=_line(settings),
                    message=f"the dispatcher's module in {module.folder} requires {name!r}",
                    fix=f"add [dispatcher] inputs = {{ {name} = ... }}",
                )
            )


def _no_requirement(settings: Settings) -> Problem:
    return Problem(
        path=FILE_NAME,
        line=_line(settings),
        message=f"the dispatcher needs {_REQUIREMENT}, from which pip installs tfgen",
        fix=f"add it to [dispatcher] inputs: {TWO_WAYS}",
    )


def _wrong_requirement(settings: Settings, value: object) -> Iterator[Problem]:
    """It runs with the right to start pipelines: what does not say which bytes are meant is refused."""
    try:
        parse_requirement(value if isinstance(value, str) else "")
    except TfgenError as error:
        yield Problem(
            path=FILE_NAME,
            line=settings.line("dispatcher", "inputs", _REQUIREMENT),
            message=f"dispatcher.inputs.{_REQUIREMENT}: {error.message}",
            fix=error.fix or "",
        )


def _line(settings: Settings) -> int:
    return settings.line("dispatcher", "inputs") if settings.dispatcher.inputs else settings.line("trigger")
