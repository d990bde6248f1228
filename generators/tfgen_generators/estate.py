"""The repository as sync sees it: templates found, files wanted, files there, and the difference."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tfgen_generators.changes import Changes, Unknown, compare
from tfgen_generators.errors import TfgenError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.ownership import PREFIX, SUFFIX, examine, file_name, sign
from tfgen_generators.packer.discover import discover
from tfgen_generators.packer.model import Discovery, Problem, Template
from tfgen_generators.packer.names import HCL_ENDING, JSON_ENDING
from tfgen_generators.pipelines import Pipeline, PipelineProblemError, make_pipeline
from tfgen_generators.settings import FILE_NAME, Settings, setting_line


@dataclass(frozen=True, kw_only=True)
class Survey:
    """One look at the whole repository. `problems` make the exit code 1; `warnings` do not."""

    discovery: Discovery
    pipelines: tuple[Pipeline, ...]
    changes: Changes
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def find_templates(root: Path, packer_dir: str) -> Discovery:
    """What stands in `packer_dir`. Raises TfgenError when there is no such folder."""
    if not (root / packer_dir).is_dir():
        raise TfgenError(
            "there is no such folder of Packer templates",
            where=packer_dir,
            fix="make it, or set packer_dir in tfgen.toml (for list: --packer-dir)",
        )
    return discover(root, packer_dir)


def survey(root: Path, settings: Settings, settings_text: str = "") -> Survey:
    """Reads templates and generated files below `root`; writes nothing. Raises TfgenError."""
    discovery = find_templates(root, settings.packer_dir)
    problems = [*discovery.unreadable]
    pipelines: list[Pipeline] = []
    for template in discovery.templates:
        problems += template.errors
        if not template.errors:
            try:
                pipelines.append(make_pipeline(template, settings))
            except PipelineProblemError as error:
                problems.append(error.problem)
    folder = settings.terraform_dir
    wanted = {
        _join(folder, file_name(pipeline.name)): sign(pipeline.template_path, pipeline.body()) for pipeline in pipelines
    }
    found = _generated_files(root, folder)
    displaced = list(_still_there(root, discovery, found))
    problems += displaced
    for path in _successors(wanted, pipelines, folder, displaced):
        del wanted[path]
    unknown = _unknown(discovery, problems, folder, {pipeline.name for pipeline in pipelines})
    return Survey(
        discovery=discovery,
        pipelines=tuple(pipelines),
        changes=compare(wanted, found, unknown),
        problems=tuple(problems),
        warnings=tuple(_unused_settings(settings, settings_text, discovery.templates)),
    )


def _join(folder: str, name: str) -> str:
    return str(PurePosixPath(folder) / name)


def _generated_files(root: Path, folder: str) -> dict[str, str]:
    """Path -> text of everything at a generated path."""
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=folder) from None
    found: dict[str, str] = {}
    for entry in entries:
        if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
            path = _join(folder, entry.name)
            found[path] = _text(Path(entry.path), path)
    return found


def _text(file: Path, path: str) -> str:
    if not file.is_file():
        return ""  # a folder or a broken link: nothing of ours
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=path) from None


def _unknown(discovery: Discovery, problems: Iterable[Problem], folder: str, generated: set[str]) -> Unknown:
    names = {template.name for template in discovery.templates} - generated
    sources = {template.path for template in discovery.templates if template.name not in generated}
    return Unknown(
        files=frozenset(_join(folder, file_name(name)) for name in names),
        sources=frozenset(sources | {problem.path for problem in problems}),
    )


def _still_there(root: Path, discovery: Discovery, found: dict[str, str]) -> Iterable[Problem]:
    """Generated files that nothing wants although their template is still on disk: more likely a slip than a wish.

    A typo can make a template part of its folder, or of nothing; a wrong packer_dir loses all of them.
    """
    reasons = {skipped.path: skipped.reason for skipped in discovery.skipped}
    templates = {template.path: template.name for template in discovery.templates}
    for path, text in found.items():
        source = examine(text).source
        if not source or source in templates or not _exists(root, source):
            continue
        reason = reasons.get(source, "")
        if not reason and _parent(source) in templates:
            reason = f"it is part of the template {templates[_parent(source)]} now"
        yield Problem(
            path=source,
            message=f"is still there but no template of its own any more{f' ({reason})' if reason else ''}",
            fix=f"correct that, or delete {path}",
        )


def _exists(root: Path, source: str) -> bool:
    """Whether a template may be at `source`: a file, or a folder with HCL2 files."""
    path = root / source
    try:
        if path.is_dir():
            return any(entry.name.endswith((HCL_ENDING, JSON_ENDING)) for entry in os.scandir(path))
        return path.is_file()
    except OSError:
        return True


def _successors(wanted: dict[str, str], pipelines: list[Pipeline], folder: str, displaced: list[Problem]) -> list[str]:
    """Files that would take the place of a displaced template's: not made before somebody has decided."""
    sources = {problem.path for problem in displaced}
    parents = {_parent(source) for source in sources}
    paths = (
        _join(folder, file_name(pipeline.name))
        for pipeline in pipelines
        if pipeline.template_path in parents or _parent(pipeline.template_path) in sources
    )
    return [path for path in paths if path in wanted]


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _unused_settings(settings: Settings, text: str, templates: tuple[Template, ...]) -> Iterable[str]:
    names = {template.name for template in templates}
    for name in settings.templates:
        if name not in names:
            line = setting_line(text, "templates", name)
            hint = did_you_mean(name, names)
            yield f"{FILE_NAME}:{line}: [templates.{name}] is for no template here" + (f"; {hint}" if hint else "")
