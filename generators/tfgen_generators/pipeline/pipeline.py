"""Template + Settings -> Pipeline: the inputs of the module block, and the names in AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.hcl.write import Interpolated, Reference, Value, block, is_one_line, quote
from tfgen_generators.packer.model import Problem, Template
from tfgen_generators.packer.names import name_problem
from tfgen_generators.pipeline.aws_names import shorten
from tfgen_generators.pipeline.facts import Facts, PipelineProblemError, check_path
from tfgen_generators.settings.inputs import Fact, Input, Literal, Pattern
from tfgen_generators.settings.lines import dotted
from tfgen_generators.settings.model import FILE_NAME, Settings, TemplateSettings
from tfgen_generators.settings.setting_scope import secret_paths

if TYPE_CHECKING:
    from tfgen_generators.module.interface import ModuleInterface

__all__ = ["Pipeline", "PipelineProblemError", "make_pipeline", "name_collisions", "shorten"]

#: The input of the shipped module for variables that CodeBuild fetches; written where there are some.
SECRETS_INPUT = "environment_secrets"
#: The input of the shipped module for the channel that a good build sets.
PUBLISH_INPUT = "publish_parameter"
_SECRETS = Fact(name="secrets")
#: The inputs of the shipped module, in the order in which they are written, and what they are given.
DEFAULT_INPUTS: Mapping[str, Input] = MappingProxyType(
    {
        "project_name": Fact(name="project_name"),
        "project_description": Fact(name="project_description"),
        "artefact_bucket_name": Fact(name="artefact_bucket_name"),
        "source_repository": Fact(name="source_repository"),
        "branch": Fact(name="branch"),
        "environment_vars": Fact(name="environment"),
        SECRETS_INPUT: _SECRETS,
    }
)
#: Facts that are names in AWS: an input that is given one is held to AWS's rules, whoever overrides it.
_NAMES = ("project_name", "artefact_bucket_name", "source_repository")
_OWN = TemplateSettings()
#: The one fact that is text out of a template.
_BUILDERS = Fact(name="builders")


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """One module block: everything that will stand in `pipeline_<name>.gen.tf`.

    `identity` is what its generated file names: the template, or the file of values of one of several images.
    `values` are the inputs in the order in which they are written. `aws_names` are those of them that name something
    in AWS, by fact (project_name, artefact_bucket_name).
    """

    name: str
    template_path: str
    identity: str = ""
    source: str
    version: str | None = None
    providers: Mapping[str, str] = msgspec.field(default_factory=dict)
    values: tuple[tuple[str, Value], ...]
    aws_names: Mapping[str, Value] = msgspec.field(default_factory=dict)

    def inputs(self) -> list[tuple[str, Value]]:
        """The module's inputs in the order in which they are written."""
        return list(self.values)

    def meta_arguments(self) -> list[tuple[str, Value]]:
        """What else stands in the block: source, version, providers."""
        pairs: list[tuple[str, Value]] = [("source", self.source)]
        if self.version:
            pairs.append(("version", self.version))
        if self.providers:
            pairs.append(("providers", {key: Reference(expression=name) for key, name in self.providers.items()}))
        return pairs

    def body(self) -> str:
        """The module block as HCL."""
        groups: list[list[tuple[str, Value]]] = []
        for pairs in (self.meta_arguments(), self.values):
            groups.append([pair for pair in pairs if is_one_line(pair[1])])
            groups += [[pair] for pair in pairs if not is_one_line(pair[1])]
        return block("module", self.name, groups)


def make_pipeline(
    template: Template, settings: Settings, module: ModuleInterface | None = None, script: str = ""
) -> Pipeline:
    """The pipeline of one template without errors. Raises PipelineProblemError.

    `module`, where known, must declare the inputs of the template's own table; the shared ones are check_module's.
    `script` is PACKER_SCRIPT as its buildspec takes it; without it, the template's path.
    """
    check_path(template.path)
    if message := name_problem(template.name):
        fix = "rename it, or pin a name in tfgen.toml"
        raise PipelineProblemError(Problem(path=template.path, message=message, fix=fix))
    own = settings.templates.get(template.name, _OWN)
    problem = module.undeclared(settings, ("templates", template.name, "inputs"), own.inputs) if module else None
    if problem:
        raise PipelineProblemError(problem)
    facts = Facts(template, settings, own, script or template.path)
    wanted = {**shared_inputs(settings), **own.inputs}
    _check_secrets(settings, template.name, wanted)
    values = {name: facts.value(item) for name, item in wanted.items()}
    names: dict[str, Value] = {}
    for name, fact in _names(settings).items():
        if name in values:
            facts.check_name(name, fact, values[name])
            names.setdefault(fact, values[name])
    for name, item in wanted.items():
        if isinstance(item, Pattern) or item == _BUILDERS:
            facts.check_text(name, values[name])
    return Pipeline(
        name=template.name,
        template_path=template.path,
        identity=template.identity,
        source=settings.module.source,
        version=settings.module.version,
        providers={**settings.module.providers, **own.providers},
        values=tuple((name, values[name]) for name in in_order(tuple(values))),
        aws_names=names,
    )


