"""What one template names in the repository: texts of paths, by what they are for. Asks no tree, so it can be kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tfgen_generators.packer.details import Details, Part, Step
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Expression, Value, as_written
from tfgen_generators.packer.uses import of_computed
from tfgen_generators.paths.possible_values import UNKNOWN, PossibleValues, ValueSources
from tfgen_generators.paths.shell_paths import playbooks_of, words_of

_ANSIBLE = frozenset({"ansible", "ansible-local"})
#: What is done with a file that is named for this: it counts, no more.
_SIMPLE = frozenset({"script", "upload"})
_COMMANDS = ("inline", "command", "execute_command")


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """One setting's path: what it is used for, the setting, as written, and every text that it may be."""

    use: str
    label: str
    written: str
    texts: tuple[str, ...]


class AnsibleRunPlan(msgspec.Struct, frozen=True, array_like=True):
    """How one provisioner runs Ansible. `groups` None: not known. `clean`: nothing of what is uploaded stays."""

    kind: str
    wanted: tuple[Wanted, ...]
    groups: tuple[str, ...] | None = None
    clean: bool = False


class TemplateInputs(msgspec.Struct, frozen=True, array_like=True):
    """All of one template. `words` of local commands are paths where they exist."""

    wanted: tuple[Wanted, ...]
    runs: tuple[AnsibleRunPlan, ...]
    words: tuple[tuple[str, str], ...]
    #: Playbooks in local commands: label and path.
    playbooks: tuple[tuple[str, str], ...] = ()
    #: Folder and pattern of each `fileset`.
    filesets: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    #: Environment variables that decide something of this, set or not.
    reads: tuple[str, ...] = ()


def template_inputs_of(template: Template, details: Sequence[Details], around: ValueSources) -> TemplateInputs:
    """What `template` names in a pipeline with these value sources."""
    values = PossibleValues(template, details, around)
    scope = values.scope
    steps = [step for build in scope.builds for step in (*build.steps, *build.finish)]
    parts: list[Part] = [*scope.used_parts(), *(part for one in details for part in one.data)]
    others: list[Part | Step] = [*parts, *(step for step in steps if step.kind not in _ANSIBLE)]
    wanted = [one for part in others for one in _wanted(values, part.files, part.names)]
    for build in scope.builds:
        wanted += _wanted(values, build.files, build.names)
    for one in details:
        wanted += _wanted(values, one.files, one.names)
    commands = [(name, text) for step in steps for name, text in _commands(values, step)]
    words = [(name, word) for name, text in commands for word in words_of(text)]
    runs = tuple(dict.fromkeys(_plan(values, step) for step in steps if step.kind in _ANSIBLE))
    known = {text for one in (*wanted, *(two for plan in runs for two in plan.wanted)) for text in one.texts}
    found = TemplateInputs(
        wanted=tuple(dict.fromkeys(wanted)),
        runs=runs,
        words=tuple(
            dict.fromkeys([*words, *(("setting", path) for one in details for path in one.paths if path not in known)])
        ),
        playbooks=tuple(dict.fromkeys((name, path) for name, text in commands for path in playbooks_of(text))),
        filesets=tuple(
            (tuple(values.texts(folder)), tuple(values.texts(pattern)))
            for one in details
            for folder, pattern in one.filesets
        ),
    )
    return msgspec.structs.replace(found, reads=tuple(values.read))


def _wanted(values: PossibleValues, files: Iterable[tuple[str, Value]], names: Sequence[str]) -> Iterator[Wanted]:
    for (use, value), name in zip(files, names, strict=True):
        for item in values.items(value):
            texts = tuple(text for text in values.texts(item) if text)
            if texts and not (use in _SIMPLE and _is_found(values, item)):
                yield Wanted(use, name, as_written(item), texts)


def _is_found(values: PossibleValues, value: Value) -> bool:
    """Whether `value` is a `fileset` of the folder that relative paths mean: `Wants.filesets` has it."""
    if not isinstance(value, Expression) or value.op != "call" or value.args[0] != "fileset" or len(value.args) != 3:
        return False
    return values.texts(value.args[1]) == ["."]


def _commands(values: PossibleValues, step: Step) -> Iterator[tuple[str, str]]:
    for name in _COMMANDS:
        if name in step.settings and (step.kind == "shell-local" or step.kind in _ANSIBLE):
            for item in values.items(step.settings[name]):
                for text in values.texts(item):
                    yield name, text.replace(UNKNOWN, "*")


def _computed(values: PossibleValues, step: Step) -> Iterator[Wanted]:
    """What variables of Ansible's and arguments name that are not literal texts."""
    for key in ("ansible_env_vars", "extra_arguments"):
        words = [text for item in values.items(step.settings.get(key, [])) for text in values.texts(item)]
        found = list(of_computed(key, words))
        yield from _wanted(values, [(use, value) for use, value, _ in found], [name for _, _, name in found])


def _plan(values: PossibleValues, step: Step) -> AnsibleRunPlan:
    wanted = (*_wanted(values, step.files, step.names), *_computed(values, step))
    groups: list[str] | None = []
    for key in ("groups", "inventory_groups"):
        for item in values.items(step.settings.get(key, [])):
            texts = [name.strip() for text in values.texts(item) for name in text.split(",")]
            groups = None if groups is None or any(UNKNOWN in text for text in texts) else [*groups, *texts]
    if any(one.use == "inventory" for one in wanted):
        groups = None
    clean = step.settings.get("clean_staging_directory")
    return AnsibleRunPlan(
        step.kind, wanted, None if groups is None else tuple(dict.fromkeys(groups)), clean is True or clean == "true"
    )
