"""The generated files as they should be: which template is which, and what each pipeline's file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tfgen_generators.dispatcher import inputs as dispatcher
from tfgen_generators.generated.files import Unknown, Unwanted, join, successors
from tfgen_generators.generated.ownership import file_name, moved_blocks, sign
from tfgen_generators.packer.discovery.naming import name_templates
from tfgen_generators.packer.discovery.variants import ignored_by_git, with_variants
from tfgen_generators.packer.model import Discovery, Problem, Template
from tfgen_generators.paths.packer_script import PackerScripts
from tfgen_generators.pipeline import shared
from tfgen_generators.pipeline.pipeline import (
    Pipeline,
    PipelineProblemError,
    make_pipeline,
    name_collisions,
    shared_inputs,
)
from tfgen_generators.settings.model import Settings
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync import pins, variants
from tfgen_generators.sync.identity import Rename, Resolution
from tfgen_generators.sync.survey import Outside, Sources
from tfgen_generators.trees.disk import DiskTree


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """The files that `settings` ask for: path -> text in `wanted`.

    `unwanted` are the generated files that differ, `unknown` templates whose files stay as they are. `settings` pin
    `renames` in tfgen.toml, whose text is `settings_text`. `forgotten` names pipelines that are given up without a
    destroy.
    """

    settings: Settings
    settings_text: str
    discovery: Discovery
    triggered: dispatcher.Triggered
    sharing: shared.Sharing
    problems: tuple[Problem, ...]
    wanted: Mapping[str, str]
    unwanted: Unwanted
    unknown: Unknown
    resolution: Resolution = Resolution()
    renames: tuple[Rename, ...] = ()
    forgotten: frozenset[str] = frozenset()

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        return self.triggered.pipelines

    def file(self, name: str) -> str:
        """The path of the generated file of `name`."""
        return join(self.settings.terraform_dir, file_name(name))


def desired_files(sources: Sources, outside: Outside) -> Desired:
    """What the generated files should be, renamed templates pinned to the names that they had. Raises TfgenError."""
    desired = by_settings(sources, sources.settings, sources.settings_text)
    resolution = _resolve(sources, desired, outside)
    moved_away = [rename for rename in resolution.renames if rename.new in desired.discovery.ignored]
    pinned = [rename for rename in resolution.renames if rename not in moved_away]
    text = pins.pin(sources.settings_text, pinned)
    if text != sources.settings_text:
        is_ignored = ignored_by_git(sources.root, outside.is_tracked)
        settings = with_variants(parse_settings(text), DiskTree(sources.root), is_ignored)
        settings = msgspec.structs.replace(settings, packer_dir=sources.settings.packer_dir)
        desired = by_settings(sources, settings, text)
    forgotten = frozenset(rename.name for rename in moved_away)
    return msgspec.structs.replace(desired, resolution=resolution, renames=tuple(pinned), forgotten=forgotten)


def by_settings(sources: Sources, settings: Settings, settings_text: str) -> Desired:
    """The files that `settings` ask for, as they stand."""

    def file(name: str) -> str:
        return join(settings.terraform_dir, file_name(name))

    generated = sources.generated
    discovery = name_templates(sources.found, settings.packer_dir, pins.by_path(settings), settings)
    triggered, sharing, problems = _pipelines(sources, settings, discovery)
    wanted = _texts(settings, discovery, triggered.pipelines)
    unwanted = Unwanted(
        root=sources.root,
        discovery=discovery,
        wanted=wanted,
        generated=generated,
        moved=pins.moved(settings, discovery),
    )
    displaced = unwanted.displaced()
    problems = [*problems, *variants.problems(settings, discovery), *displaced, *generated.unreadable]
    unreadable = {problem.path for problem in generated.unreadable}
    unknown = _unknown(settings, discovery, triggered.pipelines, problems, unreadable)
    waiting = successors(((one.name, one.identity) for one in triggered.pipelines), displaced)
    if not unreadable <= wanted.keys():
        # One may be that of a template that was renamed: nothing new is made before it can be read.
        wanted = {path: text for path, text in wanted.items() if path in generated.texts}
    for path in (*map(file, waiting), *unreadable):
        wanted.pop(path, None)
    return Desired(
        settings=settings,
        settings_text=settings_text,
        discovery=discovery,
        triggered=triggered,
        sharing=sharing,
        problems=tuple(problems),
        wanted=wanted,
        unwanted=unwanted,
        unknown=unknown,
    )


def _pipelines(
    sources: Sources, settings: Settings, discovery: Discovery
) -> tuple[dispatcher.Triggered, shared.Sharing, list[Problem]]:
    """The pipelines of all templates without problems, and the problems of the others."""
    problems = [*discovery.unreadable]
    ready: list[Template] = []
    for template in discovery.templates:
        problems += template.errors
        ready += [] if template.errors else [template]
    if sources.module is not None:
        from tfgen_generators.module.check import check_module

        names = (template.name for template in ready)
        if wrong := check_module(settings, shared_inputs(settings), sources.module, names):
            # What Terraform would refuse is not written: every file stays.
            return dispatcher.Triggered(pipelines=()), shared.Sharing(pipelines=()), [*problems, *wrong]
    made: list[Pipeline] = []
    scripts = PackerScripts(DiskTree(sources.root), settings)
    for template in ready:
        try:
            made.append(make_pipeline(template, settings, sources.module, scripts.of(template)))
        except PipelineProblemError as error:
            problems += [error.problem] if error.problem not in problems else []  # one of a shared setting
    clashes = [*name_collisions(made), *pins.clashes(settings, discovery)]
    barred = {problem.path for problem in clashes}
    clear = [pipeline for pipeline in made if pipeline.identity not in barred]
    files_of = _files_of(sources, settings)
    sharing = shared.share(settings, clear, sources.module, sources.shared_module)
    triggered = dispatcher.trigger(settings, sharing.pipelines, sources.module, files_of, sources.dispatcher_module)
    return triggered, sharing, [*problems, *clashes, *sharing.problems, *triggered.problems]


def _files_of(sources: Sources, settings: Settings) -> dispatcher.FilesOf:
    def files_of() -> dict[str, frozenset[str]]:
        found = name_templates(sources.read_details(), settings.packer_dir, pins.by_path(settings), settings)
        return dispatcher.files_of(sources.root, found, settings)

    return files_of


def _texts(settings: Settings, discovery: Discovery, pipelines: Sequence[Pipeline]) -> dict[str, str]:
    """Path -> text of each pipeline's file."""
    digests = {template.identity: template.mark for template in discovery.templates}
    texts: dict[str, str] = {}
    for pipeline in pipelines:
        own = settings.templates.get(pipeline.name)
        moved = moved_blocks(own.moved_from, pipeline.name) if own else ""
        path, body = pipeline.identity, moved + pipeline.body()
        texts[join(settings.terraform_dir, file_name(pipeline.name))] = sign(path, body, digests[path])
    return texts


