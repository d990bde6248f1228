"""The inputs of every pipeline held against what the module declares: one problem a mistake, not one a template."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tfgen_generators.module.interface import ModuleInterface, Variable
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.model import Problem
from tfgen_generators.settings.lines import dotted
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.setting_scope import secret_paths

_SHOWN = 3
#: The input for variables that CodeBuild fetches, which older modules do not have.
_SECRETS_INPUT = "environment_secrets"


def check_module(
    settings: Settings, given: Collection[str], module: ModuleInterface, templates: Iterable[str]
) -> list[Problem]:
    """Problems of `given`, the names of the inputs that all pipelines share; `templates` names the images."""
    missing = {name: variable for name, variable in module.variables.items() if variable.required}
    for name in given:
        missing.pop(name, None)
    unknown = [name for name in given if name not in module.variables] if module.complete else []
    defaults = [name for name in unknown if settings.module.inputs is None and name not in settings.inputs]
    if defaults == [_SECRETS_INPUT]:
        return [_no_secrets(settings, module)]
    if defaults:
        return [_other_module(settings, module, defaults)]
    problems = [_unknown(settings, module, name, missing) for name in unknown]
    names = sorted(templates)
    for variable in missing.values():
        lacking = [name for name in names if not _gives(settings, name, variable.name)]
        if lacking:
            problems.append(_missing(settings, module, variable, lacking if len(lacking) < len(names) else []))
    return sorted(problems, key=lambda problem: (problem.line, problem.message))


def _gives(settings: Settings, template: str, name: str) -> bool:
    own = settings.templates.get(template)
    return own is not None and name in own.inputs


def _other_module(settings: Settings, module: ModuleInterface, unknown: list[str]) -> Problem:
    wanted = sorted(name for name, variable in module.variables.items() if variable.required)
    return Problem(
        path=FILE_NAME,
        line=settings.line("module", "source"),
        message=f"the module in {module.folder} does not declare {', '.join(unknown)}, which tfgen sets by default",
        fix="set [module.inputs] to the names that it declares"
        + (f" (it requires {', '.join(wanted)})" if wanted else ""),
    )


def _no_secrets(settings: Settings, module: ModuleInterface) -> Problem:
    path = secret_paths(settings)[0]
    return Problem(
        path=FILE_NAME,
        line=settings.line(*path),
        message=f"{dotted(path)} is fetched by CodeBuild, but the module in {module.folder} does not declare the"
        f" variable {_SECRETS_INPUT!r}",
        fix="use a newer module, or declare it as that of the shipped one: docs/secrets.md",
    )


def _unknown(settings: Settings, module: ModuleInterface, name: str, missing: dict[str, Variable]) -> Problem:
    """An input that the module does not declare; the missing one that it was meant to be is no second problem."""
    from difflib import get_close_matches

    table = ("inputs",) if name in settings.inputs else ("module", "inputs")
    if near := get_close_matches(name, missing, n=1, cutoff=0.6):
        del missing[near[0]]
        fix = f"did you mean {near[0]}?"
    else:
        fix = did_you_mean(name, module.variables) or "remove it"
    return Problem(
        path=FILE_NAME,
        line=settings.line(*table, name),
        message=f"the module in {module.folder} does not declare the variable {name!r}",
        fix=fix,
    )


def _missing(settings: Settings, module: ModuleInterface, variable: Variable, lacking: list[str]) -> Problem:
    where = f"{variable.path}:{variable.line}" if variable.line else variable.path
    shown = ", ".join(lacking[:_SHOWN]) + (f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else "")
    return Problem(
        path=FILE_NAME,
        line=settings.line("module", "inputs") if settings.module.inputs is not None else settings.line("inputs"),
        message=f"the module requires {variable.name!r} ({where}), and no input sets it"
        + (f" for {shown}" * bool(shown)),
        fix=f"add {variable.name} = ... to [inputs]",
    )
