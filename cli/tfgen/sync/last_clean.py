"""A look that found nothing to do: kept for the next command, which then need not look (unchanged.py)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import Changes, SyncResult

DONE = {"create": "created", "change": "changed", "delete": "deleted", "forget": "forgot"}


def remember(workspace: Workspace, result: SyncResult, started: int) -> None:
    """Keeps the answer of a look that found nothing at all to say, for `unchanged.recall`."""
    from tfgen.sync.fast_check import keep
    from tfgen.sync.watched_inputs import seen_by
    from tfgen_generators.dispatcher.inputs import has_filter

    changes = result.changes
    found = (*changes.changes, *changes.kept, *changes.refused, *changes.refresh, *result.problems, *result.warnings)
    if found or not result.discovery.templates:
        return
    if any(map(has_filter, result.pipelines)):
        return  # all that the images are made of was looked at: playbooks, roles, scripts
    with contextlib.suppress(OSError, TfgenError):  # a memory that cannot be kept costs time, no more
        workspace.make_state_dir("cache")
        message, seen = counted(changes, check=True), seen_by(workspace, result)
        keep(str(workspace.root), message, sources_of(result), seen, started)


def sources_of(result: SyncResult) -> frozenset[str]:
    """The files that sync has read, relative to the root."""
    from tfgen_generators.settings.model import FILE_NAME

    templates = result.discovery.templates
    values = (template.var_file for template in templates if template.var_file)
    return frozenset([FILE_NAME, *values, *(path for template in templates for path in template.members)])


def counted(changes: Changes, *, check: bool) -> str:
    """How many files are concerned by what; `check`: would be."""
    counts = [
        f"{number} {f'to {action}' if check else word}"
        for action, word in DONE.items()
        if (number := sum(change.action == action for change in changes.changes)) or action != "forget"
    ]
    kept = f", {len(changes.kept)} kept (see the errors)" if changes.kept else ""
    return f"{', '.join(counts)}, {len(changes.unchanged)} unchanged{kept}"
