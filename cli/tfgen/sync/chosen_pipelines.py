"""From the names that a person gives to the pipelines that sync generates, and to their names in AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.phrases import some
from tfgen_generators.errors import TemplateError, TfgenError, UsageError
from tfgen_generators.hcl.write import Interpolated, Reference
from tfgen_generators.nearest import did_you_mean

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.pipeline.pipeline import Pipeline
    from tfgen_generators.sync.model import SyncResult


def chosen_pipelines(workspace: Workspace, names: Sequence[str]) -> tuple[Pipeline, ...]:
    """The pipelines of `names`, each once, in that order.

    Raises UsageError for a name that no template has, TemplateError for one whose template cannot become a pipeline.
    """
    from tfgen.sync.survey import find_changes

    found = find_changes(workspace)
    known = {pipeline.name: pipeline for pipeline in found.pipelines}
    for name in names:
        if images := workspace.settings.origin.variants.images.get(name, ()) if name not in known else ():
            fix = f"use one of their names: {some([image.name for image in images])}"
            raise UsageError(f"{name} is a template of several images", fix=fix)
        if name not in known:
            raise _unknown(found, name)
    return tuple(known[name] for name in dict.fromkeys(names))


def _unknown(found: SyncResult, name: str) -> TfgenError:
    from tfgen_generators.dispatcher.inputs import LABEL
    from tfgen_generators.pipeline import shared

    paths = {template.path for template in found.discovery.templates if template.name == name}
    for problem in found.problems:
        if problem.path in paths:
            where = f"{problem.path}:{problem.line}" if problem.line else problem.path
            return TemplateError(problem.message, where=where, fix=problem.fix or None)
    if name == LABEL:
        fix = "it starts the pipelines of affected images and builds no image (docs/dispatcher.md)"
        return UsageError(f"{name} is the dispatcher", fix=fix)
    if name == shared.LABEL:
        fix = "it has what the pipelines share and builds no image (docs/quotas.md)"
        return UsageError(f"{name} is what is shared", fix=fix)
    fix = did_you_mean(name, (template.name for template in found.discovery.templates))
    return UsageError(f"image {name!r} not found", fix=fix or "to see all names, run: tfgen list")


def name_in_aws(workspace: Workspace, pipeline: Pipeline, account_id: str) -> str:
    """What the pipeline is called in AWS. Raises TfgenError where only Terraform knows it."""
    value = pipeline.aws_names.get("project_name", "")
    own = workspace.settings.templates.get(pipeline.name)
    account = (own and own.names.account_id) or workspace.settings.names.account_id
    parts = value.parts if isinstance(value, Interpolated) else (value,)
    text = ""
    for part in parts:
        if isinstance(part, Reference) and part.expression == account:
            text += account_id
        elif isinstance(part, str):
            text += part
        else:
            text = ""
            break
    if not text:
        raise TfgenError(
            f"the pipeline name of {pipeline.name} in AWS is known only to Terraform",
            where="tfgen.toml",
            fix="set the module's project_name to a pattern or a string instead of an expression",
        )
    return text
