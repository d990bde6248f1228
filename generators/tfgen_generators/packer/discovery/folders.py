"""Which HCL2 files of one folder are templates by themselves, and which are one template together.

A file whose references are all its own stands alone. Files that need a neighbour's source, variable or local
are one template: the folder, because `packer build FOLDER` merges its files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.discovery.outcome import Outcome
from tfgen_generators.packer.facts import Facts, used_sources
from tfgen_generators.packer.model import Format, Problem, Skipped, Template
from tfgen_generators.packer.names import JSON_ENDING


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    digest: str
    facts: Facts
    details: bytes


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a folder's HCL2 files. The templates have no names yet."""

    templates: list[Template]
    skipped: list[Skipped]


def format_of(path: str) -> Format:
    """The format that an HCL2 file's name stands for."""
    return "hcl2-json" if path.endswith(JSON_ENDING) else "hcl2"


def why_other(name: str) -> str:
    """What a file is whose name is like that of a template, by that name; "" where that says nothing."""
    if name.endswith(".pkrvars.hcl"):
        return "variable values, not a template"
    if name.endswith(".pkrtpl.hcl"):
        return "input of templatefile(), not a template"
    if name.endswith((".hcl.example", ".json.example")):
        return "an example, not a template"
    if name.endswith(".hcl"):
        return "HCL of another tool (Packer reads *.pkr.hcl)"
    return ""


def group_folder(folder: str, files: Mapping[str, Outcome], preset: frozenset[str] = frozenset()) -> Grouped:
    """The templates and the skipped files of one folder; `files` are its HCL2 files, by path.

    `preset` are the variables that `*.auto.pkrvars.*` files set: Packer reads those for a folder only.
    """
    found = Grouped(templates=[], skipped=[])
    found.skipped.extend(
        Skipped(path=path, reason=o.message, alike=o.alike) for path, o in files.items() if o.status == "other"
    )
    broken = {path: outcome for path, outcome in files.items() if outcome.status == "broken"}
    read = [
        _Read(path=path, digest=o.digest, facts=o.facts, details=o.details)
        for path, o in files.items()
        if o.facts is not None
    ]
    together = _needing_each_other(read, preset) or (_waiting(read) if broken else [])
    problems = {path: Problem(path=path, line=o.line, message=o.message, fix=o.fix) for path, o in broken.items()}
    if together:
        # `packer build FOLDER` reads the broken neighbour too; what it declares is unknown.
        errors = tuple(problems.values()) or (*_undeclared(together), *_repeated(together), *_clashes(together, read))
        members = {item.path: item.digest for item in together} | {path: o.digest for path, o in broken.items()}
        found.templates.append(_folder(folder, together, members, errors))
    else:
        found.templates.extend(_file(path, o.digest, errors=(problems[path],)) for path, o in broken.items())
    for item in read:
        if item in together:
            continue
        if item.facts.has_build:
            errors = () if broken else tuple(_undeclared([item]))
            found.templates.append(_file(item.path, item.digest, item, errors))
        else:
            found.skipped.append(Skipped(path=item.path, reason=_reason(item.facts), alike=True))
    return found


def _needing_each_other(files: list[_Read], preset: frozenset[str]) -> list[_Read]:
    """All files of the folder's one template, [] when every build stands alone.

    What a neighbour declares that is a whole template by itself is that one's own, unless a build here has no source
    but that neighbour's.
    """
    declared = _declared([file for file in files if not is_whole(file.facts)])
    sources = frozenset(name for name in _declared(files) if name.startswith("source."))
    elsewhere = any(file.facts.own_sources for file in files if not file.facts.has_build)
    needy = {
        file.path
        for file in files
        if file.facts.has_build
        and (
            _missing(file.facts) & declared
            or (not file.facts.own_sources and _missing(file.facts) & sources)
            or (file.facts.required & preset and not _would_clash(file, files))
            or (file.facts.computed_sources and not file.facts.own_sources and elsewhere)
        )
    }
    if not needy:
        return []
    shared = _declared([file for file in files if file.path in needy or not file.facts.has_build])
    # A complete template beside them would clash if it declares the same again: then it is one of its own.
    return [
        file for file in files if file.path in needy or not file.facts.has_build or not (file.facts.declares & shared)
    ]


def is_whole(facts: Facts) -> bool:
    """Whether a file builds something and needs nothing of any other."""
    return facts.has_build and not _missing(facts)


