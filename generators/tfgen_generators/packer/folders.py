"""Which HCL2 files of one folder are templates by themselves, and which are one template together.

A file whose references are all its own stands alone. Files that need a neighbour's source, variable or local
are one template: the folder, because `packer build FOLDER` merges its files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.packer.facts import BrokenTemplateError, Facts, NotATemplateError, used_sources
from tfgen_generators.packer.hcl_template import read_hcl
from tfgen_generators.packer.json_template import read_hcl2_json
from tfgen_generators.packer.model import Format, Problem, Skipped, Template
from tfgen_generators.packer.names import JSON_ENDING, name_of


@dataclass(frozen=True, kw_only=True)
class HclFile:
    """One `*.pkr.hcl` or `*.pkr.json` and its bytes."""

    path: str
    data: bytes

    @property
    def format(self) -> Format:
        return "hcl2-json" if self.path.endswith(JSON_ENDING) else "hcl2"


@dataclass(frozen=True, kw_only=True)
class _Read:
    path: str
    format: Format
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """What became of a folder's HCL2 files."""

    templates: list[Template]
    skipped: list[Skipped]


def group_folder(folder: str, files: list[HclFile], packer_dir: str, preset: frozenset[str] = frozenset()) -> Grouped:
    """The templates and the skipped files of one folder.

    `preset` are the variables that `*.auto.pkrvars.*` files set: Packer reads those for a folder only.
    """
    found = Grouped(templates=[], skipped=[])
    read, broken = _read_all(files, found.skipped)
    together = _needing_each_other(read, preset)
    if together:
        # `packer build FOLDER` reads the broken neighbour too; what it declares is unknown.
        problems = tuple(problem for _, problem in broken) or (*_undeclared(together), *_clashes(together, read))
        found.templates.append(
            Template(
                name=name_of(folder, packer_dir),
                path=folder,
                format="hcl2" if any(item.format == "hcl2" for item in together) else "hcl2-json",
                kind="directory",
                builders=_builders(together),
                errors=problems,
            )
        )
    else:
        found.templates.extend(_file(file.path, file.format, packer_dir, errors=(problem,)) for file, problem in broken)
    for item in read:
        if item in together:
            continue
        if item.facts.has_build:
            errors = () if broken else tuple(_undeclared([item]))
            found.templates.append(_file(item.path, item.format, packer_dir, builders=_builders([item]), errors=errors))
        else:
            found.skipped.append(Skipped(path=item.path, reason=_reason(item.facts)))
    return found


def _read_all(files: list[HclFile], skipped: list[Skipped]) -> tuple[list[_Read], list[tuple[HclFile, Problem]]]:
    readers: dict[Format, Callable[[bytes], Facts]] = {"hcl2": read_hcl, "hcl2-json": read_hcl2_json}
    read: list[_Read] = []
    broken: list[tuple[HclFile, Problem]] = []
    for file in files:
        try:
            read.append(_Read(path=file.path, format=file.format, facts=readers[file.format](file.data)))
        except NotATemplateError as reason:
            skipped.append(Skipped(path=file.path, reason=str(reason)))
        except BrokenTemplateError as error:
            broken.append((file, Problem(path=file.path, line=error.line, message=error.message, fix=error.fix)))
    return read, broken


def _needing_each_other(files: list[_Read], preset: frozenset[str]) -> list[_Read]:
    """All files of the folder's one template, [] when every build stands alone."""
    declared = _declared(files)
    elsewhere = any(file.facts.own_sources for file in files if not file.facts.has_build)
    needy = [
        file
        for file in files
        if file.facts.has_build
        and (
            _missing(file.facts) & declared
            or file.facts.required & preset
            or (file.facts.computed_sources and not file.facts.own_sources and elsewhere)
        )
    ]
    if not needy:
        return []
    shared = _declared([file for file in files if file in needy or not file.facts.has_build])
    # A complete template beside them would clash if it declares the same again: then it is one of its own.
    return [file for file in files if file in needy or not file.facts.has_build or not (file.facts.declares & shared)]


def _missing(facts: Facts) -> frozenset[str]:
    return frozenset(facts.needed(used_sources([facts]))) - facts.declares


def _undeclared(files: list[_Read]) -> list[Problem]:
    """Packer refuses every reference to what no file of the template declares."""
    declared = _declared(files)
    used = used_sources(file.facts for file in files)
    return [
        Problem(
            path=file.path,
            line=line,
            message=f"{name} is declared nowhere in this template",
            fix=_hint(name, declared) or "declare it, or correct the name",
        )
        for file in files
        for name, line in sorted(file.facts.needed(used).items(), key=lambda item: item[1])
        if name not in declared
    ]


def _clashes(together: list[_Read], files: list[_Read]) -> list[Problem]:
    """`packer build FOLDER` reads every file there, so a complete template beside must not declare the same."""
    declared = _declared(together)
    return [
        Problem(
            path=file.path,
            message=f"{min(file.facts.declares & declared)} is declared in a neighbour too, and Packer reads both",
            fix="rename it, or move one of the templates to a folder of its own",
        )
        for file in files
        if file not in together and file.facts.declares & declared
    ]


def _hint(name: str, declared: frozenset[str]) -> str:
    hint = did_you_mean(name, declared)
    return hint if hint.startswith("did you mean") else ""


def _declared(files: list[_Read]) -> frozenset[str]:
    return frozenset[str]().union(*(file.facts.declares for file in files))


def _reason(facts: Facts) -> str:
    if facts.blocks == {"packer"}:
        return "only a packer block: no build"
    return "no build block"


def _builders(files: list[_Read]) -> tuple[str, ...]:
    """Types of the sources that the builds name; of all declared ones when a build computes its sources."""
    named = used_sources(file.facts for file in files)
    sources = named or {name for name in _declared(files) if name.startswith("source.")}
    return tuple(sorted({name.split(".")[1] for name in sources}))


def _file(
    path: str,
    kind: Format,
    packer_dir: str,
    *,
    builders: tuple[str, ...] = (),
    errors: tuple[Problem, ...] = (),
) -> Template:
    return Template(
        name=name_of(path, packer_dir), path=path, format=kind, kind="file", builders=builders, errors=errors
    )
