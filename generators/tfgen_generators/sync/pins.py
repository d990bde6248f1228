"""What tfgen.toml says of identities: `path`, `moved_from`, `removed`; and renames held against it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from tfgen_generators.errors import UsageError
from tfgen_generators.generated.files import Unknown, Unwanted, exists
from tfgen_generators.generated.ownership import Ownership
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.model import Discovery, Problem, Template
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.sync.identity import Answers, AskGit, GitFacts, Gone, New, Question, Rename, Resolution, resolve
from tfgen_generators.sync.model import Refusal


def by_path(settings: Settings) -> dict[str, str]:
    """Template's path -> the name that is pinned to it, the first one where two are."""
    found: dict[str, str] = {}
    for name, own in settings.templates.items():
        if own.path is not None:
            found.setdefault(own.path, name)
    return found


def shared(settings: Settings) -> frozenset[str]:
    """Names that are pinned to a path that another name is pinned to as well."""
    names: dict[str, list[str]] = {}
    for name, own in settings.templates.items():
        if own.path is not None:
            names.setdefault(own.path, []).append(name)
    return frozenset(name for sharing in names.values() if len(sharing) > 1 for name in sharing)


def keeps(settings: Settings, name: str) -> bool:
    """Whether Terraform shall forget the pipeline `name` when its template is gone, and destroy nothing."""
    own = settings.templates.get(name)
    return ((own.removed if own else None) or settings.removed) == "keep"


def moved(settings: Settings, discovery: Discovery) -> frozenset[str]:
    """Old names that a `moved` block gives away."""
    tables = settings.templates
    if not any(own.moved_from for own in tables.values()):
        return frozenset()
    names = {template.name for template in discovery.templates}
    return frozenset(old for name, own in tables.items() if name in names for old in own.moved_from)


def returned(root: Path, settings: Settings, discovery: Discovery) -> tuple[Rename, ...]:
    """Pins that lead nowhere because the template stands where its own path gives the same name (again)."""
    pinned = {name: own.path for name, own in settings.templates.items() if own.path is not None}
    if not pinned:
        return ()
    paths = {template.identity for template in discovery.templates} | discovery.ignored
    return tuple(
        Rename(name=template.name, old=old, new=template.identity)
        for template in discovery.templates
        if (old := pinned.get(template.name)) is not None
        and old not in paths
        and not template.errors
        and not exists(root, old)
    )


def clashes(settings: Settings, discovery: Discovery) -> list[Problem]:
    """Names and paths that tfgen.toml gives away twice. `path` is that of the template whose pipeline must wait."""
    problems: list[Problem] = []
    twice = shared(settings)
    first = by_path(settings)
    templates = {template.name: template for template in discovery.templates}
    former: dict[str, str] = {}
    for name, own in settings.templates.items():
        if own.path is not None and name in twice:
            other = first[own.path]
            if other != name:
                where = f"({FILE_NAME}:{settings.line('templates', name, 'path')})"
                message = f"is the path of both [templates.{other}] and [templates.{name}] {where}"
                problems.append(Problem(path=own.path, message=message, fix="remove one of them"))
        for old in own.moved_from if name in templates else ():
            where = f"moved_from of [templates.{name}], {FILE_NAME}:{settings.line('templates', name, 'moved_from')}"
            if old in templates:
                message = f"its name {old} is also the old name of {name} ({where})"
                fix = "pin another name; or when the move has been applied everywhere, run: tfgen sync --prune-pins"
                problems.append(Problem(path=templates[old].identity, message=message, fix=fix))
            if former.setdefault(old, name) != name:
                message = f"{old} cannot be the old name of both {former[old]} and {name} ({where})"
                problems.append(Problem(path=templates[name].identity, message=message, fix="remove one of them"))
    return problems


def unused(settings: Settings, discovery: Discovery, stays: Callable[[str], bool]) -> Iterable[str]:
    """Warnings for tables of no template. `stays` says whether a pipeline of that name has a file all the same."""
    names = {template.name for template in discovery.templates}
    paths = {template.identity for template in discovery.templates}
    variants = settings.origin.variants
    for name, own in settings.templates.items():
        if own.path in discovery.ignored or (name not in names and stays(name)):
            continue
        if name in variants.images or (name not in names and variants.of_name(name)):
            continue
        if own.path is not None and own.path not in paths:
            line = settings.line("templates", name, "path")
            yield _warning(line, f'path = "{own.path}" of [templates.{name}] is not a template', own.path, paths)
        elif name not in names:
            line = settings.line("templates", name)
            yield _warning(line, f"[templates.{name}]: no such template", name, names)
    images = {one.name for own in variants.images.values() for one in own} | (names - set(variants.images))
    for channel, tables in settings.publish.launch_templates.items():
        for image in tables:
            if image not in images and not stays(image):
                where = ("publish", "launch_templates", channel, image)
                yield _warning(settings.line(*where), f"{'.'.join(where)}: no such image", image, images)


def _warning(line: int, text: str, word: str, known: Iterable[str]) -> str:
    hint = did_you_mean(word, known)
    return f"{FILE_NAME}:{line}: {text}" + (f"; {hint}" if hint else "")


