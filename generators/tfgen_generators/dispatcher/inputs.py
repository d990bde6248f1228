"""`trigger = "affected"`: what pipelines and their dispatcher get so that a push starts those that it affects.

A pipeline that reads CodeCommit loses its own trigger (`start_on_push = false`) and is started by the dispatcher; one
that reads a connection keeps it, behind a filter of its files (`file_paths`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tfgen_generators.dispatcher.file_paths import FileFilter, compile_filter
from tfgen_generators.dispatcher.module import wrong_inputs
from tfgen_generators.generated.files import Generated, join
from tfgen_generators.generated.ownership import examine, file_name
from tfgen_generators.hcl.write import Reference, Value, block, is_one_line
from tfgen_generators.module.interface import ModuleInterface
from tfgen_generators.packer.model import Discovery, Problem
from tfgen_generators.pipeline.pipeline import Pipeline, in_order
from tfgen_generators.settings.inputs import Expression, Literal
from tfgen_generators.settings.model import FILE_NAME, MAX_IN_FLIGHT, Settings

#: The dispatcher's label; no template may be called so where there is one.
LABEL = "tfgen-dispatcher"
FILE = file_name(LABEL)
SWITCH = "start_on_push"
FILTER = "file_paths"
_CONNECTION = "codeconnections"
_STARTED = "pipelines"
_MOST = "max_in_flight"
_WITH_FILTER = "../modules/codepipeline"

#: Image -> the files that it is made of.
FilesOf = Callable[[], Mapping[str, Collection[str]]]


class Triggered(msgspec.Struct, frozen=True, kw_only=True):
    """The pipelines with what the trigger gives them; `body` is the dispatcher's module block, "" without one."""

    pipelines: tuple[Pipeline, ...]
    body: str = ""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def apart(generated: Generated, settings: Settings, file: str = FILE) -> tuple[Generated, str]:
    """The generated files without `file` (the dispatcher's), which has no template, and its text; "" without one."""
    path = join(settings.terraform_dir, file)
    text = generated.texts.get(path, "")
    if examine(text).source != FILE_NAME:
        return generated, ""
    return replace(generated, texts={each: found for each, found in generated.texts.items() if each != path}), text


def files_of(root: Path, found: Discovery, settings: Settings) -> dict[str, frozenset[str]]:
    """The files that each image is made of; an image of which that cannot be known is not there.

    The templates in `found` must have their details.
    """
    from tfgen_generators.graph.build import build_graph
    from tfgen_generators.trees.disk import DiskTree

    graph = build_graph(root, DiskTree(root), found, settings)
    return {image.name: frozenset(graph.made_of(image.name)) for image in graph.images if not image.problem}


def is_dispatched(pipeline: Pipeline) -> bool:
    """Whether the dispatcher starts it."""
    return dict(pipeline.values).get(SWITCH) is False


def has_filter(pipeline: Pipeline) -> bool:
    """Whether a push starts it only when one of its files has changed."""
    return FILTER in dict(pipeline.values)


def trigger(
    settings: Settings,
    pipelines: Sequence[Pipeline],
    module: ModuleInterface | None,
    files_of: FilesOf,
    own: ModuleInterface | None,
) -> Triggered:
    """What `settings.trigger` makes of `pipelines`; `module` is theirs, `own` the dispatcher's, where they are known.

    Problems say what a module lacks: then no pipeline is given, since Terraform would refuse them.
    """
    if settings.trigger == "push":
        return Triggered(pipelines=tuple(pipelines))
    found = _triggered(settings, [each for each in pipelines if each.name != LABEL], module, files_of, own)
    taken = [_taken(pipeline) for pipeline in pipelines if pipeline.name == LABEL]
    return replace(found, problems=(*found.problems, *taken))


def _taken(pipeline: Pipeline) -> Problem:
    message, fix = f"its name {LABEL} is reserved for the dispatcher", "pin another name in tfgen.toml"
    return Problem(path=pipeline.template_path, message=message, fix=fix)


def _triggered(
    settings: Settings,
    pipelines: Sequence[Pipeline],
    module: ModuleInterface | None,
    files_of: FilesOf,
    own: ModuleInterface | None,
) -> Triggered:
    connected = [pipeline for pipeline in pipelines if _is_connected(pipeline)]
    elsewhere = {pipeline.name: reason for pipeline in pipelines if (reason := _elsewhere(settings, pipeline))}
    problems = list(_lacking(settings, module, pipelines, connected))
    dispatched = [each for each in pipelines if each.name not in elsewhere and not _is_connected(each)]
    if dispatched:
        problems += wrong_inputs(settings, own, _facts(settings))
    if problems:
        return Triggered(pipelines=(), problems=tuple(problems))
    filters = _filters(connected, settings, files_of)
    made = [_with_trigger(pipeline, elsewhere, filters) for pipeline in pipelines]
    started = [pipeline for pipeline in made if is_dispatched(pipeline)]
    warnings = [f"{name} is built after every push: {reason}" for name, reason in sorted(elsewhere.items())]
    warnings += [text for name, each in sorted(filters.items()) if (text := each.warning(name))]
    return Triggered(pipelines=tuple(made), body=_block(settings, started) if started else "", warnings=tuple(warnings))


