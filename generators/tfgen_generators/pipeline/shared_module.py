"""The module `shared` held against `[shared]`, so that Terraform need not refuse what sync has written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec.structs import replace

from tfgen_generators.errors import SettingsError
from tfgen_generators.module.interface import ModuleInterface, module_folder, read_module
from tfgen_generators.packer.model import Problem
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import FILE_NAME, Module, Settings, Shared

#: The input by which a pipeline's module is given what is shared.
INPUT = "shared"
_WITH = "../modules/codepipeline"


def shared_folder(root: Path, settings: Settings) -> Path | None:
    """Where the module is; None when nothing is shared, or it is not local."""
    return module_folder(root, _as_pipelines(settings)) if settings.shared.is_on else None


def read_shared(root: Path, settings: Settings) -> ModuleInterface | None:
    """The module's interface; None when nothing is shared, and where it is not found. Raises SettingsError."""
    folder = shared_folder(root, settings)
    if folder is None:
        return None
    if folder.is_dir():
        return read_module(root, _as_pipelines(settings))
    source = settings.shared.source
    if source == Shared().source:
        return None
    message = f"shared.source {in_toml(source)}: folder not found"
    where = f"{FILE_NAME}:{settings.line('shared', 'source')}"
    raise SettingsError(message, where=where, fix=f"create it, or use its path relative to {settings.terraform_dir}")


def _as_pipelines(settings: Settings) -> Settings:
    """With the shared module in the place of the pipelines'."""
    return replace(settings, module=Module(source=settings.shared.source))


def lacking(settings: Settings, module: ModuleInterface | None) -> Iterator[Problem]:
    """The variable that the pipelines' module would have to declare."""
    if module is None or not module.complete or INPUT in module.variables:
        return
    yield Problem(
        path=FILE_NAME,
        line=settings.line("shared"),
        message=f"[shared] needs a variable {INPUT!r}, not in the module {module.folder}",
        fix=f'declare it there, set [module] source = "{_WITH}" (as tfgen ships it), or remove [shared]',
    )


def wrong_inputs(settings: Settings, module: ModuleInterface | None, given: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the block; `given` are the inputs that it has."""
    if module is None:
        return
    inputs = settings.shared.inputs
    if unknown := module.undeclared(settings, ("shared", "inputs"), inputs):
        yield unknown
    elif unknown := module.undeclared(settings, ("shared", "source"), given):
        yield replace(unknown, fix="declare it there: tfgen sets it (docs/quotas.md)")
    for name, variable in module.variables.items():
        if variable.required and name not in given:
            yield Problem(
                path=FILE_NAME,
                line=settings.line("shared"),
                message=f"the module in {module.folder} requires {name!r}",
                fix=f"add [shared] inputs = {{ {name} = ... }}",
            )
