"""The repository as sync sees it: templates found, files wanted, files there, and the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tfgen_generators.dispatcher import inputs as dispatcher
from tfgen_generators.dispatcher.module import read_dispatcher
from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.files import Generated, Unwanted, join, read_generated, successors
from tfgen_generators.generated.ownership import file_name, moved_blocks, sign
from tfgen_generators.module.cache import remembered_module
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.model import Discovery, Problem, Template
from tfgen_generators.pipeline.pipeline import Pipeline, PipelineProblemError, make_pipeline, name_collisions
from tfgen_generators.settings.model import FILE_NAME, Settings, parse_settings
from tfgen_generators.sync import pins
from tfgen_generators.sync.changes import Change, Changes, Refusal, Unknown, compare
from tfgen_generators.sync.identity import Answers, AskGit, GitFacts, Question, Rename, Resolution

if TYPE_CHECKING:
    from tfgen_generators.packer.discovery.facts_cache import FactsCache


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What the survey is told and does not find out by itself: git's knowledge, a person's answers, the caches."""

    ask_git: AskGit = lambda _gone, _new: GitFacts()
    is_tracked: Callable[[str], bool] = lambda _path: False
    answers: Answers = msgspec.field(default_factory=Answers)
    cache: FactsCache | None = None
    module_cache: Path | None = None


