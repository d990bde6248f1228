"""What one template names in the repository: texts of paths, by what they are for. Asks no tree, so it can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tfgen_generators.packer.ansible_settings import of_ansible
from tfgen_generators.packer.details import Details, Part, Step
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Expression, Value, as_written
from tfgen_generators.packer.uses import ANSIBLE, OF_ANSIBLE
from tfgen_generators.paths.values.possible_values import PossibleValues
from tfgen_generators.paths.values.sources import ValueSources
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN

#: What is done with a file that is named for this: it counts, no more.
_SIMPLE = frozenset({"script", "upload"})
#: Settings that are lists of paths.
_LISTS = frozenset(
    {"scripts", "sources", "floppy_files", "floppy_dirs", "cd_files", "role_paths", "playbook_files", "playbook_paths"}
)
#: So many scripts are tried that the values of variables may make.
_MOST_TEXTS = 16
#: What Packer fills in into a command of `shell-local`.
_PACKERS = re.compile(r"\{\{\s*\.\w+\s*\}\}")


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """One setting's path: what it is used for, the setting, as written, and every text that it may be."""

    use: str
    label: str
    written: str
    texts: tuple[str, ...]


class AnsibleRunPlan(msgspec.Struct, frozen=True, array_like=True):
    """How one provisioner runs Ansible. `groups` None: not known.

    `stays`: what is uploaded lies in a folder that others can name (`staging_directory`), and is not taken away.
    """

    kind: str
    wanted: tuple[Wanted, ...]
    groups: tuple[str, ...] | None = None
    stays: bool = False


class LocalStep(msgspec.Struct, frozen=True, array_like=True):
    """One `shell-local`: its texts (each a whole script), scripts and variables. `label` is the setting."""

    label: str
    texts: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


