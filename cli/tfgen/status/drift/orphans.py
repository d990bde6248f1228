"""Pipelines without an image, images without a pipeline, and second pipelines of one template."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfgen.status.drift.compare.projects import variables_of
from tfgen.status.facts import PlaceFacts
from tfgen.status.model import Orphan

if TYPE_CHECKING:
    from tfgen_generators.settings.model import Settings

SCRIPT = "PACKER_SCRIPT"
_VARIABLES = ("PACKER_SCRIPT", "PACKER_WORKING_DIR", "PACKER_VAR_FILE")
#: The description of every pipeline that sync writes.
_DESCRIPTION = re.compile(r"Builds the .+ AMI from .+")
Definition = Callable[[str], Mapping[str, Any] | None]


def orphans_of(facts: PlaceFacts, settings: Settings, definition: Definition) -> Iterator[Orphan]:
    """The rows; `definition` gives a pipeline's for one that looks like ours, None where it cannot be read."""
    if facts.listed is None:
        return
    names = {str(each.get("name", "")) for each in facts.listed}
    for image in facts.expected:
        if image.pipeline and image.pipeline not in names:
            yield _row(facts, "image", image.image, f"no pipeline {image.pipeline} in AWS")
    expected = {image.pipeline for image in facts.expected}
    built = {
        _variables(project): image.pipeline
        for image in facts.expected
        if (project := (facts.projects or {}).get(image.pipeline)) and SCRIPT in variables_of(_environment(project))
    }
    patterns = [settings.names.project_name]
    patterns += [own.names.project_name for own in settings.templates.values() if own.names.project_name]
    for name in sorted(names - expected):
        project = (facts.projects or {}).get(name)
        script = variables_of(_environment(project)).get(SCRIPT) if project else None
        if project is None or script is None:
            continue
        twin = built.get(_variables(project))
        if twin is None and not _looks_ours(name, project, patterns):
            continue
        found = definition(name)
        if found is None or not _is_of(found, settings.source_repository):
            continue
        if twin is not None:
            yield _row(facts, "duplicate", name, f"builds {script}, as {twin} does")
        else:
            yield _row(facts, "pipeline", name, f"builds {script}, of which there is no image here")


def _row(facts: PlaceFacts, kind: Any, name: str, reason: str) -> Orphan:
    return Orphan(kind=kind, name=name, region=facts.place.region, account=facts.place.account, reason=reason)


def _environment(project: Mapping[str, Any]) -> Mapping[str, Any]:
    return project.get("environment") or {}


def _variables(project: Mapping[str, Any]) -> tuple[str, ...]:
    """What a build is of: its template, where it runs, and its file of values."""
    found = variables_of(_environment(project))
    return tuple(found.get(name, "") for name in _VARIABLES)


def _looks_ours(name: str, project: Mapping[str, Any], patterns: list[str]) -> bool:
    if _DESCRIPTION.fullmatch(str(project.get("description") or "")):
        return True
    return any(_pattern(each).fullmatch(name) for each in patterns)


def _pattern(text: str) -> re.Pattern[str]:
    """A name's pattern; one without any text of its own fits nothing."""
    parts = list(string.Formatter().parse(text))
    if not any(literal for literal, *_ in parts):
        return re.compile(r"(?!)")
    return re.compile("".join(re.escape(literal) + ("" if field is None else ".+") for literal, field, *_ in parts))


def _is_of(definition: Mapping[str, Any], repository: str) -> bool:
    """Whether a pipeline reads this repository: others in the account have pipelines of the same make."""
    for stage in definition.get("stages") or ():
        for action in stage.get("actions") or ():
            given = action.get("configuration") or {}
            if (action.get("actionTypeId") or {}).get("category") == "Source":
                return repository in (given.get("RepositoryName"), given.get("FullRepositoryId"))
    return False
