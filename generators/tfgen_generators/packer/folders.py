"""Which `*.pkr.hcl` files of one folder are templates by themselves, and which are one template together.

A file whose references are all its own stands alone. Files that need a neighbour's source, variable or local
are one template: the folder, because `packer build FOLDER` merges its files.
"""

from __future__ import annotations

from dataclasses import dataclass

from tfgen_generators.packer.hcl_template import HclFacts, read_hcl
from tfgen_generators.packer.json_template import BrokenTemplateError
from tfgen_generators.packer.model import Problem, Skipped, Template
from tfgen_generators.packer.names import name_of


@dataclass(frozen=True, kw_only=True)
class HclFile:
    path: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class _Read:
    path: str
    facts: HclFacts


def group_folder(
    folder: str,
    files: list[HclFile],
    packer_dir: str,
    templates: list[Template],
    skipped: list[Skipped],
) -> None:
    """Adds the templates and the skipped files of one folder to the two lists."""
    read: list[_Read] = []
    broken: list[Problem] = []
    for file in files:
        try:
            read.append(_Read(path=file.path, facts=read_hcl(file.data)))
        except BrokenTemplateError as error:
            broken.append(Problem(path=file.path, line=error.line, message=error.message, fix=error.fix))
    together = _needing_each_other(read)
    if together:
        # `packer build FOLDER` reads the broken neighbour too; what it declares is unknown.
        problems = tuple(broken) or tuple(_undeclared(together))
        templates.append(_folder_template(folder, packer_dir, together, problems))
    else:
        templates.extend(_template(problem.path, packer_dir, errors=(problem,)) for problem in broken)
    for item in read:
        if item in together:
            continue
        if item.facts.has_build:
            errors = () if broken else tuple(_undeclared([item]))
            templates.append(_template(item.path, packer_dir, builders=_builders([item]), errors=errors))
        else:
            skipped.append(Skipped(path=item.path, reason=_reason(item.facts)))


def _needing_each_other(files: list[_Read]) -> list[_Read]:
    """All files of the folder's one template, [] when every build stands alone."""
    declared = _declared(files)
    needy = [file for file in files if file.facts.has_build and file.facts.missing & declared]
    if not needy:
        return []
    shared = _declared([file for file in files if file in needy or not file.facts.has_build])
    # A complete template beside them would clash if it declares the same again: then it is one of its own.
    return [file for file in files if file in needy or not file.facts.has_build or not (file.facts.declares & shared)]


def _undeclared(files: list[_Read]) -> list[Problem]:
    declared = _declared(files)
    return [
        Problem(
            path=file.path,
            message=f"{name} is declared nowhere in this template",
            fix="declare it, or correct the name",
        )
        for file in files
        for name in sorted(file.facts.needs - declared)
        if name.startswith("source.")
    ]


def _declared(files: list[_Read]) -> frozenset[str]:
    return frozenset[str]().union(*(file.facts.declares for file in files))


def _reason(facts: HclFacts) -> str:
    if facts.only_packer_block:
        return "only a packer block: no build"
    return "no build block"


def _builders(files: list[_Read]) -> tuple[str, ...]:
    used = {name for file in files if file.facts.has_build for name in file.facts.sources}
    return tuple(sorted({name.split(".")[1] for name in used if name.count(".") >= 2}))


def _template(
    path: str, packer_dir: str, *, builders: tuple[str, ...] = (), errors: tuple[Problem, ...] = ()
) -> Template:
    return Template(
        name=name_of(path, packer_dir), path=path, format="hcl2", kind="file", builders=builders, errors=errors
    )


def _folder_template(folder: str, packer_dir: str, files: list[_Read], errors: tuple[Problem, ...]) -> Template:
    return Template(
        name=name_of(folder, packer_dir),
        path=folder,
        format="hcl2",
        kind="directory",
        builders=_builders(files),
        errors=errors,
    )