class TemplateInputs(msgspec.Struct, frozen=True, array_like=True):
    """All of one template. `words` are texts that look like a path wherever they stand: paths where they exist."""

    wanted: tuple[Wanted, ...]
    runs: tuple[AnsibleRunPlan, ...]
    words: tuple[str, ...]
    #: What runs on this machine.
    local: tuple[LocalStep, ...] = ()
    #: Folder and pattern of each `fileset`.
    filesets: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    #: Environment variables that decide something of this, set or not.
    reads: tuple[str, ...] = ()
    #: Settings whose paths are what a `fileset` finds, with its folders and patterns.
    found_by: tuple[tuple[Wanted, tuple[tuple[str, ...], tuple[str, ...]]], ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The relative scripts and playbooks that are certain: Packer does not start where one is missing."""
        wanted = (*self.wanted, *(one for plan in self.runs for one in plan.wanted))
        texts = (one.texts[0] for one in wanted if one.use in ("playbook", "script") and len(one.texts) == 1)
        return tuple(text for text in texts if not text.startswith(("/", "~", ANCHOR)) and UNKNOWN not in text)


def template_inputs_of(template: Template, details: Sequence[Details], around: ValueSources) -> TemplateInputs:
    """What `template` names in a pipeline with these value sources."""
    values = PossibleValues(template, details, around)
    scope = values.scope
    steps = [step for build in scope.builds for step in (*build.steps, *build.finish)]
    parts: list[Part] = [*scope.used_parts(), *(part for one in details for part in one.data)]
    others: list[Part | Step] = [*parts, *(step for step in steps if step.kind not in ANSIBLE)]
    wanted = [one for part in others for one in _wanted(values, part.files, part.names)]
    for build in scope.builds:
        wanted += _wanted(values, build.files, build.names)
    for one in details:
        wanted += _wanted(values, one.files, one.names)
    runs = tuple(dict.fromkeys(_plan(values, step) for step in steps if step.kind in ANSIBLE))
    known = {text for one in (*wanted, *(two for plan in runs for two in plan.wanted)) for text in one.texts}
    found = TemplateInputs(
        wanted=tuple(dict.fromkeys(wanted)),
        runs=runs,
        words=tuple(dict.fromkeys(path for one in details for path in one.paths if path not in known)),
        local=tuple(local for step in steps for local in _local(values, step)),
        filesets=tuple(
            (tuple(values.texts(folder)), tuple(values.texts(pattern)))
            for one in details
            for folder, pattern in one.filesets
        ),
        found_by=tuple(one for part in others for one in _found_by(values, part)),
    )
    return msgspec.structs.replace(found, reads=tuple(values.read))


def _wanted(values: PossibleValues, files: Iterable[tuple[str, Value]], names: Sequence[str]) -> Iterator[Wanted]:
    for (given, value), name in zip(files, names, strict=True):
        # `file("${path.cwd}/x")` is seen from the working directory, as what is uploaded.
        use = "upload" if given == "function" and "path.cwd" in as_written(value) else given
        for item in values.items(value):
            texts = tuple(text for text in values.texts(item, marked=use == "function") if text)
            if texts and not (use in _SIMPLE and _is_found(values, item)):
                for group in _listed(name, value, texts):
                    yield Wanted(use, name, as_written(item), group)


def _listed(name: str, value: Value, texts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The texts of each path. A text for a list is split at its commas (StringToSliceHookFunc in Packer's decoder)."""
    if name not in _LISTS or isinstance(value, list) or not any("," in text for text in texts):
        yield texts
        return
    pieces = [text.split(",") for text in texts]
    if len(pieces) == 1:
        yield from ((piece,) for piece in pieces[0] if piece)
    else:  # which of the lists is not known
        yield tuple(dict.fromkeys(piece for one in pieces for piece in one if piece))


def _is_found(values: PossibleValues, value: Value) -> bool:
    """Whether `value` is a `fileset` of the folder that relative paths mean: `Wants.filesets` has it."""
    if not isinstance(value, Expression) or value.op != "call" or value.args[0] != "fileset" or len(value.args) != 3:
        return False
    return values.texts(value.args[1]) == ["."]


def _found_by(
    values: PossibleValues, part: Part | Step
) -> Iterator[tuple[Wanted, tuple[tuple[str, ...], tuple[str, ...]]]]:
    """`scripts = fileset("scripts", "*.sh")`: the names that it finds are without the folder, and are looked for."""
    for (use, value), name in zip(part.files, part.names, strict=True):
        for item in values.items(value) if use in _SIMPLE else ():
            if isinstance(item, Expression) and item.op == "call" and item.args[0] == "fileset" and len(item.args) == 3:
                folders, patterns = values.texts(item.args[1]), values.texts(item.args[2])
                yield Wanted(use, name, as_written(item), ()), (tuple(folders), tuple(patterns))


def _local(values: PossibleValues, step: Step) -> Iterator[LocalStep]:
    """What a `shell-local` runs. Packer joins the lines of `inline` to one script."""
    if step.kind != "shell-local":
        return
    variables = tuple(_variables(values, step))
    for name in ("inline", "command", "execute_command"):
        if name in step.settings:
            lines = [tuple(values.texts(item, marked=True)) for item in values.items(step.settings[name])]
            joining = "\n" if name != "execute_command" else " "
            texts = [_PACKERS.sub("", text) for text in _joined(lines, joining)]
            yield LocalStep(name, tuple(texts), variables=variables)
    for (use, value), name in zip(step.files, step.names, strict=True):
        if use == "script":
            found = [tuple(text for text in values.texts(item) if text) for item in values.items(value)]
            scripts = tuple(text for texts in found for group in _listed(name, value, texts) for text in group)
            yield LocalStep(name, scripts=scripts, variables=variables)


def _joined(lines: Sequence[tuple[str, ...]], joining: str) -> Iterator[str]:
    """The scripts that lines may make: those of the most values, each value once."""
    for number in range(min(max(map(len, lines), default=0), _MOST_TEXTS)):
        yield joining.join(line[min(number, len(line) - 1)] if line else "" for line in lines)


def _variables(values: PossibleValues, step: Step) -> Iterator[tuple[str, str]]:
    """What `environment_vars` (a list of texts) and `env` (a map) set, where it is one thing."""
    for item in values.items(step.settings.get("environment_vars", [])):
        for text in values.texts(item, marked=True)[:1]:
            yield text.partition("=")[0], text.partition("=")[2]
    given = step.settings.get("env")
    for name, value in given.items() if isinstance(given, dict) else ():
        texts = values.texts(value, marked=True)
        yield name, texts[0] if len(texts) == 1 else UNKNOWN


def _of_ansible(values: PossibleValues, step: Step) -> Iterator[Wanted]:
    """What Ansible's variables, its arguments and its command name."""
    for key in OF_ANSIBLE:
        if key not in step.settings:
            continue
        words = tuple(text for item in values.items(step.settings[key]) for text in values.texts(item))
        found = of_ansible(step.kind, key, words)
        yield from _wanted(values, [(use, value) for use, value, _ in found], [name for _, _, name in found])


def _plan(values: PossibleValues, step: Step) -> AnsibleRunPlan:
    wanted = tuple(dict.fromkeys((*_wanted(values, step.files, step.names), *_of_ansible(values, step))))
    groups: list[str] | None = []
    for key in ("groups", "inventory_groups"):
        for item in values.items(step.settings.get(key, [])):
            texts = [name.strip() for text in values.texts(item) for name in text.split(",")]
            groups = None if groups is None or any(UNKNOWN in text for text in texts) else [*groups, *texts]
    if any(one.use == "inventory" for one in wanted):
        groups = None
    clean = step.settings.get("clean_staging_directory") in (True, "true")
    stays = bool(step.settings.get("staging_directory")) and not clean
    return AnsibleRunPlan(step.kind, wanted, None if groups is None else tuple(dict.fromkeys(groups)), stays)
