"""The images of the repository, as one looks for them in an account."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfgen.status.facts import Expected
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.pipeline.pipeline import Pipeline
    from tfgen_generators.sync.model import SyncResult


def expected_images(
    workspace: Workspace, found: SyncResult, parents: Mapping[str, tuple[str, ...]], account_id: str
) -> tuple[Expected, ...]:
    """Those that have a pipeline, by name."""
    from tfgen_generators.dispatcher.inputs import is_dispatched

    templates = Counter(pipeline.template_path for pipeline in found.pipelines)
    return tuple(
        Expected(
            image=pipeline.name,
            template=posixpath.normpath(pipeline.template_path),
            pipeline=_name(workspace, pipeline, account_id),
            parents=parents.get(pipeline.name, ()),
            shares_template=templates[pipeline.template_path] > 1,
            schedule=_text(pipeline, "schedule", ""),
            branch=_text(pipeline, "branch", workspace.settings.branch),
            push="dispatcher" if is_dispatched(pipeline) else "push",
        )
        for pipeline in sorted(found.pipelines, key=lambda each: each.name)
    )


def _name(workspace: Workspace, pipeline: Pipeline, account_id: str) -> str:
    from tfgen.sync.chosen_pipelines import name_in_aws

    try:
        return name_in_aws(workspace, pipeline, account_id)
    except TfgenError:
        return ""


def _text(pipeline: Pipeline, name: str, default: str) -> str:
    """An input of its module; `default` where it is not given, or an expression."""
    value = dict(pipeline.values).get(name)
    return value if isinstance(value, str) else default
