"""A sync but for the writing: survey -> desired files -> changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from tfgen_generators.dispatcher import inputs as dispatcher
from tfgen_generators.generated.files import Unknown
from tfgen_generators.generated.ownership import sign
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline import shared
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.sync import pins, variants
from tfgen_generators.sync.changes import compare
from tfgen_generators.sync.desired import Desired, desired_files
from tfgen_generators.sync.hand_written.called_twice import called_twice
from tfgen_generators.sync.model import Change, Changes, Refusal, SyncResult
from tfgen_generators.sync.survey import ALONE, Outside, Sources, survey


def find_changes(root: Path, settings: Settings, settings_text: str = "", outside: Outside = ALONE) -> SyncResult:
    """What sync would do below `root`; writes nothing. Raises TfgenError."""
    sources = survey(root, settings, settings_text, outside)
    return changes_of(sources, desired_files(sources, outside), outside)


def changes_of(sources: Sources, desired: Desired, outside: Outside) -> SyncResult:
    """The difference between the files that are there and those that should be.

    What a question is about stays as it is; forgotten pipelines are given up without a destroy.
    """
    questions = desired.resolution.questions
    asked = frozenset(desired.file(question.gone.name) for question in questions)
    unknown = replace(desired.unknown, files=desired.unknown.files | asked)
    settings, unwanted = desired.settings, desired.unwanted
    forget = {
        path: _old_names(settings, owner.name)
        for path, owner in unwanted.orphans(unknown).items()
        if owner.name in desired.forgotten
        or owner.source in unwanted.ignored
        or pins.keeps(settings, owner.name)
        or variants.keeps(settings, owner.source)
    }
    wanted, found, unknown = _with_those_of_all(sources, desired, unknown)
    changes = compare(wanted, found, unknown, forget=forget, moved=unwanted.moved)
    kept = sorted({*changes.kept, *(problem.path for problem in sources.generated.unreadable)})
    refused = (
        *changes.refused,
        *pins.refusals(questions, desired.file),
        *_given_another_name(desired, unknown, outside),
        *called_twice(sources.root, settings, sources.hand_written, _with_pipelines(desired), desired.file),
    )
    return SyncResult(
        discovery=desired.discovery,
        pipelines=desired.pipelines,
        changes=replace(changes, changes=_with_pins(sources, desired, changes), kept=tuple(kept), refused=refused),
        problems=desired.problems,
        warnings=tuple(_warnings(desired, changes)),
        renames=desired.renames,
        questions=questions,
    )


def _with_pipelines(desired: Desired) -> list[Template]:
    names = {pipeline.name for pipeline in desired.pipelines}
    return [template for template in desired.discovery.templates if template.name in names]


def _with_pins(sources: Sources, desired: Desired, changes: Changes) -> tuple[Change, ...]:
    """The changes, that of tfgen.toml first."""
    before, after = sources.settings_text, desired.settings_text
    if before == after:
        return changes.changes
    return (Change(action="change", path=FILE_NAME, before=before, after=after), *changes.changes)


def _with_those_of_all(
    sources: Sources, desired: Desired, unknown: Unknown
) -> tuple[dict[str, str], dict[str, str], Unknown]:
    """What is wanted and what was found with the files that are for all; while anything is unclear, they stay."""
    settings = desired.settings
    wanted, found, staying = dict(desired.wanted), dict(sources.generated.texts), set(unknown.files)
    for label, is_on, text, body in (
        (dispatcher.LABEL, settings.trigger == "affected", sources.dispatcher_text, desired.triggered.body),
        (shared.LABEL, settings.shared.is_on, sources.shared_text, desired.sharing.body),
    ):
        path = desired.file(label)
        if text:
            found[path] = text
        if is_on and (desired.problems or unknown.files):
            staying.add(path)
        elif body:
            wanted[path] = sign(FILE_NAME, body)
    return wanted, found, replace(unknown, files=frozenset(staying))


def _given_another_name(desired: Desired, unknown: Unknown, outside: Outside) -> Iterable[Refusal]:
    """A pipeline whose template is still there, under another name: a slip, or a wish that must be said."""
    for path, source, old, new in desired.unwanted.renamed_by_hand(unknown):
        if source not in outside.answers.gone:
            yield Refusal(
                path=path,
                reason=f"its template {source} is now named {new}: its pipeline would be destroyed and recreated",
                fix=f'fix {FILE_NAME}, or add moved_from = ["{old}"] to [templates.{new}], or run: '
                f"tfgen sync --gone {pins.quoted(source)}",
            )


def _old_names(settings: Settings, name: str) -> tuple[str, ...]:
    own = settings.templates.get(name)
    return tuple(own.moved_from) if own else ()


def _warnings(desired: Desired, changes: Changes) -> Iterable[str]:
    staying = frozenset((*changes.unchanged, *changes.kept, *(c.path for c in changes.changes if c.after)))
    yield from desired.sharing.warnings
    yield from desired.triggered.warnings
    yield from pins.unused(desired.settings, desired.discovery, lambda name: desired.file(name) in staying)