def _unknown(
    settings: Settings,
    discovery: Discovery,
    pipelines: Sequence[Pipeline],
    problems: Sequence[Problem],
    unreadable: set[str],
) -> Unknown:
    generated = {pipeline.name for pipeline in pipelines}
    names = {template.name for template in discovery.templates} - generated
    names |= pins.shared(settings)
    sources = {template.identity for template in discovery.templates if template.name not in generated}
    lost = variants.without_template(settings, discovery)
    names |= {image.name for image in lost}
    sources |= {image.source for image in lost} | settings.origin.variants.unsure
    return Unknown(
        files=frozenset(join(settings.terraform_dir, file_name(name)) for name in names) | unreadable,
        sources=frozenset(sources | {problem.path for problem in problems}),
    )


def _resolve(sources: Sources, desired: Desired, outside: Outside) -> Resolution:
    """Which templates were renamed."""
    settings, discovery, unwanted = desired.settings, desired.discovery, desired.unwanted
    orphans = unwanted.orphans(desired.unknown)
    files = {*sources.generated.texts, *(problem.path for problem in sources.generated.unreadable)}
    gone = pins.gone(sources.root, settings, discovery, orphans, desired.unknown, desired.file, files)
    gone += variants.lost_templates(
        settings, discovery, lambda name: sources.generated.texts.get(desired.file(name), "")
    )
    back = pins.returned(sources.root, settings, discovery)
    if not gone and not outside.answers:
        return Resolution(renames=back)
    found = pins.resolve_renames(
        gone, discovery, unwanted, pins.by_path(settings), desired.file, outside.ask_git, outside.answers
    )
    return Resolution(renames=(*back, *found.renames), questions=found.questions)