def _is_connected(pipeline: Pipeline) -> bool:
    return dict(pipeline.values).get("source_type") == _CONNECTION


def _elsewhere(settings: Settings, pipeline: Pipeline) -> str:
    """Why the dispatcher cannot start a pipeline, "" when it can."""
    if _is_connected(pipeline):
        return ""
    own = settings.templates.get(pipeline.name)
    if own and own.providers and pipeline.providers != settings.module.providers:
        return "it has its own providers, and the dispatcher works in one account and region"
    values = dict(pipeline.values)
    expected = {"source_type": "codecommit", "source_repository": settings.source_repository, "branch": settings.branch}
    for name, wanted in expected.items():
        if isinstance(values.get(name), Reference):
            return f"its {name} is an expression, whose value only Terraform knows"
        if values.get(name, wanted) != wanted:
            return f"its {name} differs from tfgen.toml"
    return ""


def _with_trigger(pipeline: Pipeline, elsewhere: Mapping[str, str], filters: Mapping[str, FileFilter]) -> Pipeline:
    values = dict(pipeline.values)
    if pipeline.name in filters:
        if includes := filters[pipeline.name].includes:
            values.setdefault(FILTER, list(includes))
    elif pipeline.name not in elsewhere and not _is_connected(pipeline):
        values.setdefault(SWITCH, False)
    return replace(pipeline, values=tuple((name, values[name]) for name in in_order(tuple(values))))


def _filters(connected: Iterable[Pipeline], settings: Settings, files_of: FilesOf) -> dict[str, FileFilter]:
    """By image. The generated file is one of its files: a commit that makes an image of more files changes it."""
    wanted = [pipeline for pipeline in connected if FILTER not in dict(pipeline.values)]
    files = files_of() if wanted else {}
    folder = "" if settings.terraform_dir == "." else f"{settings.terraform_dir.rstrip('/')}/"
    found: dict[str, FileFilter] = {}
    for pipeline in wanted:
        own = {*files.get(pipeline.name, ()), f"{folder}{file_name(pipeline.name)}"} - {FILE_NAME}
        # What cannot be known is not filtered.
        found[pipeline.name] = compile_filter(own) if pipeline.name in files else FileFilter(includes=())
    return found


def _lacking(
    settings: Settings, module: ModuleInterface | None, pipelines: Sequence[Pipeline], connected: Sequence[Pipeline]
) -> Iterable[Problem]:
    """One problem for each variable that the pipelines' module would have to declare."""
    if module is None or not module.complete:
        return
    if len(connected) < len(pipelines) and SWITCH not in module.variables:
        yield Problem(
            path=FILE_NAME,
            line=settings.line("trigger"),
            message=f'trigger = "affected" needs a variable {SWITCH!r}, not in the module {module.folder}',
            fix='declare it there (bool; false: no push starts the pipeline), or set trigger = "push"',
        )
    if connected and FILTER not in module.variables:
        yield Problem(
            path=FILE_NAME,
            line=settings.line("trigger"),
            message=f'trigger = "affected" with a connection needs a variable {FILTER!r}, not in the module '
            f"{module.folder}",
            fix=f'set [module] source = "{_WITH_FILTER}" (as tfgen ships it, for AWS provider 5.70 or newer), or '
            'trigger = "push"',
        )


def _facts(settings: Settings) -> dict[str, str | int]:
    """What tfgen gives the dispatcher's module by itself; the pipelines are not in it yet."""
    facts: dict[str, str | int] = {
        "name": f"{settings.source_repository.replace('.', '-').replace('/', '-')[:80]}-dispatcher",
        "source_repository": settings.source_repository,
    }
    if settings.branch != "main":
        facts["branch"] = settings.branch
    if settings.max_in_flight != MAX_IN_FLIGHT:
        facts[_MOST] = settings.max_in_flight
    return {**facts, _STARTED: ""}


def _block(settings: Settings, pipelines: Sequence[Pipeline]) -> str:
    """The module block."""
    dispatcher = settings.dispatcher
    meta: list[tuple[str, Value]] = [("source", dispatcher.source)]
    if dispatcher.version:
        meta.append(("version", dispatcher.version))
    if settings.module.providers:
        named = {key: Reference(expression=name) for key, name in settings.module.providers.items()}
        meta.append(("providers", named))
    facts = _facts(settings)
    values: dict[str, Value] = {name: value for name, value in facts.items() if name != _STARTED}
    for name, item in sorted(dispatcher.inputs.items()):
        if isinstance(item, Expression):
            values[name] = Reference(expression=item.text)
        elif isinstance(item, Literal):
            values[name] = item.value
    values[_STARTED] = {pipeline.name: _name_in_aws(pipeline) for pipeline in pipelines}
    groups: list[list[tuple[str, Value]]] = []
    for pairs in (meta, list(values.items())):
        groups.append([pair for pair in pairs if is_one_line(pair[1])])
        groups += [[pair] for pair in pairs if not is_one_line(pair[1])]
    return block("module", LABEL, groups)


def _name_in_aws(pipeline: Pipeline) -> Value:
    return pipeline.aws_names.get("project_name", pipeline.name)