_ALONE = Outside()


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the whole repository. `problems` make the exit code 1; `warnings` do not.

    `renames` are what `changes` pins in tfgen.toml; `questions`, which are refusals too, wait for an answer.
    """

    discovery: Discovery
    pipelines: tuple[Pipeline, ...]
    changes: Changes
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    renames: tuple[Rename, ...] = ()
    questions: tuple[Question, ...] = ()


def find_templates(
    root: Path, packer_dir: str, settings: Settings | None = None, outside: Outside = _ALONE
) -> Discovery:
    """What stands in `packer_dir`, by the names that `settings` give. Raises TfgenError without that folder."""
    if not (root / packer_dir).is_dir():
        raise TfgenError(
            "folder of Packer templates not found",
            where=packer_dir,
            fix="create it, or set packer_dir in tfgen.toml (for list: --packer-dir)",
        )
    return discover(
        root,
        packer_dir,
        pins=pins.by_path(settings) if settings else {},
        ignore=settings.ignore if settings else (),
        cache=outside.cache,
        is_tracked=outside.is_tracked,
    )


def survey(root: Path, settings: Settings, settings_text: str = "", outside: Outside = _ALONE) -> Survey:
    """Reads templates and generated files below `root`; writes nothing. Raises TfgenError."""
    generated = read_generated(root, settings.terraform_dir)
    view = _View(root, settings, generated, outside)
    resolution = view.resolve()
    if not resolution.renames:
        return view.survey(resolution)
    moved_away = [rename for rename in resolution.renames if rename.new in view.discovery.ignored]
    pinned = [rename for rename in resolution.renames if rename not in moved_away]
    text = pins.pin(settings_text, pinned)
    if text != settings_text:
        view = _View(root, parse_settings(text), generated, outside)
    result = view.survey(resolution, forgotten=frozenset(rename.name for rename in moved_away))
    edit = Change(action="change", path=FILE_NAME, before=settings_text, after=text)
    changes = (edit, *result.changes.changes) if text != settings_text else result.changes.changes
    return replace(result, changes=replace(result.changes, changes=changes), renames=tuple(pinned))


class _View:
    """One look at the repository with given settings."""

    def __init__(self, root: Path, settings: Settings, generated: Generated, outside: Outside) -> None:
        self.root, self.settings, self.outside = root, settings, outside
        self.generated, self.dispatcher_found = dispatcher.apart(generated, settings)
        generated = self.generated
        self.discovery = find_templates(root, settings.packer_dir, settings, outside)
        self.folder = settings.terraform_dir
        self.triggered = dispatcher.Triggered(pipelines=())
        self.pipelines, self.problems = self._pipelines()
        self.wanted = self._wanted()
        self.unwanted = Unwanted(
            root=root,
            discovery=self.discovery,
            wanted=self.wanted,
            generated=generated,
            moved=pins.moved(settings, self.discovery),
        )
        displaced = self.unwanted.displaced()
        self.problems += [*displaced, *generated.unreadable]
        self.unknown = self._unknown()
        waiting = successors(((pipeline.name, pipeline.template_path) for pipeline in self.pipelines), displaced)
        unreadable = {problem.path for problem in generated.unreadable}
        if not unreadable <= self.wanted.keys():
            # One may be that of a template that was renamed: nothing new is made before it can be read.
            self.wanted = {path: text for path, text in self.wanted.items() if path in generated.texts}
        for path in (*map(self._file, waiting), *unreadable):
            self.wanted.pop(path, None)

    def _file(self, name: str) -> str:
        return join(self.folder, file_name(name))

    def _pipelines(self) -> tuple[list[Pipeline], list[Problem]]:
        problems = [*self.discovery.unreadable]
        module = remembered_module(self.root, self.settings, self.outside.module_cache)
        ready: list[Template] = []
        for template in self.discovery.templates:
            problems += template.errors
            ready += [] if template.errors else [template]
        if module is not None:
            from tfgen_generators.module.check import check_module

            if wrong := check_module(self.settings, module, (template.name for template in ready)):
                return [], [*problems, *wrong]  # what Terraform would refuse is not written: every file stays
        made: list[Pipeline] = []
        for template in ready:
            try:
                made.append(make_pipeline(template, self.settings, module))
            except PipelineProblemError as error:
                problems.append(error.problem)
        clashes = [*name_collisions(made), *pins.clashes(self.settings, self.discovery)]
        barred = {problem.path for problem in clashes}
        clear = [pipeline for pipeline in made if pipeline.template_path not in barred]
        own = read_dispatcher(self.root, self.settings)
        self.triggered = dispatcher.trigger(self.settings, clear, module, self._files_of, own)
        return list(self.triggered.pipelines), [*problems, *clashes, *self.triggered.problems]

    def _files_of(self) -> dict[str, frozenset[str]]:
        from tfgen_generators.packer.discovery.facts_cache import FactsCache

        outside = replace(self.outside, cache=FactsCache(details=True))
        found = find_templates(self.root, self.settings.packer_dir, self.settings, outside)
        return dispatcher.files_of(self.root, found, self.settings)

    def _with_dispatcher(self, unknown: Unknown) -> tuple[dict[str, str], dict[str, str], Unknown]:
        """What is wanted and what was found with the dispatcher's file; while anything is unclear, it stays."""
        path = self._file(dispatcher.LABEL)
        wanted, found = dict(self.wanted), dict(self.generated.texts)
        if self.dispatcher_found:
            found[path] = self.dispatcher_found
        if self.settings.trigger == "affected" and (self.problems or unknown.files):
            return wanted, found, replace(unknown, files=unknown.files | {path})
        if self.triggered.body:
            wanted[path] = sign(FILE_NAME, self.triggered.body)
        return wanted, found, unknown

    def _wanted(self) -> dict[str, str]:
        digests = {template.path: template.digest for template in self.discovery.templates}
        wanted: dict[str, str] = {}
        for pipeline in self.pipelines:
            own = self.settings.templates.get(pipeline.name)
            moved = moved_blocks(own.moved_from, pipeline.name) if own else ""
            path, body = pipeline.template_path, moved + pipeline.body()
            wanted[self._file(pipeline.name)] = sign(path, body, digests[path])
        return wanted

    def _unknown(self) -> Unknown:
        generated = {pipeline.name for pipeline in self.pipelines}
        names = {template.name for template in self.discovery.templates} - generated
        names |= pins.shared(self.settings)
        sources = {template.path for template in self.discovery.templates if template.name not in generated}
        return Unknown(
            files=frozenset(map(self._file, names)) | {problem.path for problem in self.generated.unreadable},
            sources=frozenset(sources | {problem.path for problem in self.problems}),
        )

    def resolve(self) -> Resolution:
        """Which templates were renamed."""
        orphans = self.unwanted.orphans(self.unknown)
        files = {*self.generated.texts, *(problem.path for problem in self.generated.unreadable)}
        gone = pins.gone(self.root, self.settings, self.discovery, orphans, self.unknown, self._file, files)
        back = pins.returned(self.root, self.settings, self.discovery)
        if not gone and not self.outside.answers:
            return Resolution(renames=back)
        found = pins.resolve_renames(
            gone,
            self.discovery,
            self.unwanted,
            pins.by_path(self.settings),
            self._file,
            self.outside.ask_git,
            self.outside.answers,
        )
        return Resolution(renames=(*back, *found.renames), questions=found.questions)

    def survey(self, resolution: Resolution, forgotten: frozenset[str] = frozenset()) -> Survey:
        """The difference. What is asked about stays as it is; `forgotten` are given up without a destroy."""
        asked = frozenset(self._file(question.gone.name) for question in resolution.questions)
        unknown = replace(self.unknown, files=self.unknown.files | asked)
        forget = {
            path: self._old_names(owner.name)
            for path, owner in self.unwanted.orphans(unknown).items()
            if owner.name in forgotten or owner.source in self.unwanted.ignored or pins.keeps(self.settings, owner.name)
        }
        wanted, texts, unknown = self._with_dispatcher(unknown)
        changes = compare(wanted, texts, unknown, forget=forget, moved=self.unwanted.moved)
        kept = sorted({*changes.kept, *(problem.path for problem in self.generated.unreadable)})
        refused = (
            *changes.refused,
            *pins.refusals(resolution.questions, self._file),
            *self._given_another_name(unknown),
        )
        return Survey(
            discovery=self.discovery,
            pipelines=tuple(self.pipelines),
            changes=replace(changes, kept=tuple(kept), refused=refused),
            problems=tuple(self.problems),
            warnings=tuple(self._warnings(changes, unknown)),
            questions=resolution.questions,
        )

    def _given_another_name(self, unknown: Unknown) -> Iterable[Refusal]:
        """A pipeline whose template is still there, under another name: a slip, or a wish that must be said."""
        for path, source, old, new in self.unwanted.renamed_by_hand(unknown):
            if source not in self.outside.answers.gone:
                yield Refusal(
                    path=path,
                    reason=f"its template {source} is now named {new}: its pipeline would be destroyed and recreated",
                    fix=f'fix {FILE_NAME}, or add moved_from = ["{old}"] to [templates.{new}], or run: '
                    f"tfgen sync --gone {pins.quoted(source)}",
                )

    def _old_names(self, name: str) -> tuple[str, ...]:
        own = self.settings.templates.get(name)
        return tuple(own.moved_from) if own else ()

    def _warnings(self, changes: Changes, unknown: Unknown) -> Iterable[str]:
        staying = frozenset((*changes.unchanged, *changes.kept, *(c.path for c in changes.changes if c.after)))
        yield from self.triggered.warnings
        yield from pins.unused(self.settings, self.discovery, lambda name: self._file(name) in staying)
