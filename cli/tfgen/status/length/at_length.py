"""What `tfgen status IMAGE` says of one image besides its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.status.model import AtLength, ChangeSince, ImageStatus, Report

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


def with_length(workspace: Workspace, report: Report) -> Report:
    """The report whose rows have it."""
    from tfgen.drawing.read import look

    graph, ancestry = look(workspace)
    rows = []
    for row in report.images:
        children = [
            child for child, parents in ancestry.parents.items() if row.image in [each.name for each in parents]
        ]
        files = graph.made_of(row.image) if row.image in [image.name for image in graph.images] else ()
        found = AtLength(children=tuple(sorted(children)), files=tuple(sorted(map(str, files))))
        rows.append(replace(row, at_length=_with_changes(workspace, row, found)))
    return replace(report, images=tuple(rows))


def _with_changes(workspace: Workspace, row: ImageStatus, found: AtLength) -> AtLength:
    if row.ami is None:
        return found
    from tfgen.status.length.changes import changes_since

    changes = changes_since(workspace, row.image, row.commit)
    return replace(
        found,
        changes=tuple(
            ChangeSince(commit=each.commit, at=each.at, subject=each.subject, paths=each.paths)
            for each in changes.commits
        ),
        more_changes=changes.more,
        problem=changes.problem,
    )