def _would_clash(file: _Read, files: list[_Read]) -> bool:
    """Whether another template of the folder declares the same: then they are no one template."""
    return any(
        file.facts.declares & other.facts.declares for other in files if other is not file and other.facts.has_build
    )


def _waiting(files: list[_Read]) -> list[_Read]:
    """Beside a broken file: the builds that need what most likely that one declares, and what they may need."""
    needy = {file.path for file in files if file.facts.has_build and _missing(file.facts) - file.facts.tolerated}
    return [file for file in files if file.path in needy or not file.facts.has_build] if needy else []


def _missing(facts: Facts) -> frozenset[str]:
    return frozenset(facts.needed(used_sources([facts]))) - facts.declares


def _undeclared(files: list[_Read]) -> list[Problem]:
    """Packer refuses every reference to what no file of the template declares, but in sources that no build uses.

    Where the sources must be computed, those that stand there as text are the ones that are surely used.
    """
    declared = _declared(files)
    used = frozenset[str]().union(*(file.facts.sources for file in files if file.facts.has_build))
    return [
        Problem(
            path=file.path,
            line=line,
            message=f"{name} is not declared in this template",
            fix=_hint(name, declared) or "declare it, or fix the name",
        )
        for file in files
        for name, line in sorted(file.facts.needed(used).items(), key=lambda item: item[1])
        if name not in declared and name not in file.facts.tolerated
    ]


def _repeated(files: list[_Read]) -> list[Problem]:
    """What two files of one template declare: Packer refuses the second."""
    first: dict[str, str] = {}
    found: list[Problem] = []
    for file in files:
        for name in sorted(file.facts.declares):
            if name in first:
                message = f"{name} is also declared in {first[name]}, and Packer reads both"
                fix = "remove one, or move each template to its own folder"
                found.append(Problem(path=file.path, message=message, fix=fix))
            first.setdefault(name, file.path)
    return found


def _clashes(together: list[_Read], files: list[_Read]) -> list[Problem]:
    """`packer build FOLDER` reads every file there, so a complete template beside must not declare the same."""
    declared = _declared(together)
    return [
        Problem(
            path=file.path,
            message=f"{min(file.facts.declares & declared)} is also declared beside it, and Packer reads both files",
            fix="rename it, or move one of the templates to its own folder",
        )
        for file in files
        if file not in together and file.facts.declares & declared
    ]


def _hint(name: str, declared: frozenset[str]) -> str:
    hint = did_you_mean(name, declared)
    return hint if hint.startswith("did you mean") else ""


def _declared(files: Sequence[_Read]) -> frozenset[str]:
    return frozenset[str]().union(*(file.facts.declares for file in files))


def _reason(facts: Facts) -> str:
    if facts.blocks == {"packer"}:
        return "only a packer block: no build"
    return "no build block"


def builders_of(files: Sequence[Facts]) -> tuple[str, ...]:
    """Types of the sources that the builds name; of all declared ones when a build computes its sources."""
    sources = used_sources(files) or frozenset[str]().union(*(facts.own_sources for facts in files))
    return tuple(sorted({name.split(".")[1] for name in sources}))


def _folder(folder: str, files: list[_Read], members: dict[str, str], errors: tuple[Problem, ...]) -> Template:
    paths = sorted(members)
    listed = "\n".join(f"{path[len(folder) :]}:{members[path]}" for path in paths)
    return _exact(
        Template(
            name="",
            path=folder,
            format="hcl2" if any(format_of(path) == "hcl2" for path in paths) else "hcl2-json",
            kind="directory",
            builders=builders_of([file.facts for file in files]),
            members=tuple(paths),
            digest=hashlib.sha256(listed.encode()).hexdigest(),
            errors=errors,
            details=tuple(file.details for file in files),
        ),
        files,
    )


def _file(path: str, digest: str, read: _Read | None = None, errors: tuple[Problem, ...] = ()) -> Template:
    files = [read] if read else []
    return _exact(
        Template(
            name="",
            path=path,
            format=format_of(path),
            kind="file",
            builders=builders_of([file.facts for file in files]),
            members=(path,),
            digest=digest,
            errors=errors,
            details=tuple(file.details for file in files),
        ),
        files,
    )


def _exact(template: Template, files: list[_Read]) -> Template:
    """Where a build computes its sources: those that the expression can give, if that can be told."""
    if not files or used_sources(file.facts for file in files) is not None:
        return template
    from tfgen_generators.packer.describe import possible_builders

    return replace(template, builders=possible_builders(template))
