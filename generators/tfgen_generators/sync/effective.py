"""The settings of an untrusted plan: what acts is the base's, values are the branch's.

Of the branch's tfgen.toml nothing is an expression, a source, a provider or a place that the base does not have at the
same key. What stands there otherwise is said, and the base's stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from tfgen_generators.module.interface import ModuleInterface
from tfgen_generators.pipeline.pipeline import shared_inputs
from tfgen_generators.settings.inputs import Expression, Input
from tfgen_generators.settings.model import Module, Settings, TemplateSettings

_T = TypeVar("_T")

Path = tuple[str, ...]
_OWN = TemplateSettings()


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the branch's tfgen.toml that is not planned; `line` is the branch's."""

    line: int
    message: str


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """The settings to plan with, and what of the branch's they leave out."""

    settings: Settings
    said: tuple[Said, ...] = ()


def effective_settings(
    base: Settings, now: Settings, names: Collection[str], allows: Callable[[str], bool] = lambda _: False
) -> Effective:
    """The settings of a branch (`now`) as far as they are values; all else is the base's.

    `names` are the branch's templates; `allows` says of a module's source that it may be the branch's all the same.
    """
    made = _Merge(base, now, allows)
    return Effective(settings=made.settings(names), said=tuple(made.said))


def fit_module(
    effective: Effective, base: Settings, module: ModuleInterface | None, names: Collection[str]
) -> Effective:
    """With inputs that `module`, which is the base's, declares: what it lacks is left out, what it needs is kept."""
    if module is None or not module.complete:
        return effective
    settings, said = effective.settings, list(effective.said)
    given, before = shared_inputs(settings), shared_inputs(base)
    kept = {name: value for name, value in given.items() if name in module.variables or name in before}
    for name in given.keys() - kept.keys():
        table = ("inputs",) if name in settings.inputs else ("module", "inputs")
        said.append(_lacks(settings, (*table, name), module))
    for name, variable in module.variables.items():
        missing = variable.required and name in before and name not in kept
        if missing and not all(name in settings.templates.get(one, _OWN).inputs for one in names):
            kept[name] = before[name]
            message = f"{name} stays: the module in {module.folder} requires it"
            said.append(Said(line=settings.line("inputs"), message=message))
    if kept != given:
        mapped = replace(settings.module, inputs={n: value for n, value in kept.items() if n not in settings.inputs})
        inputs = {name: value for name, value in settings.inputs.items() if name in kept}
        settings = replace(settings, module=mapped, inputs=inputs)
    templates: dict[str, TemplateSettings] = {}
    for template, own in settings.templates.items():
        known = base.templates.get(template, _OWN).inputs
        inputs = {name: value for name, value in own.inputs.items() if name in module.variables or name in known}
        left_out = sorted(own.inputs.keys() - inputs.keys())
        said += [_lacks(settings, ("templates", template, "inputs", name), module) for name in left_out]
        templates[template] = replace(own, inputs=inputs) if left_out else own
    return Effective(settings=replace(settings, templates=templates), said=tuple(said))


def _lacks(settings: Settings, path: Path, module: ModuleInterface) -> Said:
    message = f"{path[-1]} is not a variable of the module in {module.folder}"
    return Said(line=settings.line(*path), message=message)


class _Merge:
    def __init__(self, base: Settings, now: Settings, allows: Callable[[str], bool]) -> None:
        self.base, self.now, self.allows = base, now, allows
        self.said: list[Said] = []

    def settings(self, names: Collection[str]) -> Settings:
        base, now = self.base, self.now
        return replace(
            now,
            terraform_dir=self._bases(("terraform_dir",), base.terraform_dir, now.terraform_dir),
            connection_arn=self._connection(),
            trigger=self._bases(("trigger",), base.trigger, now.trigger),
            max_in_flight=self._bases(("max_in_flight",), base.max_in_flight, now.max_in_flight),
            module=self._module(),
            dispatcher=self._bases(("dispatcher",), base.dispatcher, now.dispatcher),
            shared=self._bases(("shared",), base.shared, now.shared),
            names=replace(
                now.names,
                account_id=self._bases(("names", "account_id"), base.names.account_id, now.names.account_id),
            ),
            environment=self._inputs(("environment",), base.environment, now.environment),
            inputs=self._inputs(("inputs",), base.inputs, now.inputs),
            templates=self._templates(names),
        )

    def _bases(self, path: Path, base: _T, now: _T) -> _T:
        """The base's value of a setting that a branch cannot choose."""
        if now != base:
            self._say(path, f"{'.'.join(path)} was changed")
        return base

    def _connection(self) -> Input | None:
        now = self.now.connection_arn
        is_new = isinstance(now, Expression) and now != self.base.connection_arn
        return self._bases(("connection_arn",), self.base.connection_arn, now) if is_new else now

    def _say(self, path: Path, message: str) -> None:
        self.said.append(Said(line=self.now.line(*path), message=message))

    def _module(self) -> Module:
        base, now = self.base.module, self.now.module
        source, version = base.source, base.version
        if (now.source, now.version) != (source, version):
            if self.allows(now.source):
                source, version = now.source, now.version
            elif now.source != source:
                self._say(("module", "source"), "module.source was changed")
            else:
                self._say(("module", "version"), "module.version was changed")
        return Module(
            source=source,
            version=version,
            inputs=None if now.inputs is None else self._inputs(("module", "inputs"), base.inputs or {}, now.inputs),
            providers=self._bases(("module", "providers"), base.providers, now.providers),
        )

    def _inputs(self, path: Path, base: Mapping[str, _T], now: Mapping[str, _T]) -> dict[str, _T]:
        found: dict[str, _T] = {}
        for name, value in now.items():
            if not isinstance(value, Expression) or base.get(name) == value:
                found[name] = value
                continue
            self._say((*path, name), f"{'.'.join((*path, name))} is another expression")
            if name in base:
                found[name] = base[name]
        return found

    def _templates(self, names: Collection[str]) -> dict[str, TemplateSettings]:
        found = {name: self._template(name, own) for name, own in self.now.templates.items()}
        for name, before in self.base.templates.items():
            if name not in found and name in names and before.providers:
                found[name] = replace(
                    _OWN, providers=self._bases(("templates", name, "providers"), before.providers, {})
                )
        return found

    def _template(self, name: str, own: TemplateSettings) -> TemplateSettings:
        variant = self.now.origin.variants.of_name(name)
        tables = self.base.templates
        # A new variant of a template has what the base says of that one.
        before = tables.get(name) or tables.get(variant.template if variant else name, _OWN)
        path = ("templates", name)
        account = own.names.account_id
        if account is not None:
            account = self._bases((*path, "names", "account_id"), before.names.account_id, account)
        return replace(
            own,
            environment=self._inputs((*path, "environment"), before.environment, own.environment),
            inputs=self._inputs((*path, "inputs"), before.inputs, own.inputs),
            providers=self._bases((*path, "providers"), before.providers, own.providers),
            names=replace(own.names, account_id=account),
        )
