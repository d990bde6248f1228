"""`tfgen status`: the repository and AWS read, and the report made of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tfgen.status.collect import Options, collect
from tfgen.status.model import Report
from tfgen.status.reading.progress import Progress
from tfgen.status.rows import make_report

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The report, what sync says of the repository, and what is odd about this machine, a line each."""

    report: Report
    found: Any
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> bool:
        """Whether there are templates that cannot be read, so that their images are not there."""
        return bool(self.found.problems)


def find_status(workspace: Workspace, options: Options, *, now: datetime | None = None, quiet: bool = False) -> Answer:
    """One look. Raises UsageError for a name that no image has, AwsError where no account can be asked."""
    from tfgen.sync.survey import find_changes

    if options.images:
        from tfgen.sync.chosen_pipelines import chosen_pipelines

        chosen_pipelines(workspace, options.images)
    found = find_changes(workspace)
    with Progress(is_wanted=not quiet) as progress:
        facts = collect(workspace, found, options, now, progress)
    return Answer(report=make_report(facts, images=options.images), found=found, notes=facts.notes)


def is_whole(report: Report) -> bool:
    """Whether nothing was unreadable."""
    return not report.unreadable and not any(row.unreadable for row in report.images)
