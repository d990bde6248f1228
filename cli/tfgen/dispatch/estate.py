"""From the repository to a job: which pipelines are started, who starts from whom, and what a commit affects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from tfgen.dispatch.model import AffectedSince, Job
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.model import FILE_NAME

if TYPE_CHECKING:
    from tfgen.affected.model import AffectedImage
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import SyncResult


def make_job(
    workspace: Workspace,
    found: SyncResult,
    commit: str,
    account_id: str,
    *,
    children: bool,
    wait: bool,
    retry: bool = True,
    most: int = 0,
) -> Job:
    """The job for `commit`. Raises TfgenError where tfgen.toml gives a dispatcher nothing to do."""
    from tfgen.sync.ancestry import parents_and_order
    from tfgen.sync.chosen_pipelines import name_in_aws
    from tfgen_generators.dispatcher.inputs import is_dispatched

    pipelines = {
        pipeline.name: name_in_aws(workspace, pipeline, account_id)
        for pipeline in found.pipelines
        if is_dispatched(pipeline)
    }
    if not found.pipelines and found.problems:
        raise TfgenError("no pipeline can be checked", fix="fix the errors above")
    if not pipelines:
        message = 'no pipeline has trigger = "affected"'
        fix = 'set trigger = "affected" in tfgen.toml (docs/dispatcher.md)'
        raise TfgenError(message, where=FILE_NAME, fix=fix)
    parents, order = parents_and_order(workspace)
    order = (*order, *sorted(set(pipelines) - set(order)))
    return Job(
        commit=commit,
        pipelines=pipelines,
        parents=parents,
        order=tuple(name for name in order if name in pipelines),
        children=children,
        wait=wait,
        retry=retry,
        most=most,
    )


def affected_since(workspace: Workspace, commit: str) -> AffectedSince:
    """Images that differ between an older commit and `commit`, with the reason; each older commit is compared once.

    One that git does not have makes all of them affected.
    """

    @cache
    def since(older: str) -> Mapping[str, str]:
        from tfgen.affected.find import affected_between

        if older == commit:
            return {}
        found = affected_between(workspace, older, commit)
        return {image.name: found.everything or _why(image) for image in found.images}

    return since


def _why(image: AffectedImage) -> str:
    if not image.reasons:
        return "it is affected"
    first = image.reasons[0]
    more = f" and {len(image.reasons) - 1} more" if len(image.reasons) > 1 else ""
    return f"{f'{first.path} ({first.message})' if first.message else first.path} has changed{more}"