def _check_secrets(settings: Settings, template: str, wanted: dict[str, Input]) -> None:
    """Takes the input for secrets away where there are none. Raises PipelineProblemError where they get lost."""
    paths, given = secret_paths(settings, template), _SECRETS in wanted.values()
    if not paths and settings.module.inputs is None and wanted.get(SECRETS_INPUT) == _SECRETS:
        del wanted[SECRETS_INPUT]
    if paths and not given:
        message = f"{dotted(paths[0])} is fetched by CodeBuild, but no input of the module gets it"
        table = "[inputs]" if settings.module.inputs is None else "[module.inputs]"
        fix = f'add {SECRETS_INPUT} = {{ fact = "secrets" }} to {table}, by the name that the module has for it'
        line = settings.line(*paths[0])
        raise PipelineProblemError(Problem(path=FILE_NAME, line=line, message=message, fix=fix))


def mapped_inputs(settings: Settings) -> Mapping[str, Input]:
    """The module's own inputs: `[module.inputs]`, or the seed's six names."""
    return DEFAULT_INPUTS if settings.module.inputs is None else settings.module.inputs


def shared_inputs(settings: Settings) -> dict[str, Input]:
    """The inputs of every pipeline, before a template's own table."""
    mapped = dict(mapped_inputs(settings))
    if settings.module.inputs is None and settings.branch == "main":
        del mapped["branch"]  # the module's own default
    if settings.module.inputs is None and not secret_paths(settings):
        del mapped[SECRETS_INPUT]  # a module of before may not have it
    if settings.module.inputs is None and settings.connection_arn is not None:
        mapped |= {"source_type": Literal(value="codeconnections"), "connection_arn": settings.connection_arn}
    if settings.module.inputs is None and settings.publish.after_build:
        name = settings.publish.parameter_name("{name}", settings.publish.after_build)
        mapped |= {PUBLISH_INPUT: Pattern(text=name)}
    return {**mapped, **settings.inputs}


def name_collisions(pipelines: Iterable[Pipeline]) -> list[Problem]:
    """A problem for each pipeline whose project or bucket would have another one's name in AWS.

    Buckets are unique in the world. Projects (and the roles named after them, without regard to case) are unique in an
    account: pipelines with other providers may be in another one.
    """
    seen: dict[tuple[str, ...], list[Pipeline]] = {}
    for pipeline in pipelines:
        for fact, value in pipeline.aws_names.items():
            scope = () if fact == "artefact_bucket_name" else tuple(sorted(pipeline.providers.items()))
            if fact != "source_repository":
                seen.setdefault((fact, _written(value).lower(), *map("=".join, scope)), []).append(pipeline)
    found: list[Problem] = []
    for (fact, *_), sharing in seen.items():
        for pipeline in sharing if len(sharing) > 1 else ():
            others = ", ".join(other.identity for other in sharing if other is not pipeline)
            shown = _written(pipeline.aws_names[fact])
            message = f"{fact} would be {shown}, the same as for {others}"
            fix = f"change [names] {fact}, or set it for one of them: [templates.{pipeline.name}.names]"
            found.append(Problem(path=pipeline.identity, message=message, fix=fix))
    return sorted(found, key=lambda problem: (problem.path, problem.message))


def _written(value: Value) -> str:
    """A name as the generated file has it, so that two expressions can be told apart."""
    return quote(value) if isinstance(value, str | Interpolated) else repr(value)


def _names(settings: Settings) -> dict[str, str]:
    mapped = mapped_inputs(settings).items()
    return {name: item.name for name, item in mapped if isinstance(item, Fact) and item.name in _NAMES}


@cache
def in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """The shipped module's inputs in their own order, then others by name."""
    first = [name for name in DEFAULT_INPUTS if name in names]
    return (*first, *sorted(set(names) - set(first)))