def gone(
    root: Path,
    settings: Settings,
    discovery: Discovery,
    orphans: Mapping[str, Ownership],
    unknown: Unknown,
    file: Callable[[str], str],
    files: Collection[str],
) -> list[Gone]:
    """Identities whose template is not where it was: generated files, and paths in tfgen.toml, that lead nowhere."""
    if not orphans and all(own.path is None for own in settings.templates.values()):
        return []
    templates = {template.identity for template in discovery.templates}
    names = {template.name for template in discovery.templates}
    found: dict[str, Gone] = {}
    for owner in orphans.values():
        if owner.source and not exists(root, owner.source):
            found[owner.name] = Gone(name=owner.name, path=owner.source, digest=owner.template)
    for name, own in settings.templates.items():
        path = own.path
        if path is None or name in names or path in templates or path in discovery.ignored or exists(root, path):
            continue
        # A pin without a pipeline is left from one that was given up.
        if file(name) in files and not unknown.covers(file(name), path):
            found[name] = Gone(name=name, path=path, digest=found[name].digest if name in found else "")
    first: dict[str, Gone] = {}
    for item in sorted(found.values(), key=lambda item: (item.name not in settings.templates, item.name)):
        first.setdefault(item.path, item)  # one path is one identity's
    return [first[path] for path in sorted(first)]


def resolve_renames(
    candidates: Sequence[Gone],
    discovery: Discovery,
    unwanted: Unwanted,
    pinned: Mapping[str, str],
    file: Callable[[str], str],
    ask_git: AskGit,
    answers: Answers,
) -> Resolution:
    """Which of the new templates are those that are gone. git is asked only where something is gone and something new.

    Raises UsageError when an answer is about something else.
    """
    by_hand = (
        frozenset(source for _, source, _, _ in unwanted.renamed_by_hand(Unknown())) if answers.gone else frozenset()
    )
    _check(answers, candidates, discovery, pinned, by_hand)
    open_ = [item for item in candidates if item.path not in answers.gone and item.path not in answers.renamed]
    new = list(_new(discovery, unwanted, pinned, file)) if open_ else []
    facts = GitFacts()
    if open_ and new:
        facts = ask_git([item.path for item in open_], [member for item in new for member in item.members])
    return resolve(candidates, new, facts, answers)


def _new(
    discovery: Discovery, unwanted: Unwanted, pinned: Mapping[str, str], file: Callable[[str], str]
) -> Iterable[New]:
    """Templates, broken ones too, that have no pipeline of their own yet; and those that tfgen.toml leaves out."""
    for template in discovery.templates:
        identity = template.identity
        if identity not in pinned and _is_text(identity) and not _has_pipeline(template, unwanted, file):
            members = (identity,) if template.source else template.members or (identity,)
            yield New(path=identity, members=members, digest=template.mark)
    for path in sorted(discovery.ignored):
        yield New(path=path, members=(path,))


def _is_text(path: str) -> bool:
    """Whether tfgen.toml can name it: a path that is not UTF-8 stays without a pipeline anyway."""
    return path == path.encode("utf-8", "replace").decode()


def _has_pipeline(template: Template, unwanted: Unwanted, file: Callable[[str], str]) -> bool:
    path = file(template.name)
    if path not in unwanted.generated.texts:
        return False
    owner = unwanted.owners.get(path)
    # Another template's, which gives the same name and is still there: a clash, so this one is new.
    return owner is None or not (owner.source in unwanted.templates and owner.source != template.identity)


def _check(
    answers: Answers,
    candidates: Sequence[Gone],
    discovery: Discovery,
    pinned: Mapping[str, str],
    by_hand: frozenset[str],
) -> None:
    paths = {item.path for item in candidates} | by_hand
    templates = {template.identity for template in discovery.templates} | discovery.ignored
    for flag, path in (*(("--renamed", old) for old in answers.renamed), *(("--gone", path) for path in answers.gone)):
        if path not in paths:
            hint = did_you_mean(path, paths) or "no template was deleted"
            raise UsageError(f"{flag} {path}: no template was deleted at that path", fix=hint)
    for old, new in answers.renamed.items():
        if new not in templates:
            raise UsageError(
                f"--renamed {old}={new}: {new} is not a template", fix=did_you_mean(new, templates) or None
            )
        if new in pinned:
            message = f"--renamed {old}={new}: {new} is already the template of {pinned[new]}"
            raise UsageError(message, fix=f"change [templates.{pinned[new]}] in {FILE_NAME}")
        if old in answers.gone or list(answers.renamed.values()).count(new) > 1:
            raise UsageError(f"--renamed {old}={new}: contradicts another flag", fix="use one flag for each path")


def refusals(questions: Sequence[Question], file: Callable[[str], str]) -> Iterable[Refusal]:
    """What cannot be decided without a person, as refusals that name the flags."""
    for question in questions:
        old = question.gone.path
        found = " or ".join(f"{match.new} ({match.score}%)" for match in question.candidates)
        flags = " or ".join(f"--renamed {quoted(f'{old}={match.new}')}" for match in question.candidates)
        reason = f"its template {old} no longer exists and may have become {found}"
        if not question.candidates:
            reason = (
                f"its template {old} no longer exists, and git cannot say whether it was renamed: {question.failure}"
            )
            flags = "--renamed OLD_PATH=NEW_PATH"
        yield Refusal(
            path=file(question.gone.name),
            reason=reason,
            fix=f"run: tfgen sync {flags}, or --gone {quoted(old)} to delete {question.gone.name}",
        )


def quoted(text: str) -> str:
    """`text` as a shell's word, on one line."""
    if text.isprintable():
        return shlex.quote(text)
    signs = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return "$'" + "".join(signs.get(s) or (s if s.isprintable() else f"\\U{ord(s):08x}") for s in text) + "'"


def pin(text: str, renames: Sequence[Rename]) -> str:
    """tfgen.toml with `path` of each renamed template's identity. Raises SettingsError."""
    if not renames:
        return text
    from tfgen_generators.settings.edit import set_tables

    return set_tables(text, {("templates", item.name): {"path": item.new} for item in renames}, where=FILE_NAME)
